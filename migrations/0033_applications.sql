-- depends: 0032_known_texts
-- Figures by application: one more key of the roll-ups, and one roll-up more, of queries that were asked again.
--
-- Roll-ups are small, so their keys are made anew in a moment.

do $$
declare
    named record;
begin
    for named in
        select *
          from (values ('search_stats_hourly', 'hour, collection, search_mode, fusion_strategy, query_type'),
                       ('latency_hourly', 'hour, collection'),
                       ('search_stats_daily', 'day, collection'),
                       ('top_queries_daily', 'day, collection, query_normalized'),
                       ('chat_stats_hourly', 'hour, collection'),
                       ('chat_stats_daily', 'day, collection'),
                       ('chat_usage_daily', 'dimension, day, value, collection'),
                       ('conversation_stats_daily', 'day, collection')) as t(name, key)
    loop
        if not exists (select
                         from pg_catalog.pg_attribute as a
                        where a.attrelid = format('pgsearch.%I', named.name)::pg_catalog.regclass
                          and a.attname = 'application') then
            execute format('alter table pgsearch.%I add column application text not null default '''','
                           ' drop constraint %I, add primary key (%s, application)',
                           named.name, named.name || '_pkey', named.key);
            execute format('comment on column pgsearch.%I.application is %L', named.name,
                           'As logged; empty: none was named, or one that is not among the most used of its day.');
        end if;
    end loop;
end;
$$;

alter table pgsearch.unique_actors
  add column if not exists application text;

alter table pgsearch.unique_actors
-- squawk-ignore ban-drop-constraint
 drop constraint if exists unique_actors_of_source;

alter table pgsearch.unique_actors
-- squawk-ignore constraint-missing-not-valid, disallowed-unique-constraint
  add constraint unique_actors_of_source unique nulls not distinct (step, starts_at, collection, source, application);

comment on column pgsearch.unique_actors.application is 'Null: over all applications.';

create table if not exists pgsearch.reformulations_daily (
    day              date   not null,
    collection       text   not null,
    application      text   not null,
    -- of both normalized texts, which are longer than a key may be
    pair             uuid   not null,
    query_normalized text   not null,
    user_query       text   not null,
    reformulated_to  text   not null,
    times            float8 not null,
    similarity_count float8 not null,
    sum_similarity   float8 not null,
    clicked_times    float8 not null,
    primary key (day, collection, application, pair)
);

comment on table pgsearch.reformulations_daily is
'Queries of a day that were asked again in other words, with these: the 1,000 most frequent pairs of each collection and
application; written by refresh_search_stats.';
comment on column pgsearch.reformulations_daily.pair is 'MD5 of both texts as normalize_query gives them.';
comment on column pgsearch.reformulations_daily.user_query is 'One spelling of the first query, as reformulated_to is of the second.';
comment on column pgsearch.reformulations_daily.times is 'How often, weighted: each search counts sample_weight.';
comment on column pgsearch.reformulations_daily.similarity_count is 'Rows with a known similarity, unweighted; sum_similarity is theirs.';
comment on column pgsearch.reformulations_daily.clicked_times is 'Those of times in which the first search had a click.';

revoke all on pgsearch.reformulations_daily from public;

-- A row an hour and collection, whatever searched there.
create or replace view pgsearch.chat_statistics with (security_invoker = true) as
select md5(s.collection || ' ' || extract(epoch from s.hour)::bigint)::uuid as stat_id,
       s.collection as collection_name,
       (s.hour at time zone 'UTC')::date as date,
       extract(hour from s.hour at time zone 'UTC')::integer as hour,
       jsonb_build_object('total_queries', s.total_queries,
                          'unique_sessions', coalesce(u.sessions, 0),
                          'avg_response_time', s.sum_latency_ms / nullif(s.latency_count, 0) / 1000,
                          'total_tokens', s.total_tokens,
                          'error_count', s.error_count,
                          'regeneration_count', s.regeneration_count) as metrics,
       (select coalesce(jsonb_agg(t.user_query order by t.query_count desc, t.query_normalized), '[]')
          from (select min(k.user_query) as user_query, sum(k.query_count) as query_count, k.query_normalized
                  from pgsearch.top_queries_daily as k
                 where k.day = (s.hour at time zone 'UTC')::date
                   and k.collection = s.collection
                 group by k.query_normalized
                 order by sum(k.query_count) desc, k.query_normalized
                 limit 10) as t) as top_queries,
       (select pgsearch._percentiles_in_seconds(coalesce(array_agg(b.bucket order by b.bucket), '{}'),
                                                coalesce(array_agg(b.counted order by b.bucket), '{}'))
          from (select l.bucket, sum(l.counted) as counted
                  from pgsearch.chat_stats_hourly as h
                       cross join lateral unnest(h.latency_buckets, h.latency_counts) as l(bucket, counted)
                 where h.hour = s.hour
                   and h.collection = s.collection
                 group by l.bucket) as b) as performance_percentiles
  from (select h.hour, h.collection, sum(h.total_queries)::bigint as total_queries, sum(h.sum_latency_ms) as sum_latency_ms,
               sum(h.latency_count)::bigint as latency_count, sum(h.input_tokens + h.output_tokens)::bigint as total_tokens,
               sum(h.error_count)::bigint as error_count, sum(h.regeneration_count)::bigint as regeneration_count
          from pgsearch.chat_stats_hourly as h
         group by h.hour, h.collection) as s
       left join pgsearch.unique_actors as u
              on u.step = 'hour'
             and u.starts_at = s.hour
             and u.collection = s.collection
             and u.source = 'chat'
             and u.application is null;

-- What is still whole in the log is rolled up once more, by application. Days whose clicks or searches may be gone stay as
-- they were.
delete from pgsearch.search_stats_seen as s
 using pgsearch.log_settings as k
 where s.kind in ('queries', 'messages', 'conversations')
   and s.day > ((now() - least(k.keep_queries, k.keep_events, k.keep_messages)) at time zone 'UTC')::date + 1;
