-- How long the log is kept. The figures made of it, and the failed searches, stay.

create or replace function pgsearch.set_log_retention(
    keep_queries           interval default null,
    keep_events            interval default null,
    keep_messages          interval default null,
    keep_contents          interval default null,
    keep_contents_high     interval default null,
    compress_archive_after interval default null,
    keep_archive           interval default null,
    require_archive        boolean  default null
)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    wrong constant interval := (select g.given
                                  from (values (keep_queries, interval '1 day'), (keep_events, interval '1 day'),
                                        (keep_messages, interval '1 day'),
                                               (keep_contents, interval '1 day'), (keep_contents_high, interval '1 day'),
                                               (keep_archive, interval '1 day'), (compress_archive_after, interval '0')) as g(given, least)
                                 where g.given < g.least
                                    or g.given > interval '100 years'
                                 limit 1);
begin
    if wrong is not null then
        raise exception using
            errcode = 'PS003',
            message = format('the log cannot be kept for %s', wrong),
            hint    = 'Give an interval from ''1 day'' to ''100 years''; whole days are dropped.';
    end if;

    update pgsearch.log_settings as s
       set keep_queries           = coalesce(set_log_retention.keep_queries, s.keep_queries),
           keep_events            = coalesce(set_log_retention.keep_events, s.keep_events),
           keep_messages          = coalesce(set_log_retention.keep_messages, s.keep_messages),
           keep_contents          = coalesce(set_log_retention.keep_contents, s.keep_contents),
           keep_contents_high     = coalesce(set_log_retention.keep_contents_high, s.keep_contents_high),
           compress_archive_after = coalesce(set_log_retention.compress_archive_after, s.compress_archive_after),
           -- for ever is what nobody can wait for
           keep_archive           = nullif(coalesce(set_log_retention.keep_archive, s.keep_archive), interval '100 years'),
           require_archive        = coalesce(set_log_retention.require_archive, s.require_archive);
end;
$$;

comment on function pgsearch.set_log_retention(interval, interval, interval, interval, interval, interval, interval, boolean) is
'Sets how long searches (keep_queries), events (keep_events) and messages of conversations (keep_messages) are kept, from 1 day;
null leaves it as it is, 90 days at first. `pgsearch maintain` drops what is older, a day at a time.
Arguments:
- keep_queries, keep_events, keep_messages
- keep_contents: texts of messages, 30 days at first
- keep_contents_high: those of conversations with retention_priority high (errors, regenerations, low scores), 90 days at first
- compress_archive_after: when files of the archive are compressed (from 0), 7 days at first
- keep_archive: files of the archive; for ever at first, and for 100 years stands for that
- require_archive: whether a day of messages is dropped only after its file was verified, false at first
Error: PS003 for an interval out of range.
Example:
select pgsearch.set_log_retention(keep_queries => ''30 days'', keep_events => ''30 days'');';
