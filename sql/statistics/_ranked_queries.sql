-- The queries of a period by what happened to them: how often they were asked, found nothing, or were not clicked.

create or replace function pgsearch._ranked_queries(collection text, since timestamptz, until timestamptz, top_n integer, happened text,
                                                    application text)
returns table (
    query_normalized   text,
    user_query         text,
    query_count        float8,
    no_result_rate     float8,
    click_through_rate float8,
    avg_confidence     float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
-- what is not asked for is left out of the plan
set plan_cache_mode = 'force_custom_plan'
as $$
#variable_conflict use_column
declare
    days    constant daterange := pgsearch._period(since, until);
    tracked constant text[] := pgsearch._tracked_collections(_ranked_queries.collection);
    failed  text[];
begin
    perform pgsearch._check_range('top_n', top_n, 0, 10000);

    -- few queries find nothing: which, by these days alone, before all of theirs are added up
    if happened = 'no_result' then
        failed := array(select t.query_normalized
                          from pgsearch.top_queries_daily as t
                         where t.no_result_count > 0
                           and t.day >= lower(days)
                           and t.day < upper(days)
                           and (_ranked_queries.collection is null or t.collection = _ranked_queries.collection)
                           and (_ranked_queries.application is null or t.application = _ranked_queries.application)
                           and not exists (select
                                             from pgsearch.answered_queries as a
                                            where a.query_normalized = t.query_normalized
                                              and a.failed_at is null)
                         group by t.query_normalized
                         order by sum(t.no_result_count) desc, t.query_normalized
                         limit _ranked_queries.top_n);
    end if;

    return query
    select q.query_normalized,
           q.user_query,
           q.query_count,
           q.no_result_count / q.query_count,
           case when q.tracked then q.clicked_count / q.query_count end,
           q.avg_confidence
      from (select t.query_normalized,
                   min(t.user_query collate "C") as user_query,
                   sum(t.query_count) as query_count,
                   sum(t.no_result_count) as no_result_count,
                   sum(t.clicked_count) as clicked_count,
                   sum(t.sum_confidence) / nullif(sum(t.confidence_count), 0) as avg_confidence,
                   bool_or(t.collection = any (tracked)) as tracked,
                   max(t.day) filter (where t.query_count > t.clicked_count) as not_clicked_on
              from pgsearch.top_queries_daily as t
             where t.day >= lower(days)
               and t.day < upper(days)
               and (_ranked_queries.collection is null or t.collection = _ranked_queries.collection)
               and (_ranked_queries.application is null or t.application = _ranked_queries.application)
               and (failed is null or t.query_normalized = any (failed))
             group by t.query_normalized) as q
           cross join lateral (select case happened
                                      when 'searches'  then q.query_count
                                      when 'no_result' then q.no_result_count
                                      when 'no_click'  then case when q.tracked then q.query_count - q.clicked_count end
                                      end as times) as h
     where h.times > 0
       and (happened <> 'no_click'
            or not exists (select
                             from pgsearch.answered_queries as a
                            where a.query_normalized = q.query_normalized
                              and a.failed_at is null
                              and q.not_clicked_on <= (a.answered_at at time zone 'UTC')::date))
     order by h.times desc, q.query_normalized
     limit _ranked_queries.top_n;
end;
$$;

comment on function pgsearch._ranked_queries(text, timestamptz, timestamptz, integer, text, text) is
'At most top_n queries of the period, those first to which it happened most often: searches, no_result or no_click; of
the last two without those that were answered (mark_answered).
Arguments, rows and errors as top_queries.';
