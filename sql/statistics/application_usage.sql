-- Which applications search and chat, and how much: what figures can be asked for by application.

create or replace function pgsearch.application_usage(
    collection text        default null,
    since      timestamptz default null,
    until      timestamptz default null,
    top_n      integer     default 20
)
returns table (
    application    text,
    searches       float8,
    no_result_rate float8,
    chat_queries   bigint,
    share          float8,
    last_day       date
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    days constant daterange := pgsearch._period(since, until);
begin
    perform pgsearch._check_range('top_n', top_n, 0, 10000);

    return query
    select u.application, sum(u.searches), sum(u.no_result) / nullif(sum(u.searches), 0), sum(u.chat_queries)::bigint,
           sum(u.searches + u.chat_queries) / nullif(sum(sum(u.searches + u.chat_queries)) over (), 0),
           max(u.day)
      from (select s.application, s.day, s.total_queries as searches, s.no_result_count as no_result, 0 as chat_queries
              from pgsearch.search_stats_daily as s
             where s.day >= lower(days)
               and s.day < upper(days)
               and (application_usage.collection is null or s.collection = application_usage.collection)
            union all
            select c.application, c.day, 0, 0, c.total_queries
              from pgsearch.chat_stats_daily as c
             where c.day >= lower(days)
               and c.day < upper(days)
               and (application_usage.collection is null or c.collection = application_usage.collection)) as u
     group by u.application
     order by 5 desc nulls last, u.application
     limit application_usage.top_n;
end;
$$;

comment on function pgsearch.application_usage(text, timestamptz, timestamptz, integer) is
'How much each application searches and chats, most used first: those by which other figures can be asked for.
Arguments:
- collection (null: all)
- since and until (whole days in UTC; null: the last 30 days)
- top_n (0 .. 10000 rows)
Returns application (as logged; empty: none was named, or one that is not among the 20 most used of a day), searches (weighted),
no_result_rate (0 .. 1; null without searches), chat_queries (messages of users), share (0 .. 1 of searches and chat_queries),
last_day (on which it was used). From the roll-ups, see refresh_search_stats.
Errors: PS003 top_n out of range, until not after since.
Example:
select application, searches, chat_queries from pgsearch.application_usage();';
