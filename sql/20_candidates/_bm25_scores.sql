-- BM25 of chosen chunks: completes the text signal of candidates that only the vectors or the titles brought in.
--
-- A few hundred chunks at most, so one fixed statement, whose plan stays in the session, beats one that is made for the number of lexemes (.85 against 1.5 ms for 60 chunks):
-- here planning is what costs. It scores to the last bit as the statement of _bm25_top_n does.

create or replace function pgsearch._bm25_scores_of(
    terms          tsquery[],
    gains          float8[],
    average_length float8,
    page_ids       bigint[],
    chunk_ids      bigint[],
    k1             float8,
    b              float8,
    heading_weight float8
)
returns table (chunk_id bigint, score float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
    any_of tsquery;
    term   tsquery;
begin
    foreach term in array coalesce(terms, '{}') loop
        any_of := coalesce(any_of || term, term);
    end loop;
    if any_of is null or cardinality(chunk_ids) = 0 then
        return;
    end if;

    return query
    select c.chunk_id,
           -- as _bm25_score has it: ts_rank of one lexeme tells how often it occurs
           (select sum(t.gain * (k1 + 1) * t.tf / (t.tf + c.norm))
              from (select g.gain,
                           round(1 / (1.6449340668482264::float8 - 1.64493406685::float8 * ts_rank('{1,1,1,1}', c.tsv, g.term)::float8) - 0.5::float8)
                           + case when heading_weight <> 1
                                  then (heading_weight - 1) * round(1 / (1.6449340668482264::float8 - 1.64493406685::float8 * ts_rank('{0,0,0,1}', c.tsv, g.term)::float8) - 0.5::float8)
                                  else 0 end as tf
                      from unnest(terms, gains) as g(term, gain)) as t)
      from (select r.chunk_id,
                   r.tsv,
                   greatest(k1 * (1 - b + b * round(ts_rank('{1,1,1,1}', r.tsv, any_of)::float8 / ts_rank('{1,1,1,1}', r.tsv, any_of, 2)) / average_length), 1e-300::float8) as norm
              from (select h.chunk_id, setweight(h.content_tsv, 'D', '{}') as tsv
                      from unnest(page_ids, chunk_ids) as g(page_id, chunk_id)
                           join pgsearch.chunks as h on h.page_id = g.page_id
                                                    and h.chunk_id = g.chunk_id
                     where h.content_tsv @@ any_of
                    offset 0) as r
            offset 0) as c;
end;
$$;

comment on function pgsearch._bm25_scores_of(tsquery[], float8[], float8, bigint[], bigint[], float8, float8, float8) is
'_bm25_scores with the terms as _bm25_terms gives them (terms, gains, average_length), for callers that have them already.';

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
      from pgsearch._bm25_scores_of(query.terms, query.gains, query.average_length, page_ids, chunk_ids, k1, b, heading_weight) as s;
end;
$$;

comment on function pgsearch._bm25_scores(text[], float8[], text[], bigint[], bigint[], float8, float8, float8) is
'BM25 score of each given chunk, as _bm25_top_n scores it; page_ids and chunk_ids are parallel arrays (the page of each chunk). Chunks without any of the lexemes are left out.';
