-- What may be said about a search or an event, and what is refused: the one place, whichever way an entry comes.
--
-- A log is believed later: a rank 0, a time in next year or a misspelt key would be found when its figures are wrong,
-- and then it is too late.

create or replace function pgsearch._log_keys(kind text)
returns jsonb
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- key: [type, least, most]; of text, most characters
select case kind
       when 'event' then '{}'::jsonb
       else '{
           "query_id": ["uuid"], "log": ["boolean"], "user_id": ["text", 255], "client_id": ["text", 255], "session_id": ["text", 255], "search_id": ["text", 255],
           "conversation_id": ["text", 255], "application": ["text", 100], "environment": ["text", 100], "intent": ["text", 255], "query_type": ["text", 255],
           "experiment": ["text", 255], "variant": ["text", 255], "query_attributes": ["object"], "metadata": ["object"],
           "late_interaction_scores": ["object"], "confidence": ["number", 0, 1]}'::jsonb
       end
       || case kind
       when 'context' then '{}'::jsonb
       when 'search' then '{
           "type": ["text", 10], "query": ["text", 1000000], "ts": ["time"], "external_id": ["text", 255], "query_response_id": ["text", 255], "collection": ["text", 255], "collections": ["array"],
           "results": ["array", 10000], "search_mode": ["text", 100], "fusion_strategy": ["text", 100], "weights": ["object"], "top_k": ["integer", 0, 2147483647],
           "candidate_count": ["integer", 0, 2147483647], "result_count": ["integer", 0, 2147483647], "latency_ms": ["number", 0, 1e15],
           "timings": ["object"], "approximate": ["boolean"], "reranking_used": ["boolean"], "error_type": ["text", 255], "sample_weight": ["number", 1, 1e9]}'::jsonb
       else '{
           "type": ["text", 10], "query_id": ["uuid"], "external_query_id": ["text", 255], "event_id": ["uuid"], "ts": ["time"], "action_name": ["text", 100], "object_id": ["text", 1000],
           "object_id_type": ["text", 255], "object_id_field": ["text", 255], "internal_id": ["text", 1000], "position": ["integer", 1, 2147483647], "position_xy": ["point"],
           "dwell_ms": ["number", 0, 1e15], "value": ["number", -1e300, 1e300], "application": ["text", 100], "client_id": ["text", 255], "user_id": ["text", 255],
           "session_id": ["text", 255], "user_query": ["text", 1000000], "message_type": ["text", 255], "message": ["text", 10000], "event_attributes": ["object"]}'::jsonb
       end;
$$;

comment on function pgsearch._log_keys(text) is 'The keys of a log entry of a kind (context, search, event), each with its type and bounds.';

create or replace function pgsearch._check_log_entries(entries jsonb, kind text)
returns void
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    keys  constant jsonb := case kind when 'message' then pgsearch._message_keys() else pgsearch._log_keys(kind) end;
    id    constant text  := case kind when 'event' then 'event_id' when 'message' then 'message_id' else 'query_id' end;
    wrong record;
