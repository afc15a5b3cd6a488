-- A question with its answer: the two messages that a chat writes each time, in one call.

create or replace function pgsearch.log_turn(
    question        text,
    answer          text,
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
    of_both constant text[]  := '{user_id,session_id,collection,application,consent}';
    ids     constant text[]  := '{question_id,answer_id}';
    fixed   constant text[]  := '{role,content,message_id,conversation_id,query_id,external_id,log,type}';
    given   constant jsonb   := coalesce(nullif(context, 'null'), '{}');
    failed  constant boolean := given ->> 'error_type' is not null;
    wrong   text;
    answers jsonb;
    waited  interval;
    asked_at timestamptz;
    asked   jsonb;
    stored  jsonb   := '[]';
begin
    if jsonb_typeof(given) <> 'object' then
        raise exception using
            errcode = 'PS003',
            message = format('context must be a JSON object, not %s', jsonb_typeof(given)),
            hint    = 'Write it as ''{"user_id": "lee", "llm_model": "gpt-5"}''.';
    end if;
    select k into wrong from jsonb_object_keys(given) as k where k = any (fixed) limit 1;
    if found then
        raise exception using
            errcode = 'PS002',
            message = format('"%s" is no key of the context of a turn', wrong),
            hint    = 'Texts, conversation and search are arguments; ids of the two messages are question_id and answer_id.';
    end if;
    if log_turn.question is null and log_turn.answer is null and not failed then
        raise exception using
            errcode = 'PS003',
            message = 'there is nothing to log: no question, no answer, no error_type',
            hint    = 'Give question and answer; an answer made again has no question, one that failed has an error_type.';
    end if;

    answers := pgsearch._message_entry(given - ids || jsonb_strip_nulls(jsonb_build_object(
                                           'role', 'assistant', 'content', log_turn.answer, 'query_id', log_turn.query_id,
                                           'conversation_id', log_turn.conversation_id, 'message_id', given -> 'answer_id')));
    perform pgsearch._check_log_entries(jsonb_build_array(answers), 'message');
    answers := pgsearch._with_log_id(answers, 'message_id');

    if log_turn.question is not null then
        -- it was asked before it was answered, and a retry makes the same id
        waited   := make_interval(secs => greatest(1, least(coalesce((answers ->> 'response_time_ms')::float8, 0), 86400000)) / 1000);
        asked_at := greatest(pgsearch._uuid_time((answers ->> 'message_id')::uuid) - waited, 'epoch');
        select jsonb_object_agg(b.key, answers -> b.key)
               || jsonb_build_object('role', 'user', 'content', log_turn.question, 'conversation_id', answers -> 'conversation_id',
                                     'message_id', coalesce(nullif(given -> 'question_id', 'null'),
                                                            to_jsonb(pgsearch._uuid_of(asked_at, answers ->> 'message_id'))))
          into asked
          from unnest(of_both) as b(key);
        stored  := stored || asked;
        answers := answers || jsonb_build_object('parent_message_id', coalesce(nullif(answers -> 'parent_message_id', 'null'),
                                                                               asked -> 'message_id'));
    end if;
    if failed or log_turn.answer is not null then
        stored := stored || answers;
    end if;
    perform pgsearch._store_messages(stored);

    return jsonb_build_object('conversation_id', answers -> 'conversation_id', 'question_id', asked -> 'message_id',
                              'answer_id', case when failed or log_turn.answer is not null then answers -> 'message_id' end);
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
