-- Who is yet to be erased from files. A hash stays here only until that is done.

create or replace function pgsearch.list_archive_erasures()
returns table (
    user_hash    text,
    whole_lines  boolean,
    requested_at timestamptz
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select r.user_hash, r.whole_lines, r.requested_at
      from pgsearch.archive_erasures as r
     order by r.requested_at, r.user_hash;
end;
$$;

comment on function pgsearch.list_archive_erasures() is
'Who is to be erased from the files of the archive, because of forget or a refusal of set_consent: user_hash, whole_lines (true:
everything of that user; false: the texts), requested_at. `pgsearch archive` does it, before anything else.
Example:
select * from pgsearch.list_archive_erasures();';
