-- Strategy adaptive beside vectors, the default of every hybrid search: words, meaning and neighbours in one statement.
--
-- The same arithmetic as fuse and neighbour_scores, row by row instead of signal by signal: each candidate is one row
-- with all its scores, so nothing is grouped or joined, and the embeddings come with the candidates (5 ms became 2 for
-- 165 of them). The constants and the trust in words are the same ones, and a test over random candidates holds the rest
-- together.

create or replace function pgsearch._text_trust(adaptive jsonb, information float8, skewness float8)
returns float8
language sql immutable parallel safe
return exp((adaptive ->> 'text_shift')::float8
           + least(greatest((adaptive ->> 'information')::float8
                            * ln(greatest(information, 1e-6) / (adaptive ->> 'typical_information')::float8)
                            + (adaptive ->> 'skewness')::float8 * coalesce(skewness, 0),
                            (adaptive ->> 'least_exponent')::float8),
                   (adaptive ->> 'most_exponent')::float8));

comment on function pgsearch._text_trust(jsonb, float8, float8) is
'How far strategy adaptive trusts the words of a query beside vectors: by how telling they are (information, see fuse),
and by how far the best texts stand out from the rest (skewness: mean of z^3 of their scores, null: 0). adaptive: as in
default_settings.';

create or replace function pgsearch._level(lowest float8, mean float8, deviation float8)
returns float8
language sql immutable parallel safe
return coalesce((mean - least(0, lowest)) / deviation, 1);

comment on function pgsearch._level(float8, float8, float8) is
'By how many deviations the mean of a signal stands above nothing, or above the least score where that is below 0; 1 where
all are alike (deviation null). Standard scores have no zero; with this added, what has nothing of a signal has 0 of it.';

create or replace function pgsearch._centred_cosine(product float8, lengths float8, common_a float8, common_b float8, centre_square float8, rests float8)
returns float8
language sql immutable parallel safe
return coalesce((product / lengths - common_a - common_b + centre_square) / sqrt(rests), 0);

comment on function pgsearch._centred_cosine(float8, float8, float8, float8, float8, float8) is
'Cosine of two vectors after a centre has been taken out of both at length 1, from inner products: product of the two,
the product of their lengths, the inner product of each (at length 1) with the centre, that of the centre with itself,
and the product of what is left of either, 1 - 2 * common + centre_square. 0 where nothing is left.';

create or replace function pgsearch._expected_slope(products float8, squares float8)
returns float8
language sql immutable parallel safe
-- as if 20 more had been seen whose vectors follow their words: of few nothing else could be told
return greatest(0, (coalesce(products, 0) + 20 * 1.25::float8) / (coalesce(squares, 0) + 20));

comment on function pgsearch._expected_slope(float8, float8) is
'By how many deviations a candidate without a vector is expected to be nearer for each deviation that its words score more,
from regr_sxy and regr_sxx of those that have both (null: there are none).';

create or replace function pgsearch._fused_adaptive(
    settings       jsonb,
    information    float8,
    embedding      vector,
    model          pgsearch.embedding_models,
    centre         vector,
    chunk_ids      bigint[],
    page_ids       bigint[],
    text_scores    float8[],
    title_scores   float8[],
    lexical_scores float8[],
    article_boosts float8[],
    ages           float8[],
    vector_found   bigint[],
    same_titled    bigint[],
    sameness       float8[],
    words          text[],
    lexemes        text[],
    one_a_page     boolean,
    shown          integer
)
returns table (chunk_id bigint, page_id bigint, score float8, match_reason text, signals jsonb, hit_chunks bigint)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set jit = off
set enable_seqscan = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
    -- a variable cannot be declared as vector, whose schema is not on the path
    asked         pgsearch.embedding_centres.centre%type;
    compared      pgsearch.embedding_centres.centre%type;
    adaptive      jsonb;
    heads         integer;
    alike         float8;
    boost         float8;
    by_text       float8;
    by_vector     float8;
    by_near       float8;
    by_title      float8;
    by_lexical    float8;
    half          float8;
    tag_boost     float8;
    -- where a vector lies so close to the centre that single precision cannot tell its direction
    nothing       constant float8 := 1e-6;
    centre_square float8;
    asked_common  float8;
    asked_rest    float8;
