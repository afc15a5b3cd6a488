-- A log in the form of User Behavior Insights becomes part of this one: learning and statistics need not wait for a log of their own.
--
-- Ids here are UUIDv7 of the record's time and a hash of the record, so a second import of the same file adds nothing;
-- the sender's ids are kept beside them.

create or replace function pgsearch.import_ubi(
    kind          text,
    records       jsonb,
    collection    text      default '',
    position_base integer   default 1,
    copies        integer[] default null
)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    stored   bigint;
    good     bigint;
    rejected jsonb;
    day      date;
begin
    if kind is null or kind not in ('queries', 'events') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown kind %s', coalesce(quote_literal(kind), 'null')),
            hint    = 'Known kinds: queries, events.';
    end if;

    if jsonb_typeof(records) is distinct from 'array' then
        raise exception using
            errcode = 'PS003',
            message = format('records must be a JSON array, not %s', coalesce(jsonb_typeof(records), 'null')),
            hint    = 'Give an array of records of UBI 1.3.';
    end if;

    perform pgsearch._check_range('position_base', position_base, 0, 1);
    if collection is null then
        raise exception using
            errcode = 'PS003',
            message = 'collection is null',
            hint    = 'Name the collection that was searched; an empty name stands for all or several.';
    end if;

    if exists (select from pgsearch.log_settings as s where s.hash_users or s.mask <> '') then
        raise exception using
            errcode = 'PS003',
            message = 'log_settings wants users hashed or texts masked, and an import keeps records as they are',
            hint    = 'Mask the files and set hash_users to false and mask to '''' for the time of the import, or log with log_batch.';
    end if;

    if to_regclass('pg_temp._ubi') is not null then
        drop table pg_temp._ubi;
    end if;

    create temp table _ubi on commit drop as
    select r.index, r.record, t.at, t.problem,
           case when t.problem is null
                then case when kind = 'queries'
                               and r.record ->> 'query_id' ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
                               and abs(extract(epoch from pgsearch._uuid_time((r.record ->> 'query_id')::uuid) - t.at)) < 0.001
                          -- exported from here
                          then (r.record ->> 'query_id')::uuid
                          else pgsearch._uuid7_of(t.at, import_ubi.collection || chr(10) || r.record::text || chr(10) || coalesce(copies[r.index + 1], 0))
                     end
           end as id
      from (select (e.at - 1)::integer as index, e.record from jsonb_array_elements(records) with ordinality as e(record, at)) as r
           -- offset 0: else each mention of the time would read it anew
           cross join lateral (select pgsearch._ubi_time(r.record -> 'timestamp') as at offset 0) as c
           cross join lateral (select date_trunc('milliseconds', c.at) as at,
                                      case
                                      when jsonb_typeof(r.record) <> 'object' then 'not a JSON object'
                                      when c.at is null then format('timestamp is no time: %s', coalesce(r.record -> 'timestamp', 'null'))
                                      when kind = 'queries' and jsonb_typeof(r.record -> 'user_query') is distinct from 'string' then 'user_query is missing'
                                      when kind = 'events' and coalesce(r.record ->> 'action_name', '') = '' then 'action_name is missing'
                                      when kind = 'events' and char_length(r.record ->> 'action_name') > 100 then 'action_name is longer than 100 characters'
                                      end as problem
                                offset 0) as t;
    select count(*) filter (where u.problem is null),
           coalesce(jsonb_agg(jsonb_build_object('index', u.index, 'error', u.problem) order by u.index) filter (where u.problem is not null), '[]')
      into good, rejected
      from pg_temp._ubi as u;
    for day in select distinct (u.at at time zone 'UTC')::date from pg_temp._ubi as u where u.problem is null loop
        perform pgsearch.ensure_partitions(day, day);
    end loop;

    if kind = 'queries' then
        insert into pgsearch.queries (query_id, ts, external_id, query_response_id, application, collection, client_id, user_id, session_id, user_query, query_normalized,
                                      result_count, hit_ids, query_attributes, metadata)
        select i.query_id, i.ts, i.external_id, i.query_response_id, i.application, i.collection, i.client_id, i.user_id, i.session_id, i.user_query, i.query_normalized,
               i.result_count, i.hit_ids, i.query_attributes,
               nullif(jsonb_build_object('ubi', pgsearch._ubi_difference(u.record, pgsearch._ubi_query(i))), '{"ubi": {}}')
          from pg_temp._ubi as u
               cross join lateral (select case when jsonb_typeof(u.record -> 'query_response_hit_ids') = 'array' then u.record -> 'query_response_hit_ids'
                                               when jsonb_typeof(u.record -> 'query_response_object_ids') = 'array' then u.record -> 'query_response_object_ids'
                                               else '[]' end as hits) as h
               cross join lateral jsonb_populate_record(null::pgsearch.queries, jsonb_build_object(
                   'query_id',          u.id,
                   'ts',                u.at,
                   'external_id',       nullif(u.record ->> 'query_id', u.id::text),
                   'query_response_id', u.record ->> 'query_response_id',
                   'application',       coalesce(u.record ->> 'application', u.record -> 'query_attributes' ->> 'application'),
                   'collection',        import_ubi.collection,
                   'client_id',         u.record ->> 'client_id',
                   'user_id',           u.record ->> 'user_id',
                   'session_id',        coalesce(u.record ->> 'session_id', u.record -> 'query_attributes' ->> 'session_id'),
                   'user_query',        u.record ->> 'user_query',
                   'query_normalized',  pgsearch.normalize_query(u.record ->> 'user_query'),
                   'result_count',      jsonb_array_length(h.hits),
                   'hit_ids',           h.hits,
                   'query_attributes',  case when jsonb_typeof(u.record -> 'query_attributes') = 'object' then u.record -> 'query_attributes' end)) as i
         where u.problem is null
        on conflict do nothing;
    else
        if to_regclass('pg_temp._ubi_searches') is not null then
            drop table pg_temp._ubi_searches;
        end if;

        -- an own search by its own id, one of another system by the id it had there, if it was asked at most a month before
        create temp table _ubi_searches on commit drop as
        select coalesce(q.external_id, q.query_id::text) as external_id, q.query_id, q.ts
          from pgsearch.queries as q
         where coalesce(q.external_id, q.query_id::text) in (select u.record ->> 'query_id' from pg_temp._ubi as u where u.problem is null)
           and q.ts >= (select min(u.at) - interval '31 days' from pg_temp._ubi as u where u.problem is null)
           and q.ts <= (select max(u.at) + interval '1 day' from pg_temp._ubi as u where u.problem is null);
        create index on pg_temp._ubi_searches (external_id);
        analyze pg_temp._ubi_searches;

        insert into pgsearch.events (event_id, ts, action_name, query_id, external_query_id, application, client_id, user_id, session_id, object_id, object_id_type, object_id_field,
                                     internal_id, "position", position_xy, dwell_ms, user_query, message_type, message, event_attributes)
        select i.event_id, i.ts, i.action_name, i.query_id, i.external_query_id, i.application, i.client_id, i.user_id, i.session_id, i.object_id, i.object_id_type, i.object_id_field,
               i.internal_id, i."position", i.position_xy, i.dwell_ms, i.user_query, i.message_type, i.message,
               i.event_attributes || jsonb_build_object('_ubi', pgsearch._ubi_difference(u.record, pgsearch._ubi_event(i)))
          from pg_temp._ubi as u
               -- a search that was asked again under its id is followed by what came after it
               left join lateral (select q.query_id
                                    from pg_temp._ubi_searches as q
                                   where q.external_id = u.record ->> 'query_id'
                                   order by q.ts <= u.at desc, case when q.ts <= u.at then q.ts end desc, q.ts, q.query_id
                                   limit 1) as q on true
               cross join lateral (select case when jsonb_typeof(u.record -> 'event_attributes') = 'object' then u.record -> 'event_attributes' else '{}' end as all_of) as a
               cross join lateral (select case when jsonb_typeof(a.all_of -> 'object') = 'object' then a.all_of -> 'object' else '{}' end as object,
                                          case when jsonb_typeof(a.all_of -> 'position') = 'object' then a.all_of -> 'position' else '{}' end as place) as p
               cross join lateral (select coalesce(p.place -> 'xy' -> 'x', p.place -> 'x') as x, coalesce(p.place -> 'xy' -> 'y', p.place -> 'y') as y) as c
               cross join lateral jsonb_populate_record(null::pgsearch.events, jsonb_build_object(
                   'event_id',          u.id,
                   'ts',                u.at,
                   'action_name',       u.record ->> 'action_name',
                   'query_id',          q.query_id,
                   'external_query_id', nullif(u.record ->> 'query_id', q.query_id::text),
                   'application',       u.record ->> 'application',
                   'client_id',         u.record ->> 'client_id',
                   'user_id',           u.record ->> 'user_id',
                   'session_id',        coalesce(u.record ->> 'session_id', a.all_of ->> 'session_id'),
                   'object_id',         p.object ->> 'object_id',
                   'object_id_type',    p.object ->> 'object_id_type',
                   'object_id_field',   p.object ->> 'object_id_field',
                   'internal_id',       p.object ->> 'internal_id',
                   'position',          case when p.place ->> 'ordinal' ~ E'^\\d{1,9}$' then nullif((p.place ->> 'ordinal')::integer + 1 - position_base, 0) end,
                   'position_xy',       case when jsonb_typeof(c.x) = 'number' and jsonb_typeof(c.y) = 'number' then format('(%s,%s)', c.x, c.y) end,
                   'dwell_ms',          case when jsonb_typeof(a.all_of -> 'dwell_ms') = 'number' and (a.all_of ->> 'dwell_ms')::float8 >= 0 then a.all_of -> 'dwell_ms' end,
                   'user_query',        u.record ->> 'user_query',
                   'message_type',      u.record ->> 'message_type',
                   'message',           u.record ->> 'message',
                   'event_attributes',  a.all_of || '{"_ubi": {}}')) as i
         where u.problem is null
        on conflict do nothing;
    end if;

    get diagnostics stored = row_count;
    return jsonb_build_object('stored', stored, 'duplicates', good - stored, 'rejected', rejected);
end;
$$;

comment on function pgsearch.import_ubi(text, jsonb, text, integer, integer[]) is
'Stores records of User Behavior Insights in the log, with the partitions of their days; export_ubi gives them back as
they were.
Arguments:
- kind (queries, events; queries first, so that events find their search)
- records (JSON array)
- collection (that was searched; empty: all or several)
- position_base (0 or 1: the ordinal that the sender gives the first hit; stored from 1)
- copies (for each record how many equal ones came before it in the file; null: none, so equal records of the array are
  stored once)
Returns {"stored": n, "duplicates": n, "rejected": [{"index": from 0, "error": "..."}]}: one bad record never loses the
others, and a record that is there already is counted as a duplicate. Failures of the searches are not looked for.
Run refresh_search_stats(since, until) afterwards, and mind that maintenance drops days that are older than log_settings
keeps.
Errors: PS002 unknown kind, PS003 records no array, position_base not 0 or 1, collection null, log_settings that hash or
mask.';
