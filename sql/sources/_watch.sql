-- The triggers of a watched table, and the function that they call, which is made for the table.
--
-- They only write down keys, as the owner of the schema: who writes to the table needs no rights here, and no error of
-- ours may reach him. Which columns hold a key stands in the body of the function, because a statement that has to be
-- planned at each call would cost a single row more than storing it.

create or replace function pgsearch._queue_function(followed_id integer, relation oid)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select format('_queue_changes_%s_%s', followed_id, relation);
$$;

comment on function pgsearch._queue_function(integer, oid) is
'Name of the function that writes down which rows of a watched table change.';

-- An immediate change is stored by the statement that makes it, so it has to know what it wrote down.
create or replace function pgsearch._queue_statement(followed pgsearch.followed_tables, keys_of text)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select case followed.mode
       when 'queued' then format('insert into pgsearch.follow_queue (followed_id, key)'
                                 ' select %s, w.key from (select %s) as w(key) where w.key is not null;', followed.followed_id, keys_of)
       else format('with change as (insert into pgsearch.follow_queue (followed_id, key)'
                   ' select %s, w.key from (select %s) as w(key) where w.key is not null returning change_id, key)'
                   ' select array_agg(c.change_id), jsonb_agg(distinct to_jsonb(c.key)) into changes, keys from change as c;'
                   ' if changes is not null then perform pgsearch._work_now(%s, changes, keys); end if;',
                   followed.followed_id, keys_of, followed.followed_id)
       end;
$$;

comment on function pgsearch._queue_statement(pgsearch.followed_tables, text) is
'SQL that writes down keys, given as what follows SELECT, and in immediate mode works them off.';

-- A virtual column is not in the rows that a trigger sees, and reading it there would fail the writer's statement.
create or replace function pgsearch._stored_columns(relation oid, columns text[])
returns text[]
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select array(select distinct coalesce(b.attname, a.attname)::text
               from unnest(_stored_columns.columns) as c(name)
                    join pg_attribute as a on a.attrelid = _stored_columns.relation and a.attname = c.name
                    left join pg_attrdef as v on v.adrelid = a.attrelid and v.adnum = a.attnum and a.attgenerated = 'v'
                    left join pg_depend as d
                           on d.classid = 'pg_attrdef'::regclass
                          and d.objid = v.oid
                          and d.refclassid = 'pg_class'::regclass
                          and d.refobjid = a.attrelid
                          and d.refobjsubid <> a.attnum
                    left join pg_attribute as b on b.attrelid = d.refobjid and b.attnum = d.refobjsubid
              where a.attgenerated <> 'v'
                 or b.attnum is not null);
$$;

comment on function pgsearch._stored_columns(oid, text[]) is
'The columns, and in the place of those that are generated as they are read the ones that they are made of.';

-- What an UPDATE leaves alone keeps its place out of line, and need not be read to be known for the same. The places of two
-- tables may have one number after four thousand million of them, so the size is compared, too.
create or replace function pgsearch._images_differ(relation oid, columns text[])
returns text
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- images of rows, compared byte by byte: no operator of anybody's type runs; a text of another size is another one, unread
select concat(string_agg(format('pg_column_size(o.c%1$s) is distinct from pg_column_size(n.c%1$s) or ', c.position),
                         '' order by c.position)
              filter (where c.is_long),
              format('row(%s)::record operator(pg_catalog.*<>) row(%s)::record',
                     string_agg(format(c.value, 'o', c.position), ', ' order by c.position),
                     string_agg(format(c.value, 'n', c.position), ', ' order by c.position)))
  from (select u.position,
               a.attlen = -1 and a.attstorage <> 'p' as is_long,
               case
               when a.attlen = -1 and a.attstorage <> 'p' and current_setting('server_version_num')::integer >= 170000
               then 'case when pg_column_toast_chunk_id(o.c%2$s) = pg_column_toast_chunk_id(n.c%2$s)'
                    ' and pg_column_size(o.c%2$s) = pg_column_size(n.c%2$s) then null else %1$s.c%2$s end'
               else '%1$s.c%2$s'
               end as value
          from unnest(_images_differ.columns) with ordinality as u(name, position)
               join pg_attribute as a on a.attrelid = _images_differ.relation
                                     and a.attname = u.name) as c;
