-- One day of messages into its roll-ups, from nothing, as _refresh_search_stats_day does with searches.

create or replace function pgsearch._refresh_chat_stats_day(day date)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set jit = off
set work_mem = '64MB'
set plan_cache_mode = 'force_custom_plan'
as $$
#variable_conflict use_column
declare
    starts_at constant timestamptz := _refresh_chat_stats_day.day::timestamp at time zone 'UTC';
    ends_at   constant timestamptz := (_refresh_chat_stats_day.day + 1)::timestamp at time zone 'UTC';
    -- a search comes before its answer
    searched  constant timestamptz := starts_at - interval '1 day';
begin
    if to_regclass('pg_temp._said') is null then
        create temp table _said (hour timestamptz, collection text, session_id text, user_hash text, role text, llm_model text,
                                 failed boolean, again boolean,
                                 input_tokens bigint, output_tokens bigint, latency_ms float8, bucket integer,
                                 score_bucket integer, application text) on commit drop;
        create temp table _said_sums (hour timestamptz, like pgsearch.chat_stats_daily) on commit drop;
        alter table pg_temp._said_sums drop column day;
    else
        truncate pg_temp._said, pg_temp._said_sums;
    end if;
    if to_regclass('pg_temp._actors') is null then
        create temp table _actors (hour timestamptz, collection text, session_id text, user_id text, application text) on commit drop;
    else
        truncate pg_temp._actors;
    end if;

    -- messages are read once; what is counted of them is narrow
    insert into pg_temp._said
    select date_trunc('hour', m.ts, 'UTC'), m.collection, coalesce(m.session_id, m.conversation_id), m.user_hash, m.role, m.llm_model,
           m.error_type is not null,
           m.is_regeneration, m.input_tokens, m.output_tokens, l.latency_ms, pgsearch._latency_bucket(l.latency_ms),
           case when m.role = 'assistant' then least(19, floor(20 * coalesce(m.retrieval_score, q.confidence))) end,
           coalesce(m.application, '')
      from pgsearch.messages as m
           left join pgsearch.queries as q on q.query_id = m.query_id
                                          and q.ts >= searched
                                          and q.ts < ends_at
           cross join lateral (select case when m.role = 'assistant' then m.response_time_ms end as latency_ms) as l
     where m.ts >= starts_at
       and m.ts < ends_at;
    analyze pg_temp._said;

    update pg_temp._said as s
       set application = ''
     where s.application <> ''
       and s.application not in (select n.application
                                   from pg_temp._said as n
                                  where n.application <> ''
                                  group by n.application
                                  order by count(*) desc, n.application
                                  limit pgsearch._most_applications());

    -- an hour where there is one, else the whole day
    insert into pg_temp._said_sums
    select t.hour, t.collection, t.questions, t.messages, t.answers, t.failed, t.again, t.tokens_in, t.tokens_out, t.timed, t.sum_latency,
           coalesce(l.buckets, '{}'), coalesce(l.counts, '{}'), coalesce(k.buckets, '{}'), coalesce(k.counts, '{}'), t.application
      from (select s.hour, s.collection, s.application, count(*) filter (where s.role = 'user') as questions, count(*) as messages,
                   count(*) filter (where s.role = 'assistant') as answers, count(*) filter (where s.failed) as failed,
                   count(*) filter (where s.again) as again, coalesce(sum(s.input_tokens), 0) as tokens_in,
                   coalesce(sum(s.output_tokens), 0) as tokens_out,
                   count(s.latency_ms) as timed, coalesce(sum(s.latency_ms), 0) as sum_latency
              from pg_temp._said as s
             group by grouping sets ((s.hour, s.collection, s.application), (s.collection, s.application))) as t
           left join (select b.hour, b.collection, b.application, array_agg(b.bucket order by b.bucket) as buckets,
                             array_agg(b.counted order by b.bucket) as counts
                        from (select s.hour, s.collection, s.application, s.bucket, count(*)::float8 as counted
                                from pg_temp._said as s
                               where s.bucket is not null
                               group by grouping sets ((s.hour, s.collection, s.application, s.bucket),
                                                       (s.collection, s.application, s.bucket))) as b
                       group by b.hour, b.collection, b.application) as l
                  on l.hour is not distinct from t.hour and l.collection = t.collection and l.application = t.application
           left join (select b.hour, b.collection, b.application, array_agg(b.bucket order by b.bucket) as buckets,
                             array_agg(b.counted order by b.bucket) as counts
                        from (select s.hour, s.collection, s.application, s.score_bucket as bucket, count(*)::float8 as counted
                                from pg_temp._said as s
                               where s.score_bucket is not null
                               group by grouping sets ((s.hour, s.collection, s.application, s.score_bucket),
                                                       (s.collection, s.application, s.score_bucket))) as b
                       group by b.hour, b.collection, b.application) as k
                  on k.hour is not distinct from t.hour and k.collection = t.collection and k.application = t.application;

    delete from pgsearch.chat_stats_hourly as s
     where s.hour >= starts_at
       and s.hour < ends_at;
    insert into pgsearch.chat_stats_hourly
    select s.*
      from pg_temp._said_sums as s
     where s.hour is not null;

    delete from pgsearch.chat_stats_daily as s
     where s.day = _refresh_chat_stats_day.day;
    insert into pgsearch.chat_stats_daily
    select _refresh_chat_stats_day.day, s.collection, s.total_queries, s.message_count, s.answer_count, s.error_count,
           s.regeneration_count, s.input_tokens,
           s.output_tokens, s.latency_count, s.sum_latency_ms, s.latency_buckets, s.latency_counts, s.score_buckets, s.score_counts,
           s.application
      from pg_temp._said_sums as s
     where s.hour is null;

    delete from pgsearch.chat_usage_daily as u
     where u.day = _refresh_chat_stats_day.day;
    insert into pgsearch.chat_usage_daily
    select _refresh_chat_stats_day.day, t.dimension, t.value, t.collection, t.questions, t.answers, t.failed, t.again, t.tokens_in,
           t.tokens_out, t.timed, t.sum_latency, coalesce(l.buckets, '{}'), coalesce(l.counts, '{}'), t.application
      from (select d.dimension, d.value, s.collection, s.application, count(*) filter (where s.role = 'user') as questions,
                   count(*) filter (where s.role = 'assistant') as answers,
                   count(*) filter (where s.failed) as failed, count(*) filter (where s.again) as again,
                   coalesce(sum(s.input_tokens), 0) as tokens_in, coalesce(sum(s.output_tokens), 0) as tokens_out,
                   count(s.latency_ms) as timed, coalesce(sum(s.latency_ms), 0) as sum_latency
              from pg_temp._said as s
                   cross join lateral (values ('user', s.user_hash), ('model', s.llm_model)) as d(dimension, value)
             where d.value is not null
             group by d.dimension, d.value, s.collection, s.application) as t
           left join (select b.dimension, b.value, b.collection, b.application, array_agg(b.bucket order by b.bucket) as buckets,
                             array_agg(b.counted order by b.bucket) as counts
                        from (select d.dimension, d.value, s.collection, s.application, s.bucket, count(*)::float8 as counted
                                from pg_temp._said as s
                                     cross join lateral (values ('user', s.user_hash), ('model', s.llm_model)) as d(dimension, value)
                               where d.value is not null
                                 and s.bucket is not null
                               group by d.dimension, d.value, s.collection, s.application, s.bucket) as b
                       group by b.dimension, b.value, b.collection, b.application) as l
                  on l.dimension = t.dimension and l.value = t.value and l.collection = t.collection and l.application = t.application;

    insert into pg_temp._actors
    select distinct s.hour, s.collection, s.session_id, s.user_hash, a.application
      from pg_temp._said as s
           cross join lateral (values (null), (nullif(s.application, ''))) as a(application);
    perform pgsearch._put_actors('chat', _refresh_chat_stats_day.day);
