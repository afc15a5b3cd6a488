-- The end of a conversation is silence: then it is known as a whole, and decided whether its texts are kept.
--
-- Figures never go by this: messages stay, and count as one whatever is decided.

create or replace function pgsearch.finalize_conversations(
    conversation_id text     default null,
    idle            interval default null
)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
set enable_seqscan = off
set plan_cache_mode = 'force_custom_plan'
as $$
#variable_conflict use_column
declare
    at_once  constant integer := 1000;
    kept     record;
    found_in record;
    settings jsonb;
    silent_since timestamptz;
    ended    record;
    dropped  text[];
    number   bigint;
    finished bigint := 0;
    saved    bigint := 0;
    removed  bigint := 0;
    expired  jsonb := '{"contents_expired": 0, "conversations_expired": 0}';
begin
    if idle < interval '0' or idle > interval '10 years' then
        raise exception using
            errcode = 'PS003',
            message = format('a conversation cannot end after %s of silence', idle),
            hint    = 'Give an interval from ''0'' to ''10 years''; null: the setting idle_minutes, see set_chat_settings.';
    end if;
    select * into strict kept from pgsearch.log_settings;

    for found_in in
        select c.collection
          from pgsearch.conversations as c
         where c.finalized_at is null
           and (finalize_conversations.conversation_id is null or c.conversation_id = finalize_conversations.conversation_id)
         group by c.collection
    loop
        settings     := pgsearch._chat_settings(found_in.collection);
        silent_since := clock_timestamp() - coalesce(idle, make_interval(secs => 60 * (settings ->> 'idle_minutes')::float8));
        loop
            select array_agg(e.conversation_id) as ids, min(e.started_at) as first_ts, max(e.last_message_at) as last_ts
              into ended
              from (select c.conversation_id, c.started_at, c.last_message_at
                      from pgsearch.conversations as c
                     where c.finalized_at is null
                       and c.collection = found_in.collection
                       and case
                           when finalize_conversations.conversation_id is null then
                               c.last_message_at <= silent_since or c.last_message_at <= c.finished_at
                           else c.conversation_id = finalize_conversations.conversation_id
                           end
                     order by c.conversation_id
                     limit at_once
                       -- who is at it already decides
                       for update skip locked) as e;
            exit when ended.ids is null;

            with judged as materialized (
                select c.conversation_id, l.min_score, j.*
                  from pgsearch.conversations as c
                       left join pgsearch._least_scores(ended.ids, ended.first_ts, ended.last_ts) as l
                              on l.conversation_id = c.conversation_id
                       cross join lateral pgsearch._judge_conversation(c, l.min_score, settings, kept.require_consent) as j
                 where c.conversation_id = any (ended.ids)
            ),
            written as (
                update pgsearch.conversations as c
                   set min_score          = j.min_score,
                       is_sampled         = j.save,
                       sampling_reason    = j.reason,
                       sample_weight      = j.weight,
                       retention_priority = j.priority,
                       summary            = case when j.save then c.summary end,
                       summary_method     = case when j.save then c.summary_method end,
                       finalized_at       = clock_timestamp()
                  from judged as j
                 where c.conversation_id = j.conversation_id
            )
            select array_agg(j.conversation_id) filter (where not j.save), count(*) filter (where j.save)
              into dropped, number
              from judged as j;
            saved    := saved + number;
            finished := finished + cardinality(ended.ids);

            delete from pgsearch.message_contents as t
             where t.conversation_id = any (dropped)
               and t.ts between ended.first_ts and ended.last_ts;
            get diagnostics number = row_count;
            removed := removed + number;
        end loop;
    end loop;

    if finalize_conversations.conversation_id is null then
        expired := pgsearch._expire_conversations();
    end if;
    return jsonb_build_object('finalized', finished, 'saved', saved, 'contents_removed', removed) || expired;
end;
$$;

comment on function pgsearch.finalize_conversations(text, interval) is
'Ends conversations: whether their texts are kept is decided (see should_save_conversation) and done, and written down with its
reason. Then texts that are older than they are kept go, and conversations that are older than messages are kept (see
set_log_retention). Run by `pgsearch maintain`; a later message opens a conversation again.
Arguments:
- conversation_id (null: all that are silent long enough, or finished as their application said; a given one ends now)
- idle (0 .. 10 years of silence; null: the setting idle_minutes, 30 at first)
Returns how many: {"finalized", "saved", "contents_removed", "contents_expired", "conversations_expired"}. Again changes nothing.
Error: PS003 idle out of range.
Example:
select pgsearch.finalize_conversations();';

create or replace function pgsearch._expire_conversations()
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    kept     record;
    -- whole days, as everything in the log
    cutoff   timestamptz;
    day      date;
    number   bigint;
    contents bigint := 0;
begin
    select * into strict kept from pgsearch.log_settings;
    cutoff := date_trunc('day', clock_timestamp() - kept.keep_contents, 'UTC');

    for day in
        select p.day
          from pgsearch.list_partitions() as p
         where p.parent = 'message_contents'
           and p.day < (cutoff at time zone 'UTC')::date
           and pgsearch._may_leave(p.day)
    loop
        delete from pgsearch.message_contents as t
         where t.ts >= day::timestamp at time zone 'UTC'
           and t.ts < (day + 1)::timestamp at time zone 'UTC'
           and not exists (select
                             from pgsearch.conversations as c
                            where c.conversation_id = t.conversation_id
                              and c.retention_priority = 'high');
        get diagnostics number = row_count;
        contents := contents + number;
    end loop;

    delete from pgsearch.conversations as c
     where c.last_message_at < date_trunc('day', clock_timestamp() - kept.keep_messages, 'UTC')
       and pgsearch._may_leave((c.last_message_at at time zone 'UTC')::date)
       and (c.finalized_at is null or pgsearch._conversations_may_leave((c.finalized_at at time zone 'UTC')::date));
    get diagnostics number = row_count;
    return jsonb_build_object('contents_expired', contents, 'conversations_expired', number);
end;
$$;

comment on function pgsearch._expire_conversations() is
'Deletes texts and conversations that are older than they are kept. Returns {"contents_expired", "conversations_expired"}: how many.';
