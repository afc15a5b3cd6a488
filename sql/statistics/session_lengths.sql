-- How long conversations are.

create or replace function pgsearch.session_lengths(
    collection  text        default null,
    since       timestamptz default null,
    until       timestamptz default null,
    application text        default null
)
returns table (
    turns         integer,
    conversations float8,
    share         float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    days constant daterange := pgsearch._period(since, until);
begin
    return query
    select k.bucket, sum(k.counted), sum(k.counted) / nullif(sum(sum(k.counted)) over (), 0)
      from pgsearch.conversation_stats_daily as d
           cross join lateral unnest(d.turn_buckets, d.turn_counts) as k(bucket, counted)
     where d.day >= lower(days)
       and d.day < upper(days)
       and (session_lengths.collection is null or d.collection = session_lengths.collection)
       and (session_lengths.application is null or d.application = session_lengths.application)
     group by k.bucket
     order by k.bucket;
end;
$$;

comment on function pgsearch.session_lengths(text, timestamptz, timestamptz, text) is
'Conversations by their number of turns (messages of the user).
Arguments:
- collection (null: all)
- since and until (whole days in UTC on which conversations began; null: the last 30 days)
- application (as it is logged, see application_usage; null: all)
Returns turns (100 stands for 100 and more), conversations, share (0 .. 1). From the roll-ups, see refresh_chat_stats.
Error: PS003 until not after since.
Example:
select * from pgsearch.session_lengths();';
