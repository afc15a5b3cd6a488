-- Everything that the statistics say about a period, as one document: what a weekly mail or a page is made of.

create or replace function pgsearch.report(
    collection  text        default null,
    since       timestamptz default null,
    until       timestamptz default null,
    application text        default null
)
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
set datestyle = 'ISO'
set timezone = 'UTC'
as $$
declare
    days constant daterange := pgsearch._period(since, until);
begin
    return jsonb_build_object(
        'collection', report.collection,
        'application', report.application,
        'date_from', lower(days),
        'date_to', upper(days) - 1,
        'searches', (select to_jsonb(s) - 'starts_at'
                       from pgsearch.search_stats(report.collection, report.since, report.until, 'all', report.application) as s),
        'conversations', (select to_jsonb(c) - 'starts_at'
                            from pgsearch.chat_stats(report.collection, report.since, report.until, 'all', report.application) as c),
        'session_lengths', (select coalesce(jsonb_agg(l order by l.turns), '[]')
                              from pgsearch.session_lengths(report.collection, report.since, report.until, report.application) as l),
        'score_distribution', (select coalesce(jsonb_agg(d order by d.from_score), '[]')
                                 from pgsearch.score_distribution(report.collection, report.since, report.until,
                                                                  report.application) as d),
        'models', (select coalesce(jsonb_agg(m), '[]')
                     from pgsearch.chat_usage('model', report.collection, report.since, report.until, 10, report.application) as m),
        'collections', (select coalesce(jsonb_agg(u), '[]')
                          from pgsearch.collection_usage(report.since, report.until, report.application) as u
                         where report.collection is null
                            or u.collection = report.collection),
        'top_queries', (select coalesce(jsonb_agg(t), '[]')
                          from pgsearch.top_queries(report.collection, report.since, report.until, 10, report.application) as t),
        'queries_without_results', (select coalesce(jsonb_agg(q), '[]')
                                      from pgsearch.queries_without_results(report.collection, report.since, report.until, 10,
                                                                            report.application) as q),
        'slow_queries', (select coalesce(jsonb_agg(s), '[]')
                           from pgsearch.slow_queries(report.collection, report.since, report.until, 10, report.application) as s),
        'faq_candidates', (select coalesce(jsonb_agg(to_jsonb(f) - 'query_id'), '[]')
                             from pgsearch.faq_candidates(report.collection, report.since, report.until, 3, 10,
                                                          report.application) as f),
        'anomalies', (select coalesce(jsonb_agg(a), '[]')
                        from pgsearch.anomalies(day         => least(upper(days) - 1, (now() at time zone 'UTC')::date),
                                                collection  => report.collection,
                                                application => report.application) as a),
        'suggestions', (select coalesce(jsonb_agg(p), '[]')
                          from pgsearch.prompt_suggestions(report.collection, report.since, report.until, 3,
                                                           report.application) as p));
end;
$$;

comment on function pgsearch.report(text, timestamptz, timestamptz, text) is
'The statistics of searches and conversations over a period as one document. Holds questions of users: for the owner.
Arguments:
- collection (null: all)
- since and until (whole days in UTC; null: the last 30 days)
- application (as it is logged, see application_usage; null: all)
Returns {"collection", "application", "date_from", "date_to", "searches" (as search_stats), "conversations" (as chat_stats),
"session_lengths", "score_distribution", "models" (as chat_usage), "collections" (as collection_usage), "top_queries",
"queries_without_results",
"slow_queries", "faq_candidates", "anomalies" (of the last
day), "suggestions" (as prompt_suggestions)}; searches and conversations are null where there were none.
Error: PS003 until not after since.
Example:
select jsonb_pretty(pgsearch.report());';
