-- What each stage of a search does to the tables: its plan, the index it uses, rows and milliseconds.
--
-- The statements are the very texts that a search runs (that of BM25 is also written out, for short queries), and the SET clauses are those of the stages, so the plans are the real ones.
-- Completion, fusion and presentation touch a few hundred rows by primary key and are not shown.

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
'One row of explain_search from the JSON that EXPLAIN ANALYZE gave. scoped: the search is narrowed to collections or pages, so that another index may serve better than the expected one.';

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
    parsed     record;
    model      pgsearch.embedding_models;
    only_pages bigint[];
    words      text[];
    explained  jsonb;
    scoped     boolean;
    reach      integer;
begin
    perform pgsearch._check_collections(collections);
    settings   := pgsearch._settings(collections, options);
    parsed     := pgsearch._parse_for(query, collections, settings ->> 'operator');
    only_pages := pgsearch._filter_page_ids(filter, collections);
    scoped     := collections is not null or only_pages is not null;
    if embedding is not null then
        model := pgsearch._embedding_model(settings ->> 'model', collections, embedding);
    end if;

    if parsed.any_of is not null then
        return query
        select e.*
          from pgsearch._bm25_plans(
                   parsed.lexemes, parsed.required, parsed.excluded, collections, only_pages, (settings ->> 'candidates')::integer, parsed.weights,
                   coalesce((settings ->> 'exact')::boolean, case when model.model_id is null then true end), (settings #>> '{bm25,k1}')::float8, (settings #>> '{bm25,b}')::float8,
                   (settings #>> '{bm25,heading_weight}')::float8, (settings ->> 'max_rows')::integer) as scan(plan)
               cross join lateral pgsearch._explained('text', 'chunks_content_tsv_gin', scoped, scan.plan) as e;
    end if;

    if embedding is not null then
        if model.model_id is not null then
            reach := (select r.reach from pgsearch._vector_reach(model, collections, only_pages, (settings ->> 'candidates')::integer) as r);
            perform set_config('hnsw.ef_search', pgsearch._ef_search(reach, (settings ->> 'candidates')::integer, scoped)::text, true);
            execute 'explain (analyze, format json) '
                    || pgsearch._vector_statement(model, collections is not null, only_pages is not null, reach)
               into explained
              using embedding, collections, only_pages, (settings ->> 'candidates')::integer;
            return query
            select e.*
              from pgsearch._explained(
                       'vector',
                       case when reach is null and exists (select from pgsearch._vector_index(model.model_id) as i where i.valid)
                            then case when only_pages is null then 'embeddings_model_collection' else 'embeddings_pkey' end
                            else format('embeddings_hnsw_%s', model.model_id)
                       end,
                       scoped, explained) as e;
        end if;
    end if;

    -- a hybrid search looks up by spelling only words that no chunk knows
    words := pgsearch._lexical_words(pgsearch._unknown_words(parsed.words, collections));
    if cardinality(words) > 0 then
        execute 'explain (analyze, format json) '
                || pgsearch._lexical_statement(collections is not null, only_pages is not null)
           into explained
          using normalize(array_to_string(parsed.words, ' '), NFD), words, collections, only_pages,
                (settings ->> 'lexical_threshold')::float8, (settings ->> 'candidates')::integer;
        return query select e.* from pgsearch._explained('lexical', 'pages_title_trgm_gin', scoped, explained) as e;
    end if;
end;
$$;

comment on function pgsearch.explain_search(text, vector, text[], jsonb, jsonb) is
'Runs each candidate stage of a search under EXPLAIN ANALYZE. Arguments as search_hybrid. Returns a row a stage (text, one for each scan of BM25; vector; lexical, where the query has words that no chunk knows): node (kinds of scan), index_name (indexes used),
expected_index, uses_index (the expected index serves, or another one where the search is narrowed to collections or pages; nothing is read sequentially and no index walked whole), rows (read from the tables), milliseconds (planning and execution), plan (the whole EXPLAIN as JSON). Errors as search_hybrid.';
