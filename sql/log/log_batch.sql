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
    sent     record;
    rejected jsonb;
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
    select array_agg(e.at - 1 order by e.at) filter (where k.type = 'search' and k.wanted) as searches,
           array_agg(e.at - 1 order by e.at) filter (where k.type = 'event' and k.wanted) as events,
           array_agg(e.at - 1 order by e.at) filter (where k.type = 'feedback' and k.wanted) as feedbacks,
           array_agg(e.at - 1 order by e.at) filter (where k.type = 'message' and k.wanted) as messages,
           coalesce(jsonb_agg(jsonb_build_object('index', e.at - 1, 'error', 'type must be "search", "event", "feedback" or "message"')
                              order by e.at)
                        filter (where coalesce(k.type, '') not in ('search', 'event', 'feedback', 'message')), '[]') as rejected,
           coalesce(bool_or(k.id is null), true) as some_without_id
      into sent
      from jsonb_array_elements(entries) with ordinality as e(entry, at)
           cross join lateral (select e.entry ->> 'type' as type,
                                      e.entry -> 'log' is distinct from 'false' as wanted,
                                      e.entry ->> case e.entry ->> 'type' when 'search' then 'query_id' else 'event_id' end as id) as k;
    rejected := sent.rejected;

    for batch in
        select t.type, t.indexes
          from (values (1, 'search', sent.searches), (2, 'event', sent.events), (3, 'feedback', sent.feedbacks),
                       (4, 'message', sent.messages)) as t(at, type, indexes)
         where t.indexes is not null
         order by t.at
    loop
        -- a batch of one type goes on as it came
        of_type := case
                   when cardinality(batch.indexes) = jsonb_array_length(entries) then entries
                   else (select jsonb_agg(entries -> i::integer order by i) from unnest(batch.indexes) as i)
                   end;
        begin
            outcome  := pgsearch._store_log(batch.type, of_type, sent.some_without_id);
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
                        outcome  := pgsearch._store_log(batch.type, jsonb_build_array(one.entry), sent.some_without_id);
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

    rejected := rejected || to_jsonb(refused);
    return jsonb_build_object('stored', stored, 'duplicates', repeated, 'sampled_out', sampled,
                              'rejected', (select coalesce(jsonb_agg(r order by (r ->> 'index')::bigint), '[]') from jsonb_array_elements(rejected) as r));
end;
$$;

comment on function pgsearch.log_batch(jsonb) is
'Stores many searches, events and messages; again the same changes nothing.
Arguments:
- entries: array of objects with "type": "search" (and the keys of log_search), "event" (and the columns of
  pgsearch.events: query_id, action_name, object_id, position, dwell_ms, value, event_id, ts ...), "feedback" (and the
  arguments of log_feedback, the keys of its context among them) or "message" (and the keys of log_message). Give
  query_id, event_id and message_id (uuid7), so that a retry is known
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
'Stores an array of entries of one type (search, event, feedback, message), with an id made for those that have none, if
some_without_id. Returns and errors as _store_searches, _store_events and _store_messages.';
