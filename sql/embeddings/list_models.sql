-- The embedding models at a glance: what they are, what they hold, whether their index can serve.

create or replace function pgsearch.list_models()
returns table (
    model text, dimensions integer, distance text, storage text, vectors bigint, default_of text[],
    index_name text, index_valid boolean, index_bytes bigint
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select m.model,
           m.dimensions,
           m.distance,
           m.storage,
           (select count(*) from pgsearch.embeddings as e where e.model_id = m.model_id),
           array(select c.collection
                   from pgsearch.collections as c
                  where c.default_model = m.model
                  order by c.collection),
           i.index_name,
           i.valid,
           pg_relation_size(to_regclass('pgsearch.' || i.index_name))
      from pgsearch.embedding_models as m
           left join lateral pgsearch._vector_index((pgsearch._chunk_vectors(m)).index_name) as i on true
     order by m.model;
end;
$$;

comment on function pgsearch.list_models() is
'The embedding models.
Returns a row a model: model, dimensions, distance, storage (of the HNSW index), vectors (stored), default_of
(collections whose searches use it), index_name (null: there is no index), index_valid (false: a build was interrupted,
or is under way), index_bytes.
Example:
select model, dimensions, vectors, default_of from pgsearch.list_models();';
