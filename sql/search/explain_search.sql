-- What each stage of a search does to the tables: its plan, the index it uses, rows and milliseconds.
--
-- The statements are the very texts that a search runs (that of BM25 is also written out, for short queries), and the
-- SET clauses are those of the stages, so the plans are the real ones.
-- Completion, fusion and presentation touch a few hundred rows by their keys; what all statements together read is told
-- by the counters of the tables, in the last row.

create or replace function pgsearch._explained(stage text, expected_index text, scoped boolean, plan jsonb)
returns table (stage text, node text, index_name text, expected_index text, uses_index boolean, rows bigint, milliseconds float8, plan jsonb)
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
with scans as (
    select n ->> 'Node Type' as node, n ->> 'Index Name' as index_name,
           -- a walk through a whole index is no use of it
           n ? 'Index Cond' or n ? 'Order By' or n ? 'Recheck Cond' as narrowed, n ->> 'Relation Name' as relation, (n ->> 'Actual Rows')::float8 * (n ->> 'Actual Loops')::float8 as rows
      from jsonb_path_query(plan, 'strict $.**') as n
     where jsonb_typeof(n) = 'object'
       and n ->> 'Node Type' like '%Scan%'
       and (n ? 'Index Name' or n ->> 'Relation Name' in ('chunks', 'pages', 'embeddings'))
       -- what was never begun read nothing: BM25 has a branch for chunks that other signals found
       and (n ->> 'Actual Loops')::float8 > 0
)
select stage,
       (select string_agg(distinct s.node, ', ') from scans as s),
       (select string_agg(distinct s.index_name, ', ') from scans as s),
       expected_index,
       (exists (select from scans as s where s.index_name = expected_index) or scoped)
       and not exists (select from scans as s where s.node = 'Seq Scan' or not s.narrowed),
       (select sum(s.rows) from scans as s where s.relation is not null)::bigint,
       (plan #>> '{0,Planning Time}')::float8 + (plan #>> '{0,Execution Time}')::float8,
       plan;
$$;

comment on function pgsearch._explained(text, text, boolean, jsonb) is
'One row of explain_search from the JSON that EXPLAIN ANALYZE gave. scoped: the search is narrowed to collections or
pages, so that another index may serve better than the expected one.';

create or replace function pgsearch._bitmap_plan(
    statement   text,
    match       tsquery,
    required    tsquery,
    excluded    tsquery,
    collections text[],
    page_ids    bigint[],
    most        bigint
)
returns jsonb
-- volatile: PostgreSQL allows EXPLAIN in no other function
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_indexscan = off
set jit = off
set gin_fuzzy_search_limit = 0
as $$
declare
    plan jsonb;
begin
    execute 'explain (analyze, format json) ' || statement
       into plan
      using match, required, excluded, collections, page_ids, most;
    return plan;
end;
$$;

comment on function pgsearch._bitmap_plan(text, tsquery, tsquery, tsquery, text[], bigint[], bigint) is
'EXPLAIN ANALYZE, as JSON, of one of the statements over content_tsv that number their parameters as _fts_statement does.';

create or replace function pgsearch._rows_read()
returns table (relation text, index_name text, method text, scans bigint, rows bigint, fetched bigint)
-- volatile, because the counters move while the caller runs
language plpgsql volatile parallel restricted
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select t.relname::text, null::text, null::text, pg_stat_get_xact_numscans(t.oid), pg_stat_get_xact_tuples_returned(t.oid), pg_stat_get_xact_tuples_fetched(t.oid)
      from pg_class as t
     where t.relnamespace = 'pgsearch'::regnamespace
       and t.relname in ('chunks', 'pages', 'embeddings', 'semantic_nodes')
     union all
    select t.relname::text, i.relname::text, a.amname::text, pg_stat_get_xact_numscans(i.oid), pg_stat_get_xact_tuples_returned(i.oid), 0::bigint
      from pg_class as t
           join pg_index as x on x.indrelid = t.oid
           join pg_class as i on i.oid = x.indexrelid
           join pg_am as a on a.oid = i.relam
     where t.relnamespace = 'pgsearch'::regnamespace
       and t.relname in ('chunks', 'pages', 'embeddings', 'semantic_nodes');
end;
$$;

comment on function pgsearch._rows_read() is
'What this transaction has read so far of the large tables: a row a table with its sequential scans, the rows that they
read and those fetched by indexes, a row an index with its scans and the entries they gave.';

create or replace function pgsearch._explained_relevance(
    query       text,
    embedding   vector,
    collections text[],
    filter      jsonb,
    options     jsonb,
    outcome     jsonb,
    out told    text,
    out parts   jsonb
)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
as $$
declare
    asked    pgsearch.search_request := pgsearch._ask(query, embedding, collections, 'auto', 8, null, filter, options, 'hits');
    findings pgsearch.search_findings := pgsearch._gather(asked);
    levels   record;
begin
    if findings.chunk_ids = '{}' and outcome ->> 'did_you_mean' is not null then
        asked    := pgsearch._ask(outcome ->> 'did_you_mean', embedding, collections, 'auto', 8, null, filter, options, 'hits');
        findings := pgsearch._gather(asked);
    end if;
    findings := pgsearch._complete(asked, findings);
    levels   := pgsearch._levels_of_relevance(asked.model, collections);

    told  := concat_ws(
                 ', ',
                 case when asked.use_text
                      then coalesce('words at level ' || round(levels.chance::numeric, 2), 'words at the usual level') end,
                 case when not asked.use_vector then null
                      when levels.by_steps then 'vectors by confidence_breakpoints'
                      else format('vectors from %s (unrelated) to %s (related)',
                                  round(levels.unrelated::numeric, 2), round(levels.related::numeric, 2)) end);
    parts := jsonb_build_object(
                 'levels', to_jsonb(levels) || jsonb_build_object('model', (asked.model).model),
                 'hits',   (select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('chunk_id', h.hit -> 'chunk_id')
                                                                        || to_jsonb(r) - 'at') order by r.at), '[]')
                              from pgsearch._relevance(
                                       asked, findings,
                                       array(select (h ->> 'page_id')::bigint from jsonb_array_elements(outcome -> 'hits') as h),
                                       array(select (h ->> 'chunk_id')::bigint from jsonb_array_elements(outcome -> 'hits') as h)) as r
                                   join jsonb_array_elements(outcome -> 'hits') with ordinality as h(hit, at) on h.at = r.at));
