-- BM25 of chosen chunks: completes the text signal of candidates that only the vectors or the titles brought in.

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
set jit = off
as $$
declare
    query record;
    parts record;
begin
    query := pgsearch._bm25_terms(lexemes, weights, collections);
    if query.terms is null then
        return;
    end if;

    parts := pgsearch._bm25_score(cardinality(query.terms), heading_weight <> 1);
    return query execute format($statement$
        select s.chunk_id, %s
          from (select r.chunk_id, %s, %s
                  from (select c.chunk_id, c.tsv, %s
                          from (select c.chunk_id, setweight(c.content_tsv, 'D', '{}') as tsv
                                  from unnest($8, $9) as g(page_id, chunk_id)
                                       join pgsearch.chunks as c on c.page_id = g.page_id
                                                                and c.chunk_id = g.chunk_id
                                 where c.content_tsv @@ $1
                                offset 0) as c
                        offset 0) as r
                offset 0) as s$statement$,
        parts.score, parts.norm, parts.frequencies, parts.ranks)
    using pgsearch._any_of(query.names), query.terms, query.gains, k1, b, query.average_length, heading_weight, page_ids, chunk_ids;
end;
$$;

comment on function pgsearch._bm25_scores(text[], float8[], text[], bigint[], bigint[], float8, float8, float8) is
'BM25 score of each given chunk, as _bm25_top_n scores it; page_ids and chunk_ids are parallel arrays (the page of each chunk). Chunks without any of the lexemes are left out.';
