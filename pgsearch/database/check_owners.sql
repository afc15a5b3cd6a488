-- One role owns everything in schema pgsearch, and deploys; nothing of the schema is read before that is known.

do $check_owners$
declare
    owner  constant name := (select pg_get_userbyid(n.nspowner) from pg_namespace as n where n.nspname = 'pgsearch');
    said   text;
    advice text;
begin
    if owner <> current_user then
        raise exception using
            errcode = 'PS009',
            message = format('Schema pgsearch belongs to %s, and you deploy as %s: one role owns everything in it.', owner, current_user),
            hint    = format('If pgsearch was deployed as %1$s before: set role %1$I. If not, somebody else made it: look at what it holds.', owner);
    end if;
    select string_agg(format('%s (%s)', o.object, o.owner), '; '), string_agg(o.fix, ' ')
      into said, advice
      from (:foreign_objects) as o (object, owner, fix);
    if said is not null then
        raise exception using errcode = 'PS009', message = format('Nothing is deployed over what others own: %s.', said), hint = advice;
    end if;
end;
$check_owners$;
