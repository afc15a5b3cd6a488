-- Brings the roll-ups of conversations up to the log, whole days and only those where something came, as refresh_search_stats.

create or replace function pgsearch.refresh_chat_stats(
    since timestamptz default null,
    until timestamptz default null
)
returns table (
    day      date,
    messages bigint,
    seconds  float8
)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set jit = off
set work_mem = '64MB'
as $$
#variable_conflict use_column
declare
    look_back constant integer := 7;
    named     constant boolean := since is not null or until is not null;
    first_day date;
    end_day   date;
    starts_at timestamptz;
    ends_at   timestamptz;
    started   timestamptz;
    todo      record;
begin
    perform pgsearch._check_times(since, until);
    if since >= until then
        raise exception using
            errcode = 'PS003',
            message = format('until (%s) must be later than since (%s)', until, since),
            hint    = 'Give the first moment and the first moment after it; null stands for the beginning and the end of the log.';
    end if;

    -- one at a time, each sees what the one before has done
    perform pg_advisory_xact_lock(hashtextextended('pgsearch.refresh_chat_stats', 0));

    first_day := case
                 when named then coalesce((since at time zone 'UTC')::date, '-infinity'::date)
                 else coalesce((select max(s.day) - look_back from pgsearch.search_stats_seen as s where s.kind = 'messages'),
                               '-infinity'::date)
                 end;
    end_day   := coalesce(((until at time zone 'UTC') - interval '1 microsecond')::date + 1, 'infinity'::date);
    starts_at := first_day::timestamp at time zone 'UTC';
    ends_at   := end_day::timestamp at time zone 'UTC';

    -- counted before anything is rolled up: what comes in between differs from this count next time
    if to_regclass('pg_temp._chat_days') is null then
        create temp table _chat_days (kind text, day date, row_count bigint) on commit drop;
    else
        truncate pg_temp._chat_days;
    end if;
    insert into pg_temp._chat_days
    select 'messages', m.day, m.row_count
      from pgsearch._counted_days('messages', starts_at, ends_at) as m
    union all
    select 'conversations', (date_trunc('day', c.started_at, 'UTC') at time zone 'UTC')::date, sum(c.message_count) + count(c.finalized_at)
      from pgsearch.conversations as c
     where c.started_at >= starts_at
       and c.started_at < ends_at
     group by 2;

    for todo in
        select d.kind, d.day, d.row_count
          from pg_temp._chat_days as d
               left join pgsearch.search_stats_seen as s on s.kind = d.kind and s.day = d.day and s.source_day = d.day
         where named
            or s.row_count is distinct from d.row_count
         order by d.day, d.kind desc
    loop
        started := clock_timestamp();
        if todo.kind = 'conversations' then
            perform pgsearch._refresh_conversation_stats_day(todo.day);
        else
            perform pgsearch._refresh_chat_stats_day(todo.day);
            day      := todo.day;
            messages := todo.row_count;
            seconds  := extract(epoch from clock_timestamp() - started);
            return next;
        end if;
    end loop;

    insert into pgsearch.search_stats_seen (kind, day, source_day, row_count)
    select d.kind, d.day, d.day, d.row_count
      from pg_temp._chat_days as d
        on conflict (kind, day, source_day) do update
       set row_count = excluded.row_count;
end;
$$;

comment on function pgsearch.refresh_chat_stats(timestamptz, timestamptz) is
'Rolls messages and conversations up into chat_stats_hourly, chat_stats_daily, chat_usage_daily, conversation_stats_daily and
unique_actors; run by refresh_search_stats, and so by `pgsearch maintain`.
Arguments:
- since and until (days in UTC from since up to but not including until are rolled up whether they changed or not; both null: days
  that changed, looking back 7 days from the last that was rolled up; what was imported for days before must be named)
Returns a row for each day whose messages were rolled up: day, messages, seconds. Running it twice changes nothing; several at once
wait for each other. A day that is no longer in the log is never touched.
Error: PS003 until not after since.
Example:
select * from pgsearch.refresh_chat_stats();';