end;
$$;

comment on function pgsearch._explained_relevance(text, vector, text[], jsonb, jsonb, jsonb) is
'What the relevance of the hits of an outcome of _search was read from: told, the levels in short; parts, an object of
levels (see _levels_of_relevance) and hits (the columns of _relevance for each).';

create or replace function pgsearch.explain_search(
    query       text,
    embedding   vector  default null,
    collections text[]  default null,
    filter      jsonb   default '{}',
    options     jsonb   default '{}'
)
returns table (stage text, node text, index_name text, expected_index text, uses_index boolean, rows bigint, milliseconds float8, plan jsonb)
-- volatile: PostgreSQL allows EXPLAIN in no other function
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
set hnsw.ef_search = 200
set hnsw.iterative_scan = relaxed_order
set hnsw.max_scan_tuples = 2147483647
set hnsw.scan_mem_multiplier = 1000
set pg_trgm.word_similarity_threshold = 0.4
set gin_fuzzy_search_limit = 0
as $$
declare
    settings   jsonb;
    parsed     pgsearch.parsed_query;
    scope      pgsearch.scope;
    model      pgsearch.embedding_models;
    only_pages bigint[];
    words      text[];
    explained  jsonb;
    scoped     boolean;
    reach      integer;
    phrase     tsquery;
    word       text;
    before     jsonb;
    began      timestamptz;
    counted    record;
    -- what the stages may look up by keys, a survey of common words included
    by_keys    bigint;
    text_shift float8;
    outcome    jsonb;
    took       float8;
    relevance  record;
