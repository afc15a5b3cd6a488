-- What people typed next when the answer to their first words was not good enough: synonyms to add, titles to change.

create or replace function pgsearch.reformulated_queries(
    collection  text        default null,
    since       timestamptz default null,
    until       timestamptz default null,
    top_n       integer     default 20,
    application text        default null
)
returns table (
    user_query      text,
    reformulated_to text,
    times           float8,
    similarity      float8,
    clicked_rate    float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    days constant daterange := pgsearch._period(since, until);
begin
    perform pgsearch._check_range('top_n', top_n, 0, 10000);

    return query
    select f.user_query, f.reformulated_to, f.times, f.sum_similarity / nullif(f.similarity_count, 0), f.clicked_times / f.times
      from (select r.pair,
                   min(r.query_normalized collate "C") as query_normalized,
                   min(r.user_query collate "C") as user_query,
                   min(r.reformulated_to collate "C") as reformulated_to,
                   sum(r.times) as times,
                   sum(r.similarity_count) as similarity_count,
                   sum(r.sum_similarity) as sum_similarity,
                   sum(r.clicked_times) as clicked_times
              from pgsearch.reformulations_daily as r
             where r.day >= lower(days)
               and r.day < upper(days)
               and (reformulated_queries.collection is null or r.collection = reformulated_queries.collection)
               and (reformulated_queries.application is null or r.application = reformulated_queries.application)
             group by r.pair) as f
     where not exists (select from pgsearch.answered_queries as a where a.query_normalized = f.query_normalized and a.failed_at is null)
     order by f.times desc, f.query_normalized, f.reformulated_to
     limit reformulated_queries.top_n;
end;
$$;

comment on function pgsearch.reformulated_queries(text, timestamptz, timestamptz, integer, text) is
'Queries that the same user asked again in other words, with these words, most frequent pairs first; without those that
mark_answered was told of, until they fail again.
Arguments:
- collection (null: all)
- since and until (whole days in UTC; null: the last 30 days)
- top_n (0 .. 10000 rows)
- application (as it is logged, see application_usage; null: all)
Returns user_query and reformulated_to (one spelling of each), times (searches, weighted), similarity (0 .. 1, of their
letters: low is another name of the same, high a typing mistake), clicked_rate (share of the first searches with a click).
From the roll-ups, see refresh_search_stats: of each day the 1,000 most frequent pairs of a collection and application.
Errors: PS003 top_n out of range, until not after since.
Example:
select user_query, reformulated_to, times from pgsearch.reformulated_queries(''korean'');';
