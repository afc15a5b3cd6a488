-- BM25 of chosen chunks, so that a candidate which another signal found does not count as zero for want of a score.
--
-- A chunk has the very score with which search_bm25 would list it: same expressions, same statistics, same settings.

create or replace function pgsearch.bm25_scores_for_chunk_ids(
    query       text,
    chunk_ids   bigint[],
    collections text[] default null
)
returns table (chunk_id bigint, score float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    parsed  pgsearch.parsed_query;
    formula pgsearch.bm25_formula;
    known   bigint[];
    pages   bigint[];
begin
    perform pgsearch._check_collections(collections);
    parsed  := pgsearch._parse_for(query, collections, 'or');
    formula := jsonb_populate_record(formula, pgsearch._settings(collections, '{}') -> 'bm25');

    select array_agg(c.chunk_id), array_agg(c.page_id)
      into known, pages
      from pgsearch.chunks as c
     where c.chunk_id = any (bm25_scores_for_chunk_ids.chunk_ids);

    return query
    select k.chunk_id,
           coalesce(s.score, 0)
      from unnest(known) as k(chunk_id)
           left join pgsearch._bm25_scores(
                         words     => pgsearch._bm25_terms(parsed.lexemes, parsed.weights, collections),
                         formula   => formula,
                         page_ids  => pages,
                         chunk_ids => known) as s on s.chunk_id = k.chunk_id
     order by k.chunk_id;
end;
$$;

comment on function pgsearch.bm25_scores_for_chunk_ids(text, bigint[], text[]) is
'BM25 of each given chunk for the query, as search_bm25 scores it.
Arguments:
- query (syntax as parse_query; what it requires or excludes does not count here)
- chunk_ids
- collections (null: all; whose statistics and settings hold)
Returns chunk_id and score (0 without a match), in the order of chunk_id; chunks that do not exist are left out.
Error: PS001 unknown collection.';
