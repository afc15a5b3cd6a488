-- Messages of conversations into the log, one by one or in batches: a row of figures each, the text apart, and the
-- conversation they belong to.
--
-- With the rights of the owner, as _store_searches, and for its reasons. Users stand here by their hash alone.

create or replace function pgsearch._store_messages(entries jsonb)
returns jsonb
language plpgsql volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
set enable_seqscan = off
as $$
declare
    kept record;
    told record;
begin
    entries := pgsearch._message_entries(entries);
    -- an id is made where there is none, once what it is made of was looked at
    perform pgsearch._check_log_entries(entries, 'message');
    if exists (select from jsonb_array_elements(entries) as e where e ->> 'message_id' is null) then
        select jsonb_agg(pgsearch._with_log_id(e.entry, 'message_id') order by e.at)
          into entries
          from jsonb_array_elements(entries) with ordinality as e(entry, at);
    end if;
    perform pgsearch._check_messages(entries);
    entries := pgsearch._bound_entries(entries);
    select * into strict kept from pgsearch.log_settings;
    if kept.mask <> '' then
        entries := pgsearch._private_entries(entries, false, kept.mask, kept.user_salt);
    end if;
    select array_agg(distinct date_trunc('day', t.ts, 'UTC')) as days,
           array_agg(distinct date_trunc('day', t.ts, 'UTC')) filter (where t.content is not null) as days_of_contents,
           max(t.ts) as latest
      into told
      from jsonb_array_elements(entries) as e
           cross join lateral (select pgsearch._uuid_time((e ->> 'message_id')::uuid) as ts, e ->> 'content' as content) as t;
    perform pgsearch._check_log_times(told.days || told.latest, kept.keep_messages, 'messages');
    perform pgsearch._check_log_times(told.days_of_contents, greatest(kept.keep_contents, kept.keep_contents_high), 'message_contents');

    if exists (select
                 from jsonb_array_elements(entries) as e
                      cross join lateral (select k.user_hash
                                            from pgsearch.conversations as k
                                           where k.conversation_id = e ->> 'conversation_id'
                                           limit 1) as c
                where c.user_hash <> pgsearch._salted_hash(kept.user_salt, nullif(e ->> 'user_id', ''))) then
        raise exception using
            errcode = 'PS003',
            message = 'a message cannot be logged: its conversation is that of another user',
            hint    = 'Give a conversation_id of this user, or none for a new conversation.';
    end if;

    with entry as materialized (
        -- the same twice in one batch is one
        select distinct on (e.message_id)
               e.*,
               pgsearch._uuid_time(e.message_id) as at,
               pgsearch._salted_hash(kept.user_salt, nullif(e.user_id, '')) as said_by,
               c.collection as known_collection,
               c.session_id as known_session,
               c.user_hash as known_user
          from jsonb_to_recordset(entries) as e(
                   message_id uuid, conversation_id text, external_id text, session_id text, application text, collection text,
                   user_id text, consent boolean, role text,
                   parent_message_id uuid, content text, query_id uuid, retrieved_docs jsonb, retrieval_query text,
                   retrieved_count integer, reranking_used boolean,
                   top_scores float8[], retrieval_score float8, reasoning_level text, llm_model text, temperature float8,
                   max_tokens integer, top_p float8,
                   input_tokens bigint, output_tokens bigint, response_time_ms float8, retrieval_time_ms float8, first_token_ms float8,
                   error_type text,
                   is_regeneration boolean, metadata jsonb)
               -- looked up one by one, however few conversations the planner believes in
               left join lateral (select k.collection, k.session_id, k.user_hash
                                    from pgsearch.conversations as k
                                   where k.conversation_id = e.conversation_id
                                   limit 1) as c on true
         order by e.message_id
    ),
    -- what a message leaves out is as in its conversation
    whole as materialized (
        select e.*,
               coalesce(nullif(e.collection, ''), nullif(e.known_collection, ''),
                        (array_agg(e.collection) filter (where e.collection <> '') over alike)[1], '') as of_collection,
               coalesce(nullif(e.session_id, ''), e.known_session,
                        (array_agg(e.session_id) filter (where e.session_id <> '') over alike)[1]) as of_session,
               coalesce(e.said_by, e.known_user, (array_agg(e.said_by) filter (where e.said_by is not null) over alike)[1]) as of_user
          from entry as e
        window alike as (partition by e.conversation_id order by e.message_id rows between unbounded preceding and unbounded following)
    ),
    stored as (
        insert into pgsearch.messages as m (
                   message_id, ts, conversation_id, external_id, session_id, application, collection, user_hash, role, parent_message_id,
                   query_id, reasoning_level,
                   llm_model, temperature, max_tokens, top_p, input_tokens, output_tokens, response_time_ms, retrieval_time_ms,
                   first_token_ms, retrieved_count,
                   reranking_used, top_scores, retrieval_score, error_type, is_regeneration, metadata)
        select w.message_id, w.at, w.conversation_id, w.external_id, w.of_session, w.application, w.of_collection, w.of_user,
               w.role, w.parent_message_id, w.query_id,
               w.reasoning_level, w.llm_model, w.temperature, w.max_tokens, w.top_p, w.input_tokens, w.output_tokens, w.response_time_ms,
               w.retrieval_time_ms,
               w.first_token_ms, w.retrieved_count, w.reranking_used, w.top_scores,
               -- scores of other scales say nothing about how good a passage is
               coalesce(w.retrieval_score, (select max(s) from unnest(w.top_scores) as s having bool_and(s between 0 and 1))),
               w.error_type, coalesce(w.is_regeneration, false), w.metadata
          from whole as w
         order by w.message_id
            on conflict (message_id, ts) do nothing
        returning m.message_id, m.parent_message_id, m.conversation_id, m.ts, m.role, m.error_type, m.is_regeneration,
                  m.session_id, m.application, m.collection, m.user_hash
    ),
    touched as (
        insert into pgsearch.conversations as c (
                   conversation_id, session_id, application, collection, user_hash, consent, started_at, last_message_at, message_count,
                   total_turns, error_count,
                   regeneration_count)
        select s.conversation_id,
               min(s.session_id),
               (array_agg(s.application order by s.ts) filter (where s.application <> ''))[1],
               (array_agg(s.collection order by s.ts))[1],
               min(s.user_hash),
               -- who refuses once has refused
               bool_and(pgsearch._consent(w.consent, g.granted)),
               min(s.ts), max(s.ts), count(*), count(*) filter (where s.role = 'user'), count(s.error_type),
               count(*) filter (where s.is_regeneration)
          from stored as s
               join whole as w on w.message_id = s.message_id
               left join lateral (select k.granted from pgsearch.chat_consents as k where k.user_hash = s.user_hash limit 1) as g on true
         group by s.conversation_id
         order by s.conversation_id
            on conflict (conversation_id) do update
           set session_id         = coalesce(c.session_id, excluded.session_id),
               application        = coalesce(c.application, excluded.application),
               collection         = coalesce(nullif(c.collection, ''), excluded.collection),
               user_hash          = coalesce(c.user_hash, excluded.user_hash),
               consent            = pgsearch._consent(excluded.consent, c.consent),
               started_at         = least(c.started_at, excluded.started_at),
               last_message_at    = greatest(c.last_message_at, excluded.last_message_at),
               message_count      = c.message_count + excluded.message_count,
               total_turns        = c.total_turns + excluded.total_turns,
               error_count        = c.error_count + excluded.error_count,
               regeneration_count = c.regeneration_count + excluded.regeneration_count,
               finalized_at       = null
        returning c.conversation_id, c.consent
    ),
    written as (
        insert into pgsearch.message_contents (message_id, ts, conversation_id, content, retrieval_query, retrieved_docs)
        select s.message_id, s.ts, s.conversation_id, w.content, w.retrieval_query, w.retrieved_docs
          from stored as s
               join whole as w on w.message_id = s.message_id
               join touched as t on t.conversation_id = s.conversation_id
         where w.content is not null
           and coalesce(t.consent, not kept.require_consent)
         order by s.message_id
            on conflict (message_id, ts) do nothing
    )
    select count(*) as stored,
           count(*) filter (where s.parent_message_id in (select p.message_id from stored as p)) as answers
      into told
      from stored as s;

    return jsonb_build_object('stored', told.stored, 'duplicates', jsonb_array_length(entries) - told.stored, 'answers', told.answers);
