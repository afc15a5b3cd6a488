-- The statement that builds a model's HNSW index: partial, over an expression, so that models of any dimensions share one table.

create or replace function pgsearch.vector_index_statement(model text, concurrently boolean default true)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    chosen constant pgsearch.embedding_models := pgsearch._named_model(model);
begin
    return pgsearch._vector_index_statement(pgsearch._chunk_vectors(chosen, ''), chosen, vector_index_statement.concurrently);
end;
$$;

comment on function pgsearch.vector_index_statement(text, boolean) is
'CREATE INDEX statement of the model''s HNSW index (embeddings_hnsw_<model_id>), for the client to run: concurrently, or
at once while nobody writes.
Errors: PS008 unknown model.';
