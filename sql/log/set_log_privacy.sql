-- What the log is not to know: who a user is, and what in a text is private.

create or replace function pgsearch.set_log_privacy(
    hash_users      boolean default null,
    mask            text    default null,
    require_consent boolean default null
)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
declare
    called regprocedure;
begin
    if mask <> '' then
        called := pgsearch._named_function(mask, 'text');
        if called is null or (select p.prorettype <> 'text'::regtype or p.proretset from pg_proc as p where p.oid = called) then
            raise exception using
                errcode = 'PS003',
                message = format('there is no function %s(text) returns text', mask),
                hint    = 'Give its schema-qualified name, or an empty text for none.';
        end if;
    end if;

    update pgsearch.log_settings as s
       set hash_users      = coalesce(set_log_privacy.hash_users, s.hash_users),
           require_consent = coalesce(set_log_privacy.require_consent, s.require_consent),
           mask            = case when set_log_privacy.mask = '' then '' when called is not null then called::regproc::text else s.mask end;
end;
$$;

comment on function pgsearch.set_log_privacy(boolean, text, boolean) is
'Sets how private the log is from now on; null leaves it as it is.
Arguments:
- hash_users: whether hash_user(user_id) is stored for user_id
- mask: name of a function (text) returns text, such as one that blanks out phone numbers, that the texts of searches
  and events and messages go through (empty: none). It runs with the rights of the owner of the log
- require_consent: whether texts of conversations are kept only of users who agreed (see set_consent), not of all who did not
  refuse. Users of conversations are stored by their hash in any case
Error: PS003 when there is no such function.
Example:
select pgsearch.set_log_privacy(hash_users => true);';
