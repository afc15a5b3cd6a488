-- A search that was made elsewhere, into the same log: another index, a page of an application, the log of a former system.
--
-- Unlike the log of search() this one complains: who logs on purpose wants to know when it did not work.

create or replace function pgsearch.log_search(entry jsonb)
returns uuid
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
begin
    perform pgsearch._check_log_entries(jsonb_build_array(entry), 'search');
    if entry -> 'log' = 'false' then
        return null;
    end if;
    entry := pgsearch._with_log_id(entry, 'query_id');
    perform pgsearch._store_searches(jsonb_build_array(entry));

    return (entry ->> 'query_id')::uuid;
end;
$$;

comment on function pgsearch.log_search(jsonb) is
'Stores one search and, when it failed its user, why.
Returns its id, made here when entry has none: the one to give to log_feedback. A second call with the same id changes
nothing.
Arguments:
- entry: query (required), query_id (a UUIDv7, see uuid7; its time is the time of the search), ts (the time, when there
  is no id), collection or collections (names), results (array, best first, of ids or of objects with chunk_id,
  external_id, score, signals, match_reason), result_count (default: how many results), top_k, candidate_count (default:
  result_count),
  search_mode, fusion_strategy, weights, confidence (0 .. 1; default: what
  compute_confidence says of the first result''s score and match_reason, where both or the mode tell what it
  means), latency_ms, timings (milliseconds a stage), approximate,
  reranking_used, error_type (when it failed), late_interaction_scores (object, such as {"max_sims": [...]}), user_id,
  client_id, session_id, search_id (groups the searches of one intent), conversation_id, application, environment,
  intent, query_type (default: see classify_query), experiment, variant, query_attributes, metadata, external_id (of another system),
  query_response_id, sample_weight (how many searches it stands for, when the caller samples; else the setting
  log.sample_rate decides), log (false: nothing is stored, and null comes back)
Errors: PS002 unknown key; PS003 bad value, an id of another version or of more than a day in the future, or older than
the log is kept.
Example:
select pgsearch.log_search(''{"query": "roses", "collection": "wiki", "result_count": 0, "user_id": "lee"}'');';

create or replace function pgsearch._with_log_id(entry jsonb, key text)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    return case
           when entry ->> key is not null then entry
           else entry || jsonb_build_object(key, pgsearch.uuid7(coalesce((entry ->> 'ts')::timestamptz, clock_timestamp())))
           end;
end;
$$;

comment on function pgsearch._with_log_id(jsonb, text) is 'The entry of a log with an id under key, made of its ts or of now when it has none.';
