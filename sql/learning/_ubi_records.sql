-- Rows of the log as records of the User Behavior Insights standard 1.3, and what a record said beyond its columns.
--
-- A record that was imported comes out as it went in: what the columns would give is compared with the record, and the
-- difference (its form of the time, keys of its own, nulls) is kept under the key
-- "ubi" of the query's metadata or "_ubi" of the event's attributes as {"set": {...}, "unset": [...]}. So nothing has
-- to be known about the dialect of the sender.

create or replace function pgsearch._ubi_difference(record jsonb, plain jsonb)
returns jsonb
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select jsonb_strip_nulls(jsonb_build_object(
           -- as text, because strip_nulls would go into it
           'set', (select jsonb_object_agg(r.key, r.value)::text from jsonb_each(record) as r where plain -> r.key is distinct from r.value),
           'unset', (select jsonb_agg(p.key) from jsonb_each(plain) as p where not record ? p.key)));
$$;

comment on function pgsearch._ubi_difference(jsonb, jsonb) is 'What turns the plain record into the given one: set (an object, as text) and unset (array of keys).';

create or replace function pgsearch._ubi_restored(plain jsonb, difference jsonb)
returns jsonb
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select (plain - array(select jsonb_array_elements_text(coalesce(difference -> 'unset', '[]')))) || coalesce((difference ->> 'set')::jsonb, '{}');
$$;

comment on function pgsearch._ubi_restored(jsonb, jsonb) is 'The plain record with a difference of _ubi_difference applied.';

create or replace function pgsearch._ubi_timestamp(at timestamptz)
returns text
language sql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
$$;

comment on function pgsearch._ubi_timestamp(timestamptz) is 'A time as ISO 8601 in UTC with milliseconds.';

create or replace function pgsearch._ubi_query(logged pgsearch.queries)
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return pgsearch._ubi_restored(
        jsonb_strip_nulls(jsonb_build_object(
            'application',            logged.application,
            'query_id',               coalesce(logged.external_id, logged.query_id::text),
            'client_id',              logged.client_id,
            'user_query',             logged.user_query,
            'timestamp',              pgsearch._ubi_timestamp(logged.ts),
            'query_response_id',      logged.query_response_id,
            'query_response_hit_ids', to_jsonb(logged.hit_ids)))
        || jsonb_build_object('query_attributes', coalesce(logged.query_attributes, '{}')),
        logged.metadata -> 'ubi');
end;
$$;

comment on function pgsearch._ubi_query(pgsearch.queries) is 'A logged search as a query of UBI 1.3; an imported one exactly as it was.';

create or replace function pgsearch._ubi_event(logged pgsearch.events)
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return pgsearch._ubi_restored(
        jsonb_strip_nulls(jsonb_build_object(
            'application',  logged.application,
            'action_name',  logged.action_name,
            'query_id',     coalesce(logged.external_query_id, logged.query_id::text),
            'session_id',   logged.session_id,
            'client_id',    logged.client_id,
            'user_id',      logged.user_id,
            'timestamp',    pgsearch._ubi_timestamp(logged.ts),
            'message_type', logged.message_type,
            'message',      logged.message,
            'user_query',   logged.user_query))
        || jsonb_build_object('event_attributes',
               case when logged.event_attributes ? '_ubi' then logged.event_attributes - '_ubi'
                    else jsonb_strip_nulls(jsonb_build_object(
                             'object',   nullif(jsonb_strip_nulls(jsonb_build_object('object_id', logged.object_id, 'object_id_type', logged.object_id_type,
                                                                                     'object_id_field', logged.object_id_field, 'internal_id', logged.internal_id)), '{}'),
                             'position', case when logged."position" is not null then jsonb_build_object('ordinal', logged."position")
                                              when logged.position_xy is not null then jsonb_build_object('xy', jsonb_build_object('x', logged.position_xy[0], 'y', logged.position_xy[1])) end,
                             'dwell_ms', logged.dwell_ms,
                             'value',    logged.value))
                         || coalesce(logged.event_attributes, '{}')
               end),
        logged.event_attributes -> '_ubi');
end;
$$;

comment on function pgsearch._ubi_event(pgsearch.events) is 'A logged event as an event of UBI 1.3; an imported one exactly as it was.';

create or replace function pgsearch._ubi_time(given jsonb)
returns timestamptz
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
    found timestamptz;
begin
    if jsonb_typeof(given) = 'number' then
        -- seconds until the year 5000, milliseconds from 1973 on
        found := to_timestamp(case when given::numeric < 1e11 then given::numeric else given::numeric / 1000 end::float8);
    elsif jsonb_typeof(given) = 'string' then
        found := (given #>> '{}')::timestamptz;
    end if;

    -- what an id of 48 bits of milliseconds can hold, and a partition has been made for
    return case when found >= '1971-01-01' and found < '3000-01-01' then found end;
exception when others then
    return null;
end;
$$;

comment on function pgsearch._ubi_time(jsonb) is
'A time as UBI senders write it: ISO 8601 (UTC without a zone), or seconds or milliseconds since 1970; null when it is
neither.';

create or replace function pgsearch._uuid7_of(at timestamptz, seed text)
returns uuid
language sql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
select (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(d.digest, 1, 3) || '8' || substr(d.digest, 4, 15))::uuid
  from (select encode(sha256(convert_to(seed, 'UTF8')), 'hex') as digest) as d;
$$;

comment on function pgsearch._uuid7_of(timestamptz, text) is
'The UUIDv7 of that time whose random part is a hash of the text: the same every time, so what is imported twice is there
once.';
