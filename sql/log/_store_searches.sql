-- Searches into the log, however they come: with the search itself, one by one, or in batches.
--
-- Set by set: a batch of hundred is checked, stored and looked through for failures in a handful of statements.
-- With the rights of the owner, so that who may search need not read what others searched; grant_rights says who may call it.

create or replace function pgsearch._store_searches(entries jsonb, overrides jsonb default '{}', patient boolean default true)
returns jsonb
language plpgsql volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
-- it takes longer to plan than to run
set plan_cache_mode = force_generic_plan
set extra_float_digits = 1
as $$
declare
    defaults constant jsonb := pgsearch.default_settings() -> 'log';
    kept     record;
    told     record;
begin
    perform pgsearch._check_log_entries(entries, 'search');
    entries := pgsearch._bound_entries(entries);
    select * into strict kept from pgsearch.log_settings;
    perform pgsearch._check_log_results(entries);
    if kept.hash_users or kept.mask <> '' then
        entries := pgsearch._private_entries(entries, kept.hash_users, kept.mask, kept.user_salt);
    end if;
    perform pgsearch._check_log_times(array(select pgsearch._uuid_time((e ->> 'query_id')::uuid) from jsonb_array_elements(entries) as e),
                                      kept.keep_queries, 'queries');

    with entry as materialized (
        select e.entry - array['results', 'collections', 'query', 'late_interaction_scores'] as entry,
               k.*,
               pgsearch._uuid_time(k.query_id) as ts,
               pgsearch.normalize_query(k.user_query) as normalized,
               coalesce(e.entry ->> 'collection',
                        case when jsonb_array_length(k.collections) = 1 then k.collections ->> 0 end,
                        '') as collection,
               coalesce((e.entry ->> 'result_count')::integer, jsonb_array_length(k.results), 0) as hits,
               h.*
          from jsonb_array_elements(entries) as e(entry)
               cross join lateral (
                   select (e.entry ->> 'query_id')::uuid as query_id,
                          left(e.entry ->> 'query', 10000) as user_query,
                          nullif(e.entry ->> 'user_id', '') as user_id,
                          nullif(e.entry ->> 'client_id', '') as client_id,
                          nullif(e.entry ->> 'session_id', '') as session_id,
                          nullif(e.entry -> 'collections', 'null') as collections,
                          nullif(e.entry -> 'results', 'null') as results,
                          nullif(e.entry -> 'late_interaction_scores', 'null') as max_sim_scores,
                          coalesce((e.entry ->> 'confidence')::float8, pgsearch._told_confidence(e.entry)) as confidence,
                          e.entry ->> 'error_type' as error_type,
                          e.entry @? '$.results[*].external_id' as has_pages,
                          e.entry @? '$.results[*].score' as has_scores,
                          e.entry @? '$.results[*].signals' as has_signals
                   -- asked once, and not for each of the hits
                   offset 0) as k
               cross join lateral (
                   select coalesce(array_agg(coalesce(r.hit ->> 'chunk_id', r.hit ->> 'external_id', r.hit #>> '{}') order by r.at),
                                   '{}') as ids,
                          coalesce(array_agg(coalesce(r.hit ->> 'external_id', '') order by r.at)
                                       filter (where k.has_pages), '{}') as pages,
                          coalesce(array_agg((r.hit ->> 'score')::float8 order by r.at)
                                       filter (where k.has_scores), '{}') as scores,
                          min(r.hit ->> 'match_reason') filter (where r.at = 1) as first_reason
                     from jsonb_array_elements(k.results) with ordinality as r(hit, at)) as h
    ),
    judged as materialized (
        select e.*,
               l.log,
               case
               when e.error_type is not null then 'error'
               -- who asked for nothing, or for no hits, was not failed
               when e.normalized = '' or (e.entry ->> 'top_k')::integer = 0 then null
               when e.hits = 0 then 'no_result'
               when e.confidence < (l.log ->> 'low_confidence_threshold')::float8 then 'low_confidence'
               end as failure
          from entry as e
               left join pgsearch.collections as c on c.collection = e.collection
               cross join lateral (select defaults || coalesce(c.settings -> 'log', '{}') || coalesce(overrides, '{}') as log) as l
    ),
    -- by the id, so that a retry is decided alike; failures are kept all, and stand for themselves
    weighed as materialized (
        select j.*,
               case
               when j.entry ->> 'sample_weight' is not null then (j.entry ->> 'sample_weight')::float8
               when j.failure is not null then 1
               when (hashtextextended(j.query_id::text, 0) & 1073741823) / 1073741824.0::float8 < (j.log ->> 'sample_rate')::float8
               then 1 / (j.log ->> 'sample_rate')::float8
               end as weight
          from judged as j
    ),
    stored as (
        -- column by column, because a record made of the entry with all of this in it takes as long as storing it
        insert into pgsearch.queries as q (
                   query_id, ts, external_id, query_response_id, application, environment, collection, collections,
                   client_id, user_id, session_id, conversation_id, search_id, user_query, query_normalized, intent, query_type,
                   search_mode, fusion_strategy, weights, top_k, candidate_count, result_count,
                   hit_ids, hit_pages, hit_scores, hit_signals, top_score, top_match_reason, confidence,
                   approximate, late_interaction_enabled, max_sim_scores, reranking_used, latency_ms, timings, error_type,
                   experiment, variant, sample_weight, query_attributes, metadata)
        select w.query_id,
               w.ts,
               w.entry ->> 'external_id',
               w.entry ->> 'query_response_id',
               w.entry ->> 'application',
               w.entry ->> 'environment',
               w.collection,
               case
               when w.collections is not null then array(select jsonb_array_elements_text(w.collections))
               when w.entry ->> 'collection' is not null then array[w.collection]
               end,
               w.client_id,
               w.user_id,
               w.session_id,
               w.entry ->> 'conversation_id',
               w.entry ->> 'search_id',
               w.user_query,
               w.normalized,
               w.entry ->> 'intent',
               coalesce(w.entry ->> 'query_type', pgsearch._query_type(w.user_query)),
               w.entry ->> 'search_mode',
               w.entry ->> 'fusion_strategy',
               nullif(w.entry -> 'weights', 'null'),
               (w.entry ->> 'top_k')::integer,
               coalesce((w.entry ->> 'candidate_count')::integer, w.hits),
               w.hits,
               w.ids,
               w.pages,
               w.scores,
               (select jsonb_agg(r.hit -> 'signals' order by r.at)
                  from jsonb_array_elements(w.results) with ordinality as r(hit, at)
                 where r.at <= (w.log ->> 'signals_of')::integer
                   and w.has_signals),
               w.scores[1],
               w.first_reason,
               w.confidence,
               coalesce((w.entry ->> 'approximate')::boolean, false),
               w.max_sim_scores is not null,
               w.max_sim_scores,
               coalesce((w.entry ->> 'reranking_used')::boolean, false),
               (w.entry ->> 'latency_ms')::float8,
               nullif(w.entry -> 'timings', 'null'),
               w.error_type,
               w.entry ->> 'experiment',
               w.entry ->> 'variant',
               w.weight,
               nullif(w.entry -> 'query_attributes', 'null'),
               nullif(w.entry -> 'metadata', 'null')
          from weighed as w
         where w.weight is not null
            on conflict (query_id, ts) do nothing
        returning q.query_id
    )
    select coalesce((select count(*) from stored), 0) as stored,
           count(*) filter (where w.weight is not null) as wanted,
           count(*) filter (where w.weight is null) as sampled_out,
           array_agg(w.query_id) filter (where a.actor is not null) as ids,
           array_agg(a.actor) filter (where a.actor is not null) as actors,
           array_agg(w.user_query) filter (where a.actor is not null) as texts,
           jsonb_agg(jsonb_build_object(
                         'query_id',       w.query_id,
                         'created_at',     w.ts,
                         'user_query',     w.user_query,
                         'user_id',        w.user_id,
                         'client_id',      w.client_id,
                         'session_id',     w.session_id,
                         'collection',     w.collection,
                         'result_count',   w.hits,
                         'confidence',     c.confidence,
                         'failure_reason', w.failure,
                         'context',        pgsearch._failure_context(
                                               w.entry ->> 'search_mode', w.hits, w.scores[1], w.first_reason, w.ids, c.confidence)
                                           || case when w.error_type is null then '{}'
                                                   else jsonb_build_object('error_type', w.error_type) end))
               filter (where w.failure is not null and s.query_id is not null) as failures,
           array_agg(w.normalized) filter (where w.failure = 'no_result') as missed,
           array_agg(w.ts) filter (where w.failure = 'no_result') as missed_at
      into told
      from weighed as w
           left join stored as s on s.query_id = w.query_id
           cross join lateral (select coalesce(w.user_id, w.client_id, w.session_id) as actor) as a
           cross join lateral (select case w.failure when 'no_result' then 0 else w.confidence end as confidence) as c;

    -- a statement of its own, which a session plans when a search fails
    if told.failures is not null then
        insert into pgsearch.search_failures (
                   query_id, created_at, user_query, user_id, client_id, session_id, collection, result_count, confidence,
                   failure_reason, context)
        select f.query_id, f.created_at, f.user_query, f.user_id, f.client_id, f.session_id, f.collection, f.result_count, f.confidence,
               f.failure_reason, f.context
          from jsonb_populate_recordset(null::pgsearch.search_failures, told.failures) as f
         order by f.query_id
            on conflict (query_id, failure_reason) do nothing;
    end if;

    if told.missed is not null then
        perform pgsearch._reopen_answered(told.missed, told.missed_at);
    end if;
    if told.ids is not null and (told.stored > 0 or told.sampled_out > 0) then
        perform pgsearch._store_reformulations(told.ids, told.actors, told.texts, coalesce(overrides, '{}'), patient);
    end if;

    return jsonb_build_object('stored', told.stored, 'duplicates', told.wanted - told.stored, 'sampled_out', told.sampled_out);
end;
$$;

comment on function pgsearch._store_searches(jsonb, jsonb, boolean) is
'Stores an array of searches (entries of log_search, each with its query_id) and the failures among them. overrides: of
the settings "log"; patient: whether to wait for another writer of the same user.
Returns {"stored", "duplicates", "sampled_out"}: how many. Errors as log_search; one bad entry refuses them all.';

revoke execute on function pgsearch._store_searches(jsonb, jsonb, boolean) from public;

create or replace function pgsearch._told_confidence(entry jsonb)
returns float8
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    first constant jsonb := entry #> '{results,0}';
begin
    -- hits with signals are ours, and their score is a fused one, which tells nothing by itself
    return case
           when jsonb_typeof(first -> 'score') = 'number'
                and not first ? 'signals'
                and coalesce(entry ->> 'fusion_strategy', 'legacy') = 'legacy'
                and (first ->> 'match_reason' is not null or entry ->> 'search_mode' in ('vector', 'lexical'))
           then pgsearch.compute_confidence((first ->> 'score')::float8, first ->> 'match_reason', entry ->> 'search_mode')
           end;
end;
$$;

comment on function pgsearch._told_confidence(jsonb) is
'Confidence of a search made elsewhere whose caller gives none: by compute_confidence, where the first result has a score
and what it is a score of is told (a match_reason, or the mode vector or lexical); else null.';

create or replace function pgsearch._failure_context(
    search_mode      text,
    result_count     integer,
    top_score        float8,
    top_match_reason text,
    hit_ids          text[],
    confidence       float8
)
returns jsonb
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select jsonb_build_object('mode', search_mode, 'result_count', result_count, 'top_score', top_score,
                          'top_match_reason', top_match_reason, 'returned_ids', to_jsonb(hit_ids[1:10]), 'confidence', confidence);
$$;

comment on function pgsearch._failure_context(text, integer, float8, text, text[], float8) is
'What a failed search looked like, as search_failures.context has it.';

create or replace function pgsearch._check_log_results(entries jsonb)
returns void
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select from jsonb_array_elements(entries) as e where coalesce(jsonb_typeof(e -> 'query'), 'null') = 'null') then
        raise exception using
            errcode = 'PS003',
            message = 'a search without its query cannot be logged',
            hint    = 'Give "query"; an empty text will do.';
    end if;

    if exists (select
                 from jsonb_array_elements(entries) as e
                      cross join jsonb_array_elements(e -> 'results') as r
                where jsonb_typeof(e -> 'results') = 'array'
                  and case jsonb_typeof(r)
                      when 'object' then coalesce(r ->> 'chunk_id', r ->> 'external_id') is null
                                         or coalesce(jsonb_typeof(r -> 'score'), 'null') not in ('number', 'null')
                                         or case when jsonb_typeof(r -> 'score') = 'number'
                                                 then abs((r -> 'score')::numeric) > 1e300
                                                      or (r -> 'score')::numeric <> 0 and abs((r -> 'score')::numeric) < 1e-300
                                                 else false end
                      else jsonb_typeof(r) not in ('string', 'number')
                      end) then
        raise exception using
            errcode = 'PS003',
            message = 'the results of a search cannot be logged: one of them has no id, or a score that is no number',
            hint    = 'Each result is an id, or an object such as {"chunk_id": 7, "external_id": "a", "score": 0.9, "signals": {}, '
                      || '"match_reason": "text"}.';
    end if;
end;
$$;

comment on function pgsearch._check_log_results(jsonb) is
'Raises PS003 unless each search has a query, and each of its results an id and, if any, a finite
score.';

create or replace function pgsearch._private_entries(entries jsonb, hash_users boolean, mask text, salt bytea)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    called regprocedure;
begin
    if hash_users then
        select jsonb_agg(case when h.id <> '' then e.entry || jsonb_build_object('user_id', h.hashed) else e.entry end order by e.at)
          into entries
          from jsonb_array_elements(entries) with ordinality as e(entry, at)
               cross join lateral (select e.entry ->> 'user_id' as id,
                                          pgsearch._salted_hash(salt, e.entry ->> 'user_id') as hashed) as h;
    end if;

    if mask <> '' then
        called := pgsearch._named_function(mask, 'text');
        if called is null then
            raise exception using
                errcode = 'PS003',
                message = format('the log is masked by a function that is gone: %s(text)', mask),
                hint    = 'Create it again, or choose another with pgsearch.set_log_privacy.';
        end if;
        execute format($statement$
            select jsonb_agg(e.entry || m.masked order by e.at)
              from jsonb_array_elements($1) with ordinality as e(entry, at)
                   cross join lateral (select coalesce(jsonb_object_agg(t.key, %s(e.entry ->> t.key)), '{}') as masked
                                         from unnest(array['query', 'user_query', 'message', 'content', 'retrieval_query']) as t(key)
                                        where jsonb_typeof(e.entry -> t.key) = 'string') as m$statement$,
            called::regproc)
           into entries
          using entries;
    end if;

    return entries;
end;
$$;

comment on function pgsearch._private_entries(jsonb, boolean, text, bytea) is
'Log entries with their users hashed and their texts masked, as log_settings wants it.';
