-- BM25 of chosen chunks: what the text signal gives to candidates that only the vectors or the titles brought in.

create or replace function pgsearch._bm25_scores(
    words     pgsearch.bm25_words,
    formula   pgsearch.bm25_formula,
    page_ids  bigint[],
    chunk_ids bigint[]
)
returns table (chunk_id bigint, score float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    given pgsearch.scored_chunks;
begin
    given.chunk_ids := chunk_ids;
    given.page_ids  := page_ids;

    return query
    select s.chunk_id, s.score
      from pgsearch._bm25_best(words, formula, scope => null, top_n => 0, effort => 'exact', max_rows => null, given => given) as t
           cross join unnest((t.also).chunk_ids, (t.also).scores) as s(chunk_id, score)
     where s.score > 0;
end;
$$;

comment on function pgsearch._bm25_scores(pgsearch.bm25_words, pgsearch.bm25_formula, bigint[], bigint[]) is
'BM25 score of each given chunk, as _bm25_best scores it; page_ids and chunk_ids are parallel arrays (the page of each
chunk). Chunks without any of the words, or that do not meet what the words require, are left out.';
