-- What the catalog knows of the HNSW index of a model.

create or replace function pgsearch._vector_index(model_id integer)
returns table (index_name text, valid boolean, vectors float8)
language sql stable parallel safe
begin atomic
select c.relname::text, i.indisvalid, greatest(c.reltuples, 0)::float8 as vectors
  from pg_class as c
       join pg_index as i on i.indexrelid = c.oid
 where c.oid = to_regclass('pgsearch.embeddings_hnsw_' || model_id);
end;

comment on function pgsearch._vector_index(integer) is
'The HNSW index of a model: its name, whether it is valid, and how many vectors it held when it was built or last
analyzed (0: not known). No row: no index.';
