-- What reads rows of a followed table as pages, made anew for each batch from the table as it stands under a lock.
--
-- Of a table whose owner is not trusted nothing is evaluated but its columns, by the output functions of their types:
-- casts, checks of domains and expressions are code of whoever owns the type or the table.

create or replace function pgsearch._base_type(type_id oid)
returns oid
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
with recursive bases (oid, base) as (
    select t.oid, t.typbasetype
      from pg_type as t
     where t.oid = _base_type.type_id
     union all
    select t.oid, t.typbasetype
      from bases as b
           join pg_type as t on t.oid = b.base
)
select b.oid
  from bases as b
 where b.base = 0;
$$;

comment on function pgsearch._base_type(oid) is 'The type itself, of a domain what it is made of in the end.';

create or replace function pgsearch._source_column(relation oid, name text)
returns pg_attribute
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    wanted pg_attribute;
begin
    select a.*
      into wanted
      from pg_attribute as a
     where a.attrelid = _source_column.relation
       and a.attname = _source_column.name
       and a.attnum > 0
       and not a.attisdropped;
    if not found then
        raise exception using
            errcode = 'PS003',
            message = format('%s has no column %s', _source_column.relation::regclass, quote_literal(_source_column.name)),
            hint    = format('Its columns: %s.',
                             (select string_agg(a.attname, ', ' order by a.attnum)
                                from pg_attribute as a
                               where a.attrelid = _source_column.relation
                                 and a.attnum > 0
                                 and not a.attisdropped));
    end if;
    return wanted;
end;
$$;

comment on function pgsearch._source_column(oid, text) is 'A column of a table as the catalog has it; PS003 where there is none.';

create or replace function pgsearch._column_types(followed pgsearch.followed_tables)
returns text[]
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select array_agg(a.attnum || ' ' || case
                                    when a.atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) then 'integer'
                                    when a.atttypid in ('text'::regtype, 'varchar'::regtype) then 'text'
                                    else format_type(a.atttypid, null)
                                    end
                 order by n.position)
  from unnest(followed.id_columns || followed.metadata
              || array(select jsonb_array_elements_text(f.value -> 'columns')
                         from jsonb_each(followed.fields) as f
                        where f.value ? 'columns'
                        order by f.key)) with ordinality as n(name, position)
       left join pg_attribute as a on a.attrelid = followed.relation and a.attname = n.name and not a.attisdropped;
$$;

comment on function pgsearch._column_types(pgsearch.followed_tables) is
'Numbers and types of the columns that are read of a followed table, null for one that is not there. Types of one kind whose
values read the same are one: a longer integer changes no row.';

create or replace function pgsearch._key_type(relation oid, name text, trusted boolean)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    given constant oid := (pgsearch._source_column(relation, name)).atttypid;
    -- the checks of a domain are not for keys that may not be there any more
    base  constant oid := pgsearch._base_type(given);
begin
    if not trusted and not exists (select from pg_type as t where t.oid = base and t.typnamespace = 'pg_catalog'::regnamespace) then
        raise exception using
            errcode = 'PS003',
            message = format('column %s of %s is of type %s, which the owner of the table could change',
                             quote_literal(name), relation::regclass, format_type(given, null)),
            hint    = 'A key of a table of another owner must be of a type of PostgreSQL itself.';
    end if;
    -- without a length: character and bit would be those of one
    return format_type(base, -1);
end;
$$;

comment on function pgsearch._key_type(oid, text, boolean) is 'The type that a part of a key is read back as.';

create or replace function pgsearch._column_json(relation oid, name text, trusted boolean)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    base    constant oid := pgsearch._base_type((pgsearch._source_column(relation, name)).atttypid);
    builtin constant boolean := exists (select from pg_type as t where t.oid = base and t.typnamespace = 'pg_catalog'::regnamespace);
begin
    return format(case when trusted or builtin then 'to_jsonb(t.%1$I)'
                       else 'case when t.%1$I is not null then to_jsonb(concat(t.%1$I)) end' end, name);
end;
$$;

comment on function pgsearch._column_json(oid, text, boolean) is 'SQL of a column as JSON.';

create or replace function pgsearch._field_sql(relation oid, field jsonb, separator text)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    columns constant text[] := array(select jsonb_array_elements_text(field -> 'columns'));
    name    text;
begin
    if field is null then
        return 'null::text';
    end if;
    if field ? 'expression' then
        return format('(%s)::text', field ->> 'expression');
    end if;
    foreach name in array columns loop
        perform pgsearch._source_column(relation, name);
    end loop;
    return format('concat_ws(%L, %s)', separator, (select string_agg(format('t.%I', c), ', ') from unnest(columns) as c));
