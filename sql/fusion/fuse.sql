-- One order out of several signals: the strategies, side by side.
--
-- Scores come in long form, a row for each candidate and signal, so that a new signal is a new name and not a new
-- column. Every strategy is then the same three steps: bring each signal to a common scale, multiply by its weight, add
-- up. Only the scale differs.

create or replace function pgsearch._contributions(
    fusion           text,
    chunk_ids        bigint[],
    signal_names     text[],
    signal_scores    float8[],
    weights          jsonb,
    rrf_k            float8,
    word_information float8,
    adaptive         jsonb default '{}'
)
returns table (chunk_id bigint, signal text, score float8, rank integer, factor float8, contribution float8)
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    weight   constant jsonb  := pgsearch._signal_weights(_contributions.fusion)
                                || jsonb_strip_nulls(coalesce(_contributions.weights, '{}'));
    settings constant jsonb  := pgsearch.default_settings() -> 'adaptive' || coalesce(_contributions.adaptive, '{}');
    alike    constant float8 := (settings ->> 'least_deviation')::float8;
begin
    return query
    with given as (
        select g.chunk_id,
               g.signal,
               g.score,
               row_number() over (partition by g.signal order by g.score desc, g.chunk_id) as rank
          from unnest(_contributions.chunk_ids, _contributions.signal_names, _contributions.signal_scores) as g(chunk_id, signal, score)
         where g.score is not null
    ),
    shape as (
        select g.signal,
               min(g.score) as least,
               max(g.score) as most,
               avg(g.score) as mean,
               case when stddev_pop(g.score) > alike then stddev_pop(g.score) end as deviation,
               coalesce((weight ->> g.signal)::float8, 1) as weight
          from given as g
         group by g.signal
    ),
    -- what both move by decides what each counts, so words are told by the deviation of the vectors
    unit as (
        select stddev_pop(1::float8 / (2::float8 - g.score)) / (select s.deviation from shape as s where s.signal = 'text') as of_text
          from given as g
         where g.signal = 'vector'
    ),
    trust as (
        select case when _contributions.fusion in ('adaptive', 'weighted') and exists (select from shape as v where v.signal = 'vector')
                    then pgsearch._text_trust(settings, word_information, avg(((g.score - s.mean) / s.deviation) ^ 3))
                    else 1 end as in_text
          from given as g
               join shape as s on s.signal = g.signal
         where g.signal = 'text'
    ),
    scaled as (
        select g.chunk_id,
               g.signal,
               g.score,
               g.rank,
               case g.signal when 'text' then s.weight * t.in_text else s.weight end as factor,
               case _contributions.fusion
               when 'rrf'          then 1::float8 / (rrf_k + g.rank)
               when 'rrf_boost'    then 1::float8 / (rrf_k + g.rank)
               when 'convex'       then coalesce((g.score - s.least) / nullif(s.most - s.least, 0), 1)
               -- not cut at three deviations, as others do: the best texts stand four to ten above the mean
               when 'distribution' then coalesce((g.score - s.mean) / (6::float8 * s.deviation), 0) + 0.5::float8
               when 'weighted'     then case g.signal when 'vector' then 1::float8 / (2::float8 - g.score)
                                                      when 'text'   then g.score * coalesce(u.of_text, 1 / nullif(s.most, 0), 0)
                                                      else g.score end
               when 'legacy'       then g.score
               -- titles are bonuses for the few pages that have them, not scores of everyone
               when 'adaptive'     then case when g.signal in ('title', 'lexical') then g.score else coalesce((g.score - s.mean) / s.deviation, 0) end
               end as value
          from given as g
               join shape as s on s.signal = g.signal
               cross join trust as t
               cross join unit as u
    )
    select v.chunk_id, v.signal, v.score, v.rank::integer, v.factor, v.factor * v.value
      from scaled as v;
end;
$$;

comment on function pgsearch._contributions(text, bigint[], text[], float8[], jsonb, float8, float8, jsonb) is
'What each signal contributes to each candidate, in long form: fuse before adding up. Arguments as fuse. Returns
chunk_id, signal, score (as given), rank from 1, factor (weight applied), contribution.';

