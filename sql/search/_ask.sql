-- What is asked, read once: settings, words, model, and which signals can run.

create or replace function pgsearch._ask(
    query       text,
    embedding   vector,
    collections text[],
    search_mode text,
    top_k       integer,
    fusion      text,
    filter      jsonb,
    options     jsonb,
    wanted      text
)
returns pgsearch.search_request
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    asked    pgsearch.search_request;
    laps     pgsearch.search_laps;
    settings jsonb;
    parsed   pgsearch.parsed_query;
    model    pgsearch.embedding_models;
    scope    pgsearch.scope;
    nothing_passes boolean;
    without  constant text := case search_mode
                              when 'code' then 'semantic_small_node and semantic_small_code are left out'
                              else 'the vector signal is left out'
                              end;
begin
    laps.started := clock_timestamp();
    laps.last    := laps.started;
    laps.timings := '{}';

    perform pgsearch._check_range('top_k', top_k, 0, 1000);
    perform pgsearch._check_collections(collections);
    settings := pgsearch._settings(collections, options);
    fusion   := coalesce(fusion, settings ->> 'fusion');
    perform pgsearch._check_fusion(fusion);
    parsed            := pgsearch._parse_for(query, collections, settings ->> 'operator', (settings ->> 'prefix')::boolean);
    scope.collections := collections;
    scope.page_ids    := pgsearch._filter_page_ids(filter, collections);
    nothing_passes    := cardinality(scope.page_ids) = 0;
    scope             := pgsearch._without_excluded(scope, parsed.excluded);
    if embedding is not null or search_mode = 'vector' or search_mode <> 'code' and (settings ->> 'diversity')::float8 > 0 then
        model := pgsearch._embedding_model(settings ->> 'model', collections, embedding);
    end if;

    asked.query       := query;
    asked.embedding   := embedding;
    asked.search_mode := search_mode;
    asked.top_k       := top_k;
    asked.wanted      := wanted;
    asked.fusion      := fusion;
    asked.settings    := settings;
    asked.scope       := scope;
    asked.parsed      := parsed;
    asked.model       := model;
    asked.skip        := (settings ->> 'offset')::integer;
    -- whatever is shown of them: standard scores are relative to what is compared
    asked.candidates  := (settings ->> 'candidates')::integer;
    asked.use_text    := search_mode in ('auto', 'fts', 'code') and parsed.any_of is not null;
    asked.use_vector  := search_mode in ('auto', 'vector', 'code') and embedding is not null and model.model_id is not null;
    -- what stop words are for the text may be a name: The Who
    asked.use_title   := search_mode in ('auto', 'lexical') and (parsed.any_of is not null or parsed.words <> '{}');
    asked.title_keys  := case when search_mode in ('auto', 'fts', 'lexical') then pgsearch._title_keys(query, parsed.words) end;
    asked.notes       := '{}';
    if nothing_passes then
        asked.notes := asked.notes || 'No page passes the filter.'::text;
    end if;
    if asked.use_vector and model.distance = 'cosine' and pgsearch._vector_norm(embedding) = 0 then
        asked.use_vector := false;
        asked.notes      := asked.notes || format('The embedding of the query is a zero vector: %s.', without);
    elsif search_mode in ('auto', 'vector', 'code') and not asked.use_vector and not pgsearch._is_listing(asked)
          -- nobody misses what the collections never had
          and (embedding is not null or search_mode = 'vector' or pgsearch._has_model(settings ->> 'model', collections)) then
        asked.notes := asked.notes || format(case
                                             when embedding is null then 'No embedding of the query was given: %s.'
                                             else 'The collection has no embedding model: %s.'
                                             end, without);
    end if;
    if asked.use_text then
        asked.words := pgsearch._bm25_terms(parsed.lexemes, parsed.weights, collections, parsed.required, parsed.excluded);
    end if;
    asked.laps := laps;
    return asked;
end;
$$;

comment on function pgsearch._ask(text, vector, text[], text, integer, text, jsonb, jsonb, text) is
'The request of a search from the arguments of _search, which it checks; search_mode may be code too.';

create or replace function pgsearch._is_listing(asked pgsearch.search_request)
returns boolean
language sql immutable parallel safe
return asked.search_mode <> 'code'
       and asked.embedding is null
       and (asked.scope).page_ids is not null
       and coalesce(btrim(asked.query), '') = '';

comment on function pgsearch._is_listing(pgsearch.search_request) is
'Whether nothing is asked but which pages pass the filter.';

create or replace function pgsearch._begun(asked pgsearch.search_request)
returns pgsearch.search_findings
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    parsed pgsearch.parsed_query := asked.parsed;
    findings  pgsearch.search_findings;
begin
    findings.notes := asked.notes;
    -- rows have no column for notes
    if asked.wanted = 'outcome' then
        findings.notes := findings.notes || pgsearch._query_notes(asked);
    end if;
    if not exists (select from pgsearch.collections) then
        findings.notes := findings.notes || 'There is no collection yet.'::text;
    elsif asked.search_mode <> 'vector' and not asked.use_text and not asked.use_vector
          and ((asked.code).large_model).model_id is null
          and (asked.search_mode <> 'lexical' or not asked.use_title) then
        findings.notes := findings.notes || case
                                      when coalesce(btrim(asked.query), '') = '' then 'The query is empty.'::text
                                      when asked.title_keys <> '{}' and parsed.words <> '{}'
                                      then 'The query has only stop words: it was looked up among the titles alone.'
                                      else 'The query has no words to search for: only stop words, punctuation or exclusions.'
                                      end;
    end if;

    findings.approximate := false;
    findings.laps        := pgsearch._lap(asked.laps, 'analyse_ms');
    return findings;
end;
$$;

comment on function pgsearch._begun(pgsearch.search_request) is
'What is known of a search before it looks for anything: what is to be said of the query, and how long it took to read it.';
