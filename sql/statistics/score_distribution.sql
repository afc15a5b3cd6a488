-- How good the passages are that answers are made of.

create or replace function pgsearch.score_distribution(
    collection  text        default null,
    since       timestamptz default null,
    until       timestamptz default null,
    application text        default null
)
returns table (
    from_score   float8,
    to_score     float8,
    answer_count float8,
    share        float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    days constant daterange := pgsearch._period(since, until);
begin
    return query
    select b.bucket / 20.0::float8, (b.bucket + 1) / 20.0::float8, coalesce(s.counted, 0),
           coalesce(s.counted, 0) / nullif(sum(s.counted) over (), 0)
      from generate_series(0, 19) as b(bucket)
           left join (select k.bucket, sum(k.counted) as counted
                        from pgsearch.chat_stats_daily as d
                             cross join lateral unnest(d.score_buckets, d.score_counts) as k(bucket, counted)
                       where d.day >= lower(days)
                         and d.day < upper(days)
                         and (score_distribution.collection is null or d.collection = score_distribution.collection)
                         and (score_distribution.application is null or d.application = score_distribution.application)
                       group by k.bucket) as s on s.bucket = b.bucket
     order by b.bucket;
end;
$$;

comment on function pgsearch.score_distribution(text, timestamptz, timestamptz, text) is
'Answers by the score (0 .. 1) of the search that fed them: the best passage as it was logged, else the confidence of the search.
Arguments:
- collection (null: all)
- since and until (whole days in UTC; null: the last 30 days)
- application (as it is logged, see application_usage; null: all)
Returns twenty rows: from_score, to_score (not included but in the last), answer_count, share (null where no score is known). From
the roll-ups, see refresh_chat_stats.
Error: PS003 until not after since.
Example:
select * from pgsearch.score_distribution();';