begin
    perform pgsearch._check_collections(collections);
    settings   := pgsearch._settings(collections, options);
    parsed     := pgsearch._parse_for(query, collections, settings ->> 'operator', (settings ->> 'prefix')::boolean);
    only_pages := pgsearch._filter_page_ids(filter, collections);
    scope.collections := collections;
    scope.page_ids    := only_pages;
    scoped     := collections is not null or only_pages is not null;
    if embedding is not null then
        model := pgsearch._embedding_model(settings ->> 'model', collections, embedding);
    end if;
    settings := settings || jsonb_build_object('candidates', pgsearch._depth(
                                settings, settings ->> 'fusion', parsed.any_of is not null and model.model_id is not null));

    -- whether a quoted phrase stands anywhere is asked before anything else
    for phrase in
        select distinct p.phrase
          from pgsearch._query_tokens(query) as m
               cross join (select distinct c.text_config from pgsearch.collections as c where collections is null or c.collection = any (collections)) as t
               cross join lateral pgsearch._phrase(t.text_config, m.phrase) as p(phrase)
         where m.quoted
           and m.sign = ''
           and p.phrase is not null
    loop
        explained := pgsearch._bitmap_plan(pgsearch._phrase_statement(collections is not null), pgsearch._words_anywhere(phrase), phrase, null, collections, null, 20000);
        return query select e.* from pgsearch._explained('phrase', 'chunks_content_tsv_gin', scoped, explained) as e;
    end loop;

    -- and so is how common a word is that the statistics do not know
    for word in
        select distinct l.lexeme
          from unnest(parsed.lexemes) as l(lexeme)
         where not exists (select from pgsearch.lexeme_stats as s where s.lexeme = l.lexeme and (collections is null or s.collection = any (collections)))
    loop
        explained := pgsearch._bitmap_plan(pgsearch._count_statement(collections is not null), pgsearch._any_of(array[word]), null, null, collections, null, 10000);
        return query select e.* from pgsearch._explained('words', 'chunks_content_tsv_gin', scoped, explained) as e;
    end loop;

    if parsed.any_of is not null then
        return query
        select e.*
          from pgsearch._bm25_plans(
                   words    => pgsearch._bm25_terms(parsed.lexemes, parsed.weights, collections, parsed.required, parsed.excluded),
                   formula  => jsonb_populate_record(null::pgsearch.bm25_formula, settings -> 'bm25'),
                   scope    => scope,
                   top_n    => (settings ->> 'candidates')::integer,
                   effort   => case (settings ->> 'exact')::boolean
                               when true then 'exact'
                               when false then 'fast'
                               else case when model.model_id is null then 'exact' else 'shared' end
                               end,
                   max_rows => (settings ->> 'max_rows')::integer) as scan(plan)
               cross join lateral pgsearch._explained('text', 'chunks_content_tsv_gin', scoped, scan.plan) as e;
    end if;

    if embedding is not null then
        if model.model_id is not null then
            reach := (select r.reach
                        from pgsearch._vector_reach(
                                 pgsearch._chunk_vectors(model), model, collections, only_pages, (settings ->> 'candidates')::integer) as r);
            perform set_config('hnsw.ef_search', pgsearch._ef_search(reach, (settings ->> 'candidates')::integer, scoped)::text, true);
            execute 'explain (analyze, format json) '
                    || pgsearch._vector_statement(
                           pgsearch._chunk_vectors(model), model, collections is not null, only_pages is not null, reach)
               into explained
              using embedding, collections, only_pages, (settings ->> 'candidates')::integer;
            return query
            select e.*
              from pgsearch._explained(
                       'vector',
                       case when reach is null
                                 and exists (select from pgsearch._vector_index('embeddings_hnsw_' || model.model_id) as i where i.valid)
                            then case when only_pages is null then 'embeddings_model_collection' else 'embeddings_pkey' end
                            else format('embeddings_hnsw_%s', model.model_id)
                       end,
                       scoped, explained) as e;
        end if;
    end if;

    if parsed.any_of is not null then
        explained := pgsearch._bitmap_plan(pgsearch._fields_statement(collections is not null, only_pages is not null),
                                           parsed.any_of, null, null, collections, only_pages, 1000);
        return query select e.* from pgsearch._explained('fields', 'pages_fields_tsv_gin', scoped, explained) as e;
    end if;

    -- a hybrid search looks up by spelling only words that no chunk knows
    words := pgsearch._unknown_words(parsed.words, collections);
    words := pgsearch._lexical_words(words, words = parsed.words);
    if cardinality(words) > 0 then
        execute 'explain (analyze, format json) '
                || pgsearch._lexical_statement(collections is not null, only_pages is not null)
           into explained
          using normalize(array_to_string(parsed.words, ' '), NFD), words, collections, only_pages,
                (settings ->> 'lexical_threshold')::float8, (settings ->> 'candidates')::integer;
        return query select e.* from pgsearch._explained('lexical', 'pages_title_trgm_gin', scoped, explained) as e;
    end if;

    -- not a stage of a hybrid search, but the way from words to pages that is asked for by itself
    if parsed.any_of is not null then
        explained := pgsearch._bitmap_plan(
            pgsearch._fts_statement(parsed.required is not null, parsed.excluded is not null, collections is not null, only_pages is not null),
            parsed.any_of, parsed.required, parsed.excluded, collections, only_pages, 400);
        return query select e.* from pgsearch._explained('candidate_pages', 'chunks_content_tsv_gin', scoped, explained) as e;
    end if;

    -- the search itself, every statement of it
    if parsed.any_of is null and embedding is null then
        return;
    end if;
    select jsonb_object_agg(coalesce(r.index_name, r.relation), jsonb_build_array(r.scans, r.rows, r.fetched)) into before from pgsearch._rows_read() as r;
    began   := clock_timestamp();
    outcome := pgsearch._search(query, embedding, collections, 'auto', 8, null, filter, options);
    by_keys := greatest(5000, 20 * (settings ->> 'candidates')::bigint);
    select string_agg(r.index_name, ', ' order by r.index_name) filter (where r.index_name is not null and r.scans > 0) as used,
           -- a small table may rightly be read whole, and a narrowed search may read its part by another index
           bool_or(r.rows > by_keys and (r.index_name is null or r.method = 'btree' and not scoped)) as walked,
           sum(r.fetched + r.rows) filter (where r.index_name is null) as rows,
           jsonb_object_agg(coalesce(r.index_name, r.relation), jsonb_build_object('scans', r.scans, 'rows', r.rows, 'fetched', r.fetched))
               filter (where r.scans > 0 or r.fetched > 0) as plan
      into counted
      from (select n.relation, n.index_name, n.method,
                   n.scans - (before -> coalesce(n.index_name, n.relation) ->> 0)::bigint as scans,
                   n.rows - (before -> coalesce(n.index_name, n.relation) ->> 1)::bigint as rows,
                   n.fetched - (before -> coalesce(n.index_name, n.relation) ->> 2)::bigint as fetched
              from pgsearch._rows_read() as n) as r;
    text_shift := (pgsearch._calibrated(settings, model, collections) #>> '{adaptive,text_shift}')::float8;
    took       := round(extract(epoch from clock_timestamp() - began) * 1000, 3);
    relevance  := pgsearch._explained_relevance(query, embedding, collections, filter, options, outcome);
    return query
    select 'search',
           concat_ws('; ',
                     case when counted.walked then 'a table or an index read whole' else 'every statement' end,
                     case when text_shift <> 0 and model.model_id is not null then 'words × ' || round(exp(text_shift)::numeric, 1) end,
                     'relevance: ' || nullif(relevance.told, '')),
           counted.used,
           'indexes only',
           not counted.walked,
           counted.rows::bigint,
           took,
           jsonb_build_array(coalesce(counted.plan, '{}'), jsonb_build_object('relevance', relevance.parts));
end;
$$;

comment on function pgsearch.explain_search(text, vector, text[], jsonb, jsonb) is
'Runs each candidate stage of a search under EXPLAIN ANALYZE. Arguments as search_hybrid.
Returns a row a stage (phrase, for each quoted one; words, for each that the statistics do not know; text, one for each
scan of BM25; vector; fields; lexical, where the query has words that no chunk knows; candidate_pages; search, every statement
of the whole search by the counters of tables and indexes): node (kinds of scan; in the last row also how much more
words weigh beside the model, where calibrate_fusion found that they should, and the levels that relevance is read from, see
calibrate_relevance), index_name (indexes used),
expected_index, uses_index (the expected index serves, or another one where the search is narrowed to collections or
pages; nothing is read sequentially and no index walked whole), rows (read from the tables), milliseconds (planning and
execution), plan (the whole EXPLAIN as JSON; in the last row what was read, and under "relevance" the levels and for each
of the first eight hits what its relevance comes of: coverage and share of the words and the log odds by_words that they
give, nearness of the vector and by_vector, title and spelling as the least that there is).
Errors as search_hybrid.
Example:
select stage, index_name, milliseconds from pgsearch.explain_search(''전기차 보조금'');';
