-- One search as it was: what was asked, what was shown with the signals of then, and what its user did.

create or replace function pgsearch.logged_search(query_id uuid)
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
set datestyle = 'ISO'
set timezone = 'UTC'
set plan_cache_mode = 'force_custom_plan'
as $$
#variable_conflict use_column
declare
    -- known before the plan is made, so that one day of the log is read
    at    constant timestamptz := pgsearch._uuid_time(query_id);
    ends  constant timestamptz := pgsearch._uuid_time(query_id) + interval '30 days';
    asked pgsearch.queries;
begin
    select q.* into asked from pgsearch.queries as q where q.query_id = logged_search.query_id and q.ts = at;
    if asked.query_id is null then
        return null;
    end if;

    return jsonb_build_object(
        'query_id', asked.query_id,
        'ts', asked.ts,
        'query', asked.user_query,
        'collection', asked.collection,
        'collections', asked.collections,
        'application', asked.application,
        'user_id', asked.user_id,
        'session_id', asked.session_id,
        'search_mode', asked.search_mode,
        'fusion_strategy', asked.fusion_strategy,
        'query_type', asked.query_type,
        'weights', asked.weights,
        'top_k', asked.top_k,
        'result_count', asked.result_count,
        'confidence', asked.confidence,
        'latency_ms', asked.latency_ms,
        'timings', asked.timings,
        'error_type', asked.error_type,
        'hits', (select coalesce(jsonb_agg(jsonb_build_object(
                                               'rank', h.rank, 'object_id', h.object_id, 'page', asked.hit_pages[h.rank],
                                               'page_id', k.page_id, 'title', p.title, 'score', asked.hit_scores[h.rank],
                                               'signals', asked.hit_signals -> (h.rank - 1)::integer) order by h.rank), '[]')
                   from unnest(asked.hit_ids) with ordinality as h(object_id, rank)
                        left join pgsearch.chunks as k
                               on k.chunk_id = case when h.object_id ~ '^[0-9]{1,18}$' then h.object_id::bigint end
                        left join pgsearch.pages as p on p.page_id = k.page_id),
        'events', (select coalesce(jsonb_agg(jsonb_build_object(
                                                 'ts', e.ts, 'action_name', e.action_name, 'object_id', e.object_id,
                                                 'position', e."position", 'dwell_ms', e.dwell_ms, 'value', e.value,
                                                 'message', e.message) order by e.ts, e.event_id), '[]')
                     from pgsearch.events as e
                    where e.query_id = asked.query_id
                      and e.ts between at - interval '1 day' and ends),
        'failures', (select coalesce(jsonb_agg(jsonb_build_object('reason', f.failure_reason,
                                                                  'reformulated_to', f.context ->> 'reformulated_to')
                                                 order by f.failure_reason), '[]')
                       from pgsearch.search_failures as f
                      where f.query_id = asked.query_id));
end;
$$;

comment on function pgsearch.logged_search(uuid) is
'One search of the log as it was, with what became of it. Holds who asked: for the owner of the log.
Arguments:
- query_id (as search and log_search gave it)
Returns {"query_id", "ts", "query", "collection", "collections", "application", "user_id", "session_id", "search_mode",
"fusion_strategy", "query_type", "weights", "top_k", "result_count", "confidence", "latency_ms", "timings", "error_type",
"hits": [{"rank", "object_id", "page" (external_id), "page_id" and "title" (null: gone), "score", "signals"}], "events":
[{"ts", "action_name", "object_id", "position", "dwell_ms", "value", "message"}] (of a month), "failures": [{"reason",
"reformulated_to"}]}; null when there is no such search in the log, or no longer.
Example:
select jsonb_pretty(pgsearch.logged_search((select max(query_id::text) from pgsearch.queries)::uuid));';
