-- The statement that builds a model's HNSW index: partial, over an expression, so that models of any dimensions share one table.

create or replace function pgsearch.vector_index_statement(model text, concurrently boolean default true)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    chosen    constant pgsearch.embedding_models := pgsearch._named_model(model);
    extension constant text := (select quote_ident(n.nspname)
                                  from pg_extension as e
                                       join pg_namespace as n on n.oid = e.extnamespace
                                 where e.extname = 'vector');
    measure   constant text := case chosen.distance when 'cosine' then 'cosine' when 'inner_product' then 'ip' else 'l2' end;
begin
    return format(
        'create index %s if not exists embeddings_hnsw_%s on pgsearch.embeddings using hnsw (%s) where model_id = %s',
        case when vector_index_statement.concurrently then 'concurrently' else '' end,
        chosen.model_id,
        case chosen.storage
        when 'vector'  then format('(embedding::%s.vector(%s)) %s.vector_%s_ops', extension, chosen.dimensions, extension, measure)
        when 'halfvec' then format('(embedding::%s.halfvec(%s)) %s.halfvec_%s_ops', extension, chosen.dimensions, extension, measure)
        else format('(%s.binary_quantize(embedding::%s.vector(%s))::bit(%s)) %s.bit_hamming_ops',
                    extension, extension, chosen.dimensions, chosen.dimensions, extension)
        end,
        chosen.model_id);
end;
$$;

comment on function pgsearch.vector_index_statement(text, boolean) is
'CREATE INDEX statement of the model''s HNSW index (embeddings_hnsw_<model_id>), for the client to run: concurrently, or at once while nobody writes. Errors: PS008 unknown model.';
