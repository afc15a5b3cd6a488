-- A conversation from its first message to its last, for the one it belongs to or, on record, for who looks after the application.

create or replace function pgsearch.get_conversation(
    conversation_id text,
    user_id         text default null,
    session_id      text default null,
    reader          text default null
)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pgsearch._check_reader(user_id, session_id, reader);
    return pgsearch._read_conversation(conversation_id, user_id, session_id, reader);
end;
$$;

comment on function pgsearch.get_conversation(text, text, text, text) is
'A conversation with its messages.
Arguments:
- conversation_id
- user_id: whose it must be
- session_id: of which session it must be; where the session has the id of the conversation and a user is known, user_id has
  to be given as well
- reader: who reads that of somebody else, as people know them (at most 255 characters): it is written into
  conversation_reads. One of the three must be given
Returns {"conversation_id", "collection_name", "user_hash", "messages": [{"role", "content", "retrieved_docs", "timestamp",
"message_id", "parent_message_id", "query_id", "llm_model", "error_type", "is_regeneration"}], "metadata": {"total_turns",
"is_sampled", "retention_priority", "summary", "session_id", "sampling_reason", "started_at", "consent", "texts_until" (as
list_conversations), "finalized_at"}}; null when there is
none, or it is not theirs. The content of a message is null where it was not kept.
Error: PS003 when nobody is named, or reader is too long.
Example:
select pgsearch.get_conversation(pgsearch.log_turn(''Roses?'', ''Yes.'', context => ''{"user_id": "lee"}'') ->> ''conversation_id'',
                                 ''lee'');';

create or replace function pgsearch._check_reader(user_id text, session_id text, reader text)
returns void
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if user_id is null and session_id is null and coalesce(reader, '') = '' or char_length(reader) > 255 then
        raise exception using
            errcode = 'PS003',
            message = case
                      when char_length(reader) > 255 then format('reader has %s characters', char_length(reader))
                      else 'it was not said whose conversations are read'
                      end,
            hint    = 'Give user_id or session_id of their owner; or reader, 1 to 255 characters: your own name, which is written down.';
    end if;
end;
$$;

comment on function pgsearch._check_reader(text, text, text) is 'Raises PS003 unless an owner or a reader is named.';

create or replace function pgsearch._read_conversation(conversation_id text, user_id text, session_id text, reader text)
returns jsonb
language plpgsql volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
set timezone = 'UTC'
set enable_seqscan = off
set plan_cache_mode = 'force_custom_plan'
as $$
#variable_conflict use_column
declare
    one      pgsearch.conversations;
    messages jsonb;
    -- a search comes before its answer; known before the plan is made, so that other days are left out of it
    searched timestamptz;
begin
    perform pgsearch._check_reader(user_id, session_id, reader);
    select *
      into one
      from pgsearch.conversations as c
     where c.conversation_id = _read_conversation.conversation_id
       and (_read_conversation.user_id is null or c.user_hash = pgsearch.hash_user(_read_conversation.user_id))
       and (_read_conversation.session_id is null or c.session_id = _read_conversation.session_id)
       -- a session of the same id is no secret beside the id: what belongs to a user is read by that user
       and (_read_conversation.user_id is not null or _read_conversation.session_id is null
            or c.user_hash is null or c.session_id <> c.conversation_id);
    if not found then
        return null;
    end if;
    if _read_conversation.user_id is null and _read_conversation.session_id is null then
        insert into pgsearch.conversation_reads (reader, role_name, conversation_id)
        values (_read_conversation.reader, session_user, one.conversation_id);
    end if;

    searched := one.started_at - interval '1 day';
    select coalesce(jsonb_agg(jsonb_build_object(
                                  'role', m.role,
                                  'content', t.content,
                                  'retrieved_docs', coalesce(t.retrieved_docs, d.docs, '[]'),
                                  'timestamp', m.ts,
                                  'message_id', m.message_id,
                                  'parent_message_id', m.parent_message_id,
                                  'query_id', m.query_id,
                                  'llm_model', m.llm_model,
                                  'error_type', m.error_type,
                                  'is_regeneration', m.is_regeneration) order by m.ts, m.message_id), '[]')
      into messages
      from pgsearch.messages as m
           left join pgsearch.message_contents as t on t.message_id = m.message_id
                                                   and t.ts = m.ts
                                                   and t.ts between one.started_at and one.last_message_at
           left join lateral (select jsonb_agg(jsonb_build_object('id', h.id, 'page', q.hit_pages[h.at], 'score', q.hit_scores[h.at])
                                                order by h.at) as docs
                                from pgsearch.queries as q
                                     cross join lateral unnest(q.hit_ids) with ordinality as h(id, at)
                               where q.query_id = m.query_id
                                 and q.ts = pgsearch._uuid_time(m.query_id)
                                 and q.ts between searched and one.last_message_at) as d on true
     where m.conversation_id = one.conversation_id
       and m.ts between one.started_at and one.last_message_at;

    return jsonb_build_object('conversation_id', one.conversation_id,
                              'collection_name', one.collection,
                              'user_hash', one.user_hash,
                              'messages', messages,
                              'metadata', jsonb_build_object('total_turns', one.total_turns,
                                                             'is_sampled', coalesce(one.is_sampled, true),
                                                             'retention_priority', one.retention_priority,
                                                             'summary', one.summary,
                                                             'session_id', one.session_id,
                                                             'sampling_reason', one.sampling_reason,
                                                             'started_at', one.started_at,
                                                             'consent', one.consent,
                                                             'texts_until', pgsearch._texts_until(one.last_message_at,
                                                                                                  one.is_sampled,
                                                                                                  one.retention_priority),
                                                             'finalized_at', one.finalized_at));
end;
$$;

comment on function pgsearch._read_conversation(text, text, text, text) is
'get_conversation, with the rights of the owner: whoever may call it reads nothing unrecorded.';

revoke execute on function pgsearch._read_conversation(text, text, text, text) from public;
