-- The queries that an offline experiment is about.

create or replace function pgsearch.list_experiment_queries(experiment text)
returns table (query text, judgments bigint)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen constant pgsearch.experiments := pgsearch._experiment(list_experiment_queries.experiment, 'offline');
begin
    return query
    select j.query, count(*)
      from pgsearch.judgments as j
     where j.judgment_list_id = chosen.judgment_list_id
       and (chosen.query_set_id is null
            or j.query in (select e.query from pgsearch.query_set_entries as e where e.query_set_id = chosen.query_set_id))
     group by j.query
    having bool_or(j.rating > 0)
     order by j.query;
end;
$$;

comment on function pgsearch.list_experiment_queries(text) is
'The queries of an offline experiment that have something relevant among their judgments, with the number of those: what
evaluate_query is to be called with.
Errors: PS003 unknown experiment or one of another type.';
