-- Lines of another chat log, or of an archive, into this one. Users come as hashes here and are stored as they come: a salt is of one
-- system, and what is read back from an archive of this database is the same user again.

create or replace function pgsearch.import_chat(entries jsonb)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    -- a call is one transaction, and each entry is looked up
    most    constant integer := 10000;
    wanted  record;
    outcome jsonb;
    refused jsonb;
begin
    if jsonb_typeof(entries) is distinct from 'array' then
        raise exception using
            errcode = 'PS003',
            message = format('the entries of a chat log must be a JSON array, not %s', coalesce(jsonb_typeof(entries), 'null')),
            hint    = 'Give [{"role": "user", "content": "...", "ts": "...", "user_hash": "...", ...}]: the keys of log_message, and '
                      || 'user_hash.';
    end if;
    if jsonb_array_length(entries) > most then
        raise exception using
            errcode = 'PS003',
            message = format('%s entries are too many for one call', jsonb_array_length(entries)),
            hint    = format('Give at most %s at once, and the others in further calls.', most);
    end if;

    with given as materialized (
        select e.at - 1 as index,
               e.entry,
               e.entry ->> 'user_hash' as user_hash,
               coalesce(e.entry ->> 'conversation_id', e.entry ->> 'session_id') as conversation_id,
               coalesce(e.entry ->> 'content', e.entry ->> 'message_content') as content,
               coalesce(e.entry ->> 'role', e.entry ->> 'message_type') as role,
               coalesce(e.entry ->> 'ts', e.entry ->> 'created_at', e.entry ->> 'timestamp') as at,
               coalesce(e.entry ->> 'message_id', e.entry ->> 'log_id', e.entry ->> 'external_id') as id
          from jsonb_array_elements(entries) with ordinality as e(entry, at)
    ),
    judged as materialized (
        select g.*,
               case
               when jsonb_typeof(g.entry) <> 'object' then format('a line must be a JSON object, not %s', jsonb_typeof(g.entry))
               when coalesce(jsonb_typeof(g.entry -> 'user_hash'), 'null') not in ('null', 'string') or g.user_hash !~ '^.{1,255}$'
                   then '"user_hash" must be a text of 1 to 255 characters'
               when not pgsearch._is_time(coalesce(g.at, ''))
                   then 'created_at must be a time with its zone, such as "2026-01-31T09:00:00+09:00"'
               when c.user_hash <> g.user_hash then 'its conversation is that of another user'
               end as wrong,
               w.granted
          from given as g
               left join pgsearch.conversations as c on c.conversation_id = g.conversation_id
               left join pgsearch.chat_consents as w on w.user_hash = g.user_hash
    ),
    -- without an id a message is known by its time, role and text
    named as materialized (
        select j.*,
               case
               when j.wrong is not null or j.id is not null then false
               else exists (select
                              from pgsearch.messages as m
                                   join pgsearch.message_contents as t on t.message_id = m.message_id and t.ts = m.ts
                             where m.ts = date_trunc('milliseconds', j.at::timestamptz)
                               and m.role = j.role
                               and t.content = j.content)
               end as is_known
          from judged as j
    )
    select coalesce(jsonb_agg((n.entry - '{user_hash,type}'::text[])
                              || jsonb_build_object('type', 'message')
                              || jsonb_strip_nulls(jsonb_build_object(
                                     'conversation_id', n.conversation_id,
                                     'external_id', case when n.id is null
                                                         then 'imported ' || md5(concat_ws(' ', n.conversation_id, n.role, n.at, n.content))
                                                         end))
                              -- who refused has no texts, wherever they come from
                              || case when not n.granted then '{"consent": false}' else '{}'::jsonb end
                              order by n.index)
                        filter (where n.wrong is null and not n.is_known), '[]') as entries,
           coalesce(array_agg(n.index order by n.index) filter (where n.wrong is null and not n.is_known), '{}') as indexes,
           count(*) filter (where n.is_known) as known,
           coalesce(jsonb_agg(jsonb_build_object('index', n.index, 'error', n.wrong))
                        filter (where n.wrong is not null), '[]') as rejected,
           coalesce(jsonb_object_agg(n.conversation_id, n.user_hash)
                        filter (where n.wrong is null and n.user_hash is not null and n.conversation_id is not null), '{}') as owners,
           min(n.at::timestamptz) filter (where n.wrong is null) as first_ts,
           max(n.at::timestamptz) filter (where n.wrong is null) as last_ts
      into wanted
      from named as n;

    outcome := pgsearch.log_batch(wanted.entries);
    update pgsearch.conversations as c
       set user_hash = o.user_hash
      from jsonb_each_text(wanted.owners) as o(conversation_id, user_hash)
     where c.conversation_id = o.conversation_id
       and c.user_hash is null;
    update pgsearch.messages as m
       set user_hash = c.user_hash
      from jsonb_object_keys(wanted.owners) as o(conversation_id)
           join pgsearch.conversations as c on c.conversation_id = o.conversation_id
     where m.conversation_id = c.conversation_id
       and m.ts between wanted.first_ts - interval '1 second' and wanted.last_ts
       and m.user_hash is null;

    select wanted.rejected
           || coalesce(jsonb_agg(jsonb_build_object('index', wanted.indexes[(r ->> 'index')::integer + 1], 'error', r ->> 'error')), '[]')
      into refused
      from jsonb_array_elements(outcome -> 'rejected') as r;
    return jsonb_build_object('stored', (outcome ->> 'stored')::bigint,
                              'duplicates', (outcome ->> 'duplicates')::bigint + wanted.known,
                              'rejected', (select coalesce(jsonb_agg(r order by (r ->> 'index')::bigint), '[]')
                                             from jsonb_array_elements(refused) as r));
end;
$$;

comment on function pgsearch.import_chat(jsonb) is
'Stores messages of another chat log, or of an archive; again the same changes nothing. Needs the rights of the owner.
Arguments:
- entries: array of objects with the keys of log_message, also under the names of chat_logs (message_type, message_content, ...), each
  with its time, and user_hash, which is stored as it is. Without conversation_id those of one session_id are one conversation; without
  an id (log_id, external_id, message_id) a message is known by its time, role and text
Returns {"stored": n, "duplicates": n, "rejected": [{"index": from 0, "error": "..."}]}: a bad entry refuses nothing but itself.
Error: PS003 when entries is no array, or has more than 10,000 entries.
Example:
select pgsearch.import_chat(''[{"log_id": "1", "session_id": "s", "message_type": "user", "message_content": "Roses?",
                               "created_at": "2026-01-31T09:00:00+09:00"}]'');';
