-- Where answers fail, by what failed: each kind wants another cure, and the frequent ones come first.

create or replace function pgsearch.prompt_suggestions(
    collection  text        default null,
    since       timestamptz default null,
    until       timestamptz default null,
    top_n       integer     default 5,
    application text        default null
)
returns table (
    kind       text,
    count      float8,
    share      float8,
    examples   text[],
    suggestion text
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set jit = off
set plan_cache_mode = 'force_custom_plan'
as $$
#variable_conflict use_column
declare
    days      constant daterange := pgsearch._period(since, until);
    starts_at constant timestamptz := lower(days)::timestamp at time zone 'UTC';
    ends_at   constant timestamptz := upper(days)::timestamp at time zone 'UTC';
    slow_ms   constant float8 := 10000;
    slow      constant integer := pgsearch._latency_bucket(slow_ms);
    told      record;
begin
    perform pgsearch._check_range('top_n', top_n, 0, 100);
    select coalesce(sum(d.answer_count), 0)::float8 as answers, coalesce(sum(d.regeneration_count), 0)::float8 as regenerations,
           coalesce(sum(d.error_count), 0)::float8 as errors,
           coalesce(sum(l.counted), 0)::float8 as slow_answers
      into told
      from pgsearch.chat_stats_daily as d
           cross join lateral (select sum(k.counted) as counted
                                 from unnest(d.latency_buckets, d.latency_counts) as k(bucket, counted)
                                where k.bucket > slow) as l
     where d.day >= lower(days)
       and d.day < upper(days)
       and (prompt_suggestions.collection is null or d.collection = prompt_suggestions.collection)
       and (prompt_suggestions.application is null or d.application = prompt_suggestions.application);

    return query
    with latest as materialized (
        select m.parent_message_id, case when m.error_type is not null then 'error' else 'regeneration' end as kind, m.ts
          from pgsearch.messages as m
         where (m.is_regeneration or m.error_type is not null)
           and m.ts >= starts_at
           and m.ts < ends_at
           and (prompt_suggestions.collection is null or m.collection = prompt_suggestions.collection)
           and (prompt_suggestions.application is null or m.application = prompt_suggestions.application)
         order by m.ts desc
         limit 1000
    ),
    failed as materialized (
        select l.kind, t.content, l.ts
          from latest as l
               join pgsearch.message_contents as t on t.message_id = l.parent_message_id
                                                  and t.ts = pgsearch._uuid_time(l.parent_message_id)
                                                  and t.ts >= starts_at
                                                  and t.ts < ends_at
    ),
    searched as (
        select coalesce(sum(s.total_queries), 0) as total, coalesce(sum(s.no_result_count), 0) as no_result,
               coalesce(sum(s.low_confidence_count), 0) as low_confidence,
               coalesce(sum(s.unhelpful_count), 0) as unhelpful
          from pgsearch.search_stats_daily as s
         where s.day >= lower(days)
           and s.day < upper(days)
           and (prompt_suggestions.collection is null or s.collection = prompt_suggestions.collection)
           and (prompt_suggestions.application is null or s.application = prompt_suggestions.application)
    ),
    found as (
        select 'regeneration' as kind, told.regenerations as count, told.answers as of_all,
               array(select f.content from failed as f where f.kind = 'regeneration' order by f.ts desc limit prompt_suggestions.top_n)
                   as examples,
               'The first answer did not do: show these questions with a good answer in the prompt, or say there in which form to answer.'
                   as suggestion
        union all
        select 'error', told.errors, greatest(told.answers, told.errors),
               array(select f.content from failed as f where f.kind = 'error' order by f.ts desc limit prompt_suggestions.top_n),
               'The model gave no answer: look at error_type in messages; fewer passages or less max_tokens, when it was the length.'
        union all
        select 'slow', told.slow_answers, told.answers, '{}',
               format('Answers of more than %s seconds: fewer or shorter passages, a smaller model, or an answer that is streamed.',
                      slow_ms / 1000)
        union all
        select 'unhelpful', s.unhelpful, s.total,
               array(select q.user_query
                       from pgsearch.events as e
                            join pgsearch.queries as q on q.query_id = e.query_id
                                                      and q.ts >= starts_at
                                                      and q.ts < ends_at
                      where e.action_name = 'feedback'
                        and e.value <= 0
                        and e.ts >= starts_at
                        and (prompt_suggestions.collection is null or q.collection = prompt_suggestions.collection)
                        and (prompt_suggestions.application is null or q.application = prompt_suggestions.application)
                      order by e.ts desc
                      limit prompt_suggestions.top_n),
               'It did not help: read the passages that were found; when they are right, the prompt must keep the model to them.'
          from searched as s
        union all
        select 'no_result', s.no_result, s.total,
               array(select q.user_query from pgsearch.queries_without_results(prompt_suggestions.collection, since, until,
                                                                               prompt_suggestions.top_n,
                                                                               prompt_suggestions.application) as q),
               'Nothing was found: write pages about it, and tell the model in the prompt to say so instead of guessing.'
          from searched as s
        union all
        select 'low_confidence', s.low_confidence, s.total,
               array(select q.user_query
                       from pgsearch.top_queries(prompt_suggestions.collection, since, until, 10000,
                                                 prompt_suggestions.application) as q
                      where q.avg_confidence < 0.5
                      order by q.query_count desc, q.query_normalized
                      limit prompt_suggestions.top_n),
               'What was found hardly fits: let the model ask back, or rewrite the question before it is searched for.'
          from searched as s
    )
    select f.kind, f.count, f.count / nullif(greatest(f.of_all, f.count), 0), f.examples, f.suggestion
      from found as f
     where f.count > 0
     order by 3 desc nulls last, f.kind;
end;
$$;

comment on function pgsearch.prompt_suggestions(text, timestamptz, timestamptz, integer, text) is
'What to change about prompts and pages, by what went wrong, most frequent first. Reads texts: for the owner.
Arguments:
- collection (null: all)
- since and until (whole days in UTC; null: the last 30 days)
- top_n (0 .. 100 examples of each kind, the latest or most frequent)
- application (as it is logged, see application_usage; null: all)
Returns kind (regeneration, error, slow, unhelpful, no_result, low_confidence), count, share (0 .. 1: of answers, of the last three
of searches), examples (questions), suggestion (what to do). Counts are those of the roll-ups, see refresh_search_stats.
Error: PS003 top_n out of range, until not after since.
Example:
select kind, share, suggestion from pgsearch.prompt_suggestions();';
