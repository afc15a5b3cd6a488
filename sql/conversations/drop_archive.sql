-- A file of the archive that is older than it is kept is no longer known; its rows have left the tables before.

create or replace function pgsearch.drop_archive(day date, kind text)
returns boolean
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    delete from pgsearch.log_archives as a
     where a.day = drop_archive.day
       and a.kind = drop_archive.kind
       and exists (select
                     from pgsearch.list_archives(drop_archive.day, least(drop_archive.day, date '9999-12-30') + 1) as l
                    where l.kind = drop_archive.kind
                      and l.has_expired);
    return found;
end;
$$;

comment on function pgsearch.drop_archive(date, text) is
'Forgets the file of a day that has expired (see list_archives): true; false when it has not. The file itself is removed by whoever calls.
Arguments:
- day, kind (messages or conversations)
Example:
select pgsearch.drop_archive(''2026-01-31'', ''messages'');';
