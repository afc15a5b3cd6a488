-- Many searches and events in one call: what a buffering logger sends.
--
-- All at once, because that is several times as fast; one by one only when something among them is refused, so that it
-- refuses nothing but itself.

create or replace function pgsearch.log_batch(entries jsonb)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
    -- in this order: an event after its search, an end after what was said
    types    constant text[] := '{search,event,feedback,message,turn,finish}';
    refused  jsonb[] := '{}';
    batch    record;
    one      record;
    of_type  jsonb;
    outcome  jsonb;
    stored   bigint := 0;
    repeated bigint := 0;
    sampled  bigint := 0;
begin
    if jsonb_typeof(entries) is distinct from 'array' then
        raise exception using
            errcode = 'PS003',
            message = format('the entries of a log must be a JSON array, not %s', coalesce(jsonb_typeof(entries), 'null')),
            hint    = 'Give [{"type": "search", "query": "...", ...}, {"type": "event", "query_id": "...", "action_name": "click", ...}].';
    end if;

    -- one look at the entries, because each costs as much as a row of the log
    for batch in
        select types[k.place] as type,
               array_agg(e.at - 1 order by e.at) as indexes,
               bool_or(e.entry ->> case k.place when 1 then 'query_id' else 'event_id' end is null) as some_without_id
          from jsonb_array_elements(entries) with ordinality as e(entry, at)
               cross join lateral (select array_position(types, e.entry ->> 'type') as place) as k
         where k.place is null
            or e.entry -> 'log' is distinct from 'false'
         group by k.place
         order by k.place
    loop
        if batch.type is null then
            select refused || array_agg(jsonb_build_object('index', i, 'error', format('type must be one of: %s', array_to_string(types, ', '))))
              into refused
              from unnest(batch.indexes) as i;
            continue;
        end if;
        -- a batch of one type goes on as it came
        of_type := case
                   when cardinality(batch.indexes) = jsonb_array_length(entries) then entries
                   else (select jsonb_agg(entries -> i::integer order by i) from unnest(batch.indexes) as i)
                   end;
        begin
            outcome  := pgsearch._store_log(batch.type, of_type, batch.some_without_id);
            stored   := stored + (outcome ->> 'stored')::bigint;
            repeated := repeated + (outcome ->> 'duplicates')::bigint;
            sampled  := sampled + coalesce((outcome ->> 'sampled_out')::bigint, 0);
        exception
            when sqlstate 'PS001' or sqlstate 'PS002' or sqlstate 'PS003' or data_exception or integrity_constraint_violation or program_limit_exceeded then
                for one in
                    select e.entry, i.index
                      from jsonb_array_elements(of_type) with ordinality as e(entry, at)
                           join unnest(batch.indexes) with ordinality as i(index, at) using (at)
                loop
                    begin
                        outcome  := pgsearch._store_log(batch.type, jsonb_build_array(one.entry), batch.some_without_id);
                        stored   := stored + (outcome ->> 'stored')::bigint;
                        repeated := repeated + (outcome ->> 'duplicates')::bigint;
                        sampled  := sampled + coalesce((outcome ->> 'sampled_out')::bigint, 0);
                    exception
                        when sqlstate 'PS001' or sqlstate 'PS002' or sqlstate 'PS003' or data_exception or integrity_constraint_violation or program_limit_exceeded then
                            -- an array grows in place, a JSON value is copied each time
                            refused := array_append(refused, jsonb_build_object('index', one.index, 'error', sqlerrm));
                    end;
                end loop;
        end;
    end loop;

    return jsonb_build_object('stored', stored, 'duplicates', repeated, 'sampled_out', sampled,
                              'rejected', (select coalesce(jsonb_agg(r order by (r ->> 'index')::bigint), '[]') from unnest(refused) as r));
end;
$$;

comment on function pgsearch.log_batch(jsonb) is
'Stores many searches, events, messages and turns; again the same changes nothing.
Arguments:
- entries: array of objects with "type": "search" (and the keys of log_search), "event" (and the columns of
  pgsearch.events: query_id, action_name, object_id, position, dwell_ms, value, event_id, ts ...), "feedback" (and the
  arguments of log_feedback, the keys of its context among them), "message" (and the keys of log_message), "turn" (and the
  arguments of log_turn, the keys of its context among them) or "finish" (and conversation_id, user_id, ts: that conversation
  is over, and decided about at the next upkeep). Give query_id, event_id, message_id and answer_id (uuid7), so that a retry
  is known
Returns {"stored": n, "duplicates": n, "sampled_out": n, "rejected": [{"index": from 0, "error": "..."}]}: a bad entry
refuses nothing but itself.
Error: PS003 when entries is no array. Whatever else fails, a lost connection or a full disk, stores nothing at all.
Example:
select pgsearch.log_batch(''[{"type": "search", "query": "roses"}, {"type": "search", "query": "tulips"}]'');';

create or replace function pgsearch._store_log(type text, entries jsonb, some_without_id boolean)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    id      constant text := case type when 'search' then 'query_id' else 'event_id' end;
    told    record;
    outcome jsonb;
begin
    if type = 'message' then
        return pgsearch._store_messages(entries);
    end if;

    -- counted as one: a turn is stored when any message of it is
    if type = 'turn' then
        outcome := pgsearch._store_messages(pgsearch._turn_messages(entries));
        return (select jsonb_build_object('stored', n.turns, 'duplicates', jsonb_array_length(entries) - n.turns)
                  from (select (outcome ->> 'stored')::bigint - (outcome ->> 'answers')::bigint as turns) as n);
    end if;

    if type = 'finish' then
        return pgsearch._finish_conversations((select jsonb_agg(e.entry - 'type' order by e.at)
                                                 from jsonb_array_elements(entries) with ordinality as e(entry, at)));
    end if;

    -- counted by its first event: the second comes and goes with it
    if type = 'feedback' then
        select f.events, f.opinions into told from pgsearch._feedback_events(entries) as f;
        outcome := pgsearch._store_events(told.events);
        if told.opinions is not null then
            perform pgsearch._store_events(told.opinions);
        end if;
        return outcome;
    end if;

    if some_without_id then
        perform pgsearch._check_log_entries(entries, type);
        select jsonb_agg(pgsearch._with_log_id(e.entry, id) order by e.at)
          into entries
          from jsonb_array_elements(entries) with ordinality as e(entry, at);
    end if;

    return case type when 'search' then pgsearch._store_searches(entries) else pgsearch._store_events(entries) end;
end;
$$;

comment on function pgsearch._store_log(text, jsonb, boolean) is
'Stores an array of entries of one type (search, event, feedback, message, turn, finish), with an id made for those that have none, if
some_without_id. Returns and errors as _store_searches, _store_events, _store_messages and _finish_conversations.';
