-- Chunks by meaning: nearest embeddings (see _vector_walk).

create or replace function pgsearch._vector_top_n(
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
      from pgsearch._vector_walk(pgsearch._chunk_vectors(model), embedding, model, collections, page_ids, top_n) as w;
end;
$$;

comment on function pgsearch._vector_top_n(vector, pgsearch.embedding_models, text[], bigint[], integer) is
'search_vector after its checks: null stands for all collections, all pages; page_ids are each once and of pages within
the collections. No rows without a model, for a null or a zero vector.';

create or replace function pgsearch.search_vector(
    embedding   vector,
    top_n       integer default 100,
    collections text[]  default null,
    filter      jsonb   default '{}',
    model       text    default ''
)
returns table (chunk_id bigint, page_id bigint, score float8, distance float8, rank integer)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pgsearch._check_range('top_n', top_n, 0, 10000);
    perform pgsearch._check_collections(collections);

    return query
    select v.chunk_id,
           v.page_id,
           v.score,
           v.distance,
           (row_number() over (order by v.distance, v.chunk_id))::integer
      from pgsearch._vector_top_n(
               embedding, pgsearch._embedding_model(model, collections, embedding),
               collections, pgsearch._filter_page_ids(filter, collections), top_n) as v;
end;
$$;

comment on function pgsearch.search_vector(vector, integer, text[], jsonb, text) is
'The top_n chunks whose embeddings are nearest to the query''s.
Arguments:
- embedding (of the query, with the dimensions of the model)
- top_n
- collections (null: all)
- filter (see _filter_page_ids)
- model (empty: the default of the collections)
Returns chunk_id, page_id, score (cosine similarity -1 .. 1; inner product; or minus the Euclidean distance), distance,
rank from 1.
Always top_n rows where so many exist. No rows without a model, for a null or a zero vector.
Errors: PS001 unknown collection, PS002 unknown filter key, PS003 top_n out of range, PS004 wrong dimensions, PS008
unknown model.
Example:
select chunk_id, score
  from pgsearch.search_vector((select embedding from pgsearch.embeddings limit 1), 10, collections => ''{korean}'');';
