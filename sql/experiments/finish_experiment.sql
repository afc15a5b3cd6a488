-- The end of an experiment: everybody gets the control again, and the results are kept.

create or replace function pgsearch.finish_experiment(experiment text)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen constant pgsearch.experiments := pgsearch._experiment(finish_experiment.experiment);
    found  jsonb;
begin
    select coalesce(jsonb_agg(to_jsonb(r)), '[]') into found from pgsearch.experiment_results(chosen.experiment) as r;

    update pgsearch.experiments as e
       set results     = coalesce(e.results, found),
           finished_at = coalesce(e.finished_at, now())
     where e.experiment = chosen.experiment
    returning e.results into found;

    return found;
end;
$$;

comment on function pgsearch.finish_experiment(text) is
'Ends an experiment, keeps its results where the retention of the log does not reach them, and returns them (array of the
rows of experiment_results); again is fine. Argument: experiment (its name).
Errors: PS003 unknown experiment.';
