-- Which collections are asked, by searches and by conversations.

create or replace function pgsearch.collection_usage(
    since       timestamptz default null,
    until       timestamptz default null,
    application text        default null
)
returns table (
    collection    text,
    searches      float8,
    chat_queries  bigint,
    conversations bigint,
    total_tokens  bigint,
    error_count   float8,
    share         float8,
    last_day      date
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    days constant daterange := pgsearch._period(since, until);
begin
    return query
    select u.collection, sum(u.searches), sum(u.chat_queries)::bigint, sum(u.conversations)::bigint, sum(u.tokens)::bigint, sum(u.errors),
           sum(u.searches + u.chat_queries) / nullif(sum(sum(u.searches + u.chat_queries)) over (), 0),
           max(u.day)
      from (select s.collection, s.day, s.total_queries as searches, 0 as chat_queries, 0 as conversations, 0 as tokens,
                   s.error_count as errors
              from pgsearch.search_stats_daily as s
             where s.day >= lower(days)
               and s.day < upper(days)
               and (collection_usage.application is null or s.application = collection_usage.application)
            union all
            select c.collection, c.day, 0, c.total_queries, 0, c.input_tokens + c.output_tokens, c.error_count
              from pgsearch.chat_stats_daily as c
             where c.day >= lower(days)
               and c.day < upper(days)
               and (collection_usage.application is null or c.application = collection_usage.application)
            union all
            select t.collection, t.day, 0, 0, t.conversations, 0, 0
              from pgsearch.conversation_stats_daily as t
             where t.day >= lower(days)
               and t.day < upper(days)
               and (collection_usage.application is null or t.application = collection_usage.application)) as u
     group by u.collection
     order by 7 desc nulls last, u.collection;
end;
$$;

comment on function pgsearch.collection_usage(timestamptz, timestamptz, text) is
'How much each collection is used, most used first.
Arguments:
- since and until (whole days in UTC; null: the last 30 days)
- application (as it is logged, see application_usage; null: all)
Returns collection (as logged: empty for all or several), searches (weighted), chat_queries (messages of users), conversations (that
began), total_tokens, error_count (of both), share (0 .. 1 of searches and chat_queries), last_day (on which it was used). From the
roll-ups, see refresh_search_stats.
Error: PS003 until not after since.
Example:
select collection, searches, chat_queries from pgsearch.collection_usage();';
