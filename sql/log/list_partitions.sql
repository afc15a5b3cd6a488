-- The days of the log, with what each takes on disk, and which of them may go.

create or replace function pgsearch._log_partitions()
returns table (relation oid, parent text, day date, expired boolean)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select c.oid,
           p.relname::text,
           d.day,
           -- the whole day, to its end
           d.day + 1 <= (clock_timestamp() - k.keep) at time zone 'UTC'
      from pgsearch._log_parents() as k
           join pg_class as p on p.oid = to_regclass('pgsearch.' || k.parent)
           join pg_inherits as i on i.inhparent = p.oid
           join pg_class as c on c.oid = i.inhrelid
           cross join lateral (select to_date(right(c.relname, 8), 'YYYYMMDD') as day) as d
     where c.relname ~ E'_p\\d{8}$';
end;
$$;

comment on function pgsearch._log_partitions() is 'list_partitions without their sizes, which are asked of the file system one by one.';

create or replace function pgsearch.list_partitions()
returns table (
    partition text,
    parent    text,
    day       date,
    bytes     bigint,
    expired   boolean
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select c.relname::text, p.parent, p.day, pg_total_relation_size(c.oid), p.expired
      from pgsearch._log_partitions() as p
           join pg_class as c on c.oid = p.relation
     order by p.day, p.parent;
end;
$$;

comment on function pgsearch.list_partitions() is
'The partitions of the log: partition (its name), parent (queries, events, messages,
message_contents), day (of UTC), bytes on disk with indexes,
expired (older than the log is kept, see set_log_retention).
Example:
select partition, day, expired from pgsearch.list_partitions();';
