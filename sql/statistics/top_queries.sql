-- What people ask for most.

create or replace function pgsearch.top_queries(
    collection  text        default null,
    since       timestamptz default null,
    until       timestamptz default null,
    top_n       integer     default 20,
    application text        default null
)
returns table (
    query_normalized text,
    user_query       text,
    query_count      float8,
    no_result_rate   float8,
    click_through_rate float8,
    avg_confidence   float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select q.*
      from pgsearch._ranked_queries(
               top_queries.collection, top_queries.since, top_queries.until, top_queries.top_n, 'searches',
               top_queries.application) as q;
end;
$$;

comment on function pgsearch.top_queries(text, timestamptz, timestamptz, integer, text) is
'The most frequent queries, most frequent first.
Arguments:
- collection (null: all)
- since and until (whole days in UTC; null: the last 30 days)
- top_n (0 .. 10000 rows)
- application (as it is logged, see application_usage; null: all)
Returns query_normalized, user_query (one spelling of it), query_count (searches, weighted), no_result_rate,
click_through_rate (null where no event was ever received), avg_confidence. Exact as long as a collection has at most
1,000 different queries a day; beyond that the rarest of each day are not counted.
Errors: PS003 top_n out of range, until not after since.
Example:
select user_query, query_count from pgsearch.top_queries(top_n => 20);';
