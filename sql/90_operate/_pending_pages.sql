-- How many pages wait in the pending list of a GIN index.

create or replace function pgsearch._pending_pages(index_name text)
returns bigint
-- volatile: PostgreSQL allows EXPLAIN in no other function
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_indexscan = off
set gin_fuzzy_search_limit = 0
-- with these prices the planner's estimate is a count of pages, and it begins with those of the pending list, which every scan reads from end to end
set random_page_cost = 1
set seq_page_cost = 0
set cpu_tuple_cost = 0
set cpu_index_tuple_cost = 0
set cpu_operator_cost = 0
as $$
declare
    -- something that stands nowhere, so that nothing but the pending list and the way to it is counted
    probes constant jsonb := '{
        "chunks_content_tsv_gin":         "select from pgsearch.chunks as c where c.content_tsv @@ ''~nowhere~''::tsquery",
        "pages_tags_gin":                 "select from pgsearch.pages as p where p.tags @> array[''~nowhere~'']",
        "pages_metadata_gin":             "select from pgsearch.pages as p where p.metadata @> ''{\"~nowhere~\": 0}''",
        "semantic_nodes_summary_tsv_gin": "select from pgsearch.semantic_nodes as n where n.summary_tsv @@ ''~nowhere~''::tsquery"
    }';
    plan   jsonb;
begin
    if to_regclass('pgsearch.' || quote_ident(index_name)) is null or not probes ? index_name then
        return null;
    end if;

    execute 'explain (format json) ' || (probes ->> index_name) into plan;
    return (select greatest(0, round((n ->> 'Total Cost')::float8) - 20)
              from jsonb_path_query(plan, 'strict $.**') as n
             where jsonb_typeof(n) = 'object'
               and n ->> 'Index Name' = index_name
             limit 1);
end;
$$;

comment on function pgsearch._pending_pages(text) is
'About how many pages (of 8 kB) wait in the pending list of one of the GIN indexes over words, tags and metadata, up to twenty more than told; null for another index (for trigrams the estimate holds more). No extension tells it on a managed server, but the planner looks it up for its estimates.';
