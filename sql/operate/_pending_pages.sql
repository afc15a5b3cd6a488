-- How many pages wait in the pending list of a GIN index.

create or replace function pgsearch._pending_pages(index_name text)
returns bigint
-- volatile: PostgreSQL allows EXPLAIN in no other function
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_indexscan = off
set enable_bitmapscan = on
set gin_fuzzy_search_limit = 0
-- with these prices the planner's estimate is a count of pages, and it begins with those of the pending list, which
-- every scan reads from end to end
set random_page_cost = 1
set seq_page_cost = 0
set cpu_tuple_cost = 0
set cpu_index_tuple_cost = 0
set cpu_operator_cost = 0
as $$
declare
    -- something that stands nowhere, so that nothing but the pending list and the way to it is counted
    probe constant text := case index_name
                           when 'chunks_content_tsv_gin'         then 'pgsearch.chunks as t where t.content_tsv @@ $1'
                           when 'semantic_nodes_summary_tsv_gin' then 'pgsearch.semantic_nodes as t where t.summary_tsv @@ $1'
                           when 'pages_tags_gin'                 then 'pgsearch.pages as t where t.tags @> array[$1::text]'
                           when 'pages_metadata_gin'             then 'pgsearch.pages as t where t.metadata @> jsonb_build_object($1::text, 0)'
                           end;
    plan  jsonb;
begin
    if to_regclass('pgsearch.' || quote_ident(index_name)) is null or probe is null then
        return null;
    end if;

    execute 'explain (format json) select from ' || probe
       into plan
      using '~nowhere~'::tsquery;
    return (select greatest(0, round((n ->> 'Total Cost')::float8) - 20)
              from jsonb_path_query(plan, 'strict $.**') as n
             where jsonb_typeof(n) = 'object'
               and n ->> 'Index Name' = index_name
             limit 1);
end;
$$;

comment on function pgsearch._pending_pages(text) is
'About how many pages (of 8 kB) wait in the pending list of one of the GIN indexes over words, tags and metadata, up to
twenty more than told; null for another index (for trigrams the estimate holds more). No extension tells it on a managed
server, but the planner looks it up for its estimates.';
