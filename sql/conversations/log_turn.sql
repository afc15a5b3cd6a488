-- A question with its answer: the two messages that a chat writes each time, in one call.

create or replace function pgsearch.log_turn(
    question        text,
    answer          text  default null,
    conversation_id text  default null,
    query_id        uuid  default null,
    context         jsonb default '{}'
)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
set lock_timeout = '5s'
as $$
declare
    arguments constant text[] := '{question,answer,conversation_id,query_id,log,type}';
    given     constant jsonb  := coalesce(nullif(context, 'null'), '{}');
    wrong     text;
    messages  jsonb;
begin
    if jsonb_typeof(given) <> 'object' then
        raise exception using
            errcode = 'PS003',
            message = format('context must be a JSON object, not %s', jsonb_typeof(given)),
            hint    = 'Write it as ''{"user_id": "lee", "llm_model": "gpt-5"}''.';
    end if;
    select k into wrong from jsonb_object_keys(given) as k where k = any (arguments) limit 1;
    if found then
        raise exception using
            errcode = 'PS002',
            message = format('"%s" is no key of the context of a turn', wrong),
            hint    = 'Texts, conversation and search are arguments; ids of the two messages are question_id and answer_id.';
    end if;

    messages := pgsearch._turn_messages(jsonb_build_array(
                    given || jsonb_strip_nulls(jsonb_build_object('question', log_turn.question, 'answer', log_turn.answer,
                                                                  'conversation_id', log_turn.conversation_id,
                                                                  'query_id', log_turn.query_id))));
    perform pgsearch._store_messages(messages);

    return (select jsonb_build_object('conversation_id', messages -> 0 -> 'conversation_id',
                                      'question_id', min(m ->> 'message_id') filter (where m ->> 'role' = 'user'),
                                      'answer_id', min(m ->> 'message_id') filter (where m ->> 'role' = 'assistant'))
              from jsonb_array_elements(messages) as m);
end;
$$;

comment on function pgsearch.log_turn(text, text, text, uuid, jsonb) is
'Stores a question and its answer.
Arguments:
- question (null: the answer was made again, or came unasked)
- answer (null with error_type in context: there is none)
- conversation_id (at most 255 characters; null: a new conversation)
- query_id: of the search that fed the answer, as search() gave it
- context: what log_message knows besides (user_id, session_id, collection, application and consent are of both messages,
  everything else of the answer: llm_model, response_time_ms, input_tokens, error_type, is_regeneration ...), question_id and
  answer_id (UUIDv7 each, so that a retry is known)
Returns {"conversation_id", "question_id", "answer_id"}.
Errors: PS002 unknown key of context; PS003 nothing to log, a bad value, conversation of another user.
Example:
select pgsearch.log_turn(''How do roses grow?'', ''In the sun.'', context => ''{"user_id": "lee", "llm_model": "small"}'');';