begin
    -- one statement, since each expression takes a plan of its own in every session
    select s.adaptive, (s.adaptive ->> 'heads')::integer, (s.adaptive ->> 'least_deviation')::float8, (s.adaptive ->> 'boost')::float8,
           (s.weights ->> 'text')::float8, (s.weights ->> 'vector')::float8, (s.weights ->> 'neighbours')::float8,
           (s.weights ->> 'title')::float8, (s.weights ->> 'lexical')::float8,
           (settings ->> 'recency_half_life_days')::float8, (settings #>> '{boosts,tags}')::float8,
           v.asked, case model.distance when 'cosine' then v.asked else embedding end,
           v.centre_square, v.asked_common, nullif(greatest(1 - 2 * v.asked_common + v.centre_square, nothing), nothing),
           -- with null the test of a candidate's page would be null, and what follows it is asked of every candidate
           coalesce(same_titled, '{}')
      into adaptive, heads, alike, boost, by_text, by_vector, by_near, by_title, by_lexical, half, tag_boost,
           asked, compared, centre_square, asked_common, asked_rest, same_titled
      from (select settings -> 'adaptive' as adaptive,
                   pgsearch._signal_weights('adaptive') || jsonb_strip_nulls(settings -> 'weights') as weights) as s
           cross join (select u.asked,
                              coalesce(pgsearch._inner_product(centre, centre), 0) as centre_square,
                              coalesce(pgsearch._inner_product(u.asked, centre), 0) as asked_common
                         from (select pgsearch._unit(embedding) as asked offset 0) as u
                       offset 0) as v;
    return query
    with read as (
        -- in line, since one that is long stands elsewhere and would be fetched there for each inner product
        select c.chunk_id, c.page_id, c.text, c.title, c.lexical, coalesce(c.article, 0) as article, c.days,
               pgsearch._in_line(e.embedding, model.dimensions) as embedding
          from unnest(chunk_ids, page_ids, text_scores, title_scores, lexical_scores, article_boosts, ages)
                   as c(chunk_id, page_id, text, title, lexical, article, days)
               left join pgsearch.embeddings as e on e.page_id = c.page_id
                                                 and e.chunk_id = c.chunk_id
                                                 and e.model_id = model.model_id
        offset 0
    ),
    placed as (
        -- no arithmetic on vectors: what the centre takes out of a cosine follows from inner products
        select r.*,
               coalesce(pgsearch._inner_product(r.embedding, centre) / r.length, 0) as common
          from (select r.*,
                       -- beyond single precision there is no length, and no direction to compare
                       nullif(nullif(sqrt(pgsearch._inner_product(r.embedding, r.embedding)), 0), 'Infinity') as length
                  from read as r
                offset 0) as r
        offset 0
    ),
    -- vectors are long: they stand last, and no step after this one has them
    candidates as materialized (
        select p.chunk_id, p.page_id, p.text, p.title, p.lexical, p.article, p.days, p.length, p.common, p.rest,
               nullif(pgsearch._similarity(model.distance, p.embedding, compared), 'NaN') as vector,
               case when p.length is not null then pgsearch._centred_cosine(pgsearch._inner_product(p.embedding, asked), p.length, p.common, asked_common, centre_square, p.rest * asked_rest) end as centred,
               p.embedding
          from (select p.*, nullif(greatest(1 - 2 * p.common + centre_square, nothing), nothing) as rest from placed as p offset 0) as p
    ),
    shape as materialized (
        select avg(c.text) as text_mean,
               min(c.text) as text_least,
               min(c.centred) as vector_least,
               case when stddev_pop(c.text) > alike then stddev_pop(c.text) end as text_deviation,
               avg(c.centred) as vector_mean,
               case when stddev_pop(c.centred) > alike then stddev_pop(c.centred) end as vector_deviation,
               count(c.centred) as vectors,
               -- of those that only the words can have found
               min(c.text) filter (where c.centred is null and c.text > 0) as text_found
          from candidates as c
    ),
    -- What has no vector (yet) is taken for what its words let one expect of it: it lies on the line through those that the
    -- words found and that have one. Those that the vectors found have high cosines by choice, and say nothing of it.
    expected as materialized (
        select pgsearch._expected_slope(regr_sxy(x.vector, x.text), regr_sxx(x.vector, x.text)) as slope,
               coalesce(regr_avgx(x.vector, x.text), avg(x.text)) as text_mean,
               coalesce(regr_avgy(x.vector, x.text), 0) as vector_mean
          from (select (c.text - s.text_mean) / s.text_deviation as text,
                       (c.centred - s.vector_mean) / s.vector_deviation as vector
                  from candidates as c
                       cross join shape as s
                 where s.vectors > 0
                   and c.text >= s.text_found) as x
    ),
    trust as materialized (
        select by_text * case when max(s.vectors) > 0
                              then pgsearch._text_trust(adaptive, information, avg(((c.text - s.text_mean) / s.text_deviation) ^ 3))
                              else 1 end as factor
          from candidates as c
               cross join shape as s
    ),
    -- asked for twice, which costs less than to keep it
    first as not materialized (
        select x.*,
               x.part_text + x.part_vector + x.part_title + x.part_lexical as first_score
          from (select c.*,
                       t.factor * coalesce((c.text - s.text_mean) / s.text_deviation, 0) as part_text,
                       by_vector * coalesce(case when c.centred is not null then (c.centred - s.vector_mean) / s.vector_deviation
                                                 when c.text > 0
                                                 then greatest((s.vector_least - s.vector_mean) / s.vector_deviation,
                                                               e.vector_mean + e.slope * ((c.text - s.text_mean) / s.text_deviation - e.text_mean)) end, 0) as part_vector,
                       coalesce(by_title * c.title, 0) as part_title,
                       coalesce(by_lexical * c.lexical, 0) as part_lexical
                  from candidates as c
                       cross join shape as s
                       cross join trust as t
                       cross join expected as e
                offset 0) as x
    ),
    head as materialized (
        select (select c.embedding from candidates as c where c.chunk_id = h.chunk_id) as embedding,
               h.length, h.common, h.rest, exp(greatest(h.first_score - max(h.first_score) over (), -700)) as share
          from (select f.chunk_id, f.length, f.common, f.rest, f.first_score
                  from first as f
                 where f.length is not null
                 order by f.first_score desc, f.chunk_id
                 limit heads) as h
    ),
    near as materialized (
        select f.chunk_id, f.page_id, f.text, f.vector, f.centred, f.title, f.lexical, f.article, f.days,
               f.part_text, f.part_vector, f.part_title, f.part_lexical, f.first_score,
               -- the inner product with the average is the average of the inner products
               case when f.length is not null
                    then (select sum(h.share * pgsearch._centred_cosine(pgsearch._inner_product(f.embedding, h.embedding), f.length * h.length, f.common, h.common, centre_square, f.rest * h.rest))
                            from head as h)
                         -- the same for all
                         / (select sum(h.share) from head as h) end as neighbours
          from first as f
    ),
    closeness as materialized (
        select avg(n.neighbours) as mean,
               min(n.neighbours) as lowest,
               case when stddev_pop(n.neighbours) > alike then stddev_pop(n.neighbours) end as deviation
          from near as n
    ),
    expected_near as materialized (
        select pgsearch._expected_slope(regr_sxy(x.near, x.text), regr_sxx(x.near, x.text)) as slope,
               coalesce(regr_avgx(x.near, x.text), avg(x.text)) as text_mean,
               coalesce(regr_avgy(x.near, x.text), 0) as near_mean
          from (select (n.text - s.text_mean) / s.text_deviation as text,
                       (n.neighbours - c.mean) / c.deviation as near
                  from near as n
                       cross join shape as s
                       cross join closeness as c
                 where s.vectors > 0
                   and n.text >= s.text_found) as x
    ),
    level as materialized (
        -- up to nine places, so that the order in which the planner adds does not show, and no score falls below 0
        select ceil(1e9 * (t.factor * pgsearch._level(s.text_least, s.text_mean, s.text_deviation)
                           + case when s.vectors = 0 then 0
                                  else by_vector * pgsearch._level(s.vector_least, s.vector_mean, s.vector_deviation)
                                       + by_near * pgsearch._level(c.lowest, c.mean, c.deviation) end)) / 1e9 as average,
               t.factor
          from shape as s
               cross join trust as t
               cross join closeness as c
    ),
    -- from here on all candidates are few columns, and whole ones are what could be shown
    scored as materialized (
        select x.chunk_id, x.page_id, x.part_near, x.decay,
               (x.average + x.first_score + x.part_near + boost * x.article) * x.decay as score
          from (select n.chunk_id, n.page_id, n.first_score, n.article,
                       l.average,
                       by_near * coalesce(case when n.neighbours is not null then (n.neighbours - c.mean) / c.deviation
                                               when n.text > 0
                                               then greatest((c.lowest - c.mean) / c.deviation,
                                                             e.near_mean + e.slope * ((n.text - s.text_mean) / s.text_deviation - e.text_mean)) end, 0) as part_near,
                       case when half > 0 then 0.5::float8 ^ (n.days / half) else 1 end as decay
                  from near as n
                       cross join level as l
                       cross join closeness as c
                       cross join shape as s
                       cross join expected_near as e
                offset 0) as x
    ),
    ranked as materialized (
        select array_agg(n.chunk_id order by n.text desc, n.chunk_id) as text_order,
               array_agg(n.chunk_id order by n.centred desc nulls last, n.chunk_id) as vector_order,
               array_agg(n.chunk_id order by n.neighbours desc nulls last, n.chunk_id) as near_order
          from near as n
    ),
    eligible as materialized (
        select s.chunk_id, s.page_id, s.part_near, s.decay, s.score from scored as s where not one_a_page
         union all
        (select distinct on (s.page_id) s.chunk_id, s.page_id, s.part_near, s.decay, s.score
           from scored as s
          where one_a_page
          order by s.page_id, s.score desc, s.chunk_id)
    ),
    -- pages are read only where a tag could still bring a candidate among those that are shown
    contenders as materialized (
        select n.*, r.part_near, r.decay, r.score,
               case when p.tags && words then tag_boost else 0 end as tags,
               coalesce(n.title, nullif(length(p.title_tsv) - length(ts_delete(p.title_tsv, lexemes)), 0)::float8 / (select count(distinct l) from unnest(lexemes) as l)) as in_title
          from eligible as r
               join near as n on n.chunk_id = r.chunk_id
               join pgsearch.pages as p on p.page_id = r.page_id
         where r.page_id = any (same_titled)
            or r.score + boost * tag_boost
               >= coalesce((select l.score
                              from eligible as l
                             order by l.score desc, l.chunk_id
                            offset greatest(shown - 1, 0)
                             limit 1), '-infinity')
    ),
    lifted as (
        select c.*,
               -- the best chunk of a page speaks for its title
               case when c.page_id = any (same_titled)
                         and not exists (select
                                           from eligible as e
                                          where e.page_id = c.page_id
                                            and (-e.score, e.chunk_id) < (-c.score, c.chunk_id))
                    then pgsearch._title_lift(best  => (select max(s.score) from scored as s),
                                              worst => (select min(s.score) from scored as s),
                                              times => (settings #>> '{boosts,same_title}')::float8
                                                       * sameness[array_position(same_titled, c.page_id)])
                    else 0 end as lift
          from contenders as c
        offset 0
    ),
    shown_ones as materialized (
        select c.*,
               c.score + boost * c.tags * c.decay + c.lift as boosted
          from lifted as c
         order by boosted desc, c.chunk_id
         limit shown
    )
    select h.chunk_id,
           h.page_id,
           h.boosted,
           coalesce(nullif(concat_ws('+',
               case when h.in_title >= 1 or h.page_id = any (same_titled) then 'title'
                    when h.tags > 0 then 'tags'
                    when h.text > 0 then 'content'
                    when h.in_title > 0 then 'title'
                    when h.lexical > 0 then 'lexical' end,
               case when h.chunk_id = any (vector_found) then 'vector' end), ''), 'vector'),
           jsonb_build_object('average', jsonb_build_object('contribution', l.average))
           || jsonb_build_object('text', jsonb_build_object('score', h.text, 'rank', array_position(r.text_order, h.chunk_id), 'weight', l.factor, 'contribution', h.part_text))
           -- what is fused is a centred cosine; what is shown is the plain one
           || case when h.centred is null then '{}'
                   else jsonb_build_object('vector', jsonb_build_object('score', coalesce(h.vector, h.centred), 'rank', array_position(r.vector_order, h.chunk_id), 'weight', by_vector, 'contribution', h.part_vector)) end
           || case when h.neighbours is null then '{}'
                   else jsonb_build_object('neighbours', jsonb_build_object('score', h.neighbours, 'rank', array_position(r.near_order, h.chunk_id), 'weight', by_near, 'contribution', h.part_near)) end
           || case when h.in_title is null then '{}'
                   else jsonb_build_object('title', jsonb_build_object('score', h.in_title, 'rank', (select 1 + count(*) from contenders as c where c.in_title > h.in_title or c.in_title = h.in_title and c.chunk_id < h.chunk_id), 'weight', by_title, 'contribution', h.part_title)) end
           || case when h.lexical is null then '{}'
                   else jsonb_build_object('lexical', jsonb_build_object('score', h.lexical, 'rank', (select 1 + count(*) from near as n where n.lexical > h.lexical or n.lexical = h.lexical and n.chunk_id < h.chunk_id), 'weight', by_lexical, 'contribution', h.part_lexical)) end
           || case when h.centred is not null or h.part_vector + h.part_near = 0 then '{}'
                   else jsonb_build_object('without_vector', jsonb_build_object('contribution', h.part_vector + h.part_near)) end
           || case when h.lift = 0 then '{}'
                   else pgsearch._lift_signal(h.lift, sameness[array_position(same_titled, h.page_id)], settings) end
           || case when h.tags = 0 and h.article = 0 and not half > 0 then '{}'
                   else jsonb_build_object('boosts', jsonb_strip_nulls(jsonb_build_object(
                            'tags',     nullif(h.tags, 0),
                            'article',  nullif(h.article, 0),
                            'age_days', case when half > 0 then round(h.days::numeric, 2) end))) end,
           cardinality(array_positions(page_ids, h.page_id))::bigint
      from shown_ones as h
           cross join ranked as r
           cross join level as l
     order by h.boosted desc, h.chunk_id;
end;
$$;

comment on function pgsearch._fused_adaptive(jsonb, float8, vector, pgsearch.embedding_models, vector, bigint[], bigint[], float8[], float8[], float8[], float8[], float8[], bigint[], bigint[], float8[], text[], text[], boolean, integer) is
'_fused for strategy adaptive when there are words and vectors. Arguments: settings, information (word_information of
fuse), embedding of the query, its model and the centre of the collections (null: none), parallel arrays of the
candidates (chunk_ids, page_ids, text_scores, none of them null, title_scores, lexical_scores; article_boosts as
boost_factors gives them, ages in days, each null for none), vector_found (chunks of the vector signal), same_titled and sameness as for
_fused, words and lexemes of the query, one_a_page, shown.
Without title_scores, for which there is no need while their weight is 0, titles are read with the tags, for those
candidates that could be shown, and ranked among these. Returns as _fused.';
