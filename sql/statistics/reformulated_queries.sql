-- What people typed next when the answer to their first words was not good enough: synonyms to add, titles to change.

create or replace function pgsearch.reformulated_queries(
    collection text        default null,
    since      timestamptz default null,
    until      timestamptz default null,
    top_n      integer     default 20
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
    -- of one pair in many spellings the rare ones are not counted
    most_spellings constant integer := 2000;
    days      constant daterange   := pgsearch._period(since, until);
    starts_at constant timestamptz := lower(days)::timestamp at time zone 'UTC';
    ends_at   constant timestamptz := upper(days)::timestamp at time zone 'UTC';
begin
    perform pgsearch._check_range('top_n', top_n, 0, 10000);

    return query
    select min(f.user_query),
           min(f.reformulated_to),
           sum(f.times),
           sum(f.sum_similarity) / nullif(sum(f.similarities), 0),
           sum(f.clicked_times) / sum(f.times)
      -- as they were typed first: the same pair again and again is normalized once
      from (select p.*, pgsearch.normalize_query(p.user_query) as before, pgsearch.normalize_query(p.reformulated_to) as after
              from (select s.user_query,
                           s.context ->> 'reformulated_to' as reformulated_to,
                           sum(s.sample_weight) as times,
                           sum((s.context ->> 'similarity')::float8) as sum_similarity,
                           count(s.context ->> 'similarity') as similarities,
                           coalesce(sum(s.sample_weight) filter (where (s.context ->> 'had_click')::boolean), 0) as clicked_times
                      from pgsearch.search_failures as s
                     where s.failure_reason = 'user_reformulated'
                       and s.created_at >= starts_at
                       and s.created_at < ends_at
                       and (reformulated_queries.collection is null or s.collection = reformulated_queries.collection)
                       and s.context ->> 'reformulated_to' is not null
                     group by 1, 2
                     order by 3 desc, 1, 2
                     limit most_spellings) as p) as f
     where not exists (select from pgsearch.answered_queries as a where a.query_normalized = f.before and a.failed_at is null)
     group by f.before, f.after
     order by sum(f.times) desc, f.before, f.after
     limit reformulated_queries.top_n;
end;
$$;

comment on function pgsearch.reformulated_queries(text, timestamptz, timestamptz, integer) is
'Queries that the same user asked again in other words, with these words, most frequent pairs first; without those that
mark_answered was told of, until they fail again.
Arguments:
- collection (null: all)
- since and until (whole days in UTC; null: the last 30 days)
- top_n (0 .. 10000 rows)
Returns user_query and reformulated_to (one spelling of each), times (searches, weighted), similarity (0 .. 1, of their
letters: low is another name of the same, high a typing mistake), clicked_rate (share of the first searches with a click).
Counted are the 2,000 most frequent pairs as they were typed.
Errors: PS003 top_n out of range, until not after since.
Example:
select user_query, reformulated_to, times from pgsearch.reformulated_queries(''korean'');';
