-- One message of a conversation into the log: what an application that answers questions calls after each of them.

create or replace function pgsearch.log_message(entry jsonb)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
set lock_timeout = '5s'
as $$
begin
    entry := pgsearch._message_entry(entry);
    perform pgsearch._check_log_entries(coalesce(jsonb_build_array(entry), '[null]'), 'message');
    if entry -> 'log' = 'false' then
        return null;
    end if;
    entry := pgsearch._with_log_id(entry, 'message_id');
    perform pgsearch._store_messages(jsonb_build_array(entry));

    return jsonb_build_object('conversation_id', entry ->> 'conversation_id', 'message_id', entry ->> 'message_id');
end;
$$;

comment on function pgsearch.log_message(jsonb) is
'Stores one message of a conversation.
Returns {"conversation_id", "message_id"}, made here when entry has none. A second call with the same message_id changes
nothing.
Arguments:
- entry: role (user, assistant, system or tool; required), content (the text), conversation_id (of any form, at most 255
  characters; a new one without it), message_id (a UUIDv7, see uuid7; its time is the time of the message), ts (the time,
  when there is no id), external_id (of another system: with ts it makes the id, so that the same again is known),
  session_id, user_id (stored as hash_user(user_id)), collection, application, consent (whether the user lets texts be
  kept), parent_message_id, query_id (of the search that fed an answer), retrieved_docs (array of the passages, when there
  is no query_id), retrieval_query, retrieved_count, reranking_used, top_scores, retrieval_score (0 .. 1: how good the best
  passage is; else the best of top_scores where they are from 0 to 1, else the confidence of the search), reasoning_level,
  llm_model, temperature, max_tokens, top_p, input_tokens, output_tokens, response_time_ms, retrieval_time_ms,
  first_token_ms, error_type (when it failed), is_regeneration, metadata, log (false: nothing is stored, and null comes
  back). Also known are log_id, collection_name, message_type, message_content, created_at, and the objects llm_params,
  retrieval_info and performance, as the view chat_logs has them
Errors: PS002 unknown key; PS003 bad value, conversation of another user, an id of another version or of more than a day
in the future, or older than messages are kept.
Example:
select pgsearch.log_message(''{"role": "user", "content": "How do roses grow?", "user_id": "lee", "collection": "korean"}'');';
