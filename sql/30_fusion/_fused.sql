-- Fusion with everything that belongs to it: the strategy's own signals, boosts, recency, and the reason for a hit.

create or replace function pgsearch._fused(
    fusion         text,
    settings       jsonb,
    query          text,
    words          text[],
    collections    text[],
    model          text,
    information    float8,
    chunk_ids      bigint[],
    page_ids       bigint[],
    text_scores    float8[],
    vector_scores  float8[],
    centred_scores float8[],
    title_scores   float8[],
    lexical_scores float8[],
    vector_found   bigint[]
)
returns table (
    chunk_id      bigint,
    page_id       bigint,
    score         float8,
    match_reason  text,
    similarity    float8,
    signals       text[],
    raw_scores    float8[],
    ranks         integer[],
    factors       float8[],
    contributions float8[],
    boosts        jsonb
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    n        constant integer := cardinality(chunk_ids);
    half     constant float8  := (settings ->> 'recency_half_life_days')::float8;
    ids      bigint[];
    names    text[];
    values   float8[];
begin
    -- long form: one element for each candidate and signal
    if fusion = 'legacy' then
        select array_agg(l.chunk_id), array_agg(l.signal), array_agg(l.score)
          into ids, names, values
          from pgsearch.legacy_scores(words, page_ids, chunk_ids, text_scores, vector_scores) as l;
    else
        ids    := chunk_ids || chunk_ids || chunk_ids || chunk_ids;
        names  := array_fill('text'::text, array[n]) || array_fill('vector'::text, array[n]) || array_fill('title'::text, array[n]) || array_fill('lexical'::text, array[n]);
        values := coalesce(text_scores, array_fill(null::float8, array[n]))
                  || coalesce(case when fusion = 'adaptive' and text_scores is not null then centred_scores else vector_scores end, array_fill(null::float8, array[n]))
                  || coalesce(title_scores, array_fill(null::float8, array[n]))
                  || coalesce(lexical_scores, array_fill(null::float8, array[n]));
    end if;

    -- one signal alone keeps its own order
    if fusion = 'adaptive' and centred_scores is not null and text_scores is not null then
        select ids || array_agg(s.chunk_id), names || array_agg('neighbours'::text), values || array_agg(s.score)
          into ids, names, values
          from (select array_agg(f.chunk_id) as by_score, array_agg(c.page_id) as of_pages, array_agg(f.score) as fused
                  from pgsearch.fuse(fusion, ids, names, values, settings -> 'weights', 60, information) as f
                       join unnest(chunk_ids, page_ids) as c(chunk_id, page_id) on c.chunk_id = f.chunk_id) as first_pass
               cross join lateral pgsearch.neighbour_scores(first_pass.of_pages, first_pass.by_score, first_pass.fused, collections, model) as s;
    end if;

    return query
    select c.chunk_id,
           c.page_id,
           case when fusion = 'rrf_boost' then f.score * (1::float8 + b.title + b.tags + b.article + b.text_score)
                when fusion = 'adaptive'  then f.score + 10::float8 * (b.tags + b.article)
                else f.score end
           * case when half > 0 and f.score > 0 then 0.5::float8 ^ (a.days / half) else 1 end,
           coalesce(nullif(concat_ws('+',
               case when c.title_score >= 1 then 'title'
                    when b.tags > 0 then 'tags'
                    when c.text_score > 0 then 'content'
                    when c.title_score > 0 then 'title'
                    when c.lexical_score > 0 then 'lexical' end,
               case when c.chunk_id = any (vector_found) then 'vector' end), ''), 'vector'),
           c.vector_score,
           f.signals,
           f.raw_scores,
           f.ranks,
           f.factors,
           f.contributions,
           case when fusion in ('rrf_boost', 'adaptive') or half > 0
                then jsonb_strip_nulls(jsonb_build_object(
                         'title',      case when fusion = 'rrf_boost' then nullif(b.title, 0) end,
                         'tags',       nullif(b.tags, 0),
                         'article',    nullif(b.article, 0),
                         'text_score', case when fusion = 'rrf_boost' then nullif(b.text_score, 0) end,
                         'age_days',   case when half > 0 then round(a.days::numeric, 2) end))
                end
      from unnest(chunk_ids, page_ids, text_scores, vector_scores, title_scores, lexical_scores)
               as c(chunk_id, page_id, text_score, vector_score, title_score, lexical_score)
           join pgsearch.fuse(fusion, ids, names, values, settings -> 'weights', (settings ->> 'rrf_k')::float8, information) as f on f.chunk_id = c.chunk_id
           join pgsearch.boost_factors(query, words, chunk_ids, page_ids, title_scores, text_scores, settings -> 'boosts') as b on b.chunk_id = c.chunk_id
           join pgsearch._page_ages(page_ids, half > 0, settings ->> 'recency_key') as a on a.page_id = c.page_id;
end;
$$;

comment on function pgsearch._fused(text, jsonb, text, text[], text[], text, float8, bigint[], bigint[], float8[], float8[], float8[], float8[], float8[], bigint[]) is
'fuse over the candidates, with the signal neighbours for adaptive, boost_factors for rrf_boost (times the score) and adaptive (ten times the factor of tags and article in standard deviations), and recency (half the score after each half-life).
Returns each candidate with score, match_reason (title, tags, content or lexical, then +vector when the vectors found it too), similarity (as search_vector scores it), the arrays of fuse, and its boosts. A candidate without any signal is left out.';

create or replace function pgsearch._page_ages(page_ids bigint[], wanted boolean, date_key text)
returns table (page_id bigint, days float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if not wanted then
        return query select distinct u.page_id, 0::float8 from unnest(page_ids) as u(page_id);
        return;
    end if;

    return query
    select p.page_id,
           greatest(extract(epoch from now() - case
               when date_key = '' then p.updated_at
               -- a date that does not read as one counts as old as the page
               when p.metadata ->> date_key ~ '^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?$' then (p.metadata ->> date_key)::timestamptz
               else p.updated_at
               end)::float8 / 86400::float8, 0)
      from pgsearch.pages as p
     where p.page_id = any (page_ids);
end;
$$;

comment on function pgsearch._page_ages(bigint[], boolean, text) is
'Age of each page in days: since the ISO date in its metadata under date_key, else since it was last put. Nothing is read and 0 given unless wanted.';
