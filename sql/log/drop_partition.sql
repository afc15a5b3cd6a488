-- A day of the log, dropped and not deleted: its space is free at once, and there is nothing to vacuum.
--
-- One a call, so that each goes in a transaction of its own. The lock it needs keeps writers waiting: for less than
-- they are ready to wait, so that no search is lost.

create or replace function pgsearch.drop_partition(partition text)
returns boolean
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set lock_timeout = '40ms'
as $$
declare
    found_in record;
begin
    select p.parent, p.day, p.expired into found_in from pgsearch.list_partitions() as p where p.partition = drop_partition.partition;
    if not coalesce(found_in.expired, false) then
        raise exception using
            errcode = 'PS003',
            message = format('%s is no expired partition of the log', coalesce(quote_literal(partition), 'null')),
            hint    = 'select * from pgsearch.list_partitions() shows which are; pgsearch.set_log_retention says how long the log is kept.';
    end if;

    if found_in.parent in ('messages', 'message_contents') and not pgsearch._may_leave(found_in.day) then
        return false;
    end if;
    execute format('drop table pgsearch.%I', partition);
    return true;
exception
    when lock_not_available then
        return false;
end;
$$;

comment on function pgsearch.drop_partition(text) is
'Drops an expired partition of the log (see list_partitions): true; false when it is in use, or the log is being written
to: try again; false too for a day of messages whose archive is required and has not been verified (see set_log_retention).
Error: PS003 when the partition does not exist or has not expired.';
