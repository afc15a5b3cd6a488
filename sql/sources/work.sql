-- What waits in the queue is worked off: rows that changed, and the rows of tables that are being loaded.
--
-- It runs as the owner of the schema, whoever calls it, and reads followed tables as such. So nothing of another owner
-- may run in it: see _lock_source. With row_security off, a table whose policies would hold for it is an error and no
-- answer that lacks rows.
--
-- A key is stored by one at a time, or an older state could overwrite a newer one. Either the whole table is held, or
-- each key by an advisory lock; rows of the queue that another holds are skipped. A row is read after its change was
-- taken from the queue, so a later change has a row of its own.

-- More keys than fit into the lock table of the server, beside those of others, are never held at once.
create or replace function pgsearch._work_batch(followed pgsearch.followed_tables, alone boolean)
returns bigint[]
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    batch      constant integer := 250;
    change_ids bigint[];
    keys       jsonb;
begin
    with taken as materialized (
        select q.change_id, q.key
          from pgsearch.follow_queue as q
         where q.followed_id = followed.followed_id
           and q.key is not null
         order by q.change_id
         limit batch
           for update skip locked
    ),
    held as materialized (
        select k.key
          from (select distinct t.key from taken as t) as k
         where alone
            or pg_try_advisory_xact_lock(hashtextextended(k.key::text, followed.followed_id))
    )
    select array_agg(t.change_id), jsonb_agg(distinct to_jsonb(t.key))
      into change_ids, keys
      from taken as t
           join held as h on h.key = t.key;
    if change_ids is null then
        return null;
    end if;

    delete from pgsearch.follow_queue as q
     where q.followed_id = followed.followed_id
       and q.change_id = any (change_ids);
    return cardinality(change_ids) || pgsearch._store_rows(followed, keys);
end;
$$;

comment on function pgsearch._work_batch(pgsearch.followed_tables, boolean) is
'Takes a batch of changes from the queue and works it off; alone: the caller holds the whole table. Returns how many
changes, and how many rows were stored, unchanged, deleted and refused; null when there is nothing that others do not
hold.';

create or replace function pgsearch._work_now(followed_id integer, change_ids bigint[], keys jsonb)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set row_security = off
set timezone = 'UTC'
set datestyle = 'ISO'
set intervalstyle = 'postgres'
set bytea_output = 'hex'
set extra_float_digits = 1
as $$
declare
    most     constant integer := 250;
    followed pgsearch.followed_tables;
begin
    if jsonb_array_length(keys) > most then
        return;
    end if;
    select f.*
      into followed
      from pgsearch.followed_tables as f
     where f.followed_id = _work_now.followed_id
       and not f.loading
       for key share skip locked;
    if not found then
        return;
    end if;

    if (select bool_and(pg_try_advisory_xact_lock(hashtextextended(array(select jsonb_array_elements_text(k))::text, followed.followed_id)))
          from jsonb_array_elements(keys) as k) then
        delete from pgsearch.follow_queue as q
         where q.followed_id = followed.followed_id
           and q.change_id = any (change_ids);
        perform pgsearch._store_rows(followed, keys);
    end if;
exception
    -- the change waits in the queue, and the writer is not told of troubles that are not his
    when others then
        return;
end;
$$;

comment on function pgsearch._work_now(integer, bigint[], jsonb) is
'Works off changes in the transaction that made them, unless another holds the keys or it fails: then they wait.';

create or replace function pgsearch._load_batch(followed pgsearch.followed_tables)
returns bigint[]
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    batch   constant integer := 250;
    trusted constant boolean := pgsearch._lock_source(followed);
    parts   constant text := (select string_agg(format('t.%I', c.name), ', ' order by c.position)
                                from unnest(followed.id_columns) with ordinality as c(name, position));
    keys    jsonb;
    gone    text[];
    counts  bigint[];