end;
$$;

comment on function pgsearch._store_messages(jsonb) is
'Stores an array of messages (entries of log_message, each with its conversation_id). Returns {"stored", "duplicates",
"answers"}: how many, and how many of those stored answer another of them. Errors as log_message; one bad entry refuses them all.';

revoke execute on function pgsearch._store_messages(jsonb) from public;

create or replace function pgsearch._consent(said boolean, before boolean)
returns boolean
language sql immutable parallel safe
return case when said = false or before = false then false else coalesce(said, before) end;

comment on function pgsearch._consent(boolean, boolean) is
'What a user says and said before about keeping texts, as one: a refusal stands; null: nothing was said.';

create or replace function pgsearch._check_messages(entries jsonb)
returns void
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    roles constant text[] := '{user,assistant,system,tool}';
    wrong record;
begin
    select bool_or(coalesce(e ->> 'role', '') <> all (roles)) as no_role,
           bool_or(coalesce(e ->> 'conversation_id', '') = '') as no_conversation
      into wrong
      from jsonb_array_elements(entries) as e;
    if wrong.no_role then
        raise exception using
            errcode = 'PS003',
            message = 'a message without its role, or of an unknown role, cannot be logged',
            hint    = format('Known roles: %s.', array_to_string(roles, ', '));
    end if;
    if wrong.no_conversation then
        raise exception using
            errcode = 'PS003',
            message = 'a message cannot be logged: its conversation_id is empty',
            hint    = 'Give the id of its conversation (1 to 255 characters), or none for a new one.';
    end if;
    if exists (select
                 from jsonb_array_elements(entries) as e
                      cross join jsonb_array_elements(case jsonb_typeof(e -> 'top_scores') when 'array' then e -> 'top_scores'
                                                      else '[]' end) as s
                where jsonb_typeof(s) <> 'number'
                   or abs(s::numeric) > 1e100
                   or s::numeric <> 0 and abs(s::numeric) < 1e-100) then
        raise exception using
            errcode = 'PS003',
            message = '"top_scores" of a message cannot be logged: one of them is no finite number',
            hint    = 'Give the scores of the passages, best first, such as [0.89, 0.85, 0.82].';
    end if;
end;
$$;

comment on function pgsearch._check_messages(jsonb) is
'Raises PS003 unless each message has a known role, a conversation and finite scores.';
