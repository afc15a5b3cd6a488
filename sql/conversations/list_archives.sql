-- The archive day by day: which file there is, and which is to be written, compressed or dropped. Files themselves are
-- the client's: nothing here reads or writes one.

create or replace function pgsearch.list_archives(
    since          date     default null,
    until          date     default null,
    compress_after interval default null
)
returns table (
    day             date,
    kind            text,
    path            text,
    rows            bigint,
    contents        bigint,
    bytes           bigint,
    sha256          text,
    next_sha256     text,
    written_at      timestamptz,
    compressed_at   timestamptz,
    verified_at     timestamptz,
    stored          bigint,
    stored_contents bigint,
    is_due          boolean,
    is_old          boolean,
    has_expired     boolean
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_column
declare
    today constant date := (clock_timestamp() at time zone 'UTC')::date;
    first constant date := least(greatest(coalesce(list_archives.since, date '0001-01-01'), date '0001-01-01'), today);
    last  constant date := greatest(least(coalesce(list_archives.until, today), today), date '0001-01-02') - 1;
    kept  record;
begin
    if compress_after < interval '0' or compress_after > interval '100 years' then
        raise exception using
            errcode = 'PS003',
            message = format('files of the archive cannot be compressed after %s', compress_after),
            hint    = 'Give an interval from ''0'' to ''100 years''; null: as set_log_retention says.';
    end if;
    select coalesce(list_archives.compress_after, s.compress_archive_after) as compress_after, s.keep_archive
      into strict kept
      from pgsearch.log_settings as s;

    return query
    with stored as (
        select p.day, 'messages' as kind, c.messages as rows, c.texts as contents
          from pgsearch.list_partitions() as p
               cross join lateral pgsearch._count_messages(p.day) as c
         where p.parent = 'messages'
           and p.day between first and last
        union all
        select (c.finalized_at at time zone 'UTC')::date, 'conversations', count(*), 0
          from pgsearch.conversations as c
         where c.finalized_at >= first::timestamp at time zone 'UTC'
           and c.finalized_at < (last + 1)::timestamp at time zone 'UTC'
         group by 1
    ),
    known as (
        select *
          from pgsearch.log_archives as a
         where a.day between first and last
    )
    select day,
           kind,
           k.path,
           k.rows,
           k.contents,
           k.bytes,
           k.sha256,
           k.next_sha256,
           k.written_at,
           k.compressed_at,
           k.verified_at,
           coalesce(s.rows, 0),
           coalesce(s.contents, 0),
           case
           when k.path is null
               then s.rows > 0 and (kept.keep_archive is null or day >= (clock_timestamp() - kept.keep_archive) at time zone 'UTC')
           else k.verified_at is null
                or k.next_sha256 is not null
                or coalesce(s.rows, 0) > k.rows
                or coalesce(s.contents, 0) > k.contents and kind = 'messages'
           end,
           day + 1 <= (clock_timestamp() - kept.compress_after) at time zone 'UTC',
           k.path is not null
               and coalesce(s.rows, 0) = 0
               and coalesce(day + 1 <= (clock_timestamp() - kept.keep_archive) at time zone 'UTC', false)
      from stored as s
           full join known as k using (day, kind)
     where k.path is not null
        or s.rows > 0
     order by day, kind;
end;
$$;

comment on function pgsearch.list_archives(date, date, interval) is
'The files of the archive and the days that are not in it yet, one a day (UTC) and kind.
Arguments:
- since, until: days from since up to but not including until (null: no bound); today is not over, and no day of it
- compress_after (0 .. 100 years; null: as set_log_retention says)
Returns day, kind (messages: of that day; conversations: that ended on that day), what is known of the file (path, rows, contents, bytes,
sha256, next_sha256, written_at, compressed_at, verified_at; null without one), how many rows and texts the tables have
(stored, stored_contents), is_due (it is to be written, or a run ended before it was done), is_old (it is to be compressed), has_expired
(it is older than files are kept, and its rows have left the tables).
Error: PS003 compress_after out of range.
Example:
select day, kind, path, rows, verified_at from pgsearch.list_archives();';
