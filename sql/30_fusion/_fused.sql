-- Fusion and boosts, with the reason for every score.

create or replace function pgsearch._fused(
    fusion         text,
    settings       jsonb,
    words          text[],
    chunk_ids      bigint[],
    page_ids       bigint[],
    text_scores    float8[],
    vector_scores  float8[],
    title_scores   float8[],
    lexical_scores float8[],
    text_found     bigint[],
    vector_found   bigint[]
)
returns table (chunk_id bigint, page_id bigint, score float8, match_reason text, signals jsonb)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select c.chunk_id,
           c.page_id,
           f.score * (1::float8 + b.total),
           concat_ws('+',
               case when c.title_score = 1 then 'title'
                    when b.tags > 0 then 'tags'
                    when c.text_score > 0 then 'content'
                    when c.title_score > 0 then 'title'
                    when c.lexical_score > 0 then 'lexical' end,
               case when c.chunk_id = any (vector_found) then 'vector' end),
           jsonb_strip_nulls(jsonb_build_object(
               'text',    case when f.text_rank is not null    then jsonb_build_object('score', c.text_score,    'rank', f.text_rank,    'weight', w.weights -> 'text',    'contribution', f.text_part, 'found', c.chunk_id = any (coalesce(text_found, '{}'))) end,
               'vector',  case when f.vector_rank is not null  then jsonb_build_object('score', c.vector_score,  'rank', f.vector_rank,  'weight', w.weights -> 'vector',  'contribution', f.vector_part, 'found', c.chunk_id = any (coalesce(vector_found, '{}'))) end,
               'title',   case when f.title_rank is not null   then jsonb_build_object('score', c.title_score,   'rank', f.title_rank,   'weight', w.weights -> 'title',   'contribution', f.title_part) end,
               'lexical', case when f.lexical_rank is not null then jsonb_build_object('score', c.lexical_score, 'rank', f.lexical_rank, 'weight', w.weights -> 'lexical', 'contribution', f.lexical_part) end,
               'boosts',  case when b.total > 0 then jsonb_strip_nulls(jsonb_build_object('title', nullif(b.title, 0), 'tags', nullif(b.tags, 0), 'article', nullif(b.article, 0), 'text_score', nullif(b.text_score, 0))) end))
      from unnest(chunk_ids, page_ids, text_scores, vector_scores, title_scores, lexical_scores)
               as c(chunk_id, page_id, text_score, vector_score, title_score, lexical_score)
           join pgsearch.fuse(chunk_ids, text_scores, vector_scores, title_scores, lexical_scores,
                              settings -> 'weights', (settings ->> 'rrf_k')::float8) as f on f.chunk_id = c.chunk_id
           join (select x.*, case fusion when 'rrf_boost' then x.title + x.tags + x.article + x.text_score else 0 end as total
                   from pgsearch.boost_factors(words, chunk_ids, page_ids, title_scores, text_scores, settings -> 'boosts') as x) as b
             on b.chunk_id = c.chunk_id
           cross join (select settings -> 'weights' as weights) as w;
end;
$$;

comment on function pgsearch._fused(text, jsonb, text[], bigint[], bigint[], float8[], float8[], float8[], float8[], bigint[], bigint[]) is
'fuse and, for rrf_boost, boost_factors over the candidates; each with its final score, match_reason (title, tags, content or lexical, then +vector when the vectors found it too) and signals
(per signal score, rank, weight, contribution, and whether it found the candidate itself; boosts).';
