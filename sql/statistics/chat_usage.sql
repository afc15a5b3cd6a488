-- Who uses the chat how much, and what each model costs.

create or replace function pgsearch.chat_usage(
    dimension   text,
    collection  text        default null,
    since       timestamptz default null,
    until       timestamptz default null,
    top_n       integer     default 20,
    application text        default null
)
returns table (
    value              text,
    total_queries      bigint,
    answer_count       bigint,
    input_tokens       bigint,
    output_tokens      bigint,
    error_count        bigint,
    regeneration_count bigint,
    avg_response_ms    float8,
    p95_response_ms    float8,
    last_day           date
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    days constant daterange := pgsearch._period(since, until);
begin
    perform pgsearch._check_range('top_n', top_n, 0, 10000);
    if coalesce(chat_usage.dimension, '') not in ('user', 'model') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown dimension %s', coalesce(quote_literal(chat_usage.dimension), 'null')),
            hint    = 'Known dimensions: user, model.';
    end if;

    return query
    with used as (
        select u.value, sum(u.total_queries)::bigint as queries, sum(u.answer_count)::bigint as answers,
               sum(u.input_tokens)::bigint as tokens_in,
               sum(u.output_tokens)::bigint as tokens_out, sum(u.error_count)::bigint as errors,
               sum(u.regeneration_count)::bigint as regenerations,
               sum(u.sum_latency_ms) / nullif(sum(u.latency_count), 0)::float8 as average, max(u.day) as last_day
          from pgsearch.chat_usage_daily as u
         where u.dimension = chat_usage.dimension
           and u.day >= lower(days)
           and u.day < upper(days)
           and (chat_usage.collection is null or u.collection = chat_usage.collection)
           and (chat_usage.application is null or u.application = chat_usage.application)
         group by u.value
         order by sum(u.total_queries + u.answer_count) desc, u.value
         limit chat_usage.top_n
    )
    select t.value, t.queries, t.answers, t.tokens_in, t.tokens_out, t.errors, t.regenerations, t.average, l.latencies[1], t.last_day
      from used as t
           left join lateral (select pgsearch._latency_percentiles(array_agg(b.bucket order by b.bucket),
                                                                   array_agg(b.counted order by b.bucket), '{0.95}') as latencies
                                from (select k.bucket, sum(k.counted) as counted
                                        from pgsearch.chat_usage_daily as u
                                             cross join lateral unnest(u.latency_buckets, u.latency_counts) as k(bucket, counted)
                                       where u.dimension = chat_usage.dimension
                                         and u.value = t.value
                                         and u.day >= lower(days)
                                         and u.day < upper(days)
                                         and (chat_usage.collection is null or u.collection = chat_usage.collection)
                                         and (chat_usage.application is null or u.application = chat_usage.application)
                                       group by k.bucket) as b) as l on true
     order by t.queries + t.answers desc, t.value;
end;
$$;

comment on function pgsearch.chat_usage(text, text, timestamptz, timestamptz, integer, text) is
'Conversations by user or by model, most used first.
Arguments:
- dimension (user, model)
- collection (null: all)
- since and until (whole days in UTC; null: the last 30 days)
- top_n (0 .. 10000 rows)
- application (as it is logged, see application_usage; null: all)
Returns value (hash_user(user_id), or the name of the model), total_queries (messages of users), answer_count, input_tokens,
output_tokens, error_count, regeneration_count, avg_response_ms, p95_response_ms, last_day. From the roll-ups, see
refresh_chat_stats.
Errors: PS002 unknown dimension; PS003 top_n out of range, until not after since.
Example:
select value, answer_count, output_tokens from pgsearch.chat_usage(''model'');';
