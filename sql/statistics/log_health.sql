-- Whether the log is whole: rows without what they belong to, counts that disagree, days that wait.

create or replace function pgsearch.log_health(days integer default 2)
returns table (
    check_name text,
    status     text,
    number     bigint,
    detail     text
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set jit = off
set plan_cache_mode = 'force_custom_plan'
as $$
#variable_conflict use_column
declare
    since constant timestamptz := clock_timestamp() - make_interval(days => greatest(1, least(coalesce(log_health.days, 1), 3660)));
    -- what is being written now is not yet whole
    until constant timestamptz := clock_timestamp() - interval '1 minute';
    kept  record;
begin
    perform pgsearch._check_range('days', log_health.days, 1, 3660);
    select s.keep_queries, s.require_archive into strict kept from pgsearch.log_settings as s;

    return query
    select 'rows of ' || t.name, 'ok', t.rows, format('since %s', to_char(since at time zone 'UTC', 'YYYY-MM-DD HH24:MI'))
      from (select 'queries' as name, count(*) as rows from pgsearch.queries as q where q.ts >= since
            union all
            select 'events', count(*) from pgsearch.events as e where e.ts >= since
            union all
            select 'messages', count(*) from pgsearch.messages as m where m.ts >= since
            union all
            select 'message_contents', count(*) from pgsearch.message_contents as c where c.ts >= since) as t;

    return query
    -- a conversation has several messages: looked up once
    with talked as materialized (
        select m.conversation_id, count(*) as counted, count(*) filter (where m.ts <= until) as settled
          from pgsearch.messages as m
         where m.ts >= since
         group by m.conversation_id
    ),
    known as (
        select coalesce(sum(k.settled) filter (where c.conversation_id is null), 0)::bigint as without_conversation,
               count(*) filter (where c.started_at >= since and c.last_message_at <= until
                                      and c.message_count <> k.counted) as disagreeing
          from talked as k
               left join pgsearch.conversations as c on c.conversation_id = k.conversation_id
    )
    select c.name, case when c.number = 0 then 'ok' else 'warn' end, c.number, c.detail
      from (select 'texts without a message' as name,
                   (select count(*)
                      from pgsearch.message_contents as t
                     where t.ts between since and until
                       and not exists (select
                                         from pgsearch.messages as m
                                        where m.message_id = t.message_id
                                          and m.ts = t.ts
                                          -- the same days of both
                                          and m.ts between since and until)) as number,
                   'message_contents has rows that messages has not' as detail
            union all
            select 'messages without a conversation', n.without_conversation, 'somebody deleted from conversations by hand'
              from known as n
            union all
            select 'conversations whose counts disagree', n.disagreeing, 'message_count is not the number of messages'
              from known as n
            union all
            select 'answers whose search is not there',
                   (select count(*)
                      from pgsearch.messages as m
                     where m.ts between since and until
                       and m.query_id is not null
                       and m.retrieval_score is null
                       and m.ts > clock_timestamp() - kept.keep_queries
                       and not exists (select from pgsearch.queries as q where q.query_id = m.query_id
                                              and q.ts = pgsearch._uuid_time(m.query_id))),
                   'query_id names a search that was not logged, or was left out by log.sample_rate'
            union all
            select 'conversations that wait for their end',
                   (select count(*) from pgsearch.conversations as c where c.finalized_at is null
                           and c.last_message_at < clock_timestamp() - interval '2 days'),
                   'run pgsearch maintain, or select pgsearch.finalize_conversations()'
            union all
            select 'days that are older than they are kept',
                   (select count(*) from pgsearch._log_partitions() as p where p.expired and p.day < (now() at time zone 'UTC')::date - 1),
                   case when kept.require_archive then 'run pgsearch archive, then pgsearch maintain' else 'run pgsearch maintain' end
            union all
            select 'messages that the statistics have not seen',
                   (select coalesce(sum(abs(d.counted - coalesce(s.row_count, 0))), 0)::bigint
                      from (select m.day, m.row_count as counted
                              from pgsearch._counted_days('messages', date_trunc('day', since, 'UTC'),
                                                          date_trunc('day', clock_timestamp(), 'UTC')) as m) as d
                           left join pgsearch.search_stats_seen as s on s.kind = 'messages' and s.day = d.day and s.source_day = d.day),
                   'run pgsearch maintain, or select pgsearch.refresh_chat_stats()') as c;
end;
$$;

comment on function pgsearch.log_health(integer) is
'Whether the log of searches and conversations is whole.
Arguments:
- days (1 .. 3660 days back that are looked at)
Returns a row a check: check_name, status (ok, warn), number (rows stored; rows that are wrong), detail (what it means, or what to do).
Error: PS003 days out of range.
Example:
select * from pgsearch.log_health();';
