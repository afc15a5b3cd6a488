-- Conversations as lines of the archive, a page at a time, in the order in which they ended: what ended on a day that is over never
-- changes, because a conversation that goes on ends another day, and stands in the file of that day again.

create or replace function pgsearch.archive_conversations(
    since       timestamptz,
    until       timestamptz,
    after_ended timestamptz default null,
    after_id    text        default null,
    top_n       integer     default 200
)
returns table (
    finalized_at    timestamptz,
    conversation_id text,
    line            text,
    contents        integer
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set extra_float_digits = 1
set enable_seqscan = off
set jit = off
set plan_cache_mode = 'force_custom_plan'
as $$
#variable_conflict use_column
declare
    page record;
begin
    perform pgsearch._check_range('top_n', top_n, 1, 10000);
    -- known before the plan is made, so that other days are left out of it
    select array_agg(p.conversation_id) as ids, min(p.started_at) as first_ts, max(p.last_message_at) as last_ts,
           min(p.started_at) - interval '1 day' as searched
      into page
      from (select c.conversation_id, c.started_at, c.last_message_at
              from pgsearch.conversations as c
             where c.finalized_at >= archive_conversations.since
               and c.finalized_at < archive_conversations.until
               and (after_ended is null or (c.finalized_at, c.conversation_id collate "C") > (after_ended, coalesce(after_id, '')))
             order by c.finalized_at, c.conversation_id collate "C"
             limit top_n) as p;

    return query
    select c.finalized_at,
           c.conversation_id,
           json_build_object('conversation_id', c.conversation_id,
                             'collection_name', c.collection,
                             'user_hash', c.user_hash,
                             'messages', coalesce(s.messages, '[]'),
                             'metadata', json_build_object('total_turns', c.total_turns, 'is_sampled', coalesce(c.is_sampled, true),
                                                           'retention_priority', c.retention_priority, 'summary', c.summary,
                                                           'summary_method', c.summary_method, 'session_id', c.session_id,
                                                           'sampling_reason', c.sampling_reason, 'sample_weight', c.sample_weight,
                                                           'started_at', c.started_at, 'finalized_at', c.finalized_at))::text,
           coalesce(s.contents, 0)::integer
      from pgsearch.conversations as c
           left join (select m.conversation_id,
                             count(t.content) as contents,
                             json_agg(json_build_object('role', m.role,
                                                        'content', t.content,
                                                        'retrieved_docs', coalesce(t.retrieved_docs, d.docs, '[]'),
                                                        'timestamp', m.ts,
                                                        'message_id', m.message_id,
                                                        'query_id', m.query_id,
                                                        'llm_model', m.llm_model,
                                                        'error_type', m.error_type,
                                                        'is_regeneration', m.is_regeneration) order by m.message_id) as messages
                        from pgsearch.messages as m
                             left join pgsearch.message_contents as t on t.message_id = m.message_id
                                                                     and t.ts = m.ts
                                                                     and t.ts between page.first_ts and page.last_ts
                             left join lateral (select jsonb_agg(jsonb_build_object('id', h.id, 'page', q.hit_pages[h.at],
                                                                                    'score', q.hit_scores[h.at]) order by h.at) as docs
                                                  from pgsearch.queries as q
                                                       cross join lateral unnest(q.hit_ids) with ordinality as h(id, at)
                                                 where q.query_id = m.query_id
                                                   and q.ts = pgsearch._uuid_time(m.query_id)
                                                   and q.ts between page.searched and page.last_ts) as d on true
                       where m.conversation_id = any (page.ids)
                         and m.ts between page.first_ts and page.last_ts
                       group by m.conversation_id) as s on s.conversation_id = c.conversation_id
     where c.conversation_id = any (page.ids)
     order by c.finalized_at, c.conversation_id collate "C";
end;
$$;

comment on function pgsearch.archive_conversations(timestamptz, timestamptz, timestamptz, text, integer) is
'Conversations as lines of the archive: the object of conversation_history, with more in it. Whoever reads it reads the texts of
everybody, and nothing writes it down: it needs the rights of the owner.
Arguments:
- since, until: those that ended from since up to but not including until
- after_ended, after_id (null: from the first): finalized_at and conversation_id of the last of the page before
- top_n (1 .. 10000)
Returns a row a conversation in the order in which they ended: finalized_at, conversation_id, line, contents (messages with a text).
Error: PS003 top_n out of range.
Example:
select line from pgsearch.archive_conversations(now() - interval ''1 day'', now(), top_n => 3);';
