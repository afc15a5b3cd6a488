-- One search with everything around its hits, in one value, and its row in the log: what the clients call.
--
-- Search and log in one statement: nothing is sent twice, no search is missing from the log, and the log is never waited for.
-- search_hybrid and search_pages write nothing.

create or replace function pgsearch.search(
    query       text,
    embedding   vector  default null,
    collections text[]  default null,
    search_mode text    default 'auto',
    top_k       integer default 8,
    fusion      text    default null,
    filter      jsonb   default '{}',
    options     jsonb   default '{}',
    context     jsonb   default '{}'
)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    outcome jsonb;
begin
    if context <> '{}' then
        perform pgsearch._check_context(context);
    end if;
    outcome := pgsearch._search(query, embedding, collections, search_mode, top_k, fusion, filter, options);

    return outcome || pgsearch._log_quietly(query, collections, top_k, filter, options, coalesce(context, '{}'), outcome);
end;
$$;

comment on function pgsearch.search(text, vector, text[], text, integer, text, jsonb, jsonb, jsonb) is
'search_hybrid with what rows cannot carry, as one JSON object: search_mode, signals (array of those that really ran),
fusion, did_you_mean (the query with its unknown words as they were probably meant, null where all are known; used where
there would be no hit, and the notes say so), notes (why a signal was left out, why there are no hits), timings
(milliseconds a stage), candidates (how many each signal found), total (how many hits there are: chunks, or pages
or texts where each is shown once), total_exact (false: there are at least so many; option count_up_to counts on), facets
(with option facets, by each an array of {"value", "count"} over all that matches; else null), hits (array of objects with
the columns of search_hybrid);
and query_id (of its row in the log, for log_feedback) and logged (whether there is one).
Arguments and errors as search_hybrid, and context, what the log is to know: user_id, client_id, session_id, search_id,
conversation_id, application, environment, intent, query_type, experiment, variant, query_attributes, metadata,
late_interaction_scores, confidence (0 .. 1, of a judge of the caller''s own, in place of the one found here), query_id
(a UUIDv7 of the caller''s own), log (false: not this one). PS002 for an unknown key of it.
The log never fails a search: in a read-only transaction, on a standby or without the right to log nothing is stored,
and what else went wrong stands in notes.
Example:
select pgsearch.search(''전기차 보조금'', context => ''{"user_id": "lee"}'',
                       filter => ''{"updated_at": {"gte": "2026-01-01"}}'',
                       options => ''{"offset": 8, "facets": ["tags", "source"], "count_up_to": 10000}'');';

create or replace function pgsearch._check_context(context jsonb)
returns void
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    keys constant jsonb := pgsearch._log_keys('context');
begin
    if jsonb_typeof(context) <> 'object' then
        raise exception using
            errcode = 'PS003',
            message = format('context must be a JSON object, not %s', jsonb_typeof(context)),
            hint    = 'Write context as ''{"user_id": "u1"}''.';
    end if;

    if exists (select from jsonb_object_keys(context) as k where not keys ? k) then
        raise exception using
            errcode = 'PS002',
            message = format('unknown key "%s" in context', (select min(k) from jsonb_object_keys(context) as k where not keys ? k)),
            hint    = format('Known keys: %s.', (select string_agg(k, ', ' order by k) from jsonb_object_keys(keys) as k));
    end if;
end;
$$;

comment on function pgsearch._check_context(jsonb) is
'Raises PS002, naming the known ones, for an unknown key of context, which is a mistake in a program. Values are not
looked at here: they come from users, and a search is answered whatever they are.';

create or replace function pgsearch._log_quietly(
    query       text,
    collections text[],
    top_k       integer,
    filter      jsonb,
    options     jsonb,
    context     jsonb,
    outcome     jsonb
)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set lock_timeout = '50ms'
as $$
declare
    id    text;
    first constant jsonb := outcome #> '{hits,0}';
    told  jsonb;
begin
    id := coalesce(context ->> 'query_id', pgsearch.uuid7()::text);
    if context -> 'log' = 'false' or current_setting('transaction_read_only')::boolean then
        return jsonb_build_object('query_id', id, 'logged', false);
    end if;

    told := pgsearch._store_searches(
        jsonb_build_array(
            context
            || jsonb_build_object(
                   'query_id',        id,
                   'query',           left(coalesce(query, ''), 10000),
                   'collections',     to_jsonb(collections),
                   'search_mode',     outcome -> 'search_mode',
                   'fusion_strategy', outcome -> 'fusion',
                   -- as they were used, for this query; a hit tells the weights of the signals that found it, the first of them goes last
                   'weights',         coalesce(outcome -> 'weights',
                                               (select jsonb_object_agg(s.key, s.value -> 'weight' order by h.at desc)
                                                  from jsonb_array_elements(outcome -> 'hits') with ordinality as h(hit, at)
                                                       cross join lateral jsonb_each(h.hit -> 'signals') as s
                                                 where jsonb_typeof(s.value) = 'object'
                                                   and s.value ? 'weight')),
                   'query_type',      coalesce(context ->> 'query_type', outcome ->> 'query_type'),
                   'top_k',           top_k,
                   'candidate_count', outcome #> '{candidates,union}',
                   'confidence',      coalesce(nullif(context -> 'confidence', 'null'), outcome -> 'confidence'),
                   'approximate',     outcome -> 'approximate',
                   'latency_ms',      outcome #> '{timings,total_ms}',
                   'timings',         outcome -> 'timings',
                   'reranking_used',  coalesce(first -> 'signals' ? 'reranked', false),
                   'query_attributes', nullif(coalesce(context -> 'query_attributes', '{}')
                                              || case when coalesce(filter, '{}') = '{}' then '{}' else jsonb_build_object('filter', filter) end
                                              || case when coalesce(options, '{}') = '{}' then '{}'
                                                      else jsonb_build_object('options', options - 'large_embedding') end, '{}'),
                   'results',         (select coalesce(jsonb_agg(jsonb_build_object('chunk_id', h.hit -> 'chunk_id', 'external_id', h.hit -> 'external_id', 'score', h.hit -> 'score',
                                                                                   'signals', h.hit -> 'signals', 'match_reason', h.hit -> 'match_reason') order by h.at), '[]')
                                         from jsonb_array_elements(outcome -> 'hits') with ordinality as h(hit, at)))),
        coalesce(options -> 'log', '{}'),
        patient => false);

    return jsonb_build_object('query_id', id, 'logged', (told ->> 'stored')::integer > 0);
exception
    -- not a cancelled statement: others does not include it
    when insufficient_privilege then
        return jsonb_build_object('query_id', id, 'logged', false);
    when others then
        return jsonb_build_object('query_id', id, 'logged', false, 'notes', coalesce(outcome -> 'notes', '[]') || to_jsonb(format('The search was not logged: %s.', sqlerrm)));
end;
$$;

comment on function pgsearch._log_quietly(text, text[], integer, jsonb, jsonb, jsonb, jsonb) is
'Stores what search() answered, unless that is unwanted or impossible; never raises anything but the cancelling of the
statement. Returns what is to be added to the outcome: query_id, logged and, when something went wrong, the notes with a
word on it.';
