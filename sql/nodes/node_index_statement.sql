-- The statement that builds the HNSW index over the nodes of a model: partial, over an expression, as that of the
-- chunks, so that models of any dimensions share one table.
--
-- Below a few thousand nodes an exact scan is as fast, and nothing has to be built.

create or replace function pgsearch.node_index_statement(model text, concurrently boolean default true)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    chosen constant pgsearch.embedding_models := pgsearch._named_model(model);
begin
    return pgsearch._vector_index_statement(pgsearch._node_vectors(chosen, ''), chosen, node_index_statement.concurrently);
end;
$$;

comment on function pgsearch.node_index_statement(text, boolean) is
'CREATE INDEX statement of the HNSW index over the model''s nodes (semantic_nodes_hnsw_<model_id>), for the client to run:
concurrently, or at once while nobody writes.
Errors: PS008 unknown model.';
