-- Nodes by the meaning of their summaries, through the partial HNSW index of the model, as _vector_top_n does for
-- chunks; the exact scan answers where that is not built or gives too few.

create or replace function pgsearch._node_vector_statement(
    model           pgsearch.embedding_models,
    has_collections boolean,
    has_page_ids    boolean,
    exact           boolean
)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    texts constant record := pgsearch._model_expressions(model, 'n.embedding');
begin
    return concat_ws(E'\n',
        'select f.node_id, f.node_type, f.page_id, f.chunk_id, f.distance',
        format('  from (select n.node_id, n.node_type, n.page_id, n.chunk_id, %s as distance', texts.distance),
        '          from pgsearch.semantic_nodes as n',
        format('         where n.model = %L', model.model),
        '           and n.chunk_id is not null',
        case when has_collections then '           and n.repo_id = any ($2)' end,
        case when has_page_ids then '           and n.page_id = any ($3)' end,
        case when exact then '         offset 0' else '         order by ' || texts.nearest end,
        case when not exact then format('         limit $4 * %s', case model.storage when 'vector' then 1 else 4 end) end,
        '       ) as f',
        ' where f.distance <> ''NaN''',
        ' order by f.distance, f.node_id, f.node_type',
        ' limit $4');
end;
$$;

comment on function pgsearch._node_vector_statement(pgsearch.embedding_models, boolean, boolean, boolean) is
'Text of the vector search of nodes. Parameters: $1 query vector, $2 collections text[], $3 page ids bigint[], $4 limit.
exact reads every eligible row instead of the HNSW index.';

create or replace function pgsearch._node_vector_top_n(
    embedding   vector,
    model       pgsearch.embedding_models,
    collections text[],
    page_ids    bigint[],
    top_n       integer
)
returns table (node_id text, node_type text, page_id bigint, chunk_id bigint, score float8)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set hnsw.ef_search = 200
set hnsw.iterative_scan = relaxed_order
set jit = off
as $$
declare
    -- up to so many pages an exact scan by page id beats the index (400 pages .7 ms)
    few_pages constant integer := 1000;
    exact     boolean := coalesce(cardinality(page_ids) <= few_pages, false);
    node_ids  text[];
    types     text[];
    found_in  bigint[];
    chunk_ids bigint[];
    distances float8[];
begin
    if model.model_id is null
       or embedding is null
       or top_n <= 0
       or model.distance = 'cosine' and pgsearch._vector_norm(embedding) = 0 then
        return;
    end if;

    if model.distance = 'cosine' then
        embedding := pgsearch._unit(embedding);
    end if;
    perform set_config('hnsw.ef_search', least(greatest(top_n, 200), 1000)::text, true);

    loop
        execute format('select array_agg(s.node_id), array_agg(s.node_type), array_agg(s.page_id), array_agg(s.chunk_id), array_agg(s.distance) from (%s) as s',
                       pgsearch._node_vector_statement(model, collections is not null, page_ids is not null, exact))
           into node_ids, types, found_in, chunk_ids, distances
          using embedding, collections, page_ids, top_n;

        exit when exact or cardinality(node_ids) >= top_n;
        exact := true;
    end loop;

    return query
    select n.node_id,
           n.node_type,
           n.page_id,
           n.chunk_id,
           case model.distance when 'cosine' then 1::float8 - n.distance else -n.distance end
      from unnest(node_ids, types, found_in, chunk_ids, distances) as n(node_id, node_type, page_id, chunk_id, distance)
     order by n.distance, n.node_id, n.node_type;
end;
$$;

comment on function pgsearch._node_vector_top_n(vector, pgsearch.embedding_models, text[], bigint[], integer) is
'The top_n nodes whose summaries are nearest to the query by the model, best first: node_id, node_type, page_id,
chunk_id, score (as search_vector). Null stands for all collections, all pages; no rows without a model, for a null or a
zero vector.';