$$;

comment on function pgsearch._images_differ(oid, text[]) is
'SQL of whether two rows o and n differ in the columns of a table, which they have as c1, c2 and so on.';

create or replace function pgsearch._watch(followed pgsearch.followed_tables, relation oid, key_columns text[], used text[])
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set client_min_messages = 'warning'
as $$
declare
    owner     constant text := pg_get_userbyid(pgsearch._schema_owner());
    function  constant text := pgsearch._queue_function(followed.followed_id, relation);
    target    constant text := relation::regclass::text;
    -- statements see what partitions get through their parent only as rows
    by_row    constant boolean := exists (select from pg_class as c where c.oid = relation and (c.relkind = 'p' or c.relispartition))
                                  or exists (select from pg_inherits as i where i.inhrelid = relation);
    -- a row of another table that belongs to no row of the followed one changes nothing, and a row without a key is no page
    belongs   constant text := case
                               when exists (select
                                              from pg_attribute as a
                                             where a.attrelid = _watch.relation
                                               and a.attname = any (key_columns)
                                               and not a.attnotnull)
                               then 'case when num_nulls(%s) = 0 then %s end'
                               else '%2$s'
                               end;
    old_key   constant text := format(belongs, (select string_agg(format('o.%I', c), ', ') from unnest(key_columns) as c),
                                      pgsearch._key_expression(key_columns, 'o'));
    new_key   constant text := format(belongs, (select string_agg(format('n.%I', c), ', ') from unnest(key_columns) as c),
                                      pgsearch._key_expression(key_columns, 'n'));
    stored    constant text[] := pgsearch._stored_columns(relation, used);
    read      constant text[] := array(select distinct r.name from unnest(stored || key_columns) as r(name));
    -- under names that no column has
    old_given constant text := concat_ws(', ', old_key, (select string_agg(format('o.%I', u.name), ', ' order by u.position)
                                                           from unnest(stored) with ordinality as u(name, position)));
    new_given constant text := concat_ws(', ', new_key, (select string_agg(format('n.%I', u.name), ', ' order by u.position)
                                                           from unnest(stored) with ordinality as u(name, position)));
    names     constant text := concat_ws(', ', 'key', (select string_agg(format('c%s', u.position), ', ' order by u.position)
                                                         from unnest(stored) with ordinality as u(name, position)));
    present   constant text := '(select count(*) from pg_attribute as a where a.attrelid = tg_relid'
                               ' and a.attname = any (%L::name[]) and not a.attisdropped) = %s';
    settings  text := '';
    old_rows  text := 'old_rows as o';
    new_rows  text := 'new_rows as n';
    changed   text;
    body      text;
    name      text;
