-- A load that is not to go on must not keep its disk space until the session ends, and a shared session must be left as it was.

create or replace function pgsearch.abandon_load(load_id uuid)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pgsearch._check_load_id(abandon_load.load_id);
    drop table pg_temp.pages_to_load;
end;
$$;

comment on function pgsearch.abandon_load(uuid) is
'Drops the session''s pg_temp.pages_to_load of the load with this load_id (see begin_load); what load_pages stored of it
stays.
Error: PS003 when no such load is at hand.';
