-- What people wait for.

create or replace function pgsearch.slow_queries(
    collection  text        default null,
    since       timestamptz default null,
    until       timestamptz default null,
    top_n       integer     default 20,
    application text        default null
)
returns table (query_normalized text, user_query text, query_count float8, avg_latency_ms float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    days constant daterange := pgsearch._period(since, until);
begin
    perform pgsearch._check_range('top_n', top_n, 0, 10000);

    return query
    select t.query_normalized, min(t.user_query collate "C"), sum(t.query_count), sum(t.sum_latency) / sum(t.timed_count)
      from pgsearch.top_queries_daily as t
     where t.day >= lower(days)
       and t.day < upper(days)
       and (slow_queries.collection is null or t.collection = slow_queries.collection)
       and (slow_queries.application is null or t.application = slow_queries.application)
     group by t.query_normalized
    having sum(t.timed_count) > 0
     order by 4 desc, t.query_normalized
     limit slow_queries.top_n;
end;
$$;

comment on function pgsearch.slow_queries(text, timestamptz, timestamptz, integer, text) is
'The queries whose searches take longest on average.
Arguments:
- collection (null: all)
- since and until (whole days in UTC; null: the last 30 days)
- top_n (0 .. 10000 rows)
- application (as it is logged, see application_usage; null: all)
Returns query_normalized, user_query (one spelling of it), query_count (searches, weighted), avg_latency_ms. Of each day and
collection the 100 slowest queries are kept, and those that are kept for another reason.
Errors: PS003 top_n out of range, until not after since.
Example:
select user_query, avg_latency_ms from pgsearch.slow_queries(''korean'', top_n => 5);';
