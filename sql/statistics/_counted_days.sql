-- How many rows each day of a log has, without looking at the time of each of them: from one day that has some to the
-- next, and of each day a count, which reads an index alone and the partitions of that day.

create or replace function pgsearch._counted_days(parent text, starts_at timestamptz, ends_at timestamptz)
returns table (day date, row_count bigint)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_column
declare
    earliest constant text := format('select min(l.ts) from pgsearch.%I as l where l.ts >= $1 and l.ts < $2', parent);
    counted  constant text := format('select count(*) from pgsearch.%I as l where l.ts >= $1 and l.ts < $2', parent);
    from_ts  timestamptz   := starts_at;
    first_ts timestamptz;
begin
    loop
        execute earliest
           into first_ts
          using from_ts, ends_at;
        exit when first_ts is null;
        day := (first_ts at time zone 'UTC')::date;
        from_ts := (day + 1)::timestamp at time zone 'UTC';
        execute counted
           into row_count
          using day::timestamp at time zone 'UTC', from_ts;
        return next;
    end loop;
end;
$$;

comment on function pgsearch._counted_days(text, timestamptz, timestamptz) is
'The days (UTC) of a log (queries, events, messages) from starts_at up to but not including ends_at that have rows, with how many;
both are beginnings of days, or infinite.';