begin
    perform pgsearch._source_column(followed.relation, c.name) from unnest(followed.id_columns) as c(name);
    execute format(
        'select jsonb_agg(to_jsonb(r.key) order by r.position) from (select %1$s as key, row_number() over () as position'
        ' from (select %2$s from %3$s as t where num_nulls(%2$s) = 0 %4$s order by %2$s limit %5$s) as t) as r',
        pgsearch._key_expression(followed.id_columns, 't'),
        parts,
        followed.relation::regclass,
        case when followed.loaded_to is not null
             then format('and (%s) > (%s)', parts,
                         (select string_agg(format('$1[%s]::%s', c.position, pgsearch._key_type(followed.relation, c.name, trusted)), ', '
                                            order by c.position)
                            from unnest(followed.id_columns) with ordinality as c(name, position)))
        end,
        batch)
       into keys
      using followed.loaded_to;

    if keys is not null then
        counts := pgsearch._store_rows(followed, keys);
        update pgsearch.followed_tables as f
           set loaded_to   = array(select jsonb_array_elements_text(keys -> -1)),
               loaded_rows = f.loaded_rows + jsonb_array_length(keys),
               error       = null
         where f.followed_id = followed.followed_id;
        return jsonb_array_length(keys) || counts;
    end if;

    -- the last row was loaded: pages of rows that are not there any more go, as after TRUNCATE
    execute format('select array_agg(p.external_id) from pgsearch.pages as p where p.collection = $1'
                   ' and not exists (select from %s as t where pgsearch._key_id(%s) = p.external_id)',
                   followed.relation::regclass, pgsearch._key_expression(followed.id_columns, 't'))
       into gone
      using followed.collection;
    counts := array[0, 0, pgsearch.delete_pages(followed.collection, gone), 0];
    delete from pgsearch.refused_rows as r
     where r.followed_id = followed.followed_id
       and r.external_id = any (gone);
    update pgsearch.followed_tables as f
       set loading = false,
           error   = null
     where f.followed_id = followed.followed_id;
    perform pgsearch.finish_load(followed.collection);
    return 0 || counts;
end;
$$;

comment on function pgsearch._load_batch(pgsearch.followed_tables) is
'Stores the next rows of a table that is being loaded, in the order of their keys; after the last one deletes the pages
that have no row any more. The caller holds the whole table. Returns as _work_batch.';

create or replace function pgsearch.work(max_rows integer default null, collection text default null)
returns table (
    name      text,
    stored    bigint,
    unchanged bigint,
    deleted   bigint,
    refused   bigint,
    loading   boolean,
    waiting   bigint
)
language plpgsql volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set row_security = off
set timezone = 'UTC'
set datestyle = 'ISO'
set intervalstyle = 'postgres'
set bytea_output = 'hex'
set extra_float_digits = 1
set jit = off
as $$
#variable_conflict use_column
declare
    -- keys that are held one by one in one call, beside those of other workers
    most_held constant integer := 1000;
    followed  pgsearch.followed_tables;
    number    integer;
    alone     boolean;
    left_over bigint;
    done      bigint[];
    counts    bigint[];
