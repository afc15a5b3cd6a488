-- What a user did with the hits of a search: a click with its rank, whether it helped, or any other action.
--
-- What a feedback means is said once, in _feedback_events: log_batch, which loggers send to, asks it too.

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
    entry constant jsonb := coalesce(context, '{}')
                            || jsonb_build_object('query_id', log_feedback.query_id, 'action_name', action_name)
                            || jsonb_strip_nulls(jsonb_build_object('clicked_rank', clicked_rank, 'clicked_chunk_id', clicked_chunk_id,
                                                                    'dwell_ms', log_feedback.dwell_ms, 'was_helpful', was_helpful));
    told  record;
begin
    select f.events, f.opinions into told from pgsearch._feedback_events(jsonb_build_array(entry)) as f;
    perform pgsearch._store_events(told.events || coalesce(told.opinions, '[]'));

    return (told.events #>> '{0,event_id}')::uuid;
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
- was_helpful: an opinion, stored as a row of its own (action feedback, value 1 or 0) beside another action, on the hit
  or, without one, on the whole answer
- context: more columns of events, which the arguments go before (event_id, ts, user_id, client_id, session_id,
  application, object_id, object_id_type, message, event_attributes ...)
Returns the event_id; a second call with the same event_id in context changes nothing.
Errors: PS002 unknown key of context; PS003 no query_id, nothing to log, rank below 1, negative or NaN time, an id that
is no UUIDv7, a time more than a day ahead.
Example:
select pgsearch.log_feedback((pgsearch.search(''전기차 보조금'') ->> ''query_id'')::uuid, clicked_rank => 1);';
