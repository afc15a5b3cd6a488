-- One judged query of an offline experiment, searched with every variant and measured.

create or replace function pgsearch.evaluate_query(
    experiment text,
    query      text,
    embedding  vector  default null,
    k          integer default 10
)
returns table (variant text, ndcg float8, average_precision float8, reciprocal_rank float8, precision_at_k float8, recall_at_k float8, judged_at_k float8, latency_ms float8)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
as $$
#variable_conflict use_column
declare
    chosen     constant pgsearch.experiments := pgsearch._experiment(evaluate_query.experiment, 'offline');
    judged_ids text[];
    ratings    float8[];
begin
    perform pgsearch._check_range('k', evaluate_query.k, 1, 1000);
    select array_agg(j.doc_id order by j.doc_id), array_agg(j.rating order by j.doc_id)
      into judged_ids, ratings
      from pgsearch.judgments as j
     where j.judgment_list_id = chosen.judgment_list_id
       and j.query = evaluate_query.query;

    return query
    with searched as materialized (
        select v.value ->> 'name' as variant,
               pgsearch._search(evaluate_query.query, evaluate_query.embedding, case when chosen.collection <> '' then array[chosen.collection] end, 'auto',
                                evaluate_query.k, null, '{}', (v.value -> 'options') || '{"group_by_page": true, "snippet_length": 0}') as outcome
          from jsonb_array_elements(chosen.variants) as v
    ),
    measured as (
        select s.variant, d.doc_ids, (s.outcome #>> '{timings,total_ms}')::float8 as latency_ms, m.*
          from searched as s
               cross join lateral (select coalesce(array_agg(h ->> 'external_id' order by (h ->> 'rank')::integer), '{}') as doc_ids
                                     from jsonb_array_elements(s.outcome -> 'hits') as h) as d
               cross join lateral pgsearch.ranking_metrics(d.doc_ids, judged_ids, ratings, evaluate_query.k) as m
    ),
    stored as (
        insert into pgsearch.evaluation_results as r (experiment, variant, query, doc_ids, latency_ms, judged, metrics)
        select chosen.experiment, m.variant, evaluate_query.query, m.doc_ids, m.latency_ms,
               (select count(*) from unnest(m.doc_ids) as d where d = any (judged_ids)),
               jsonb_build_object('ndcg', m.ndcg, 'average_precision', m.average_precision, 'reciprocal_rank', m.reciprocal_rank,
                                  'precision_at_k', m.precision_at_k, 'recall_at_k', m.recall_at_k, 'judged_at_k', m.judged_at_k)
          from measured as m
        on conflict (experiment, variant, query) do update
           set doc_ids    = excluded.doc_ids,
               latency_ms = excluded.latency_ms,
               judged     = excluded.judged,
               metrics    = excluded.metrics
    )
    select m.variant, m.ndcg, m.average_precision, m.reciprocal_rank, m.precision_at_k, m.recall_at_k, m.judged_at_k, m.latency_ms
      from measured as m
     order by m.variant;
end;
$$;

comment on function pgsearch.evaluate_query(text, text, vector, integer) is
'Searches a query with every variant of an offline experiment, pages by their best chunk, stores what was found in
evaluation_results, and returns the measures of ranking_metrics and milliseconds of each variant.
Arguments:
- experiment (its name)
- query (spelled as in the judgment list)
- embedding (of the query; null: without the vector signal)
- k (cut-off, 1 .. 1000)
No rows for a query with nothing relevant judged.
Errors: PS003 unknown experiment or one of another type, k out of range, PS004 wrong dimensions.';