begin
    if max_rows is not null then
        perform pgsearch._check_range('max_rows', max_rows, 1, 1000000000);
    end if;
    if work.collection is not null and not exists (select from pgsearch.followed_tables as f where f.collection = work.collection) then
        raise exception using
            errcode = 'PS003',
            message = format('collection %s follows no table', quote_literal(work.collection)),
            hint    = 'select * from pgsearch.list_followed();';
    end if;

    left_over := coalesce(max_rows, 9223372036854775807);
    for number in
        select f.followed_id
          from pgsearch.followed_tables as f
         where work.collection is null
            or f.collection = work.collection
         order by f.followed_id
    loop
        exit when left_over <= 0;
        counts := '{0,0,0,0}';

        -- a table that got row level security after it was followed: its pages have it too, until somebody says otherwise
        if exists (select
                     from pgsearch.followed_tables as f
                          cross join lateral pgsearch._relations_below(f.relation) as b
                          join pg_class as c on c.oid = b.relation
                    where f.followed_id = number
                      and f.protected is null
                      and c.relrowsecurity) then
            update pgsearch.followed_tables as f set protected = true where f.followed_id = number;
            perform pgsearch._protect_rows();
        end if;

        -- another column of the name, or one of another type, has other values, and no trigger saw them change
        update pgsearch.followed_tables as f
           set column_types = t.types,
               loading      = f.loading or f.column_types is not null,
               loaded_to    = case when f.column_types is null then f.loaded_to end,
               loaded_rows  = case when f.column_types is null then f.loaded_rows else 0 end
          from (select w.followed_id, pgsearch._column_types(w) as types
                  from pgsearch.followed_tables as w
                 where w.followed_id = number) as t
         where f.followed_id = t.followed_id
           and f.column_types is distinct from t.types
           and array_position(t.types, null) is null;

        -- what is to be tried again by itself
        with due as (
            update pgsearch.refused_rows as r
               set retry_at = null
             where r.followed_id = number
               and r.retry_at <= now()
            returning r.followed_id, r.key
        )
        insert into pgsearch.follow_queue (followed_id, key)
        select d.followed_id, d.key
          from due as d;

        -- a load, and every row anew, is for one alone; so is a queue that is to be emptied in one go
        select f.*
          into followed
          from pgsearch.followed_tables as f
         where f.followed_id = number
           and (f.loading
                or max_rows is null
                or exists (select from pgsearch.follow_queue as q where q.followed_id = number and q.key is null))
           for update skip locked;
        alone := found;
        if not alone then
            select f.*
              into followed
              from pgsearch.followed_tables as f
             where f.followed_id = number
               and not f.loading
               for key share skip locked;
            continue when not found;
            left_over := least(left_over, most_held);
        end if;

        if alone then
            delete from pgsearch.follow_queue as q
             where q.followed_id = number
               and q.key is null;
            if found then
                update pgsearch.followed_tables as f
                   set loading = true, loaded_to = null, loaded_rows = 0
                 where f.followed_id = number
                returning f.* into followed;
            end if;
        end if;

        while followed.loading and left_over > 0 loop
            begin
                done := pgsearch._load_batch(followed);
            exception
                when transaction_rollback or lock_not_available or insufficient_resources or operator_intervention then
                    raise;
                when others then
                    update pgsearch.followed_tables as f set error = sqlerrm where f.followed_id = number;
                    exit;
            end;
            left_over := left_over - greatest(done[1], 1);
            counts := array[counts[1] + done[2], counts[2] + done[3], counts[3] + done[4], counts[4] + done[5]];
            select f.* into followed from pgsearch.followed_tables as f where f.followed_id = number;
        end loop;

        while left_over > 0 loop
            done := pgsearch._work_batch(followed, alone);
            exit when done is null;
            left_over := left_over - done[1];
            counts := array[counts[1] + done[2], counts[2] + done[3], counts[3] + done[4], counts[4] + done[5]];
        end loop;

        return query
        select followed.collection, counts[1], counts[2], counts[3], counts[4], followed.loading,
               (select count(*) from pgsearch.follow_queue as q where q.followed_id = number);
    end loop;
end;
$$;

revoke execute on function pgsearch.work(integer, text) from public;

comment on function pgsearch.work(integer, text) is
'Brings the pages of followed tables up to date: stores the rows that changed, deletes the pages of rows that are gone,
and goes on with tables that are being loaded. Several may work at the same time; what one was doing when it was killed
waits as before.
Arguments:
- max_rows (about how many rows at most; null: all that wait, in one transaction)
- collection (null: all that follow a table)
Returns one row a followed table: name (the collection), stored, unchanged, deleted and refused (rows in this call),
loading (whether it is not loaded whole yet), waiting (changes that are left, with those that others are at).
Runs with the rights of the owner of the schema; whom he grants it needs no others.
Errors: PS003 a collection that follows no table, max_rows out of range.
Example:
select name, stored, deleted from pgsearch.work();';
