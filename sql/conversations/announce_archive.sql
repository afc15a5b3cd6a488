-- What a client says of a file of the archive. The order is what makes a run safe that is killed: a file is announced, takes its
-- place under its name, and is recorded. In between, the file that stands there is the one before or the one after, and both are known.

create or replace function pgsearch.announce_archive(day date, kind text, path text, sha256 text)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pgsearch._check_archive(day, kind, path, sha256);
    insert into pgsearch.log_archives as a (day, kind, path, rows, bytes, sha256)
    values (announce_archive.day, announce_archive.kind, announce_archive.path, 0, 0, announce_archive.sha256)
        on conflict on constraint log_archives_pkey do update
       set next_sha256 = excluded.sha256;
end;
$$;

comment on function pgsearch.announce_archive(date, text, text, text) is
'Says that a file of the archive is about to take its place; see record_archive.
Arguments:
- day, kind (messages or conversations): of which it is the file
- path: below the folder of the archive
- sha256: of its text before it is compressed, as 64 hexadecimal digits
Error: PS003 for what cannot be.
Example:
select pgsearch.announce_archive(''2026-01-31'', ''messages'', ''data/2026-01/2026-01-31.jsonl'', encode(sha256(''''), ''hex''));';