create or replace function pgsearch.fuse(
    fusion           text,
    chunk_ids        bigint[],
    signal_names     text[],
    signal_scores    float8[],
    weights          jsonb  default '{}',
    rrf_k            float8 default 60,
    word_information float8 default 20,
    adaptive         jsonb  default '{}'
)
returns table (chunk_id bigint, score float8, signals text[], raw_scores float8[], ranks integer[], factors float8[], contributions float8[])
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if cardinality(chunk_ids) is distinct from cardinality(signal_names)
       or cardinality(chunk_ids) is distinct from cardinality(signal_scores)
       or signal_scores && '{NaN,Infinity,-Infinity}'::float8[] then
        raise exception using
            errcode = 'PS003',
            message = format('%s chunk_ids, %s signal_names and %s signal_scores, of which %s are not finite',
                             cardinality(chunk_ids), cardinality(signal_names), cardinality(signal_scores),
                             (select count(*) from unnest(signal_scores) as s where s in ('NaN', 'Infinity', '-Infinity'))),
            hint    = 'Give one signal name and one finite score, or null, for each chunk_id.';
    end if;

    perform pgsearch._check_fusion(fuse.fusion);
    perform pgsearch._check_range('rrf_k', rrf_k, 0, 1000000);
    perform pgsearch._check_settings(jsonb_build_object('weights', coalesce(fuse.weights, '{}'),
                                                        'adaptive', coalesce(fuse.adaptive, '{}')));

    return query
    select c.chunk_id,
           sum(c.contribution),
           array_agg(c.signal order by c.signal),
           array_agg(c.score order by c.signal),
           array_agg(c.rank order by c.signal),
           array_agg(c.factor order by c.signal),
           array_agg(c.contribution order by c.signal)
      from pgsearch._contributions(
               fuse.fusion, fuse.chunk_ids, fuse.signal_names, fuse.signal_scores, fuse.weights,
               rrf_k, word_information, fuse.adaptive) as c
     group by c.chunk_id
     order by 2 desc, 1;
end;
$$;

comment on function pgsearch.fuse(text, bigint[], text[], float8[], jsonb, float8, float8, jsonb) is
'Fused score of each candidate.
Arguments:
- fusion (strategy)
- chunk_ids (one element for each candidate and signal, as in the two that follow)
- signal_names (text, vector, title, lexical, neighbours ...)
- signal_scores (higher is better; null: left out)
- weights (by signal; null or missing: as the strategy has them)
- rrf_k
- word_information (of strategy adaptive: the root of the sum of weight × idf^2 over the query''s words)
- adaptive (constants of strategy adaptive, as in default_settings; what is missing is as there)
Returns each candidate once, best first, ties by chunk_id: score, and parallel arrays of its signals: raw_scores, ranks,
factors (weights applied) and contributions; the contributions sum to the score.
Strategies: rrf, rrf_boost: weight / (rrf_k + rank) (Cormack, Clarke and Buettcher 2009). convex: scores scaled to 0 ..
1 between their least and their greatest. distribution: mean - 3 standard deviations become 0, mean + 3 become 1,
without a cut.
weighted: 1 / (1 + cosine distance) for vectors; for text beside them the score in the deviation of that (score × its
standard deviation / that of the scores), weighed as adaptive weighs it, and without them score / greatest; the scores
themselves otherwise. legacy: the scores themselves.
adaptive: standard scores z (distance from the mean in standard deviations); the weight of the
text signal, beside vectors, is e^(text_shift + information × ln(word_information / typical_information) + skewness ×
mean of z^3 of the text scores), all but text_shift within least_exponent .. most_exponent (1.2, 20, 0.5, -1.5 and 2 were
chosen on train queries, see benchmarks/results.md).
Errors: PS002 unknown strategy, signal or constant, PS003 weight, rrf_k or a constant out of range.
Example:
select chunk_id, score, contributions
  from pgsearch.fuse(''rrf'', ''{1,2,1}'', ''{text,text,vector}'', ''{9.5,7.1,0.8}'');';
