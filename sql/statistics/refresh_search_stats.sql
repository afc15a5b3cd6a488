-- Brings the roll-ups up to the log: whole days, and only those where something came that they have not seen.
--
-- Clicks come later than their search, buffered searches later than their time. So it is not a watermark alone: rows
-- are counted by day (an index-only scan), and events also by the day of the search they are about; a day whose count
-- is not the one seen last time is rolled up again from nothing. Days that were dropped from the log are left as they
-- are.

create or replace function pgsearch.refresh_search_stats(
    since timestamptz default null,
    until timestamptz default null
)
returns table (
    day      date,
    searches bigint,
    events   bigint,
    seconds  float8
)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set jit = off
set work_mem = '64MB'
as $$
#variable_conflict use_column
declare
    look_back  constant integer := 7;
    kept_nodes constant integer := 10000;
    today      constant date    := (now() at time zone 'UTC')::date;
    named      constant boolean := since is not null or until is not null;
    first_day  date;
    end_day    date;
    starts_at  timestamptz;
    started    timestamptz;
    todo       record;
    rolled_up  boolean := false;
begin
    perform pgsearch._check_times(since, until);
    if since >= until then
        raise exception using
            errcode = 'PS003',
            message = format('until (%s) must be later than since (%s)', until, since),
            hint    = 'Give the first moment and the first moment after it; null stands for the beginning and the end of the log.';
    end if;

    -- one at a time, each sees what the one before has done
    perform pg_advisory_xact_lock(hashtextextended('pgsearch.refresh_search_stats', 0));

    first_day := case
                 when named then coalesce((since at time zone 'UTC')::date, '-infinity'::date)
                 -- the first time everything; days that were only named do not stand for what was before them
                 when not exists (select from pgsearch.search_stats_seen as s where s.kind = 'events' and s.day = '-infinity') then '-infinity'
                 else coalesce((select max(s.day) - look_back from pgsearch.search_stats_seen as s where s.kind = 'queries'), '-infinity'::date)
                 end;
    end_day   := coalesce(((until at time zone 'UTC') - interval '1 microsecond')::date + 1, 'infinity'::date);
    starts_at := first_day::timestamp at time zone 'UTC';

    -- counted before anything is rolled up: what comes in between differs from this count next time
    if to_regclass('pg_temp._log_days') is null then
        create temp table _log_days (kind text, day date, source_day date, row_count bigint) on commit drop;
    else
        truncate pg_temp._log_days;
    end if;

    insert into pg_temp._log_days
    select 'queries', q.day, q.day, q.row_count
      from pgsearch._counted_days('queries', starts_at, end_day::timestamp at time zone 'UTC') as q;
    insert into pg_temp._log_days
    select 'events', e.day, e.day, e.row_count
      from pgsearch._counted_days('events', starts_at, 'infinity') as e;

    -- only the events of days that have new ones are looked at for what they are about
    for todo in
        select c.day
          from pg_temp._log_days as c
               left join pgsearch.search_stats_seen as s on s.kind = 'events' and s.day = c.day
         where c.kind = 'events'
           and (named or s.row_count is distinct from c.row_count)
    loop
        insert into pg_temp._log_days
        select 'links', (pgsearch._uuid_time(e.query_id) at time zone 'UTC')::date, todo.day, count(*)
          from pgsearch.events as e
         where e.ts >= todo.day::timestamp at time zone 'UTC'
           and e.ts < (todo.day + 1)::timestamp at time zone 'UTC'
           and e.query_id is not null
           -- ids of another kind are not those of a search here, and have no time in them
           and substr(e.query_id::text, 15, 1) = '7'
         group by 2;
    end loop;

    for todo in
        select d.day
          from (select c.day
                  from pg_temp._log_days as c
                       left join pgsearch.search_stats_seen as s on s.kind = c.kind and s.day = c.day and s.source_day = c.source_day
                 where c.kind in ('queries', 'links')
                   and (named or s.row_count is distinct from c.row_count)
                 group by c.day) as d
         where d.day >= case when named then first_day else '-infinity' end
           and d.day < end_day
           and exists (select
                         from pgsearch.queries as q
                        where q.ts >= d.day::timestamp at time zone 'UTC'
                          and q.ts < (d.day + 1)::timestamp at time zone 'UTC')
         order by d.day
    loop
        started := clock_timestamp();
        perform pgsearch._refresh_search_stats_day(todo.day);
        day      := todo.day;
        seconds  := extract(epoch from clock_timestamp() - started);
        select coalesce(sum(s.logged_queries), 0), coalesce(sum(s.event_count), 0)
          into searches, events
          from pgsearch.search_stats_daily as s
         where s.day = todo.day;
        rolled_up := true;
        return next;
    end loop;

    -- the window moves with the days, whether anything was rolled up or not
    if rolled_up or exists (select from pgsearch.recent_nodes as n where n.as_of <> today) then
        delete from pgsearch.recent_nodes as n
         where true;
        insert into pgsearch.recent_nodes (repo_id, node_id, query_count, as_of)
        select r.repo_id, r.node_id, r.query_count, today
          from (select n.repo_id, n.node_id, sum(n.query_count) as query_count, row_number() over (partition by n.repo_id order by sum(n.query_count) desc, n.node_id) as place
                  from pgsearch.node_stats_daily as n
                 where n.day > today - pgsearch._popularity_days()
                 group by n.repo_id, n.node_id) as r
         where r.place <= kept_nodes;
    end if;

    insert into pgsearch.search_stats_seen (kind, day, source_day, row_count)
    select c.kind, c.day, c.source_day, c.row_count
      from pg_temp._log_days as c
     -- what was counted outside of a named range has not been rolled up
     where not named
        or (c.kind <> 'events' and c.day >= first_day and c.day < end_day)
    on conflict (kind, day, source_day) do update
       set row_count = excluded.row_count;
    insert into pgsearch.search_stats_seen (kind, day, source_day, row_count)
    select 'events', '-infinity', '-infinity', 0
     where not named
    on conflict do nothing;

    perform pgsearch.refresh_chat_stats(since, until);
end;
$$;

comment on function pgsearch.refresh_search_stats(timestamptz, timestamptz) is
'Rolls the search log up into search_stats_hourly, latency_hourly, search_stats_daily, unique_actors, top_queries_daily,
reformulations_daily, object_stats_daily, position_stats_daily, weight_stats_daily and recent_nodes, and conversations as
refresh_chat_stats does; run by `pgsearch maintain`.
Arguments:
- since and until (days in UTC from since up to but not including until are rolled up whether they changed or not; both null: days
  that changed, looking back 7 days from the last that was rolled up, and as far as late events reach; log older than
  that must be named)
Returns a row for each day that was rolled up: day, searches and events of it, seconds. Running it twice changes
nothing; several at once wait for each other. A day that is no longer in the log is never touched.
Error: PS003 until not after since.
Example:
select * from pgsearch.refresh_search_stats();';
