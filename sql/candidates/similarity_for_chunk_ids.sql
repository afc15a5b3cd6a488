-- Similarity of chosen chunks: completes the vector signal of candidates that only their words brought in.

create or replace function pgsearch.similarity_for_chunk_ids(
    embedding vector,
    page_ids  bigint[],
    chunk_ids bigint[],
    model     text default ''
)
returns table (chunk_id bigint, score float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    chosen pgsearch.embedding_models := pgsearch._embedding_model(model, null, embedding);
begin
    if cardinality(page_ids) is distinct from cardinality(chunk_ids) then
        raise exception using
            errcode = 'PS003',
            message = format('the arrays differ in length: %s page_ids, %s chunk_ids', cardinality(page_ids), cardinality(chunk_ids)),
            hint    = 'Give the page of each chunk.';
    end if;

    return query
    select s.chunk_id,
           s.score
      from (select e.chunk_id,
                   pgsearch._similarity(chosen.distance, e.embedding, case chosen.distance when 'cosine' then pgsearch._unit(similarity_for_chunk_ids.embedding) else similarity_for_chunk_ids.embedding end) as score
              from unnest(page_ids, chunk_ids) as c(page_id, chunk_id)
                   join pgsearch.embeddings as e on e.page_id = c.page_id
                                                and e.chunk_id = c.chunk_id
                                                and e.model_id = chosen.model_id) as s
     where s.score <> 'NaN';
end;
$$;

comment on function pgsearch.similarity_for_chunk_ids(vector, bigint[], bigint[], text) is
'Similarity, as search_vector scores it, of each given chunk to the query''s embedding.
Arguments:
- embedding (of the query)
- page_ids and chunk_ids (parallel: the page of each chunk)
- model (empty: the default one)
Chunks without an embedding of the model are left out.
Errors: PS003 arrays of different lengths, PS004 wrong dimensions, PS008 unknown model or several defaults.';
