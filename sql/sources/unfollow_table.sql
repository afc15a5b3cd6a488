-- A table is followed no longer. The triggers go with their functions, so that the right to make triggers is enough.

create or replace function pgsearch._unfollow(followed_id integer)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set client_min_messages = 'warning'
as $$
declare
    function text;
begin
    perform from pgsearch.followed_tables as f where f.followed_id = _unfollow.followed_id for update;
    for function in
        select p.oid::regprocedure::text
          from pg_proc as p
         where p.pronamespace = 'pgsearch'::regnamespace
           and p.proname ~ format('^_queue_changes_%s_[0-9]+$', _unfollow.followed_id)
    loop
        execute format('drop function %s cascade', function);
    end loop;
    delete from pgsearch.follow_queue    as q where q.followed_id = _unfollow.followed_id;
    delete from pgsearch.followed_tables as f where f.followed_id = _unfollow.followed_id;
    perform pgsearch._protect_rows();
end;
$$;

comment on function pgsearch._unfollow(integer) is
'Drops the triggers of a followed table with their functions, and what is known of it; its pages stay.';

create or replace function pgsearch.unfollow_table(table_name text, collection text default null, delete_pages boolean default false)
returns bigint
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    given   constant oid := pgsearch._relation_named(unfollow_table.table_name);
    one     record;
    deleted bigint := 0;
    any_one boolean := false;
begin
    for one in
        select f.followed_id, f.collection
          from pgsearch.followed_tables as f
         where (f.relation_name = unfollow_table.table_name or f.relation = given)
           and (unfollow_table.collection is null or f.collection = unfollow_table.collection)
         order by f.followed_id
    loop
        any_one := true;
        perform pgsearch._unfollow(one.followed_id);
        if unfollow_table.delete_pages then
            deleted := deleted + pgsearch.empty_collection(one.collection);
        end if;
    end loop;

    if not any_one then
        raise exception using
            errcode = 'PS003',
            message = format('%s is not followed', coalesce(quote_literal(left(unfollow_table.table_name, 200)), 'null')),
            hint    = coalesce('Followed: ' || (select string_agg(format('%s (%s)', f.relation_name, f.collection), ', '
                                                                  order by f.relation_name)
                                                  from pgsearch.followed_tables as f),
                               'No table is.');
    end if;
    return deleted;
end;
$$;

comment on function pgsearch.unfollow_table(text, text, boolean) is
'Ends that a table is followed: its triggers are dropped, and changes are noticed no more.
Arguments:
- table_name (with its schema, as it was followed; it may be dropped by now)
- collection (null: all that follow the table)
- delete_pages (true: the pages go too; false: they stay as they are)
Returns how many pages were deleted.
Errors: PS003 a table that is not followed.';
