-- Searches into the log, however they come: with the search itself, one by one, or in batches.
--
-- Set by set: a batch of hundred is checked, stored and looked through for failures in a handful of statements.
-- With the rights of the owner, so that who may search need not read what others searched; grant_rights says who may call it.

create or replace function pgsearch._store_searches(entries jsonb, overrides jsonb default '{}', patient boolean default true)
returns jsonb
language plpgsql volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
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
    perform pgsearch._check_log_times(array(select pgsearch._uuid_time((e ->> 'query_id')::uuid) from jsonb_array_elements(entries) as e), kept.keep_queries, 'queries');

    with entry as materialized (
        select e.*,
               pgsearch._uuid_time(e.query_id) as ts_of_id,
               pgsearch.normalize_query(left(e.query, 10000)) as normalized,
               coalesce(e.collection, case when jsonb_array_length(e.collections) = 1 then e.collections ->> 0 end, '') as one_collection,
               coalesce(e.result_count, jsonb_array_length(e.results), 0) as hits,
               h.*
          from jsonb_to_recordset(entries) as e(
                   query_id uuid, external_id text, query_response_id text, application text, environment text, collection text, collections jsonb, client_id text, user_id text,
                   session_id text, conversation_id text, search_id text, query text, intent text, query_type text, search_mode text, fusion_strategy text, weights jsonb,
                   top_k integer, candidate_count integer, result_count integer, results jsonb, confidence float8, approximate boolean, late_interaction_scores jsonb,
                   reranking_used boolean, latency_ms float8, timings jsonb, error_type text, experiment text, variant text, sample_weight float8, query_attributes jsonb,
                   metadata jsonb)
               cross join lateral (
                   select coalesce(array_agg(coalesce(r.hit ->> 'chunk_id', r.hit ->> 'external_id', r.hit #>> '{}') order by r.at), '{}') as ids,
                          coalesce(array_agg(coalesce(r.hit ->> 'external_id', '') order by r.at) filter (where e.results @? '$[*].external_id'), '{}') as pages,
                          coalesce(array_agg((r.hit ->> 'score')::float8 order by r.at) filter (where e.results @? '$[*].score'), '{}') as scores,
                          min(r.hit ->> 'match_reason') filter (where r.at = 1) as first_reason
                     from jsonb_array_elements(e.results) with ordinality as r(hit, at)) as h
    ),
    judged as materialized (
        select e.*,
               l.log,
               case
               when e.error_type is not null then 'error'
               -- who asked for nothing, or for no hits, was not failed
               when e.normalized = '' or e.top_k = 0 then null
               when e.hits = 0 then 'no_result'
               when e.confidence < (l.log ->> 'low_confidence_threshold')::float8 then 'low_confidence'
               end as failure
          from entry as e
               left join pgsearch.collections as c on c.collection = e.one_collection
               cross join lateral (select defaults || coalesce(c.settings -> 'log', '{}') || coalesce(overrides, '{}') as log) as l
    ),
    -- by the id, so that a retry is decided alike; failures are kept all, and stand for themselves
    weighed as materialized (
        select j.*,
               case
               when j.sample_weight is not null then j.sample_weight
               when j.failure is not null then 1
               when (hashtextextended(j.query_id::text, 0) & 1073741823) / 1073741824.0::float8 < (j.log ->> 'sample_rate')::float8
               then 1 / (j.log ->> 'sample_rate')::float8
               end as weight
          from judged as j
    ),
    stored as (
        insert into pgsearch.queries as q (
                   query_id, ts, external_id, query_response_id, application, environment, collection, collections, client_id, user_id, session_id, conversation_id, search_id,
                   user_query, query_normalized, intent, query_type, search_mode, fusion_strategy, weights, top_k, candidate_count, result_count, hit_ids, hit_pages, hit_scores,
                   hit_signals, top_score, top_match_reason, confidence, approximate, late_interaction_enabled, max_sim_scores, reranking_used, latency_ms, timings, error_type,
                   experiment, variant, sample_weight, query_attributes, metadata)
        select w.query_id, w.ts_of_id, w.external_id, w.query_response_id, w.application, w.environment, w.one_collection,
               case when w.collections is not null then array(select jsonb_array_elements_text(w.collections)) when w.collection is not null then array[w.collection] end,
               nullif(w.client_id, ''), nullif(w.user_id, ''), nullif(w.session_id, ''), w.conversation_id, w.search_id,
               left(w.query, 10000), w.normalized, w.intent, w.query_type, w.search_mode, w.fusion_strategy, w.weights, w.top_k, w.candidate_count, w.hits,
               w.ids, w.pages, w.scores,
               (select jsonb_agg(r.hit -> 'signals' order by r.at)
                  from jsonb_array_elements(w.results) with ordinality as r(hit, at)
                 where r.at <= (w.log ->> 'signals_of')::integer
                   and w.results @? '$[*].signals'),
               w.scores[1], w.first_reason, w.confidence, coalesce(w.approximate, false),
               w.late_interaction_scores is not null, w.late_interaction_scores, coalesce(w.reranking_used, false), w.latency_ms, w.timings, w.error_type,
               w.experiment, w.variant, w.weight, w.query_attributes, w.metadata
          from weighed as w
         where w.weight is not null
            on conflict (query_id, ts) do nothing
        returning q.query_id
    ),
    failed as (
        insert into pgsearch.search_failures (
                   query_id, created_at, user_query, user_id, client_id, session_id, collection, result_count, confidence, failure_reason, context)
        select w.query_id, w.ts_of_id, left(w.query, 10000), nullif(w.user_id, ''), nullif(w.client_id, ''), nullif(w.session_id, ''), w.one_collection,
               w.hits, case w.failure when 'no_result' then 0 else w.confidence end, w.failure,
               pgsearch._failure_context(w.search_mode, w.hits, w.scores[1], w.first_reason, w.ids, case w.failure when 'no_result' then 0 else w.confidence end)
               || case when w.error_type is null then '{}' else jsonb_build_object('error_type', w.error_type) end
          from weighed as w
               join stored as s on s.query_id = w.query_id
         where w.failure is not null
         order by w.query_id
            on conflict (query_id, failure_reason) do nothing
    )
    select coalesce((select count(*) from stored), 0) as stored,
           count(*) filter (where w.weight is not null) as wanted,
           count(*) filter (where w.weight is null) as sampled_out,
           array_agg(w.query_id) filter (where a.actor is not null) as ids,
           array_agg(a.actor) filter (where a.actor is not null) as actors,
           array_agg(left(w.query, 10000)) filter (where a.actor is not null) as texts
      into told
      from weighed as w
           cross join lateral (select coalesce(nullif(w.user_id, ''), nullif(w.client_id, ''), nullif(w.session_id, '')) as actor) as a;

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

create or replace function pgsearch._failure_context(search_mode text, result_count integer, top_score float8, top_match_reason text, hit_ids text[], confidence float8)
returns jsonb
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select jsonb_build_object('mode', search_mode, 'result_count', result_count, 'top_score', top_score, 'top_match_reason', top_match_reason,
                          'returned_ids', to_jsonb(hit_ids[1:10]), 'confidence', confidence);
$$;

comment on function pgsearch._failure_context(text, integer, float8, text, text[], float8) is 'What a failed search looked like, as search_failures.context has it.';

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
                                         or case when jsonb_typeof(r -> 'score') = 'number' then abs((r -> 'score')::numeric) > 1e300 or (r -> 'score')::numeric <> 0 and abs((r -> 'score')::numeric) < 1e-300 else false end
                      else jsonb_typeof(r) not in ('string', 'number')
                      end) then
        raise exception using
            errcode = 'PS003',
            message = 'the results of a search cannot be logged: one of them has no id, or a score that is no number',
            hint    = 'Each result is an id, or an object such as {"chunk_id": 7, "external_id": "a", "score": 0.9, "signals": {}, "match_reason": "text"}.';
    end if;
end;
$$;

comment on function pgsearch._check_log_results(jsonb) is 'Raises PS003 unless each search has a query, and each of its results an id and, if any, a finite score.';

create or replace function pgsearch._private_entries(entries jsonb, hash_users boolean, mask text, salt bytea)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    called regprocedure;
begin
    if hash_users then
        select jsonb_agg(case when e.entry ->> 'user_id' <> ''
                              then e.entry || jsonb_build_object('user_id', encode(sha256(salt || convert_to(e.entry ->> 'user_id', 'UTF8')), 'hex'))
                              else e.entry end order by e.at)
          into entries
          from jsonb_array_elements(entries) with ordinality as e(entry, at);
    end if;

    if mask <> '' then
        begin
            called := to_regprocedure(mask || '(text)');
        exception
            when syntax_error or invalid_name or invalid_text_representation then
                called := null;
        end;
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

comment on function pgsearch._private_entries(jsonb, boolean, text, bytea) is 'Log entries with their users hashed and their texts masked, as log_settings wants it.';