end;
$$;

comment on function pgsearch._field_sql(oid, jsonb, text) is 'SQL of a text field of a page, made of an expression or of columns.';

create or replace function pgsearch._list_sql(relation oid, field jsonb, of_json text)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    columns constant text[] := array(select jsonb_array_elements_text(field -> 'columns'));
    value   text;
    base    oid;
    form    text := field ->> 'form';
begin
    if field is null then
        return 'null::jsonb';
    end if;
    if cardinality(columns) > 1 then
        return format('to_jsonb(array_remove(array[%s], null))',
                      (select string_agg(format('nullif(concat(t.%I), %L)', c, ''), ', ') from unnest(columns) as c));
    end if;

    if field ? 'expression' then
        value := format('(%s)', field ->> 'expression');
    else
        value := format('t.%I', columns[1]);
        base := pgsearch._base_type((pgsearch._source_column(relation, columns[1])).atttypid);
        form := pgsearch._list_form(base);
    end if;
    return case form
           when 'array' then format('to_jsonb(array(select concat(e) from unnest(%s) as e where concat(e) <> %L))', value, '')
           when 'json'  then format(of_json, value)
           else format('to_jsonb(array(select btrim(e) from unnest(string_to_array(concat(%s), %L)) as e where btrim(e) <> %L))',
                       value, ',', '')
           end;
end;
$$;

comment on function pgsearch._list_sql(oid, jsonb, text) is
'SQL of a list: an array, JSON in the form of_json, a text between commas, or several columns.';

create or replace function pgsearch._list_form(type_id oid)
returns text
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select case
       when t.oid in ('json'::regtype, 'jsonb'::regtype) then 'json'
       when t.typcategory = 'A' then 'array'
       else 'text'
       end
  from pg_type as t
 where t.oid = _list_form.type_id;
$$;

comment on function pgsearch._list_form(oid) is 'How a value of the type holds a list: array, json, or text (between commas).';

create or replace function pgsearch._tag_list(given jsonb)
returns jsonb
language sql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
select case jsonb_typeof(given)
       when 'array' then (select coalesce(jsonb_agg(case when jsonb_typeof(e.value) in ('object', 'array') then e.value
                                                         else to_jsonb(e.value #>> '{}') end order by e.position), '[]')
                            from jsonb_array_elements(given) with ordinality as e(value, position)
                           where btrim(e.value #>> '{}') <> '')
       when 'string' then (select coalesce(jsonb_agg(btrim(e.part) order by e.position), '[]')
                             from unnest(string_to_array(given #>> '{}', ',')) with ordinality as e(part, position)
                            where btrim(e.part) <> '')
       when 'object' then given
       when 'null' then null
       else jsonb_build_array(given #>> '{}')
       end;
$$;

comment on function pgsearch._tag_list(jsonb) is
'Tags of a column of JSON as those of any other: numbers as text, nothing for null, a text between commas as several. Objects
stay, for put_pages to refuse.';

create or replace function pgsearch._page_sql(followed pgsearch.followed_tables, trusted boolean)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    fields constant jsonb := followed.fields;
    text_of constant text := pgsearch._field_sql(followed.relation, fields -> 'content', E'\n\n');
begin
    return format(
        'jsonb_build_object(''external_id'', pgsearch._key_id(%s), ''title'', %s, ''tags'', %s, ''source'', nullif(%s, ''''), %s,'
        ' ''metadata'', jsonb_build_object(%s))',
        pgsearch._key_expression(followed.id_columns, 't'),
        pgsearch._field_sql(followed.relation, fields -> 'title', ' '),
        pgsearch._list_sql(followed.relation, fields -> 'tags', 'pgsearch._tag_list(%s::jsonb)'),
        pgsearch._field_sql(followed.relation, fields -> 'source', ' '),
        case
        when fields ? 'chunks' then format('''chunks'', %s', pgsearch._list_sql(followed.relation, fields -> 'chunks', '%s::jsonb'))
        when followed.split    then format('''format'', %L::text, ''content'', coalesce(%s, '''')', followed.format, text_of)
        else                        format('''chunks'', array_remove(array[nullif(%s, '''')], null)', text_of)
        end,
        (select string_agg(format('%L, %s', m.name, pgsearch._column_json(followed.relation, m.name, trusted)), ', ' order by m.position)
           from unnest(followed.metadata) with ordinality as m(name, position)));
end;
$$;

comment on function pgsearch._page_sql(pgsearch.followed_tables, boolean) is 'SQL of the page object of a followed row t.';
