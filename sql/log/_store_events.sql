-- What users did, into the log: clicks, impressions, feedback, and any action of the User Behavior Insights standard.
--
-- An event may come before its search: searches and events are written by different machines, and neither waits for the other.

create or replace function pgsearch._store_events(entries jsonb)
returns jsonb
language plpgsql volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    kept   record;
    told   record;
    asked  timestamptz;
    latest timestamptz;
begin
    perform pgsearch._check_log_entries(entries, 'event');
    entries := pgsearch._bound_entries(entries);
    if exists (select from jsonb_array_elements(entries) as e where coalesce(e ->> 'action_name', '') = '') then
        raise exception using
            errcode = 'PS003',
            message = 'an event without its action_name cannot be logged',
            hint    = 'Usual ones: click, impression, feedback (value 1 helpful, 0 not), add_to_cart, purchase, view, watch.';
    end if;
    select * into strict kept from pgsearch.log_settings;
    if kept.hash_users or kept.mask <> '' then
        entries := pgsearch._private_entries(entries, kept.hash_users, kept.mask, kept.user_salt);
    end if;
    perform pgsearch._check_log_times(array(select pgsearch._uuid_time((e ->> 'event_id')::uuid) from jsonb_array_elements(entries) as e), kept.keep_events, 'events');

    -- a rank tells which hit it was, when the search is stored already
    select min(pgsearch._uuid_time((e ->> 'query_id')::uuid)), max(pgsearch._uuid_time((e ->> 'query_id')::uuid))
      into asked, latest
      from jsonb_array_elements(entries) as e
     where e ->> 'object_id' is null
       and e ->> 'position' is not null;
    if asked is not null then
        entries := pgsearch._with_objects(entries, asked, latest);
    end if;

    with entry as materialized (
        select e.*, pgsearch._uuid_time(e.event_id) as ts_of_id
          from jsonb_to_recordset(entries) as e(
                   event_id uuid, action_name text, query_id uuid, external_query_id text, application text, client_id text, user_id text, session_id text, object_id text,
                   object_id_type text, object_id_field text, internal_id text, "position" integer, position_xy jsonb, dwell_ms float8, value float8, user_query text,
                   message_type text, message text, event_attributes jsonb)
    ),
    stored as (
        insert into pgsearch.events as v (
                   event_id, ts, action_name, query_id, external_query_id, application, client_id, user_id, session_id, object_id, object_id_type, object_id_field, internal_id,
                   "position", position_xy, dwell_ms, value, user_query, message_type, message, event_attributes)
        select e.event_id, e.ts_of_id, e.action_name, e.query_id, e.external_query_id, e.application, nullif(e.client_id, ''), nullif(e.user_id, ''), nullif(e.session_id, ''),
               e.object_id, e.object_id_type, e.object_id_field, e.internal_id, e."position",
               case when e.position_xy is not null then point((e.position_xy ->> 'x')::float8, (e.position_xy ->> 'y')::float8) end,
               e.dwell_ms, e.value, left(e.user_query, 10000), e.message_type, e.message, e.event_attributes
          from entry as e
            on conflict (event_id, ts) do nothing
        returning v.query_id, v.action_name
    ),
    -- a click that comes after the next search belongs to the failure that was written without it
    clicked as (
        update pgsearch.search_failures as f
           set context = f.context || '{"had_click": true}'
          from (select distinct s.query_id from stored as s where s.action_name = 'click') as c
         where f.query_id = c.query_id
           and f.failure_reason = 'user_reformulated'
           and not f.context @> '{"had_click": true}'
    )
    select (select count(*) from stored) as stored, (select count(*) from entry) as wanted
      into told;

    return jsonb_build_object('stored', told.stored, 'duplicates', told.wanted - told.stored);
end;
$$;

comment on function pgsearch._store_events(jsonb) is
'Stores an array of events (the columns of pgsearch.events, each with its event_id). Returns {"stored", "duplicates"}:
how many. Errors as log_feedback; one bad entry refuses them all.';

revoke execute on function pgsearch._store_events(jsonb) from public;

create or replace function pgsearch._with_objects(entries jsonb, first_ts timestamptz, last_ts timestamptz)
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
-- planned anew, because only known times leave all but one or two partitions out
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    completed jsonb;
begin
    select jsonb_agg(case when q.hit is null then e.entry else e.entry || jsonb_build_object('object_id', q.hit, 'object_id_type', 'chunk') end order by e.at)
      into completed
      from jsonb_array_elements(entries) with ordinality as e(entry, at)
           left join lateral (select s.hit_ids[(e.entry ->> 'position')::integer] as hit
                                from pgsearch.queries as s
                               where s.query_id = (e.entry ->> 'query_id')::uuid
                                 and s.ts = pgsearch._uuid_time((e.entry ->> 'query_id')::uuid)
                                 and s.ts between first_ts and last_ts
                                 and e.entry ->> 'object_id' is null
                                 and e.entry ->> 'position' is not null) as q on true;

    return completed;
end;
$$;

comment on function pgsearch._with_objects(jsonb, timestamptz, timestamptz) is
'Events with the hit at their position as object_id, where they have no object and their search, of between first_ts and
last_ts, is stored.';
