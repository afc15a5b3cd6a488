-- The end of an erasure: nothing is left of the user but in backups.

create or replace function pgsearch.finish_archive_erasure(user_hash text, requested_at timestamptz)
returns boolean
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    delete from pgsearch.archive_erasures as r
     where r.user_hash = finish_archive_erasure.user_hash
       -- who asked again since is not done
       and r.requested_at <= finish_archive_erasure.requested_at;
    return found;
end;
$$;

comment on function pgsearch.finish_archive_erasure(text, timestamptz) is
'Says that a user was erased from every file of the archive: true; false when nobody asked for it, or somebody has asked again since.
Arguments:
- user_hash, requested_at: as list_archive_erasures has them
Example:
select pgsearch.finish_archive_erasure(e.user_hash, e.requested_at) from pgsearch.list_archive_erasures() as e;';