begin
    select e.entry
      into wrong
      from jsonb_array_elements(entries) as e(entry)
     where jsonb_typeof(e.entry) <> 'object'
     limit 1;
    if found then
        raise exception using
            errcode = 'PS003',
            message = format('a log entry must be a JSON object, not %s', jsonb_typeof(wrong.entry)),
            hint    = format('Known keys: %s.', (select string_agg(k, ', ' order by k) from jsonb_object_keys(keys) as k));
    end if;

    select f.key, k.rule, jsonb_typeof(f.value) as type, f.value
      into wrong
      from jsonb_array_elements(entries) with ordinality as e(entry, at)
           cross join jsonb_each(e.entry) as f
           cross join lateral (select keys -> f.key as rule) as k
     where case
           when k.rule is null then true
           when f.value = 'null' then false
           else case k.rule ->> 0
                when 'text'    then jsonb_typeof(f.value) not in ('string', 'number') or char_length(f.value #>> '{}') > (k.rule ->> 1)::integer
                when 'number'  then jsonb_typeof(f.value) <> 'number' or f.value::numeric not between (k.rule ->> 1)::numeric and (k.rule ->> 2)::numeric
                                    or f.value::numeric <> 0 and abs(f.value::numeric) < 1e-300
                when 'point'   then jsonb_typeof(f.value) <> 'object'
                                    or exists (select
                                                 from (values (f.value -> 'x'), (f.value -> 'y')) as c(number)
                                                where jsonb_typeof(c.number) not in ('number', 'null')
                                                   or jsonb_typeof(c.number) = 'number' and c.number::numeric not between -1e15 and 1e15
                                                   or jsonb_typeof(c.number) = 'number' and c.number::numeric <> 0 and abs(c.number::numeric) < 1e-300)
                when 'integer' then jsonb_typeof(f.value) <> 'number' or f.value::numeric not between (k.rule ->> 1)::numeric and (k.rule ->> 2)::numeric
                                    or f.value::numeric <> trunc(f.value::numeric)
                when 'uuid'    then not pgsearch._is_uuid7(f.value #>> '{}')
                when 'time'    then jsonb_typeof(f.value) <> 'string' or not pgsearch._is_time(f.value #>> '{}')
                when 'array'   then jsonb_typeof(f.value) <> 'array' or jsonb_array_length(f.value) > coalesce((k.rule ->> 1)::integer, 10000)
                else jsonb_typeof(f.value) <> k.rule ->> 0
                end
           end
     order by e.at, f.key
     limit 1;
    if not found then
        if exists (select
                     from jsonb_array_elements(entries) as e
                    where e ->> 'ts' is not null
                      and abs(extract(epoch from (e ->> 'ts')::timestamptz
                                                 - pgsearch._uuid_time((e ->> id)::uuid))) > 1) then
            raise exception using
                errcode = 'PS003',
                message = format('"ts" of a log entry is another time than that in its %s', id),
                hint    = 'Give one of the two: the time of an entry is that of its id, and without an id one is made of ts.';
        end if;
        return;
    end if;

    if wrong.rule is null then
        raise exception using
            errcode = 'PS002',
            message = format('unknown key "%s" in a log entry', wrong.key),
            hint    = format('Known keys: %s.', (select string_agg(k, ', ' order by k) from jsonb_object_keys(keys) as k));
    end if;
    -- what was given is not quoted: it may be what a user typed, and this may end in a server's log
    raise exception using
        errcode = 'PS003',
        message = case
                  when wrong.rule ->> 0 in ('number', 'integer') and wrong.type = 'number' then format('"%s" is out of range: %s', wrong.key, left(wrong.value::text, 40))
                  when wrong.rule ->> 0 = 'uuid' and wrong.type = 'string' then
                      format('"%s" cannot be logged: it is no UUID of version 7', wrong.key)
                  when wrong.rule ->> 0 = 'time' then format('"%s" cannot be logged: it is no time with its zone', wrong.key)
                  else format('"%s" cannot be logged: it is a %s', wrong.key, wrong.type)
                  end,
        hint    = case wrong.rule ->> 0
                  when 'text'    then format('It must be a text of at most %s characters.', wrong.rule ->> 1)
                  when 'number'  then format('It must be a number from %s to %s.', wrong.rule ->> 1, wrong.rule ->> 2)
                  when 'integer' then format('It must be a whole number from %s to %s.', wrong.rule ->> 1, wrong.rule ->> 2)
                  when 'uuid'    then 'It must be a UUID of version 7, as pgsearch.uuid7() makes them; an id of another system goes into '
                                      || case kind when 'event' then 'external_query_id.' else 'external_id.' end
                  when 'point'   then 'It must be an object with the numbers x and y, such as {"x": 10, "y": 20}.'
                  when 'time'    then 'It must be a time with its zone, such as "2026-01-31T09:00:00+09:00".'
                  when 'array'   then format('It must be an array of at most %s elements.', coalesce(wrong.rule ->> 1, '10000'))
                  else format('It must be a JSON %s.', wrong.rule ->> 0)
                  end;
end;
$$;

comment on function pgsearch._check_log_entries(jsonb, text) is
'Raises PS002 for an unknown key and PS003 for a bad value, or a ts that contradicts the id, in an array of log entries
of a kind (context, search, event, message).';

create or replace function pgsearch._is_uuid7(written text)
returns boolean
language sql immutable parallel safe
return coalesce(written like '________-____-7___-____-____________'
                and substr(written, 20, 1) in ('8', '9', 'a', 'b', 'A', 'B')
                and translate(written, '0123456789abcdefABCDEF', '') = '----', false);

comment on function pgsearch._is_uuid7(text) is 'Whether the text is a UUID of version 7, as uuid7() makes them.';

create or replace function pgsearch._is_time(written text)
returns boolean
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select coalesce((select p.part[3]::integer <= case when p.part[2] in ('04', '06', '09', '11') then 30
                                                   when p.part[2] <> '02' then 31
                                                   when p.part[1]::integer % 4 = 0 and (p.part[1]::integer % 100 <> 0 or p.part[1]::integer % 400 = 0) then 29
                                                   else 28 end
                   from regexp_match(written, E'^(?!0000)(\\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])[T ]([01]\\d|2[0-3]):[0-5]\\d(:([0-5]\\d|60)([.,]\\d+)?)?(Z|[+-](0\\d|1[0-5])(:?[0-5]\\d)?)$')
                            as p(part)), false);
$$;

comment on function pgsearch._is_time(text) is 'Whether the text is a time of the calendar with its zone, in ISO 8601.';

create or replace function pgsearch._check_log_times(times timestamptz[], keep interval, parent text)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    now_here constant timestamptz := clock_timestamp();
    missing  date;
begin
    if now_here + interval '1 day' < any (times) then
        raise exception using
            errcode = 'PS003',
            message = 'the time in the id of a log entry is more than a day in the future',
            hint    = 'Set the clock of the machine that made the id, or let the database make it.';
    end if;

    for missing in
        select d.day
          from (select distinct (t at time zone 'UTC')::date as day from unnest(times) as t) as d
         where to_regclass(format('pgsearch.%s_p%s', parent, to_char(d.day, 'YYYYMMDD'))) is null
         order by d.day
    loop
        if missing < ((now_here - keep) at time zone 'UTC')::date then
            raise exception using
                errcode = 'PS003',
                message = format('a log entry of %s is older than the log is kept (%s)', missing, keep),
                hint    = format('To import an old log, make its partitions first: select pgsearch.ensure_partitions(%L, %L).', missing, current_date);
        end if;
        perform pgsearch._add_partition(parent, missing);
    end loop;
end;
$$;

comment on function pgsearch._check_log_times(timestamptz[], interval, text) is
'Makes the partitions of parent that entries of these times need; PS003 for a time more than a day ahead, or so old that
its partition would soon be dropped.';
