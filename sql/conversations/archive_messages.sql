-- Messages as lines of the archive, a page at a time, in the order of their ids, which is that of time. Pages and no cursor: what lies
-- between two calls may be another connection. Few bytes a page rather than few rows: a message may hold megabytes.

create or replace function pgsearch.archive_messages(
    since     timestamptz,
    until     timestamptz,
    after     uuid    default null,
    top_n     integer default 2000,
    max_bytes integer default 4000000
)
returns table (
    message_id  uuid,
    line        text,
    has_content boolean
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set extra_float_digits = 1
-- a few rows by their ids: a merge or a hash would begin with the first of the day, at every page
set enable_seqscan = off
set enable_mergejoin = off
set enable_hashjoin = off
set jit = off
-- planned anew, because only known times leave all but some partitions out
set plan_cache_mode = 'force_custom_plan'
as $$
#variable_conflict use_column
declare
    -- a search comes before its answer
    searched constant timestamptz := greatest(archive_messages.since, '0001-01-02 00:00+00') - interval '1 day';
    sent     bigint := 0;
begin
    perform pgsearch._check_range('top_n', top_n, 1, 100000);
    perform pgsearch._check_range('max_bytes', max_bytes, 1, 100000000);
    for message_id, line, has_content in
        select l.message_id, row_to_json(l)::text, l.message_content is not null
          from (select coalesce(m.external_id, m.message_id::text) as log_id,
                       m.session_id,
                       m.collection as collection_name,
                       m.role as message_type,
                       case when s.settled then t.content end as message_content,
                       m.reasoning_level,
                       m.llm_model,
                       json_build_object('temperature', m.temperature, 'max_tokens', m.max_tokens, 'top_p', m.top_p) as llm_params,
                       json_build_object('query', case when s.settled then coalesce(t.retrieval_query, q.user_query) end,
                                         'retrieved_count', coalesce(m.retrieved_count, q.result_count),
                                         'reranking_used', coalesce(m.reranking_used, q.reranking_used),
                                         'top_scores', coalesce(m.top_scores, q.hit_scores[1:3])) as retrieval_info,
                       json_build_object('response_time_ms', m.response_time_ms,
                                         'token_count', case when m.input_tokens is null and m.output_tokens is null then null
                                                             else coalesce(m.input_tokens, 0) + coalesce(m.output_tokens, 0) end,
                                         'retrieval_time_ms', coalesce(m.retrieval_time_ms, q.latency_ms)) as performance,
                       m.ts as created_at,
                       m.message_id,
                       m.conversation_id,
                       m.user_hash,
                       m.application,
                       m.parent_message_id,
                       m.query_id,
                       m.input_tokens,
                       m.output_tokens,
                       m.first_token_ms,
                       m.retrieval_score,
                       m.error_type,
                       m.is_regeneration,
                       m.metadata,
                       case when s.settled then t.retrieved_docs end as retrieved_docs
                  from pgsearch.messages as m
                       left join pgsearch.message_contents as t on t.message_id = m.message_id
                                                               and t.ts = m.ts
                                                               and t.ts >= archive_messages.since
                                                               and t.ts < archive_messages.until
                       left join pgsearch.conversations as c on c.conversation_id = m.conversation_id
                       left join pgsearch.queries as q on q.query_id = m.query_id
                                                      and q.ts = pgsearch._uuid_time(m.query_id)
                                                      and q.ts between searched and archive_messages.until
                       cross join lateral (select pgsearch._is_settled(c.is_sampled, m.ts) as settled) as s
                 where m.ts >= archive_messages.since
                   and m.ts < archive_messages.until
                   and m.message_id > coalesce(after, '00000000-0000-0000-0000-000000000000')
                 order by m.message_id
                 limit top_n) as l
    loop
        return next;
        sent := sent + octet_length(line);
        exit when sent >= max_bytes;
    end loop;
end;
$$;

comment on function pgsearch.archive_messages(timestamptz, timestamptz, uuid, integer, integer) is
'Messages as lines of the archive: the object of chat_logs, and behind it what else is known (message_id, conversation_id, user_hash,
error_type, ...). Whoever reads it reads the texts of everybody, and nothing writes it down: it needs the rights of the owner.
Arguments:
- since, until: messages from since up to but not including until
- after (null: from the first): the last message_id of the page before
- top_n (1 .. 100000)
- max_bytes (1 .. 100000000): a page ends with the line that reaches it
Returns a row a message in the order of message_id, which is that of time: message_id, line, has_content (a text that was not kept is
null).
Error: PS003 out of range.
Example:
select line from pgsearch.archive_messages(now() - interval ''1 day'', now(), top_n => 3);';
