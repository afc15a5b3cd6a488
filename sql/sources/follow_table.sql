-- A table whose rows are pages of a collection from now on: what is there is loaded, what changes is noticed by triggers.
--
-- The triggers only write down the keys, as the owner of the schema: who writes to the table needs no rights here, and
-- no error of ours may reach him. Which columns hold a key stands in the body of a function made for the table, because
-- a statement that has to be planned at each call would cost a single row more than writing it.

create or replace function pgsearch._relation_of(table_name text)
returns oid
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    relation oid;
begin
    begin
        if cardinality(parse_ident(table_name)) = 2 then
            relation := to_regclass(table_name);
        end if;
    exception
        when invalid_parameter_value or feature_not_supported or syntax_error or invalid_name then
            relation := null;
    end;
    if relation is null then
        raise exception using
            errcode = 'PS003',
            message = format('no table or view %s', coalesce(quote_literal(left(table_name, 200)), 'null')),
            hint    = 'Write it with its schema, such as ''public.articles''.';
    end if;
    return relation;
end;
$$;

comment on function pgsearch._relation_of(text) is 'The table or view of a name with its schema; PS003 where there is none.';

create or replace function pgsearch._columns_given(relation oid, given text)
returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    names text[];
    name  text;
begin
    if exists (select from pg_attribute as a
                where a.attrelid = relation and a.attname = given and a.attnum > 0 and not a.attisdropped) then
        return array[given];
    end if;
    if given !~ E'^\\{.*\\}$' then
        return null;
    end if;
    begin
        names := given::text[];
    exception
        when invalid_text_representation then
            return null;
    end;
    if coalesce(array_ndims(names), 0) <> 1 or array_position(names, null) is not null then
        return null;
    end if;
    foreach name in array names loop
        perform pgsearch._source_column(relation, name);
    end loop;
    return names;
end;
$$;

comment on function pgsearch._columns_given(oid, text) is
'The columns that an argument names: one, or several as ''{a,b}''; null when it is no name of a column.';

create or replace function pgsearch._queue_function(followed_id integer, relation oid)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select format('_queue_changes_%s_%s', followed_id, relation);
$$;

comment on function pgsearch._queue_function(integer, oid) is 'Name of the function that writes down which rows of a watched table change.';

create or replace function pgsearch._watch(followed pgsearch.followed_tables, relation oid, key_columns text[], used text[])
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set client_min_messages = 'warning'
as $$
declare
    owner       constant text := pg_get_userbyid(pgsearch._schema_owner());
    function    constant text := pgsearch._queue_function(followed.followed_id, relation);
    target      constant text := relation::regclass::text;
    by_row      constant boolean := exists (select from pg_class as c where c.oid = relation and (c.relkind = 'p' or c.relispartition))
                                    or exists (select from pg_inherits as i where i.inhrelid = relation);
    old_key     constant text := pgsearch._key_expression(key_columns, 'o');
    new_key     constant text := pgsearch._key_expression(key_columns, 'n');
    -- images of rows, compared byte by byte: no operator of anybody's type runs
    old_image   constant text := format('row(%s)::record', (select string_agg(format('o.%I', u.name), ', ') from unnest(used) as u(name)));
    new_image   constant text := format('row(%s)::record', (select string_agg(format('n.%I', u.name), ', ') from unnest(used) as u(name)));
    present     constant text := '(select count(*) from pg_attribute as a where a.attrelid = tg_relid and a.attname = any (%L::name[]) and not a.attisdropped) = %s';
    -- an immediate change is stored by the same statement, as the row stands then
    stored      constant text := case followed.mode
                                 when 'immediate' then format(E'    if changes is not null then\n        perform pgsearch._work_now(%s, changes, keys);\n    end if;\n', followed.followed_id)
                                 else ''
                                 end;
    settings    text := '';
    written     text;
    body        text;
