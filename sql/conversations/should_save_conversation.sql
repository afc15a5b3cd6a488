-- What finalize_conversations will decide, for whoever wants to know before.

create or replace function pgsearch.should_save_conversation(conversation_id text)
returns table (save boolean, reason text, weight float8, priority text)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select j.save, j.reason, j.weight, j.priority
      from pgsearch.conversations as c
           cross join lateral pgsearch._least_scores(array[c.conversation_id], c.started_at, c.last_message_at) as l
           cross join lateral pgsearch._judge_conversation(c, l.min_score, pgsearch._chat_settings(c.collection),
                                                           (select s.require_consent from pgsearch.log_settings as s)) as j
     where c.conversation_id = should_save_conversation.conversation_id;
end;
$$;

comment on function pgsearch.should_save_conversation(text) is
'Whether the texts of a conversation are kept when it has ended, as it is now.
Arguments:
- conversation_id
Returns save, reason (of those that apply the first: no_consent; error; regeneration; turns: at least long_turns of them; low_score:
a search with a score below min_score; sample, not_sampled: by hash of the id, a share of sample_rate), weight (how many
conversations it stands for; null when it is not kept), priority (high: error, regeneration, low_score; medium; low: not
kept). No row for an unknown conversation. The numbers are settings, see set_chat_settings.
Example:
select * from pgsearch.should_save_conversation(pgsearch.log_turn(''Roses?'', ''Yes.'') ->> ''conversation_id'');';
