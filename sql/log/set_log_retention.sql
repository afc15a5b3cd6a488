-- How long the log is kept. The figures made of it, and the failed searches, stay.

create or replace function pgsearch.set_log_retention(keep_queries interval default null, keep_events interval default null)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    if least(keep_queries, keep_events) < interval '1 day' or greatest(keep_queries, keep_events) > interval '100 years' then
        raise exception using
            errcode = 'PS003',
            message = format('the log cannot be kept for %s', case when keep_queries < interval '1 day' or keep_queries > interval '100 years' then keep_queries else keep_events end),
            hint    = 'Give an interval from ''1 day'' to ''100 years''; whole days are dropped.';
    end if;

    update pgsearch.log_settings as s
       set keep_queries = coalesce(set_log_retention.keep_queries, s.keep_queries),
           keep_events  = coalesce(set_log_retention.keep_events, s.keep_events);
end;
$$;

comment on function pgsearch.set_log_retention(interval, interval) is
'Sets how long searches (keep_queries) and events (keep_events) are kept, from 1 day; null leaves it as it is, 90 days at
first. `pgsearch maintain` drops what is older, a day at a time.
Error: PS003 for an interval out of range.
Example:
select pgsearch.set_log_retention(keep_queries => ''30 days'', keep_events => ''30 days'');';
