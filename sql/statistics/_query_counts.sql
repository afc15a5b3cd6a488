-- Queries of a period, added up over days and collections.

create or replace function pgsearch._query_counts(collection text, since timestamptz, until timestamptz)
returns table (
    query_normalized text,
    user_query       text,
    query_count      float8,
    no_result_count  float8,
    clicked_count    float8,
    avg_confidence   float8,
    tracked          boolean
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    days    constant daterange := pgsearch._period(since, until);
    tracked constant text[] := array(select s.collection
                                       from pgsearch.search_stats_daily as s
                                      where _query_counts.collection is null or s.collection = _query_counts.collection
                                      group by s.collection
                                     having sum(s.event_count) > 0);
begin
    return query
    select t.query_normalized,
           min(t.user_query),
           sum(t.query_count),
           sum(t.no_result_count),
           sum(t.clicked_count),
           sum(t.sum_confidence) / nullif(sum(t.confidence_count), 0),
           bool_or(t.collection = any (tracked))
      from pgsearch.top_queries_daily as t
     where t.day >= lower(days)
       and t.day < upper(days)
       and (_query_counts.collection is null or t.collection = _query_counts.collection)
     group by t.query_normalized;
end;
$$;

comment on function pgsearch._query_counts(text, timestamptz, timestamptz) is
'Each query of a period with its searches, those without results, those with clicks, and whether events are received for
a collection where it was asked. Arguments and errors as top_queries.';
