-- A role that was granted the right to log for one user logs for no other, whatever an entry says.
--
-- Who calls is the role that logged in and, after SET ROLE, that one too: what a function or a setting says about it
-- could be said by anybody.

create or replace function pgsearch._bound_entries(entries jsonb)
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    bound record;
begin
    if not exists (select from pgsearch.granted_rights as g where g.user_id is not null) then
        return entries;
    end if;

    for bound in
        select c.rolname, array_agg(distinct g.user_id) as user_ids
          from pg_roles as c
               join pgsearch.granted_rights as g on g.user_id is not null
               join pg_roles as r on r.rolname = g.role_name
         where c.rolname in (session_user, current_setting('role'))
           -- the owner, whose rights these are, is bound by nothing, and a superuser is a member of every role
           and not pg_has_role(c.oid, current_user, 'member')
           and pg_has_role(c.oid, r.oid, 'member')
         group by c.rolname
    loop
        if cardinality(bound.user_ids) = 1 then
            select jsonb_agg(case when coalesce(e.entry ->> 'user_id', '') = '' then e.entry || jsonb_build_object('user_id', bound.user_ids[1]) else e.entry end order by e.at)
              into entries
              from jsonb_array_elements(entries) with ordinality as e(entry, at);
        end if;
        if exists (select from jsonb_array_elements(entries) as e where coalesce(e ->> 'user_id', '') <> all (bound.user_ids)) then
            -- the user that was given is not quoted: this may end in a server's log
            raise exception using
                errcode = 'PS003',
                message = format('role "%s" may log for %s only, and an entry is not of %s', bound.rolname,
                                 case cardinality(bound.user_ids) when 1 then 'one user' else format('%s users', cardinality(bound.user_ids)) end,
                                 case cardinality(bound.user_ids) when 1 then 'that one' else 'any of them' end),
                hint    = case cardinality(bound.user_ids) when 1 then 'Leave user_id out: it is filled in. ' else 'Give the user_id of one of them. ' end
                          || 'The owner of schema pgsearch binds a role with grant_rights(role, ''{log}'', user_id).';
        end if;
    end loop;

    return entries;
end;
$$;

comment on function pgsearch._bound_entries(jsonb) is
'Log entries with the user whom the calling role was bound to by grant_rights, where they name none; PS003 where one
names another. Called by functions that run with the rights of the owner.';
