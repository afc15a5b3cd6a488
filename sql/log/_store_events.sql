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
    perform pgsearch._check_log_times(array(select pgsearch._uuid_time((e ->> 'event_id')::uuid) from jsonb_array_elements(entries) as e),
                                      kept.keep_events, 'events');

    -- a rank tells which hit it was, when the search is stored already
    select min(pgsearch._uuid_time((e ->> 'query_id')::uuid)), max(pgsearch._uuid_time((e ->> 'query_id')::uuid))
      into asked, latest
      from jsonb_array_elements(entries) as e
     where e ->> 'object_id' is null
       and e ->> 'position' is not null;
    if asked is not null then
        entries := pgsearch._with_objects(entries, asked, latest);
    end if;

    -- what is decided here; whatever else an entry has goes into the column of its name
    with entry as materialized (
        select r.*
          from jsonb_array_elements(entries) as e(entry)
               cross join lateral jsonb_populate_record(
                   null::pgsearch.events,
                   e.entry
                   || jsonb_build_object(
                          'ts',          pgsearch._uuid_time((e.entry ->> 'event_id')::uuid),
                          'client_id',   nullif(e.entry ->> 'client_id', ''),
                          'user_id',     nullif(e.entry ->> 'user_id', ''),
                          'session_id',  nullif(e.entry ->> 'session_id', ''),
                          'position_xy', '(' || (e.entry #>> '{position_xy,x}') || ',' || (e.entry #>> '{position_xy,y}') || ')',
                          'user_query',  left(e.entry ->> 'user_query', 10000))) as r
    ),
    stored as (
        insert into pgsearch.events as v
        select e.*
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
    select jsonb_agg(case when q.hit is null then e.entry
                          else e.entry || jsonb_build_object('object_id', q.hit, 'object_id_type', 'chunk') end
                     order by e.at)
      into completed
      from jsonb_array_elements(entries) with ordinality as e(entry, at)
           left join lateral (select s.hit_ids[(e.entry ->> 'position')::integer
                                                 - coalesce((s.query_attributes #>> '{options,offset}')::integer, 0)] as hit
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
