-- Nodes by the meaning of their summaries (see _vector_walk).

create or replace function pgsearch._node_vectors(
    model pgsearch.embedding_models,
    alias text default 'e.',
    out relation   regclass,
    out index_name text,
    out rows_of    text,
    out scope      text,
    out key        text[],
    out columns    text[]
)
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select 'pgsearch.semantic_nodes'::regclass,
       'semantic_nodes_hnsw_' || model.model_id,
       -- a node whose chunk is gone cannot be shown
       format('%1$smodel = %2$L and %1$schunk_id is not null', alias, model.model),
       'repo_id',
       '{node_id,node_type,repo_id}'::text[],
       '{node_id,node_type,repo_id,chunk_id,page_id}'::text[];
$$;

comment on function pgsearch._node_vectors(pgsearch.embedding_models, text) is
'_chunk_vectors of the nodes of a model that have a chunk.';

create or replace function pgsearch._node_vector_top_n(
    embedding   vector,
    model       pgsearch.embedding_models,
    collections text[],
    page_ids    bigint[],
    top_n       integer
)
returns table (chunk_id bigint, page_id bigint, score float8, distance float8)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select w.chunk_id, w.page_id, w.score, w.distance
      from pgsearch._vector_walk(pgsearch._node_vectors(model), embedding, model, collections, page_ids, top_n) as w;
end;
$$;

comment on function pgsearch._node_vector_top_n(vector, pgsearch.embedding_models, text[], bigint[], integer) is
'_vector_top_n of nodes: a row for each of the top_n whose summaries are nearest to the query by the model, with the
chunk that it stands for.';
