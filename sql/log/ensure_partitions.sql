-- The log lies in partitions of one day, so that old days are dropped and not deleted.
--
-- Attached and not created in place: CREATE TABLE ... PARTITION OF locks out everybody who writes, ATTACH only others who attach.

create or replace function pgsearch._add_partition(parent text, day date)
returns boolean
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set client_min_messages = 'warning'
as $$
declare
    partition constant text := format('%s_p%s', parent, to_char(day, 'YYYYMMDD'));
    owner     constant name := (select pg_get_userbyid(c.relowner) from pg_class as c where c.oid = format('pgsearch.%I', parent)::regclass);
begin
    -- two writers may find the same day missing: the second waits here until the first has committed
    perform pg_advisory_xact_lock(hashtextextended('pgsearch.partitions', 0));
    if exists (select from pg_class as c where c.relnamespace = 'pgsearch'::regnamespace and c.relname = partition) then
        return false;
    end if;

    execute format('create table pgsearch.%I (like pgsearch.%I including all)', partition, parent);
    -- a superuser may have been asked to maintain the log of another
    if owner <> current_user then
        execute format('alter table pgsearch.%I owner to %I', partition, owner);
    end if;
    execute format('comment on table pgsearch.%I is %L', partition, format('%s of %s (UTC).', initcap(parent), day));
    execute format('alter table pgsearch.%I attach partition pgsearch.%I for values from (%L) to (%L)',
                   parent, partition, day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00');
    return true;
end;
$$;

comment on function pgsearch._add_partition(text, date) is 'Makes the partition of parent (see _log_parents) for a day of UTC; false when it was there.';

create or replace function pgsearch.ensure_partitions(first_day date default null, last_day date default null)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
    today   constant date := (clock_timestamp() at time zone 'UTC')::date;
    starts  constant date := coalesce(first_day, least(today, last_day));
    ends    date;
    most    constant integer := 4000;
    made    integer := 0;
    parent  text;
    missing date;
begin
    -- a partition has its year in its name, with four digits
    if least(first_day, last_day) >= '0001-01-01' and greatest(first_day, last_day) <= '9990-12-31' or coalesce(first_day, last_day) is null then
        ends := coalesce(last_day, greatest(today, first_day) + 7);
    end if;
    if ends is null or starts > ends or ends - starts >= most then
        raise exception using
            errcode = 'PS003',
            message = format('there are no partitions to make from %s to %s', starts, coalesce(last_day::text, ends::text, 'a week later')),
            hint    = format('Give a first day that is not after the last, and at most %s days, of the years 1 to 9990.', most);
    end if;

    for parent in select p.parent from pgsearch._log_parents() as p loop
        for missing in
            select d::date
              from generate_series(starts::timestamp, ends::timestamp, '1 day') as d
             where to_regclass(format('pgsearch.%s_p%s', parent, to_char(d, 'YYYYMMDD'))) is null
             order by d
        loop
            made := made + pgsearch._add_partition(parent, missing)::integer;
        end loop;
    end loop;

    return made;
end;
$$;

comment on function pgsearch.ensure_partitions(date, date) is
'Makes the partitions of the log (queries, events, messages and their texts, one a day of UTC) from first_day to last_day, both included; by
default from today for seven days more.
Returns how many were made.
A search makes the partition of its own day when it is missing; older days, for the import of an old log, are made here.
Error: PS003 for a range that is empty or longer than 4000 days.
Example:
select pgsearch.ensure_partitions(current_date - 30, current_date);';