end;
$$;

comment on function pgsearch._refresh_chat_stats_day(date) is
'Rolls the messages of one day (UTC) up, in place of what stood there. The caller holds the lock of refresh_chat_stats and has made
sure that the messages of the day still exist.';

create or replace function pgsearch._refresh_conversation_stats_day(day date)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_column
begin
    delete from pgsearch.conversation_stats_daily as s
     where s.day = _refresh_conversation_stats_day.day;
    insert into pgsearch.conversation_stats_daily
    with begun as materialized (
        select c.collection, case when n.application is null then '' else c.application end as application, c.is_sampled,
               c.total_turns, least(c.total_turns, 100) as turns,
               pgsearch._latency_bucket(1000 * extract(epoch from c.last_message_at - c.started_at)::float8) as duration
          from pgsearch.conversations as c
               left join (select o.application
                            from pgsearch.conversations as o
                           where o.application <> ''
                             and o.started_at >= _refresh_conversation_stats_day.day::timestamp at time zone 'UTC'
                             and o.started_at < (_refresh_conversation_stats_day.day + 1)::timestamp at time zone 'UTC'
                           group by o.application
                           order by count(*) desc, o.application
                           limit pgsearch._most_applications()) as n on n.application = c.application
         where c.started_at >= _refresh_conversation_stats_day.day::timestamp at time zone 'UTC'
           and c.started_at < (_refresh_conversation_stats_day.day + 1)::timestamp at time zone 'UTC'
    )
    select _refresh_conversation_stats_day.day, b.collection, sum(b.counted), sum(b.kept), sum(b.sum_turns),
           array_agg(b.bucket order by b.bucket) filter (where b.kind = 'turns'),
           array_agg(b.counted::float8 order by b.bucket) filter (where b.kind = 'turns'),
           array_agg(b.bucket order by b.bucket) filter (where b.kind = 'duration'),
           array_agg(b.durations order by b.bucket) filter (where b.kind = 'duration'),
           b.application
      from (select g.collection, g.application, 'turns' as kind, g.turns as bucket, count(*) as counted,
                   count(*) filter (where g.is_sampled) as kept, sum(g.total_turns) as sum_turns,
                   null::float8 as durations
              from begun as g
             group by g.collection, g.application, g.turns
            union all
            select g.collection, g.application, 'duration', g.duration, 0, 0, 0, count(*)
              from begun as g
             group by g.collection, g.application, g.duration) as b
     group by b.collection, b.application;
end;
$$;

comment on function pgsearch._refresh_conversation_stats_day(date) is
'Rolls the conversations that began on a day (UTC) up, in place of what stood there.';
