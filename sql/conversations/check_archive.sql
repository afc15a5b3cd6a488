-- Whether a file that was read again is the one that was written. One that is not holds its day back from then on.

create or replace function pgsearch.check_archive(day date, kind text, sha256 text)
returns boolean
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    agrees boolean;
begin
    update pgsearch.log_archives as a
       set verified_at = case when a.sha256 = check_archive.sha256 then clock_timestamp() end
     where a.day = check_archive.day
       and a.kind = check_archive.kind
    returning a.verified_at is not null into agrees;
    return coalesce(agrees, false);
end;
$$;

comment on function pgsearch.check_archive(date, text, text) is
'Says what the file of a day is now. Returns whether it agrees; false too for a file that nobody recorded. One that does not agree keeps
the rows of its day in the tables, where an archive is required.
Arguments:
- day, kind (messages or conversations)
- sha256: of its text before it is compressed; null: it is not there, or cannot be read
Example:
select pgsearch.check_archive(''2026-01-31'', ''messages'', null);';
