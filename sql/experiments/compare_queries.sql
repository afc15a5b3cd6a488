-- The queries behind a figure of an experiment: which of them a variant answers better, and which worse.

create or replace function pgsearch.compare_queries(experiment text, measure text default 'ndcg')
returns table (query text, variant text, value float8, control float8, difference float8, judged float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen constant pgsearch.experiments := pgsearch._experiment(compare_queries.experiment, 'offline');
    first  constant text := chosen.variants #>> '{0,name}';
begin
    if measure is null or measure not in ('ndcg', 'average_precision', 'reciprocal_rank', 'precision_at_k', 'recall_at_k') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown measure %s', coalesce(quote_literal(measure), 'null')),
            hint    = 'Known measures: ndcg, average_precision, reciprocal_rank, precision_at_k, recall_at_k.';
    end if;

    return query
    select r.query, r.variant, m.value, m.control, m.value - m.control, (r.metrics ->> 'judged_at_k')::float8
      from pgsearch.evaluation_results as r
           join pgsearch.evaluation_results as c on c.experiment = r.experiment and c.query = r.query and c.variant = first
           cross join lateral (select (r.metrics ->> compare_queries.measure)::float8 as value,
                                      (c.metrics ->> compare_queries.measure)::float8 as control) as m
     where r.experiment = chosen.experiment
       and r.variant <> first
     order by abs(m.value - m.control) desc, r.query, r.variant;
end;
$$;

comment on function pgsearch.compare_queries(text, text) is
'The queries that an offline experiment measured, each variant beside the first, those that differ most first.
Arguments:
- experiment (its name)
- measure (ndcg, average_precision, reciprocal_rank, precision_at_k, recall_at_k)
Returns query, variant, value, control (of the first variant), difference, judged (share of what the variant shows that
anybody judged).
Errors: PS002 unknown measure, PS003 unknown experiment or one of another type.';
