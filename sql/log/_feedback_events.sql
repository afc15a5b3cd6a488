-- A feedback as the events that it means: an action, an opinion, or both.

create or replace function pgsearch._feedback_events(entries jsonb, out events jsonb, out opinions jsonb)
returns record
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    -- before anything is cast: what they are is looked at below
    helpful constant integer[] := array(select case e.entry -> 'was_helpful' when 'true' then 1 when 'false' then 0 end
                                          from jsonb_array_elements(entries) with ordinality as e(entry, at)
                                         order by e.at);
    wrong   text;
    nothing text;
begin
    select jsonb_typeof(e.entry -> 'was_helpful')
      into wrong
      from jsonb_array_elements(entries) as e(entry)
     where jsonb_typeof(e.entry -> 'was_helpful') not in ('boolean', 'null')
     limit 1;
    if found then
        raise exception using
            errcode = 'PS003',
            message = format('"was_helpful" cannot be logged: it is a %s', wrong),
            hint    = 'It must be a JSON boolean.';
    end if;

    select jsonb_agg((e.entry - array['clicked_rank', 'clicked_chunk_id', 'was_helpful'])
                     || case when e.entry ->> 'action_name' is null then jsonb_build_object('action_name', 'click') else '{}' end
                     || case when e.entry ->> 'clicked_rank' is null then '{}'
                             else jsonb_build_object('position', e.entry -> 'clicked_rank') end
                     || case when e.entry ->> 'clicked_chunk_id' is null then '{}'
                             else jsonb_build_object('object_id', e.entry -> 'clicked_chunk_id')
                                  || case when e.entry ->> 'object_id_type' is null
                                          then jsonb_build_object('object_id_type', 'chunk') else '{}' end end
                     order by e.at)
      into events
      from jsonb_array_elements(entries) with ordinality as e(entry, at);
    perform pgsearch._check_log_entries(events, 'event');

    if exists (select from jsonb_array_elements(events) as e where e ->> 'query_id' is null) then
        raise exception using
            errcode = 'PS003',
            message = 'feedback without the id of its search cannot be logged',
            hint    = 'Give the query_id that search() or log_search() returned.';
    end if;

    with told as materialized (
        select e.at,
               pgsearch._with_log_id(e.entry, 'event_id') as entry,
               helpful[e.at] as helpful,
               e.entry ->> 'action_name' as action,
               -- a click on nothing is none: then it is the opinion alone
               e.entry ->> 'position' is not null or e.entry ->> 'object_id' is not null or e.entry ->> 'dwell_ms' is not null
               or e.entry ->> 'action_name' not in ('click', 'feedback') as acted
          from jsonb_array_elements(events) with ordinality as e(entry, at)
    ),
    meant as (
        select t.*, case when t.acted then t.action else 'feedback' end as meaning
          from told as t
    )
    select jsonb_agg(m.entry || jsonb_build_object('action_name', m.meaning)
                     || case when m.meaning = 'feedback' and m.helpful is not null then jsonb_build_object('value', m.helpful) else '{}' end
                     order by m.at),
           jsonb_agg((m.entry - 'dwell_ms') || jsonb_build_object('action_name', 'feedback', 'value', m.helpful,
                                                                  -- made of the first id, so that a retry of both is known
                                                                  'event_id', left(i.id, 24) || left(md5(i.id), 12))
                     order by m.at) filter (where m.meaning <> 'feedback' and m.helpful is not null),
           min(m.action) filter (where not m.acted and m.helpful is null and m.entry ->> 'value' is null)
      into events, opinions, nothing
      from meant as m
           -- an id is the same in any spelling
           cross join lateral (select (m.entry ->> 'event_id')::uuid::text as id) as i;

    if nothing is not null then
        raise exception using
            errcode = 'PS003',
            message = format('there is nothing to log: no hit, no opinion, action %s', quote_literal(nothing)),
            hint    = 'Give clicked_rank (from 1) or clicked_chunk_id, or was_helpful, or another action_name.';
    end if;
end;
$$;

comment on function pgsearch._feedback_events(jsonb) is
'What an array of feedbacks means. Each is an object with query_id, action_name (null: click), clicked_rank, clicked_chunk_id,
was_helpful (goes before value) and other columns of events.
events: one of each, with an id made where there is none;
opinions: a second of those that are an action and an opinion, null when there are none.
Errors as log_feedback; one bad entry refuses them all.';
