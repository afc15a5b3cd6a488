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
    without  text;
begin
    select t.now, t.now, '{}'
      into laps.started, laps.last, laps.timings
      from (select clock_timestamp() as now) as t;

    perform pgsearch._check_range('top_k', top_k, 0, 1000), pgsearch._check_collections(collections);
    settings := pgsearch._settings(collections, options);
    fusion   := coalesce(fusion, settings ->> 'fusion');
    perform pgsearch._check_fusion(fusion);
    parsed   := pgsearch._parse_for(query, collections, settings ->> 'operator', (settings ->> 'prefix')::boolean);
    select collections, f.page_ids, case when f.page_ids = '{}' then pgsearch._filter_notes(filter) else '{}' end
      into scope.collections, scope.page_ids, asked.notes
      from (select case when filter <> '{}' then pgsearch._filter_page_ids(filter, collections) end as page_ids offset 0) as f;
    if parsed.excluded is not null then
        scope := pgsearch._without_excluded(scope, parsed.excluded);
    end if;
    if embedding is not null or search_mode = 'vector' or search_mode <> 'code' and (settings ->> 'diversity')::float8 > 0 then
        model := pgsearch._embedding_model(settings ->> 'model', collections, embedding);
    end if;

    -- one statement, since each expression takes a plan of its own in every session
    select query, embedding, search_mode, top_k, wanted, fusion, settings, scope, parsed, model, laps,
           (settings ->> 'offset')::integer,
           search_mode in ('auto', 'fts', 'code') and parsed.any_of is not null,
           search_mode in ('auto', 'vector', 'code') and embedding is not null and model.model_id is not null,
           -- what stop words are for the text may be a name: The Who
           search_mode in ('auto', 'lexical') and (parsed.any_of is not null or parsed.words <> '{}'),
           case when search_mode in ('auto', 'fts', 'lexical') then pgsearch._title_keys(query, parsed.words) end,
           case search_mode
           when 'code' then 'semantic_small_node and semantic_small_code are left out'
           else 'the vector signal is left out'
           end
      into asked.query, asked.embedding, asked.search_mode, asked.top_k, asked.wanted, asked.fusion, asked.settings, asked.scope,
           asked.parsed, asked.model, asked.laps, asked.skip, asked.use_text, asked.use_vector, asked.use_title,
           asked.title_keys, without;
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
    -- whatever is shown of them: standard scores are relative to what is compared
    asked.candidates := pgsearch._depth(settings, fusion, search_mode = 'auto' and asked.use_text and asked.use_vector);
    if asked.use_text then
        asked.words := pgsearch._bm25_terms(parsed.lexemes, parsed.weights, collections, parsed.required, parsed.excluded);
    end if;
    return asked;
end;
$$;

comment on function pgsearch._ask(text, vector, text[], text, integer, text, jsonb, jsonb, text) is
'The request of a search from the arguments of _search, which it checks; search_mode may be code too.';

create or replace function pgsearch._depth(settings jsonb, fusion text, beside_vectors boolean)
returns integer
language sql immutable parallel safe
-- 120 is the least that loses no more than .002 of nDCG@10 on any of five judged sets, and takes a fifth less than 200
return coalesce((settings ->> 'candidates')::integer, case when beside_vectors and fusion = 'adaptive' then 120 else 200 end);

comment on function pgsearch._depth(jsonb, text, boolean) is
'How many candidates each signal brings: what the settings say, else 120 where words and vectors are fused by strategy
adaptive, and 200 elsewhere.';

create or replace function pgsearch._is_blank(typed text)
returns boolean
language sql immutable parallel safe
-- spaces, tabs, ends of lines, and the spaces that are pasted from the web and from texts in Han
return coalesce(btrim(typed, ' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(12288)), '') = '';

comment on function pgsearch._is_blank(text) is 'Whether nothing was typed but spaces; true for null.';

create or replace function pgsearch._is_listing(asked pgsearch.search_request)
returns boolean
language sql immutable parallel safe
return asked.search_mode <> 'code'
       and asked.embedding is null
       and (asked.scope).page_ids is not null
       and pgsearch._is_blank((asked).query);

comment on function pgsearch._is_listing(pgsearch.search_request) is
'Whether nothing is asked but which pages pass the filter.';

create or replace function pgsearch._begun(asked pgsearch.search_request)
returns pgsearch.search_findings
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    findings pgsearch.search_findings;
begin
    -- rows have no column for notes
    select asked.notes || case when asked.wanted = 'outcome' then pgsearch._query_notes(asked) end,
           false,
           pgsearch._lap(asked.laps, 'analyse_ms')
      into findings.notes, findings.approximate, findings.laps;
    if not exists (select from pgsearch.collections) then
        findings.notes := findings.notes || 'There is no collection yet.'::text;
    elsif asked.search_mode <> 'vector' and not asked.use_text and not asked.use_vector
          and ((asked.code).large_model).model_id is null
          and (asked.search_mode <> 'lexical' or not asked.use_title) then
        findings.notes := findings.notes || case
                                      when pgsearch._is_blank(asked.query) then 'The query is empty.'::text
                                      when asked.title_keys <> '{}' and (asked.parsed).words <> '{}'
                                      then 'The query has only stop words: it was looked up among the titles alone.'
                                      else 'The query has no words to search for: only stop words, punctuation or exclusions.'
                                      end;
    end if;

    return findings;
end;
$$;

comment on function pgsearch._begun(pgsearch.search_request) is
'What is known of a search before it looks for anything: what is to be said of the query, and how long it took to read it.';
