-- depends: 0017_search_box
-- How many people asked a query, without keeping who: a suggestion must not tell what one person searches for. And the
-- failed answers by time, which are few among many messages.

alter table pgsearch.top_queries_daily
    add column if not exists askers integer[];

comment on column pgsearch.top_queries_daily.askers is 'Three of the people who asked it at most, each as a hash of person and query in 32 bits, which names nobody and ties no two queries together; searches of nobody known count as one person a day. Null: rolled up before people were counted.';

-- squawk-ignore require-concurrent-index-creation
create index if not exists messages_failed
    on pgsearch.messages (ts)
 where is_regeneration
    or error_type is not null;
