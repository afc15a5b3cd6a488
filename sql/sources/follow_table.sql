-- A table whose rows are pages of a collection from now on: what is there is loaded, what changes is noticed by triggers.
--
-- Whatever was said of it is judged before the first trigger is made.

create or replace function pgsearch._relation_of(table_name text)
returns oid
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    relation constant oid  := pgsearch._relation_named(table_name);
    bare     constant text := lower(btrim(substring(table_name from E'[^.]*$'), ' "'));
begin
    if relation is null then
        raise exception using
            errcode = 'PS003',
            message = format('no table or view %s in database %s that this role may see',
                             coalesce(quote_literal(left(table_name, 200)), 'null'), quote_literal(current_database())),
            hint    = coalesce(
                'Write it with its schema: '
                || (select string_agg(quote_literal(c.oid::regclass::text), ' or ' order by c.oid::regclass::text)
                      from (select c.oid
                              from pg_class as c
                             where lower(c.relname) = bare
                               and c.relkind in ('r', 'p', 'v')
                               and c.relnamespace <> all ('{pg_catalog,information_schema,pgsearch}'::regnamespace[])
                               and has_schema_privilege(c.relnamespace, 'usage')
                             order by c.oid
                             limit 3) as c)
                || '.',
                'Write it with its schema, such as ''public.articles''; another database is named by the DSN.');
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
    metadata := coalesce(metadata, '{}');
    if coalesce(mode, '') not in ('queued', 'immediate') or coalesce(format, '') not in ('text', 'markdown', 'code') then
        raise exception using
            errcode = 'PS003',
            message = pg_catalog.format('unknown mode %s or format %s',
                                        coalesce(quote_literal(mode), 'null'), coalesce(quote_literal(format), 'null')),
            hint    = 'mode is queued or immediate; format is text, markdown or code.';
    end if;
    if split is null or load is null or jsonb_typeof(watch) is distinct from 'object' or cardinality(metadata) > most_metadata then
        raise exception using
            errcode = 'PS003',
            message = 'split, load, watch or metadata is not what it must be',
            hint    = pg_catalog.format('split and load are true or false; watch is an object such as'
                                        ' ''{"public.comments": "article_id"}'';'
                                        ' metadata names at most %s columns.', most_metadata);
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
            hint    = 'Ordinary and partitioned tables and views can; nothing would notice a change of a foreign table or a'
                      ' materialized view.';
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
    secured := exists (select
                         from pgsearch._relations_below(relation) as b
                              join pg_class as c on c.oid = b.relation
                        where c.relrowsecurity);
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
            message = pg_catalog.format('the row level security of %s holds for role %I too, which would miss rows',
                                        place, pg_get_userbyid(owner)),
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
                message = pg_catalog.format('%s is no column of %s, and of a table of another owner only columns are read',
                                            given.name, place),
                hint    = pg_catalog.format('Make a view of your own that has it, and follow that:'
                                            ' create view ... as select ..., %s as %s from %s;',
                                            given.value, given.name, place);
        end if;
        -- a view knows which columns and which functions an expression has, and nothing of it runs
        begin
            execute pg_catalog.format('create temp view pgsearch_probe as select (%s) as value from %s as t', given.value, place);
        exception
            when others then
                raise exception using
                    errcode = 'PS003',
                    message = pg_catalog.format('%s is neither a column of %s nor an expression over its columns: %s',
                                                given.name, place, sqlerrm),
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
        form := (select pgsearch._list_form(a.atttypid)
                   from pg_attribute as a
                  where a.attrelid = 'pg_temp.pgsearch_probe'::regclass
                    and a.attnum = 1);
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
            hint    = 'watch => ''{"public.articles": "id", "public.comments": "article_id"}'': each table, and its columns that hold'
                      ' the id of the view.';
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
    values (relation, place, collection, ids, fields, metadata, format, split, mode, respect_row_security)
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

comment on function pgsearch.follow_table(text, text, text, text, text, text, text, text, text[], text, boolean, text, jsonb, boolean,
                                          boolean) is
'Keeps the rows of a table or view as pages of a collection: loads what is there, and notices from then on what is
inserted, updated (in the columns that are used), deleted and truncated. work() brings it into the pages.
Arguments:
- table_name (with its schema)
- collection (made when it is not there; it follows one table)
- id (the column that a row is known by, or several as ''{country,number}''; null: the primary key); a row in which one of
  them is null is no page
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
- respect_row_security (must be given for a table with row level security: true: who searches finds what he may read in
  the table; false: everything)
- load (false: leave the load to work(), in transactions of its own)
The external_id of a page is the id as text, several columns joined by slashes. Called again for the same table and
collection it takes the new arguments and loads anew; unchanged pages are not written.
Needs the right to create triggers on the table. Rows are read as the owner of the schema, who must be granted select.
Returns loaded (rows) and refused (rows that cannot be stored, see list_refused_rows).
Errors: PS003 no such table, an argument that is not what it must be, a table that may not be read or would run code of
another role.
As in select pgsearch.follow_table(''public.articles'', ''articles'', title => ''title'', content => ''body'', metadata =>
''{author,published_at}'');';
