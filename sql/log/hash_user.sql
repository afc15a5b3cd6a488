-- A user without a name: the same for the same user, and of no use to who does not have the salt.

create or replace function pgsearch.hash_user(user_id text)
returns text
language plpgsql stable parallel safe strict security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return (select pgsearch._salted_hash(s.user_salt, hash_user.user_id) from pgsearch.log_settings as s);
end;
$$;

comment on function pgsearch.hash_user(text) is
'SHA-256 of the salt of this database and user_id, as 64 hexadecimal digits: what stands in the log for a user when
set_log_privacy(hash_users => true). Not for everyone: who may call it can try names. See grant_rights.';

revoke execute on function pgsearch.hash_user(text) from public;

create or replace function pgsearch._salted_hash(salt bytea, named text)
returns text
language sql stable parallel safe
return encode(sha256(salt || convert_to(named, 'UTF8')), 'hex');

comment on function pgsearch._salted_hash(bytea, text) is 'SHA-256 of a salt and a name, as 64 hexadecimal digits; null of null.';
