-- Which conversations are worth keeping whole: those that went wrong, long ones, and a share of the others.

create or replace function pgsearch._chat_settings(collection text)
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return (pgsearch.default_settings() -> 'chat')
           || (select s.chat from pgsearch.log_settings as s)
           || coalesce((select c.settings -> 'chat' from pgsearch.collections as c where c.collection = _chat_settings.collection), '{}');
end;
$$;

comment on function pgsearch._chat_settings(text) is
'The settings "chat" in force for a collection: defaults, overridden for all by set_chat_settings,
overridden by the collection.';

create or replace function pgsearch._judge_conversation(
    conversation    pgsearch.conversations,
    min_score       float8,
    settings        jsonb,
    require_consent boolean,
    out save        boolean,
    out reason      text,
    out weight      float8,
    out priority    text
)
returns record
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    rate constant float8 := (settings ->> 'sample_rate')::float8;
begin
    reason := case
              when not coalesce(conversation.consent, not require_consent) then 'no_consent'
              when conversation.error_count > 0 then 'error'
              when conversation.regeneration_count > 0 then 'regeneration'
              when conversation.total_turns >= (settings ->> 'long_turns')::float8 then 'turns'
              when min_score < (settings ->> 'min_score')::float8 then 'low_score'
              -- by the id, so that every machine and every time decide alike
              when (hashtextextended(conversation.conversation_id, 0) & 1073741823) / 1073741824.0::float8 < rate then 'sample'
              else 'not_sampled'
              end;
    save     := reason not in ('no_consent', 'not_sampled');
    weight   := case when reason = 'sample' then 1 / rate when save then 1 end;
    priority := case when reason in ('error', 'regeneration', 'low_score') then 'high' when save then 'medium' else 'low' end;
end;
$$;

comment on function pgsearch._judge_conversation(pgsearch.conversations, float8, jsonb, boolean) is
'Whether the texts of a conversation are kept (save), why (sampling_reason), for how many conversations they stand (weight, null where
they are not kept), and retention_priority.';

create or replace function pgsearch._least_scores(conversation_ids text[], first_ts timestamptz, last_ts timestamptz)
returns table (conversation_id text, min_score float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
-- planned anew, because only known times leave all but some partitions out
set plan_cache_mode = 'force_custom_plan'
as $$
#variable_conflict use_column
declare
    -- a search comes before its answer
    searched constant timestamptz := first_ts - interval '1 day';
begin
    return query
    select m.conversation_id, min(coalesce(m.retrieval_score, q.confidence))
      from pgsearch.messages as m
           left join pgsearch.queries as q on q.query_id = m.query_id
                                          and q.ts = pgsearch._uuid_time(m.query_id)
                                          and q.ts between searched and last_ts
     where m.conversation_id = any (_least_scores.conversation_ids)
       and m.ts between first_ts and last_ts
     group by m.conversation_id;
end;
$$;

comment on function pgsearch._least_scores(text[], timestamptz, timestamptz) is
'The least score (0 .. 1) of the searches that fed conversations, of messages from first_ts to last_ts; null where none is known.';
