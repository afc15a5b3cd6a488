-- An application says that conversations are over: what is kept of them is decided at the next upkeep, without half an hour of
-- silence before.
--
-- With the rights of the owner, as _store_messages. It decides nothing itself: whoever may log can make nothing go.

create or replace function pgsearch._finish_conversations(entries jsonb)
returns jsonb
language plpgsql volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
    kept   record;
    number bigint;
begin
    perform pgsearch._check_log_entries(entries, 'message');
    if exists (select from jsonb_array_elements(entries) as e where coalesce(e ->> 'conversation_id', '') = '') then
        raise exception using
            errcode = 'PS003',
            message = 'nothing can be finished: its conversation_id is empty',
            hint    = 'Give the id of the conversation.';
    end if;
    entries := pgsearch._bound_entries(entries);
    select * into strict kept from pgsearch.log_settings;

    with said as materialized (
        select e.conversation_id, max(coalesce(e.ts, clock_timestamp())) as at, min(nullif(e.user_id, '')) as user_id
          from jsonb_to_recordset(entries) as e(conversation_id text, ts timestamptz, user_id text)
         group by e.conversation_id
         -- locked in this order, as _store_messages does
         order by e.conversation_id
    ),
    theirs as materialized (
        select c.conversation_id, s.at
          from said as s
               cross join lateral (select k.conversation_id, k.user_hash, k.finished_at
                                     from pgsearch.conversations as k
                                    where k.conversation_id = s.conversation_id
                                    limit 1
                                      for update) as c
         where (s.user_id is null or c.user_hash is null or c.user_hash = pgsearch._salted_hash(kept.user_salt, s.user_id))
           and (c.finished_at is null or c.finished_at < s.at)
    )
    update pgsearch.conversations as c
       set finished_at = t.at
      from theirs as t
     where c.conversation_id = t.conversation_id;
    get diagnostics number = row_count;

    return jsonb_build_object('stored', number, 'duplicates', jsonb_array_length(entries) - number);
end;
$$;

comment on function pgsearch._finish_conversations(jsonb) is
'Marks conversations as over, from an array of objects with conversation_id, user_id and ts (else now); those of other users and
unknown ones are passed over. Returns {"stored", "duplicates"}: how many are over now, and how many entries changed nothing.';

revoke execute on function pgsearch._finish_conversations(jsonb) from public;
