-- What an experiment says, each variant against the first, with how sure that is.

create or replace function pgsearch.experiment_results(experiment text)
returns table (variant text, measure text, units bigint, value float8, difference float8, low float8, high float8, p_value float8, judged float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen  constant pgsearch.experiments := pgsearch._experiment(experiment_results.experiment);
    control constant text := chosen.variants #>> '{0,name}';
begin
    if chosen.results is not null then
        return query
        select r.* from jsonb_to_recordset(chosen.results)
                     as r(variant text, measure text, units bigint, value float8, difference float8, low float8, high float8, p_value float8, judged float8);
        return;
    end if;

    if chosen.experiment_type = 'offline' then
        return query
        with measured as (
            select r.variant, r.query, m.key as measure, (m.value #>> '{}')::float8 as value, (r.metrics ->> 'judged_at_k')::float8 as judged
              from pgsearch.evaluation_results as r
                   cross join lateral jsonb_each(r.metrics) as m
             where r.experiment = chosen.experiment
               and m.key <> 'judged_at_k'
        ),
        compared as (
            select v.variant,
                   v.measure,
                   count(*) as units,
                   avg(v.value) as value,
                   avg(v.judged) as judged,
                   array_agg(v.value - c.value order by v.query) filter (where c.value is not null and v.variant <> control) as differences
              from measured as v
                   left join measured as c on c.variant = control and c.query = v.query and c.measure = v.measure
             group by v.variant, v.measure
        )
        select c.variant, c.measure, c.units, c.value, t.mean, t.low, t.high, t.p_value, c.judged
          from compared as c
               left join lateral pgsearch._paired_test(c.differences) as t on true
         order by c.measure, c.variant <> control, c.variant;
    elsif chosen.experiment_type = 'ab_test' then
        return query
        with searches as (
            select q.variant,
                   coalesce(q.user_id, q.client_id, q.session_id, q.query_id::text) as unit,
                   q.sample_weight as weight,
                   (q.result_count = 0)::integer::float8 as no_result,
                   (c.best is not null)::integer::float8 as clicked,
                   coalesce(1::float8 / c.best, 0) as reciprocal_rank
              from pgsearch.queries as q
                   left join (select e.query_id, min(coalesce(e."position", 1000)) as best
                                from pgsearch.events as e
                               where e.action_name = 'click'
                                 and e.ts >= chosen.started_at
                               group by e.query_id) as c on c.query_id = q.query_id
             where q.experiment = chosen.experiment
               and q.ts >= chosen.started_at - interval '1 day'
               and q.variant is not null
        ),
        -- a user, not a search, is what was assigned, so a user counts once
        by_unit as (
            select s.variant, s.unit, m.measure, sum(m.value * s.weight) / sum(s.weight) as value
              from searches as s
                   cross join lateral (values ('no_result_rate', s.no_result), ('click_through_rate', s.clicked), ('reciprocal_rank', s.reciprocal_rank)) as m(measure, value)
             group by s.variant, s.unit, m.measure
        ),
        by_variant as (
            select u.variant, u.measure, count(*) as units, avg(u.value) as value, var_samp(u.value) / count(*) as variance
              from by_unit as u
             group by u.variant, u.measure
        )
        select v.variant, v.measure, v.units, v.value, d.difference, d.difference - 1.96::float8 * d.error, d.difference + 1.96::float8 * d.error,
               pgsearch._two_sided_p(d.difference / nullif(d.error, 0)), null::float8
          from by_variant as v
               left join by_variant as c on c.variant = control and c.measure = v.measure and v.variant <> control
               cross join lateral (select v.value - c.value as difference, sqrt(v.variance + c.variance) as error) as d
         order by v.measure, v.variant <> control, v.variant;
    else
        return query
        with votes as (
            select q.query_id,
                   count(distinct e.object_id) filter (where (q.query_attributes -> 'teams' ->> (array_position(q.hit_ids, e.object_id) - 1))::integer = 1) as first,
                   count(distinct e.object_id) filter (where (q.query_attributes -> 'teams' ->> (array_position(q.hit_ids, e.object_id) - 1))::integer = 2) as second
              from pgsearch.queries as q
                   join pgsearch.events as e on e.query_id = q.query_id and e.action_name = 'click' and e.object_id is not null
             where q.experiment = chosen.experiment
               and q.ts >= chosen.started_at - interval '1 day'
             group by q.query_id
        ),
        won as (
            select array_agg(sign(v.second - v.first)::float8 order by v.query_id) as differences
              from votes as v
             where v.first + v.second > 0
        )
        select chosen.variants #>> '{1,name}', 'preference'::text, cardinality(w.differences)::bigint, 0.5::float8 + t.mean / 2, t.mean, t.low, t.high, t.p_value, null::float8
          from won as w
               cross join lateral pgsearch._paired_test(w.differences) as t;
    end if;
end;
$$;

comment on function pgsearch.experiment_results(text) is
'What an experiment says so far. Argument: experiment (its name).
Returns for each variant and measure: units (queries; users of an ab_test; searches with a click when interleaving),
value (mean), and against the first variant: difference, low and high (its 95 % interval), p_value (two-sided), judged
(offline: share of what was shown that is judged at all; low coverage makes the measures unsure).
offline: the measures of ranking_metrics, paired by query, bootstrap and randomisation test. ab_test: click_through_rate
(searches with a click), reciprocal_rank of the best click (0 without), no_result_rate; a user counts once, the interval
is Welch''s by the normal distribution, for some dozens of users and more.
interleaving: preference, the share of searches that the second variant won, ties half; difference is wins minus losses
by searches.
Errors: PS003 unknown experiment.';
