-- Training data for late interaction: token scores of searches whose outcome is known.

create or replace function pgsearch.export_late_interaction(collection text default null, max_rows integer default 1000)
returns table (
    log_id           text,
    query            text,
    max_sim_scores   jsonb,
    result_chunk_ids text[],
    clicked_rank     integer,
    was_helpful      boolean,
    logged_at        timestamptz
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsearch._check_range('max_rows', max_rows, 0, 100000000);

    return query
    select q.query_id::text,
           q.user_query,
           q.max_sim_scores,
           q.hit_ids,
           f.clicked_rank,
           f.was_helpful,
           q.ts
      from pgsearch.queries as q
           join (select e.query_id,
                        (array_agg(coalesce(array_position(s.hit_ids, e.object_id), e."position") order by e.ts, e.event_id) filter (where e.action_name = 'click'))[1] as clicked_rank,
                        (array_agg(e.value > 0 order by e.ts desc, e.event_id desc) filter (where e.action_name = 'feedback' and e.value is not null))[1] as was_helpful
                   from pgsearch.events as e
                        join pgsearch.queries as s on s.query_id = e.query_id
                  where s.late_interaction_enabled
                    and e.action_name in ('click', 'feedback')
                  group by e.query_id) as f on f.query_id = q.query_id
     where q.late_interaction_enabled
       and (f.clicked_rank is not null or f.was_helpful is not null)
       and (export_late_interaction.collection is null or q.collection = export_late_interaction.collection)
     order by q.ts desc, q.query_id desc
     limit export_late_interaction.max_rows;
end;
$$;

comment on function pgsearch.export_late_interaction(text, integer) is
'Searches with late interaction scores whose user clicked or judged, newest first.
Arguments:
- collection (null: all)
- max_rows (0 .. 100000000, 1000)
Returns log_id (query_id), query, max_sim_scores (as logged: MaxSim by hit, with the scores of each token where they
were given), result_chunk_ids (best first), clicked_rank (of the first click, from 1), was_helpful (the last word on
it), logged_at.
Error: PS003 max_rows out of range.';
