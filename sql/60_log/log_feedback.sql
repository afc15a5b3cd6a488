-- What a user did with the hits of a search: a click with its rank, whether it helped, or any other action.

create or replace function pgsearch.log_feedback(
    query_id         uuid,
    action_name      text    default 'click',
    clicked_rank     integer default null,
    clicked_chunk_id text    default null,
    dwell_ms         float8  default null,
    was_helpful      boolean default null,
    context          jsonb   default '{}'
)
returns uuid
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
    -- a click on nothing is none: then it is the opinion alone
    acted   constant boolean := clicked_rank is not null or clicked_chunk_id is not null or log_feedback.dwell_ms is not null
                                or coalesce(action_name, '') not in ('click', 'feedback') or context ->> 'object_id' is not null;
    entry   jsonb;
    entries jsonb := '[]';
begin
    if log_feedback.query_id is null then
        raise exception using
            errcode = 'PS003',
            message = 'feedback without the id of its search cannot be logged',
            hint    = 'Give the query_id that search() or log_search() returned.';
    end if;
    perform pgsearch._check_log_entries(jsonb_build_array(coalesce(context, '{}')), 'event');
    if not acted and was_helpful is null and context ->> 'value' is null then
        raise exception using
            errcode = 'PS003',
            message = format('there is nothing to log: no hit, no opinion, action %s', coalesce(quote_literal(action_name), 'null')),
            hint    = 'Give clicked_rank (from 1) or clicked_chunk_id, or was_helpful, or another action_name.';
    end if;

    entry := pgsearch._with_log_id(coalesce(context, '{}'), 'event_id') || jsonb_build_object('query_id', log_feedback.query_id);
    if acted or was_helpful is null then
        entries := jsonb_build_array(jsonb_strip_nulls(
            entry || jsonb_build_object('action_name', action_name, 'position', coalesce(to_jsonb(clicked_rank), context -> 'position'),
                                        'dwell_ms', coalesce(to_jsonb(log_feedback.dwell_ms), context -> 'dwell_ms'))
            || case when clicked_chunk_id is null then '{}' else jsonb_build_object('object_id', clicked_chunk_id, 'object_id_type', coalesce(context ->> 'object_id_type', 'chunk')) end
            || case when action_name = 'feedback' and was_helpful is not null then jsonb_build_object('value', was_helpful::integer) else '{}' end));
    end if;
    if was_helpful is not null and not (acted and action_name = 'feedback') then
        -- of the first id when there are two rows, so that a retry of both is known
        entries := entries || jsonb_build_array(
            entry || jsonb_build_object('action_name', 'feedback', 'value', was_helpful::integer)
            || case when entries = '[]' then '{}'
                    else jsonb_build_object('event_id', left(entry ->> 'event_id', 24) || left(md5(entry ->> 'event_id'), 12)) end
            || case when clicked_chunk_id is null then '{}' else jsonb_build_object('object_id', clicked_chunk_id, 'object_id_type', coalesce(context ->> 'object_id_type', 'chunk')) end);
    end if;
    perform pgsearch._store_events(entries);

    return (entry ->> 'event_id')::uuid;
end;
$$;

comment on function pgsearch.log_feedback(uuid, text, integer, text, float8, boolean, jsonb) is
'Stores what a user did with a search.
Arguments:
- query_id: as search() or log_search() gave it; the search itself may be stored later
- action_name: click, impression, or any action of the UBI standard (at most 100 characters)
- clicked_rank: rank of the hit as shown, from 1
- clicked_chunk_id: its chunk_id as text (without it: the hit at clicked_rank, when the search is stored already)
- dwell_ms: milliseconds spent on it
- was_helpful: an opinion, stored as a row of its own (action feedback, value 1 or 0), on the hit or, without one, on
  the whole answer
- context: more columns of events (event_id, ts, user_id, client_id, session_id, application, object_id, object_id_type,
  message, event_attributes ...)
Returns the event_id; a second call with the same event_id in context changes nothing.
Errors: PS002 unknown key of context; PS003 no query_id, nothing to log, rank below 1, negative or NaN time, an id that
is no UUIDv7, a time more than a day ahead.
Example:
select pgsearch.log_feedback((pgsearch.search(''전기차 보조금'') ->> ''query_id'')::uuid, clicked_rank => 1);';
