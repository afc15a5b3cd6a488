-- A learned reranker, evaluated where the hits are: trees as arrays, so that every client profits and none needs the
-- library that grew them.

create or replace function pgsearch._hit_feature_names()
returns text[]
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select array['score', 'behind_best', 'inverse_rank']
       || (select array_agg(s.signal || p.part order by s.at, p.at)
             from unnest(array['text', 'vector', 'title', 'lexical', 'neighbours']) with ordinality as s(signal, at)
                  cross join unnest(array['_score', '_contribution', '_inverse_rank', '_behind_best']) with ordinality as p(part, at))
       || array['boosts', 'text_weight', 'query_words', 'query_length'];
$$;

comment on function pgsearch._hit_feature_names() is 'The names of what _hit_features gives, in its order.';

create or replace function pgsearch._hit_features(query text, hits jsonb)
returns table (at bigint, features float8[])
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    words      constant float8 := coalesce(cardinality(regexp_split_to_array(nullif(btrim(query), ''), E'\\s+')), 0);
    characters constant float8 := coalesce(char_length(btrim(query)), 0);
begin
    return query
    with hit as materialized (
        select h.at,
               -- without the zero point of adaptive scores, which is another in each search
               coalesce(h.hit #>> '{signals,fused}', h.hit ->> 'score')::float8
               - coalesce(h.hit #>> '{signals,average,contribution}', '0')::float8 as score,
               h.hit -> 'signals' as signals
          from jsonb_array_elements(hits) with ordinality as h(hit, at)
    ),
    signal as materialized (
        select h.at, s.name, s.place,
               (h.signals #>> array[s.name, 'score'])::float8 as score,
               (h.signals #>> array[s.name, 'contribution'])::float8 as contribution,
               (h.signals #>> array[s.name, 'rank'])::float8 as rank
          from hit as h
               cross join unnest(array['text', 'vector', 'title', 'lexical', 'neighbours']) with ordinality as s(name, place)
    ),
    parts as (
        select s.at, p.part, s.place, p.place as part_place
          from (select g.*, max(g.score) over (partition by g.name) as best from signal as g) as s
               cross join lateral (values (1, coalesce(s.score, 0)),
                                          (2, coalesce(s.contribution, 0)),
                                          (3, coalesce(1 / s.rank, 0)),
                                          (4, coalesce(s.score - s.best, 0))) as p(place, part)
    )
    select h.at,
           array[h.score, h.score - max(h.score) over (), 1::float8 / h.at]
           || (select array_agg(p.part order by p.place, p.part_place) from parts as p where p.at = h.at)
           || array[coalesce((h.signals #>> '{boosts,tags}')::float8, 0) + coalesce((h.signals #>> '{boosts,article}')::float8, 0),
                    coalesce((h.signals #>> '{text,weight}')::float8, 0),
                    words,
                    characters]
      from hit as h
     order by h.at;
end;
$$;

comment on function pgsearch._hit_features(text, jsonb) is
'What a learned reranker sees of each hit. Arguments: query, hits (JSON array in the order of the search; of each its
score and signals as search_hybrid gives them or the log keeps them). Returns at (from 1) and features (see
_hit_feature_names); what a signal does not say is 0.';

create or replace function pgsearch._learned_scores(model text, query text, hits jsonb)
returns table (chunk_id bigint, score float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    kept      record;
    trees     jsonb;
    tried     integer[];
    threshold float8[];
    lower     integer[];
    upper     integer[];
    leaf      float8[];
    roots     integer[];
    of_score  float8;
    hit       record;
    node      integer;
    root      integer;
    total     float8;
begin
    select m.model, m.features into kept
      from pgsearch.learned_models as m
     where m.name = _learned_scores.model
       and m.kind = 'reranker';

    if not found then
        raise exception using
            errcode = 'PS008',
            message = format('there is no learned reranker %s', coalesce(quote_literal(_learned_scores.model), 'null')),
            hint    = coalesce((select 'Rerankers here: ' || string_agg(m.name, ', ' order by m.name) from pgsearch.learned_models as m where m.kind = 'reranker'),
                               'There is none yet: pgsearch train reranker makes one.');
    end if;
    if kept.features <> pgsearch._hit_feature_names() then
        raise exception using
            errcode = 'PS008',
            message = format('the reranker %s was learned from other features than those of today', quote_literal(_learned_scores.model)),
            hint    = 'Train it anew: pgsearch train reranker.';
    end if;

    trees     := convert_from(kept.model, 'utf8')::jsonb;
    of_score  := (trees ->> 'of_score')::float8;
    tried     := array(select (e #>> '{}')::integer from jsonb_array_elements(trees -> 'feature') with ordinality as t(e, at) order by at);
    threshold := array(select (e #>> '{}')::float8 from jsonb_array_elements(trees -> 'threshold') with ordinality as t(e, at) order by at);
    lower     := array(select (e #>> '{}')::integer from jsonb_array_elements(trees -> 'lower') with ordinality as t(e, at) order by at);
    upper     := array(select (e #>> '{}')::integer from jsonb_array_elements(trees -> 'upper') with ordinality as t(e, at) order by at);
    leaf      := array(select (e #>> '{}')::float8 from jsonb_array_elements(trees -> 'leaf') with ordinality as t(e, at) order by at);
    roots     := array(select (e #>> '{}')::integer from jsonb_array_elements(trees -> 'roots') with ordinality as t(e, at) order by at);

    for hit in select f.at, f.features from pgsearch._hit_features(query, hits) as f loop
        total := of_score * hit.features[1];
        foreach root in array roots loop
            node := root;
            while tried[node] > 0 loop
                node := case when hit.features[tried[node]] <= threshold[node] then lower[node] else upper[node] end;
            end loop;
            total := total + leaf[node];
        end loop;
        chunk_id := (hits -> (hit.at - 1)::integer ->> 'chunk_id')::bigint;
        score    := total;
        return next;
    end loop;
end;
$$;

comment on function pgsearch._learned_scores(text, text, jsonb) is
'Score of each hit by the learned reranker model, higher is better. Arguments: query, hits (as _hit_features). The model
is JSON: of_score × fused score, plus of each tree (roots) the leaf that the features lead to (feature, from 1, 0 for a
leaf; <= threshold: lower, else upper; nodes from 1). Errors: PS008 unknown reranker, or one of other features.';
