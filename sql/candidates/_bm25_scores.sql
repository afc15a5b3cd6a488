-- BM25 of chosen chunks: what the text signal gives to candidates that only the vectors or the titles brought in.

create or replace function pgsearch._bm25_scores(
    lexemes        text[],
    weights        float8[],
    collections    text[],
    page_ids       bigint[],
    chunk_ids      bigint[],
    k1             float8 default 1.2,
    b              float8 default 0.75,
    heading_weight float8 default 1
)
returns table (chunk_id bigint, score float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    query constant record := pgsearch._bm25_terms(lexemes, weights, collections);
begin
    return query
    select s.chunk_id, s.score
      from pgsearch._bm25_best(query.terms, query.gains, query.frequencies, query.average_length, null, null, null, null, 0, 'exact', k1, b, heading_weight, null, chunk_ids, page_ids) as t
           cross join unnest(t.also_chunks, t.also_scores) as s(chunk_id, score)
     where s.score > 0;
end;
$$;

comment on function pgsearch._bm25_scores(text[], float8[], text[], bigint[], bigint[], float8, float8, float8) is
'BM25 score of each given chunk, as _bm25_top_n scores it; page_ids and chunk_ids are parallel arrays (the page of each
chunk). Chunks without any of the lexemes are left out.';
