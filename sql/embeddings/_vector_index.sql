-- The HNSW index of a model, over its chunks or its nodes: what the catalog knows of it, and the statement that builds it.

create or replace function pgsearch._vector_index(named text)
returns table (index_name text, valid boolean, vectors float8)
language sql stable parallel safe
begin atomic
select c.relname::text, i.indisvalid, greatest(c.reltuples, 0)::float8 as vectors
  from pg_class as c
       join pg_index as i on i.indexrelid = c.oid
 where c.oid = to_regclass('pgsearch.' || named);
end;

comment on function pgsearch._vector_index(text) is
'An HNSW index by its name: the name, whether it is valid, and how many vectors it held when it was built or last
analyzed (0: not known). No row: no index.';

create or replace function pgsearch._vector_index_statement(source record, model pgsearch.embedding_models, concurrently boolean)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return format(
        'create index %s if not exists %I on %s using hnsw (%s) where %s',
        case when _vector_index_statement.concurrently then 'concurrently' else '' end,
        source.index_name,
        source.relation,
        (pgsearch._model_expressions(model, 'embedding')).indexed,
        source.rows_of);
end;
$$;

comment on function pgsearch._vector_index_statement(record, pgsearch.embedding_models, boolean) is
'CREATE INDEX statement of the HNSW index over the rows of source, a record as _chunk_vectors gives it with an empty alias.';
