-- Fusion with everything that belongs to it: the strategy's own signals, boosts, recency, and the reason for a hit.

create or replace function pgsearch._fused(
    fusion         text,
    settings       jsonb,
    query          text,
    words          text[],
    information    float8,
    chunk_ids      bigint[],
    page_ids       bigint[],
    text_scores    float8[],
    vector_scores  float8[],
    title_scores   float8[],
    lexical_scores float8[],
    vector_found   bigint[],
    same_titled    bigint[],
    sameness       float8[],
    one_a_page     boolean,
    shown          integer
)
returns table (chunk_id bigint, page_id bigint, score float8, match_reason text, signals jsonb, hit_chunks bigint)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
    n        constant integer  := cardinality(chunk_ids);
    nothing  constant float8[] := array_fill(null::float8, array[n]);
    half     constant float8   := (settings ->> 'recency_half_life_days')::float8;
    weights  constant jsonb    := settings -> 'weights';
    rrf_k    constant float8   := (settings ->> 'rrf_k')::float8;
    -- the contributions in long form, one element for each candidate and signal
    ids      bigint[];
    names    text[];
    raw      float8[];
    ranks    integer[];
    factors  float8[];
    parts    float8[];
    average  float8 := 0;
begin
    if fusion = 'legacy' then
        select array_agg(l.chunk_id), array_agg(l.signal), array_agg(l.score)
          into ids, names, raw
          from (select s.chunk_id, s.signal, s.score
                  from pgsearch.legacy_scores(words, page_ids, chunk_ids, text_scores, vector_scores) as s
                 union all
                -- it looks for the words as they are typed; a page may be called so in another spelling, or of stop words
                select c.chunk_id, 'lexical', 1::float8
                  from unnest(chunk_ids, page_ids) as c(chunk_id, page_id)
                 where c.page_id = any (same_titled)) as l;
    else
        ids   := chunk_ids || chunk_ids || chunk_ids || chunk_ids;
        names := array_fill('text'::text, array[n]) || array_fill('vector'::text, array[n])
                 || array_fill('title'::text, array[n]) || array_fill('lexical'::text, array[n]);
        raw   := coalesce(text_scores, nothing) || coalesce(vector_scores, nothing)
                 || coalesce(title_scores, nothing) || coalesce(lexical_scores, nothing);
    end if;

    select array_agg(c.chunk_id), array_agg(c.signal), array_agg(c.score), array_agg(c.rank), array_agg(c.factor), array_agg(c.contribution)
      into ids, names, raw, ranks, factors, parts
      from pgsearch._contributions(fusion, ids, names, raw, weights, rrf_k, information, settings -> 'adaptive') as c;

    if fusion = 'adaptive' then
        -- up to nine places, as in _fused_adaptive
        select ceil(1e9 * coalesce(sum(s.factor * pgsearch._level(
                                           s.lowest, s.mean,
                                           case when s.deviation > (settings #>> '{adaptive,least_deviation}')::float8
                                                then s.deviation end)), 0)) / 1e9
          into average
          from (select max(l.factor) as factor, min(l.score) as lowest, avg(l.score) as mean, stddev_pop(l.score) as deviation
                  from unnest(names, raw, factors) as l(name, score, factor)
                 where l.name in ('text', 'vector')
                 group by l.name) as s;
    end if;

    return query
    with boosted as materialized (
        select c.chunk_id,
               c.page_id,
               case fusion
               when 'rrf_boost' then f.score * (1::float8 + b.title + b.tags + b.article + b.text_score)
               when 'adaptive'  then average + f.score + (settings #>> '{adaptive,boost}')::float8 * (b.tags + b.article)
               else f.score
               -- distribution has scores below 0, which age must not raise
               end * case when half > 0 and average + f.score > 0 then 0.5::float8 ^ (a.days / half) else 1 end as score,
               coalesce(nullif(concat_ws('+',
                   case when c.title_score >= 1 then 'title'
                        when b.tags > 0 then 'tags'
                        when c.text_score > 0 then 'content'
                        when c.title_score > 0 then 'title'
                        when c.lexical_score > 0 then 'lexical' end,
                   case when c.chunk_id = any (vector_found) then 'vector' end), ''), 'vector') as match_reason,
               b.title, b.tags, b.article, b.text_score as outstanding, a.days
          from unnest(chunk_ids, page_ids, text_scores, title_scores, lexical_scores)
                   as c(chunk_id, page_id, text_score, title_score, lexical_score)
               join (select l.chunk_id, sum(l.part) as score
                       from unnest(ids, parts) as l(chunk_id, part)
                      group by l.chunk_id) as f on f.chunk_id = c.chunk_id
               join pgsearch.boost_factors(query, words, chunk_ids, page_ids, title_scores, text_scores, settings -> 'boosts') as b on b.chunk_id = c.chunk_id
               join pgsearch._page_ages(page_ids, half, settings ->> 'recency_key') as a on a.page_id = c.page_id
    ),
    head as materialized (
        select p.chunk_id, p.page_id, p.score + p.lift as score, p.match_reason,
               p.title, p.tags, p.article, p.outstanding, p.lift, p.days, p.hit_chunks
          from (select x.*,
                       -- the best chunk of a page speaks for its title
                       case when x.page_id = any (same_titled) and x.of_page = 1
                            then pgsearch._title_lift(best  => (select max(o.score) from boosted as o),
                                                      worst => (select min(o.score) from boosted as o),
                                                      times => (settings #>> '{boosts,same_title}')::float8
                                                               * sameness[array_position(same_titled, x.page_id)])
                            else 0 end as lift
                  from (select o.*,
                               row_number() over (partition by o.page_id order by o.score desc, o.chunk_id) as of_page,
                               count(*) over (partition by o.page_id) as hit_chunks
                          from boosted as o) as x) as p
         where p.of_page = 1 or not one_a_page
         order by p.score + p.lift desc, p.chunk_id
         limit shown
    )
    -- what is explained is built for the few that are shown
    select h.chunk_id,
           h.page_id,
           h.score,
           h.match_reason,
           (select jsonb_object_agg(l.name, jsonb_build_object(
                       'score', l.raw, 'rank', l.rank, 'weight', l.factor, 'contribution', l.part))
              from unnest(ids, names, raw, ranks, factors, parts) as l(chunk_id, name, raw, rank, factor, part)
             where l.chunk_id = h.chunk_id)
           || case when fusion <> 'adaptive' then '{}'
                   else jsonb_build_object('average', jsonb_build_object('contribution', average)) end
           || case when h.lift = 0 then '{}'
                   else pgsearch._lift_signal(h.lift, sameness[array_position(same_titled, h.page_id)], settings) end
           || coalesce((select jsonb_build_object('boosts', b.boosts)
                          from (select jsonb_strip_nulls(jsonb_build_object(
                                           'title',      case fusion when 'rrf_boost' then nullif(h.title, 0) end,
                                           'tags',       case when fusion in ('rrf_boost', 'adaptive') then nullif(h.tags, 0) end,
                                           'article',    case when fusion in ('rrf_boost', 'adaptive') then nullif(h.article, 0) end,
                                           'text_score', case fusion when 'rrf_boost' then nullif(h.outstanding, 0) end,
                                           'age_days',   case when half > 0 then round(h.days::numeric, 2) end)) as boosts) as b
                         where b.boosts <> '{}'), '{}'),
           h.hit_chunks
      from head as h
     order by h.score desc, h.chunk_id;
end;
$$;

comment on function pgsearch._fused(text, jsonb, text, text[], float8, bigint[], bigint[], float8[], float8[], float8[], float8[], bigint[], bigint[], float8[], boolean, integer) is
'The first shown candidates by fusion: the contributions of their signals (for adaptive with words and vectors see
_fused_adaptive), boost_factors for rrf_boost (times the score) and adaptive (option adaptive.boost times the factor of tags and
article, in standard deviations), recency (half the score after each half-life), and for the best chunk of each page of
same_titled _title_lift times its sameness (see _same_titled) and the option boosts.same_title. one_a_page keeps the best chunk of each
page. Returns score, match_reason (title, tags, content or lexical, then +vector when the vectors found it too), signals
(as search_hybrid shows them), hit_chunks (candidates of the same page). A candidate without any signal is left out.';

create or replace function pgsearch._title_lift(best float8, worst float8, times float8)
returns float8
language sql immutable parallel safe
return times * (1.05::float8 * (best - worst) + greatest(0.01::float8 * abs(best), 1e-6));

comment on function pgsearch._title_lift(float8, float8, float8) is
'What lifts a candidate above all others, once: a little more than the span from the best score to the worst.';

create or replace function pgsearch._lift_signal(lift float8, sameness float8, settings jsonb)
returns jsonb
language sql immutable parallel safe
return jsonb_build_object('same_title', jsonb_build_object(
           'score', sameness, 'rank', 1, 'weight', settings #> '{boosts,same_title}', 'contribution', lift));

comment on function pgsearch._lift_signal(float8, float8, jsonb) is 'What a lift by the title shows among the signals.';

create or replace function pgsearch._metadata_date(metadata jsonb, key text)
returns float8
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if strpos(key, '.') = 0 and jsonb_typeof(metadata -> key) in ('string', 'number') then
        return pgsearch._written_date(metadata ->> key);
    end if;
    return (select max(pgsearch._written_date(v #>> '{}'))
              from jsonb_path_query(jsonb_build_array(metadata -> key) || coalesce(pgsearch._metadata_values(metadata, key), '[]'),
                                    '$[*][*]') as v
             where jsonb_typeof(v) in ('string', 'number'));
end;
$$;

comment on function pgsearch._metadata_date(jsonb, text) is
'The date under a key of the metadata, or the latest of a list, in seconds since 1970 (see _written_date); a key with dots is
a path too. Null for none.';

create or replace function pgsearch._page_ages(page_ids bigint[], half_life float8, date_key text)
returns table (page_id bigint, days float8, dated boolean)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
begin
    if not half_life > 0 then
        return query select distinct u.page_id, 0::float8, false from unnest(page_ids) as u(page_id);
        return;
    end if;

    return query
    with aged as materialized (
        select p.page_id,
               greatest(extract(epoch from now())::float8
                        - case when date_key = '' then extract(epoch from p.updated_at)::float8
                               else pgsearch._metadata_date(p.metadata, date_key) end, 0) / 86400::float8 as days,
               date_key = '' or pgsearch._metadata_date(p.metadata, date_key) is not null as dated
          from pgsearch.pages as p
         where p.page_id = any (page_ids)
    )
    select a.page_id,
           case when a.dated then a.days
                when m.days is null then 0
                -- neither new nor old: as the others are, and never as something of today
                else greatest(m.days, half_life) end,
           a.dated
      from aged as a
           cross join (select percentile_cont(0.5) within group (order by o.days) as days from aged as o where o.dated) as m;
end;
$$;

comment on function pgsearch._page_ages(bigint[], float8, text) is
'Age of each page in days: since the date in its metadata under date_key (see _metadata_date), else, where the key is
empty, since it was last put. What has no date (dated false) counts as old as the middle of those that have one, and at
least as half_life days; where none has one, as 0. Without a half_life nothing is read and 0 given.';
