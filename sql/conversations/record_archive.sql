-- A file of the archive that was read back under its name and agreed. With it the rows of its day may leave the tables.

create or replace function pgsearch.record_archive(
    day        date,
    kind       text,
    path       text,
    row_count  bigint,
    contents   bigint,
    bytes      bigint,
    sha256     text,
    compressed boolean default false
)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pgsearch._check_archive(day, kind, path, sha256);
    if row_count is null or row_count < 0 or contents is null or contents < 0 or bytes is null or bytes < 0 then
        raise exception using
            errcode = 'PS003',
            message = format('a file of the archive cannot have %s rows, %s contents and %s bytes', coalesce(row_count::text, 'null'),
                             coalesce(contents::text, 'null'), coalesce(bytes::text, 'null')),
            hint    = 'Give what was counted in the file; none of the three is below 0.';
    end if;

    insert into pgsearch.log_archives as a (day, kind, path, rows, contents, bytes, sha256, written_at, compressed_at, verified_at)
    values (record_archive.day, record_archive.kind, record_archive.path, row_count, record_archive.contents, record_archive.bytes,
            record_archive.sha256, clock_timestamp(), case when compressed then clock_timestamp() end, clock_timestamp())
        on conflict on constraint log_archives_pkey do update
       set path          = excluded.path,
           rows          = excluded.rows,
           contents      = excluded.contents,
           bytes         = excluded.bytes,
           sha256        = excluded.sha256,
           next_sha256   = null,
           written_at    = case when a.sha256 = excluded.sha256 then a.written_at else excluded.written_at end,
           compressed_at = case when compressed then coalesce(a.compressed_at, excluded.compressed_at) end,
           verified_at   = excluded.verified_at;
end;
$$;

comment on function pgsearch.record_archive(date, text, text, bigint, bigint, bigint, text, boolean) is
'Writes down a file of the archive that was read back and agreed, in the place of the one before: from now on the rows of its day may
leave the tables. `pgsearch archive` calls it; a program that writes files of its own calls it after announce_archive.
Arguments:
- day, kind (messages or conversations): of which it is the file
- path: below the folder of the archive
- row_count, contents: lines, and how many messages in them have a text
- bytes, sha256: of its text before it is compressed
- compressed: whether the file is gzipped
Error: PS003 for what cannot be.
Example:
select pgsearch.record_archive(''2026-01-31'', ''messages'', ''data/2026-01/2026-01-31.jsonl'', 0, 0, 0, encode(sha256(''''), ''hex''));';
