-- What may be said about a message of a conversation, under the names of this schema and under those of other chat logs.

create or replace function pgsearch._message_keys()
returns jsonb
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- as _log_keys
select '{
    "type": ["text", 10], "log": ["boolean"], "message_id": ["uuid"], "ts": ["time"], "external_id": ["text", 255],
    "conversation_id": ["text", 255],
    "session_id": ["text", 255], "application": ["text", 100], "collection": ["text", 255], "user_id": ["text", 255],
    "consent": ["boolean"],
    "role": ["text", 20], "parent_message_id": ["uuid"], "content": ["text", 1000000], "query_id": ["uuid"],
    "retrieved_docs": ["array", 1000],
    "retrieval_query": ["text", 10000], "retrieved_count": ["integer", 0, 2147483647], "reranking_used": ["boolean"],
    "top_scores": ["array", 1000],
    "retrieval_score": ["number", 0, 1], "reasoning_level": ["text", 50], "llm_model": ["text", 255], "temperature": ["number", 0, 1000],
    "max_tokens": ["integer", 0, 2147483647], "top_p": ["number", 0, 1], "input_tokens": ["integer", 0, 1e12],
    "output_tokens": ["integer", 0, 1e12],
    "response_time_ms": ["number", 0, 1e15], "retrieval_time_ms": ["number", 0, 1e15], "first_token_ms": ["number", 0, 1e15],
    "error_type": ["text", 255], "is_regeneration": ["boolean"], "metadata": ["object"],
    "llm_params": ["object"], "retrieval_info": ["object"], "performance": ["object"]}'::jsonb;
$$;

comment on function pgsearch._message_keys() is 'The keys of a log entry of kind message, each with its type and bounds, as _log_keys.';

create or replace function pgsearch._message_aliases()
returns jsonb
language sql immutable parallel safe
return '{
    "names": {"log_id": "external_id", "collection_name": "collection", "message_type": "role", "message_content": "content",
              "created_at": "ts", "timestamp": "ts"},
    "within": {"llm_params": {"temperature": "temperature", "max_tokens": "max_tokens", "top_p": "top_p"},
               "retrieval_info": {"query": "retrieval_query", "retrieved_count": "retrieved_count",
                                  "reranking_used": "reranking_used", "top_scores": "top_scores"},
               "performance": {"response_time_ms": "response_time_ms", "token_count": "output_tokens",
                               "retrieval_time_ms": "retrieval_time_ms"}}}'::jsonb;

comment on function pgsearch._message_aliases() is
'What other chat logs call the keys of _message_keys: by other names, and within objects.';

create or replace function pgsearch._message_entries(entries jsonb)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    others constant text[] := array(select k
                                      from jsonb_each(pgsearch._message_aliases()) as a
                                           cross join jsonb_object_keys(a.value) as k);
begin
    -- one look, because most batches come as they are stored
    if exists (select
                 from jsonb_array_elements(entries) as e
                where e ->> 'message_id' is null
                   or e ->> 'conversation_id' is null
                   or jsonb_typeof(e) = 'object' and e ?| others) then
        select jsonb_agg(pgsearch._message_entry(e.entry) order by e.at)
          into entries
          from jsonb_array_elements(entries) with ordinality as e(entry, at);
    end if;
    return entries;
end;
$$;

comment on function pgsearch._message_entries(jsonb) is 'An array of entries of messages, each as _message_entry gives it.';

create or replace function pgsearch._message_entry(entry jsonb)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    aliases constant jsonb := pgsearch._message_aliases() -> 'names';
    nested  constant jsonb := pgsearch._message_aliases() -> 'within';
    flat    jsonb;
    rest    jsonb;
begin
    if jsonb_typeof(entry) <> 'object' then
        return entry;
    end if;

    flat := entry;
    if entry ?| array(select jsonb_object_keys(aliases)) or entry ?| array(select jsonb_object_keys(nested)) then
        select coalesce(jsonb_object_agg(aliases ->> a.key, a.value) filter (where aliases ? a.key), '{}')
               || coalesce(jsonb_object_agg(a.key, a.value) filter (where not aliases ? a.key), '{}')
          into flat
          from jsonb_each(entry) as a;
        select coalesce(jsonb_object_agg(nested -> g.key ->> i.key, i.value) filter (where nested -> g.key ? i.key), '{}')
               || (flat - array(select k from jsonb_object_keys(nested) as k where jsonb_typeof(flat -> k) in ('object', 'null'))),
               -- what a model was told besides goes with the rest of what is known
               jsonb_object_agg(g.key || '.' || i.key, i.value) filter (where not nested -> g.key ? i.key)
          into flat, rest
          from jsonb_each(flat) as g
               left join lateral jsonb_each(case when nested ? g.key and jsonb_typeof(g.value) = 'object' then g.value end) as i(key, value)
                         on true;
        if rest is not null and coalesce(jsonb_typeof(flat -> 'metadata'), 'null') in ('object', 'null') then
            flat := flat || jsonb_build_object('metadata', rest || coalesce(nullif(flat -> 'metadata', 'null'), '{}'));
        end if;
    end if;

    -- of another system: the same again is the same row; a time that no id holds is refused later
    if flat ->> 'message_id' is null and flat ->> 'external_id' <> '' and pgsearch._is_time(flat ->> 'ts')
       and left(flat ->> 'ts', 4) >= '1971' then
        flat := flat || jsonb_build_object('message_id', pgsearch._uuid_of((flat ->> 'ts')::timestamptz, flat ->> 'external_id'));
    end if;
    if flat ->> 'conversation_id' is null then
        -- a retry of one message is not another conversation
        flat := flat || jsonb_build_object('conversation_id', coalesce(md5('conversation of ' || (flat ->> 'message_id'))::uuid,
                                                                       gen_random_uuid()));
    end if;
    return flat;
end;
$$;

comment on function pgsearch._message_entry(jsonb) is
'An entry of a message under the names of _message_keys, whatever names it came with; with a conversation of its own where it
names none, and the id of a message that is known by an external_id and its time.';

create or replace function pgsearch._uuid_of(at timestamptz, named text)
returns uuid
language sql immutable parallel safe strict
return (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(md5(named), 1, 3)
        || '8' || substr(md5(named), 4, 15))::uuid;

comment on function pgsearch._uuid_of(timestamptz, text) is 'A UUIDv7 of a time after 1970 that is the same each time for the same name.';
