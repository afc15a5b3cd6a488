-- A turn is a question and its answer, which are stored as two messages: what of the turn is said of which one stands
-- here, whether it came alone or in a batch.

create or replace function pgsearch._turn_messages(turns jsonb)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    fixed   constant text[] := '{role,content,message_id,external_id}';
    wrong   text;
    answers jsonb;
begin
    select k
      into wrong
      from jsonb_array_elements(turns) as t
           cross join jsonb_object_keys(case jsonb_typeof(t) when 'object' then t end) as k
     where k = any (fixed)
     limit 1;
    if found then
        raise exception using
            errcode = 'PS002',
            message = format('"%s" is no key of a turn', wrong),
            hint    = 'Texts are question and answer; ids of the two messages are question_id and answer_id.';
    end if;
    if exists (select
                 from jsonb_array_elements(turns) as t
                where jsonb_typeof(t) <> 'object') then
        raise exception using
            errcode = 'PS003',
            message = 'a turn must be a JSON object',
            hint    = 'Write it as {"question": "How do roses grow?", "answer": "In the sun.", "user_id": "lee", "llm_model": "gpt-5"}.';
    end if;
    if exists (select
                 from jsonb_array_elements(turns) as t
                where coalesce(t ->> 'question', t ->> 'answer', t ->> 'error_type') is null) then
        raise exception using
            errcode = 'PS003',
            message = 'there is nothing to log: no question, no answer, no error_type',
            hint    = 'Give question and answer; an answer made again has no question, one that failed has an error_type.';
    end if;

    -- everything that is not of the question is of the answer
    select jsonb_agg(t.turn - '{type,question,answer,question_id,answer_id}'::text[]
                     || jsonb_build_object('role', 'assistant', 'content', t.turn -> 'answer', 'message_id', t.turn -> 'answer_id')
                     order by t.at)
      into answers
      from jsonb_array_elements(turns) with ordinality as t(turn, at);
    answers := pgsearch._message_entries(answers);

    return (
        select jsonb_agg(m.message order by t.at, m.part)
          from rows from (jsonb_array_elements(turns), jsonb_array_elements(answers)) with ordinality as t(turn, given, at)
               cross join lateral (
                   -- a time that is none is refused later, in words
                   select case
                          when t.given ->> 'message_id' is not null then t.given
                          when t.given ->> 'ts' is not null and not pgsearch._is_time(t.given ->> 'ts') then t.given
                          else pgsearch._with_log_id(t.given, 'message_id')
                          end as answer) as a
               cross join lateral (
                   select case
                          when jsonb_typeof(a.answer -> 'response_time_ms') = 'number'
                          then greatest(1, least((a.answer ->> 'response_time_ms')::numeric, 86400000))::float8
                          else 1
                          end as waited_ms) as w
               cross join lateral (
                   -- it was asked before it was answered, and a retry makes the same id
                   select coalesce(nullif(t.turn -> 'question_id', 'null'),
                                   to_jsonb(pgsearch._uuid_of(case
                                                              when pgsearch._is_uuid7(a.answer ->> 'message_id')
                                                              then greatest(pgsearch._uuid_time((a.answer ->> 'message_id')::uuid)
                                                                            - make_interval(secs => w.waited_ms / 1000), 'epoch')
                                                              end, a.answer ->> 'message_id'))) as question_id) as q
               cross join lateral (
                   values (1, case
                              when t.turn ->> 'question' is not null
                              then jsonb_strip_nulls(jsonb_build_object(
                                       'role', 'user', 'content', t.turn -> 'question', 'message_id', q.question_id,
                                       'conversation_id', a.answer -> 'conversation_id', 'user_id', a.answer -> 'user_id',
                                       'session_id', a.answer -> 'session_id', 'collection', a.answer -> 'collection',
                                       'application', a.answer -> 'application', 'consent', a.answer -> 'consent'))
                              end),
                          (2, case
                              when coalesce(t.turn ->> 'answer', t.turn ->> 'error_type') is null then null
                              when t.turn ->> 'question' is null or a.answer ->> 'parent_message_id' is not null then a.answer
                              else a.answer || jsonb_build_object('parent_message_id', q.question_id)
                              end)) as m(part, message)
         where m.message is not null);
end;
$$;

comment on function pgsearch._turn_messages(jsonb) is
'The messages (entries of log_message) of an array of turns: objects with question and answer, question_id and answer_id, and
the keys of log_message, of which user_id, session_id, collection, application and consent are said of both.
Errors: PS002 and PS003 as log_turn; values are looked at where messages are stored.';