begin
    if not has_table_privilege(relation, 'trigger') then
        raise exception using
            errcode = 'PS003',
            message = format('role %I may not create triggers on %s', current_user, target),
            hint    = format('As its owner: grant trigger on %s to %I;', target, current_user);
    end if;
    if by_row then
        old_rows := '(select old.*) as o';
        new_rows := '(select new.*) as n';
    end if;
    -- a full join is never a nested loop, however many rows the plan was made for
    changed := format('coalesce(n.key, o.key) from (select %1$s from %2$s) as o(%5$s) full join (select %3$s from %4$s) as n(%5$s)'
                      ' on n.key = o.key where n.key is null or o.key is null or %6$s',
                      old_given, old_rows, new_given, new_rows, names, pgsearch._images_differ(relation, stored));

    -- a column that was dropped or renamed is for work() to tell, not for the writer; of an UPDATE that is asked once
    body := format($body$
declare
    changes bigint[];
    keys    jsonb;
begin
    if tg_op = 'UPDATE' then
        if %5$s then
            %6$s
            return null;
        end if;
    end if;
    if tg_op = 'TRUNCATE' or not %1$s then
        insert into pgsearch.follow_queue (followed_id) values (%2$s);
    elsif tg_op = 'INSERT' then
        %3$s
    elsif tg_op = 'DELETE' then
        %4$s
    else
        %7$s
    end if;
    return null;
end;
$body$,
        format(present, key_columns, (select count(distinct k.name) from unnest(key_columns) as k(name))),
        followed.followed_id,
        pgsearch._queue_statement(followed, format('%s from %s', new_key, new_rows)),
        pgsearch._queue_statement(followed, format('%s from %s', old_key, old_rows)),
        format(present, read, cardinality(read)),
        pgsearch._queue_statement(followed, changed),
        pgsearch._queue_statement(followed, format('k.key from (select %s as key from %s union select %s from %s) as k',
                                                   old_key, old_rows, new_key, new_rows)));

    -- the text of a key must not depend on what the writer has set
    if exists (select
                 from unnest(key_columns) as c(name)
                      join pg_attribute as a on a.attrelid = relation and a.attname = c.name
                where pgsearch._base_type(a.atttypid)
                      <> all ('{int2,int4,int8,text,varchar,bpchar,uuid,numeric}'::regtype[]::oid[])) then
        settings := ' set timezone = ''UTC'' set datestyle = ''ISO'' set intervalstyle = ''postgres'' set bytea_output = ''hex'''
                    ' set extra_float_digits = 1';
    end if;
    execute format('create function pgsearch.%I() returns trigger language plpgsql volatile security definer'
                   ' set search_path = pg_catalog, pg_temp%s as %L', function, settings, body);
    execute format('comment on function pgsearch.%I() is %L', function,
                   'Writes down which rows of a followed table change; made by follow_table.');
    execute format('revoke execute on function pgsearch.%I() from public', function);

    if by_row then
        execute format('create trigger pgsearch_rows_%s after insert or update or delete on %s for each row'
                       ' execute function pgsearch.%I()', followed.followed_id, target, function);
    else
        execute format('create trigger pgsearch_insert_%s after insert on %s referencing new table as new_rows'
                       ' for each statement execute function pgsearch.%I()', followed.followed_id, target, function);
        execute format('create trigger pgsearch_update_%s after update on %s referencing old table as old_rows new table as new_rows'
                       ' for each statement execute function pgsearch.%I()', followed.followed_id, target, function);
        execute format('create trigger pgsearch_delete_%s after delete on %s referencing old table as old_rows'
                       ' for each statement execute function pgsearch.%I()', followed.followed_id, target, function);
    end if;
    execute format('create trigger pgsearch_truncate_%s after truncate on %s for each statement execute function pgsearch.%I()',
                   followed.followed_id, target, function);

    -- what fills a table with session_replication_role = replica, as many tools do, changes it all the same; only the owner may say so
    if pg_has_role((select c.relowner from pg_class as c where c.oid = relation), 'usage') then
        for name in
            select g.tgname
              from pg_trigger as g
             where g.tgrelid = relation
               and g.tgfoid = to_regproc(format('pgsearch.%I', function))
        loop
            execute format('alter table %s enable always trigger %I', target, name);
        end loop;
    end if;

    -- last, while who follows may still name it: it runs with the rights of the owner, not with those of a superuser
    if owner <> current_user then
        execute format('alter function pgsearch.%I() owner to %I', function, owner);
    end if;

    insert into pgsearch.watched_tables (followed_id, relation, key_columns)
    values (followed.followed_id, relation, key_columns);
end;
$$;

comment on function pgsearch._watch(pgsearch.followed_tables, oid, text[], text[]) is
'Makes the function and the triggers that write down which rows of a table change: key_columns hold the key of the
followed row, used are the columns whose changes count.';