begin
    -- text of a key must not depend on what the writer has set
    if exists (select
                 from unnest(key_columns) as c(name)
                      join pg_attribute as a on a.attrelid = relation and a.attname = c.name
                where pgsearch._base_type(a.atttypid) not in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'text'::regtype, 'varchar'::regtype,
                                                              'bpchar'::regtype, 'uuid'::regtype, 'numeric'::regtype)) then
        settings := E'set timezone = ''UTC''\nset datestyle = ''ISO''\nset intervalstyle = ''postgres''\nset bytea_output = ''hex''\nset extra_float_digits = 1\n';
    end if;

    written := case followed.mode
               when 'immediate' then
                   E'        with change as (\n            insert into pgsearch.follow_queue (followed_id, key)\n%s\n            returning change_id, key\n        )\n'
                   || E'        select array_agg(c.change_id), jsonb_agg(distinct to_jsonb(c.key)) into changes, keys from change as c;\n'
               else E'        insert into pgsearch.follow_queue (followed_id, key)\n%s;\n'
               end;

    body := format(
        E'\ndeclare\n    changes bigint[];\n    keys jsonb;\nbegin\n'
        -- a column that was dropped or renamed is for work() to tell, not for the writer
        || E'    if tg_op = ''TRUNCATE'' or not %s then\n'
        || E'        insert into pgsearch.follow_queue (followed_id) values (%s);\n        return null;\n    end if;\n%s%s    return null;\nend;\n',
        format(present, key_columns, (select count(distinct c) from unnest(key_columns) as c)), followed.followed_id,
        case
        when by_row then
            E'    if tg_op = ''INSERT'' then\n'
            || format(written, format('            select %s, %s from (select new.*) as n', followed.followed_id, new_key))
            || E'    elsif tg_op = ''DELETE'' then\n'
            || format(written, format('            select %s, %s from (select old.*) as o', followed.followed_id, old_key))
            || format(E'    elsif %s then\n', format(present, used, cardinality(used)))
            || format(written, format('            select distinct %s, k.key from (select old.*) as o, (select new.*) as n,'
                                      ' unnest(array[row(%s), row(%s)]) as k(key text[])'
                                      ' where %s is distinct from %s or %s operator(pg_catalog.*<>) %s',
                                      followed.followed_id, old_key, new_key, old_key, new_key, old_image, new_image))
            || E'    else\n'
            || format(written, format('            select distinct %s, k.key from (select old.*) as o, (select new.*) as n, unnest(array[row(%s), row(%s)]) as k(key text[])',
                                      followed.followed_id, old_key, new_key))
            || E'    end if;\n'
        else
            E'    if tg_op = ''INSERT'' then\n'
            || format(written, format('            select %s, %s from new_rows as n', followed.followed_id, new_key))
            || E'    elsif tg_op = ''DELETE'' then\n'
            || format(written, format('            select %s, %s from old_rows as o', followed.followed_id, old_key))
            || format(E'    elsif %s then\n', format(present, used, cardinality(used)))
            -- a full join is never a nested loop, however many rows the plan was made for
            || format(written, format('            select %s, coalesce(n.key, o.key)'
                                      ' from (select %s as key, %s as image from old_rows as o) as o'
                                      ' full join (select %s as key, %s as image from new_rows as n) as n on n.key = o.key'
                                      ' where n.key is null or o.key is null or o.image operator(pg_catalog.*<>) n.image',
                                      followed.followed_id, old_key, old_image, new_key, new_image))
            || E'    else\n'
            || format(written, format('            select %s, %s from old_rows as o union select %s, %s from new_rows as n',
                                      followed.followed_id, old_key, followed.followed_id, new_key))
            || E'    end if;\n'
        end,
        stored);
    execute format(E'create function pgsearch.%I()\nreturns trigger\nlanguage plpgsql volatile security definer\nset search_path = pg_catalog, pg_temp\n%sas %L',
                   function, settings, body);
    execute format('comment on function pgsearch.%I() is %L', function, 'Writes down which rows of a followed table change; made by follow_table.');
    execute format('revoke execute on function pgsearch.%I() from public', function);

    if by_row then
        execute format('create trigger pgsearch_rows_%s after insert or update or delete on %s for each row execute function pgsearch.%I()',
                       followed.followed_id, target, function);
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

