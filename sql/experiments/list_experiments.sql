-- The comparisons that were set up, running and ended.

create or replace function pgsearch.list_experiments()
returns table (
    experiment      text,
    experiment_type text,
    collection      text,
    variants        text[],
    started_at      timestamptz,
    finished_at     timestamptz
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select e.experiment, e.experiment_type, e.collection,
           array(select v.variant ->> 'name' from jsonb_array_elements(e.variants) with ordinality as v(variant, at) order by v.at),
           e.started_at, e.finished_at
      from pgsearch.experiments as e
     order by e.started_at, e.experiment;
end;
$$;

comment on function pgsearch.list_experiments() is
'The experiments, in the order in which they began.
Returns experiment, experiment_type (offline, ab_test, interleaving), collection, variants (their names, the control
first), started_at, finished_at (null: it runs).
Example:
select experiment, variants, finished_at from pgsearch.list_experiments();';