create or replace function pgsearch.follow_table(
    table_name           text,
    collection           text,
    id                   text    default null,
    title                text    default null,
    content              text    default null,
    chunks               text    default null,
    tags                 text    default null,
    source               text    default null,
    metadata             text[]  default '{}',
    format               text    default 'text',
    split                boolean default true,
    mode                 text    default 'queued',
    watch                jsonb   default '{}',
    respect_row_security boolean default null,
    load                 boolean default true
)
returns table (loaded bigint, refused bigint)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set client_min_messages = 'warning'
as $$
#variable_conflict use_variable
declare
    most_metadata constant integer := 50;
    relation constant oid := pgsearch._relation_of(table_name);
    owner    constant oid := pgsearch._schema_owner();
    known    pg_class;
    place    text;
    trusted  boolean;
    secured  boolean;
    ids      text[];
    fields   jsonb := '{}';
    used     text[];
    given    record;
    columns  text[];
    form     text;
    foreign_object text;
    foreign_owner  text;
    watched  record;
    followed pgsearch.followed_tables;
begin
    perform pgsearch._check_name('a collection', collection);
    if coalesce(mode, '') not in ('queued', 'immediate') or coalesce(format, '') not in ('text', 'markdown', 'code') then
        raise exception using
            errcode = 'PS003',
            message = pg_catalog.format('unknown mode %s or format %s', coalesce(quote_literal(mode), 'null'), coalesce(quote_literal(format), 'null')),
            hint    = 'mode is queued or immediate; format is text, markdown or code.';
    end if;
    if split is null or load is null or jsonb_typeof(watch) is distinct from 'object' or cardinality(metadata) > most_metadata then
        raise exception using
            errcode = 'PS003',
            message = 'split, load, watch or metadata is not what it must be',
            hint    = pg_catalog.format('split and load are true or false; watch is an object such as ''{"public.comments": "article_id"}''; metadata names at most %s columns.', most_metadata);
    end if;
    if num_nonnulls(content, chunks) <> 1 and title is null or num_nonnulls(content, chunks) > 1 then
        raise exception using
            errcode = 'PS003',
            message = 'give content, or chunks, or a title alone',
            hint    = 'content is text, chunks is a JSON array of chunks as put_pages takes them.';
    end if;

    select c.* into strict known from pg_class as c where c.oid = relation;
    place := (select pg_catalog.format('%I.%I', n.nspname, known.relname) from pg_namespace as n where n.oid = known.relnamespace);
    trusted := pgsearch._is_trusted(known.relowner);

    if known.relkind not in ('r', 'p', 'v') or known.relnamespace = 'pgsearch'::regnamespace or known.relpersistence = 't' then
        raise exception using
            errcode = 'PS003',
            message = pg_catalog.format('%s is no table or view that can be followed', place),
            hint    = 'Ordinary and partitioned tables and views can; foreign tables and materialized views have no triggers that would notice a change.';
    end if;
    if known.relkind = 'r' and not known.relispartition and exists (select from pg_inherits as i where i.inhparent = relation) then
        raise exception using
            errcode = 'PS003',
            message = pg_catalog.format('other tables inherit from %s', place),
            hint    = 'Follow a view over it and them, with watch naming each.';
    end if;
    if not has_table_privilege(owner, relation, 'select') or not has_schema_privilege(owner, known.relnamespace, 'usage') then
        raise exception using
            errcode = 'PS003',
            message = pg_catalog.format('role %I, which would read %s, may not', pg_get_userbyid(owner), place),
            hint    = pg_catalog.format('grant usage on schema %s to %I; grant select, trigger on %s to %I;',
                                        known.relnamespace::regnamespace, pg_get_userbyid(owner), place, pg_get_userbyid(owner));
    end if;
    secured := exists (select from pgsearch._relations_below(relation) as b join pg_class as c on c.oid = b.relation where c.relrowsecurity);
    if secured and respect_row_security is null then
        raise exception using
            errcode = 'PS003',
            message = pg_catalog.format('%s has row level security, and a search would find rows for everybody', place),
            hint    = 'respect_row_security => true: a search finds what the searcher may read in the table; false: everything.';
    end if;
    if known.relrowsecurity
       and not exists (select from pg_roles as r where r.oid = owner and (r.rolsuper or r.rolbypassrls))
       and (known.relforcerowsecurity or not pg_has_role(owner, known.relowner, 'usage')) then
        raise exception using
            errcode = 'PS003',
            message = pg_catalog.format('the row level security of %s holds for role %I too, which would miss rows', place, pg_get_userbyid(owner)),
            hint    = pg_catalog.format('alter role %I bypassrls; or give it the role of the owner of the table.', pg_get_userbyid(owner));
    end if;

    -- the key: as given, else the primary key
    if id is null then
        ids := array(select a.attname::text
                       from pg_index as i
                            cross join lateral unnest(i.indkey::int2[]) with ordinality as k(attnum, position)
                            join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
                      where i.indrelid = relation
                        and i.indisprimary
                      order by k.position);
    else
        ids := coalesce(pgsearch._columns_given(relation, id), string_to_array(replace(id, ' ', ''), ','));
    end if;
    if cardinality(ids) not between 1 and 8 then
        raise exception using
            errcode = 'PS003',
            message = pg_catalog.format('%s has no primary key to know its rows by', place),
            hint    = 'Name the columns that do: id => ''id'', or id => ''{country,number}''.';
    end if;
    perform pgsearch._key_type(relation, i.name, trusted) from unnest(ids) as i(name);
    used := ids;

    for given in
        select f.name, f.value
          from (values ('title', title), ('content', content), ('chunks', chunks), ('tags', tags), ('source', source)) as f(name, value)
         where f.value is not null
    loop
        columns := pgsearch._columns_given(relation, given.value);
        if columns is not null then
            fields := fields || jsonb_build_object(given.name, jsonb_build_object('columns', columns));
            used := used || columns;
            continue;
        end if;

        if not trusted then
            raise exception using
                errcode = 'PS003',
                message = pg_catalog.format('%s is no column of %s, and of a table of another owner only columns are read', given.name, place),
                hint    = pg_catalog.format('Make a view of your own that has it, and follow that: create view ... as select ..., %s as %s from %s;', given.value, given.name, place);
        end if;
        -- a view knows which columns and which functions an expression has, and nothing of it runs
        begin
            execute pg_catalog.format('create temp view pgsearch_probe as select (%s) as value from %s as t', given.value, place);
        exception
            when syntax_error_or_access_rule_violation or undefined_column or data_exception then
                raise exception using
                    errcode = 'PS003',
                    message = pg_catalog.format('%s is neither a column of %s nor an expression over its columns: %s', given.name, place, sqlerrm),
                    hint    = pg_catalog.format('It was given as %s. Name functions with their schema.', given.value);
        end;
        select c.object, c.owner
          into foreign_object, foreign_owner
          from pgsearch._untrusted_code('pg_temp.pgsearch_probe'::regclass) as c
         limit 1;
        used := used || array(select a.attname::text
                                from pg_rewrite as r
                                     join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                                     join pg_attribute as a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
                               where r.ev_class = 'pg_temp.pgsearch_probe'::regclass
                                 and d.refclassid = 'pg_class'::regclass
                                 and d.refobjid = relation
                                 and a.attnum > 0);
        form := (select pgsearch._list_form(a.atttypid) from pg_attribute as a where a.attrelid = 'pg_temp.pgsearch_probe'::regclass and a.attnum = 1);
        drop view pg_temp.pgsearch_probe;
        exit when foreign_object is not null;
        fields := fields || jsonb_build_object(given.name, jsonb_build_object('expression', given.value, 'form', form));
    end loop;
    if foreign_object is null and known.relkind = 'v' then
        select c.object, c.owner
          into foreign_object, foreign_owner
          from (select v.object, v.owner from pgsearch._untrusted_code(relation) as v
                 union all
                select 'view ' || place, pg_get_userbyid(known.relowner)::text where not trusted) as c
         limit 1;
    end if;
    if foreign_object is not null then
        raise exception using
            errcode = 'PS003',
            message = pg_catalog.format('%s belongs to role %s, and would run with the rights of %s',
                                        foreign_object, foreign_owner, pg_get_userbyid(owner)),
            hint    = pg_catalog.format('Let it belong to %s, or follow a table by its columns.', pg_get_userbyid(owner));
    end if;
    perform pgsearch._source_column(relation, m.name) from unnest(metadata) as m(name);
    used := array(select distinct u.name from unnest(used || metadata) as u(name));

    if known.relkind = 'v' and watch = '{}' then
        raise exception using
            errcode = 'PS003',
            message = pg_catalog.format('%s is a view, and nothing says which tables change it', place),
            hint    = 'watch => ''{"public.articles": "id", "public.comments": "article_id"}'': each table, and its columns that hold the id of the view.';
    end if;

    -- again is anew: what is unchanged is not written
    perform pgsearch.create_collection(collection, null);
    select f.* into followed from pgsearch.followed_tables as f where f.collection = follow_table.collection;
    if found and followed.relation <> relation then
        raise exception using
            errcode = 'PS003',
            message = pg_catalog.format('collection %L follows %s', collection, followed.relation_name),
            hint    = 'A collection follows one table: name another collection, or a view over both tables.';
    end if;
    if found then
        perform pgsearch._unfollow(followed.followed_id);
    end if;

    insert into pgsearch.followed_tables as f
                (relation, relation_name, collection, id_columns, fields, metadata, format, split, mode, protected)
    values (relation, place, collection, ids, fields, metadata, format, split, mode, secured and respect_row_security)
    returning f.* into followed;

    if known.relkind <> 'v' then
        perform pgsearch._watch(followed, relation, ids, used);
    end if;
    for watched in
        select w.key as name, pgsearch._relation_of(w.key) as oid,
               case jsonb_typeof(w.value)
               when 'array' then array(select jsonb_array_elements_text(w.value))
               else array[w.value #>> '{}']
               end as columns
          from jsonb_each(watch) as w
         order by w.key
    loop
        if cardinality(watched.columns) <> cardinality(ids) or watched.columns[1] is null then
            raise exception using
                errcode = 'PS003',
                message = pg_catalog.format('watch names %s columns of %s, and the id has %s',
                                            cardinality(watched.columns), watched.name, cardinality(ids)),
                hint    = 'Name for each column of the id the one that holds it, in the same order.';
        end if;
        perform pgsearch._source_column(watched.oid, c.name) from unnest(watched.columns) as c(name);
        perform pgsearch._watch(followed, watched.oid, watched.columns,
                                array(select a.attname::text
                                        from pg_attribute as a
                                       where a.attrelid = watched.oid
                                         and a.attnum > 0
                                         and not a.attisdropped));
    end loop;
    perform pgsearch._protect_rows();

    if load then
        perform from pgsearch.work(null, collection);
        select f.* into followed from pgsearch.followed_tables as f where f.collection = follow_table.collection;
        if followed.error is not null then
            raise exception using
                errcode = 'PS003',
                message = pg_catalog.format('%s cannot be read: %s', place, followed.error),
                hint    = 'Nothing was changed. Name its columns as they are, with their types.';
        end if;
    end if;

    return query
    select followed.loaded_rows,
           (select count(*) from pgsearch.refused_rows as r where r.followed_id = followed.followed_id);
end;
$$;

comment on function pgsearch.follow_table(text, text, text, text, text, text, text, text, text[], text, boolean, text, jsonb, boolean, boolean) is
'Keeps the rows of a table or view as pages of a collection: loads what is there, and notices from then on what is
inserted, updated (in the columns that are used), deleted and truncated. work() brings it into the pages.
Arguments:
- table_name (with its schema)
- collection (made when it is not there; it follows one table)
- id (the column that a row is known by, or several as ''{country,number}''; null: the primary key)
- title (a column, several as ''{a,b}'', or an expression over columns)
- content (as title: text that is split into chunks)
- chunks (instead of content: a JSON array of chunks as put_pages takes them)
- tags (an array, a JSON array, or a text between commas)
- source (as title: where the page comes from)
- metadata (array of columns)
- format (of the content: text, markdown or code)
- split (false: the content is one chunk as it is, of at most 16,000 characters)
- mode (queued: the writer''s transaction leaves a note, work() does the rest; immediate: the same statement stores up to
  250 rows, for small tables)
- watch (for a view: each table whose changes change it, and its columns that hold the id, as
  ''{"public.articles": "id", "public.comments": "article_id"}'')
- respect_row_security (for a table with row level security, where it must be given: true: who searches finds what he may
  read in the table; false: everything)
- load (false: leave the load to work(), in transactions of its own)
The external_id of a page is the id as text, several columns joined by slashes. Called again for the same table and
collection it takes the new arguments and loads anew; unchanged pages are not written.
Needs the right to create triggers on the table. Rows are read as the owner of the schema, who must be granted select.
Returns loaded (rows) and refused (rows that cannot be stored, see list_refused_rows).
Errors: PS003 no such table, an argument that is not what it must be, a table that may not be read or would run code of
another role.
Example:
select loaded
  from pgsearch.follow_table(''public.articles'', ''articles'', title => ''title'', content => ''body'', metadata => ''{author}'');';
