-- The key of a followed row and the external_id of its page: a column as it is, several between slashes.

create or replace function pgsearch._key_id(key text[])
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select case
       when cardinality(key) = 1 then key[1]
       else (select string_agg(replace(replace(part, '%', '%25'), '/', '%2F'), '/' order by position)
               from unnest(key) with ordinality as k(part, position))
       end;
$$;

comment on function pgsearch._key_id(text[]) is
'The external_id of the page of a followed row: the key, its columns joined by slashes; % and / in one of several are
written %25 and %2F, so that two keys never give one id.';

-- Output functions and not casts to text: a cast belongs to whoever owns the type, and would run with other rights than his.
create or replace function pgsearch._key_expression(columns text[], alias text)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select format('array[%s]', string_agg(format('concat(%I.%I)', alias, c.name), ', ' order by c.position))
  from unnest(columns) with ordinality as c(name, position);
$$;

comment on function pgsearch._key_expression(text[], text) is 'SQL of the key of a row, an array of texts.';

create or replace function pgsearch._id_key(external_id text, parts integer)
returns text[]
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select case
       when parts = 1 then array[external_id]
       else (select array_agg(replace(replace(part, '%2F', '/'), '%25', '%') order by position)
               from unnest(string_to_array(external_id, '/')) with ordinality as k(part, position))
       end;
$$;

comment on function pgsearch._id_key(text, integer) is 'The key that _key_id made this external_id of.';

create or replace function pgsearch._relation_named(table_name text)
returns oid
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    if cardinality(parse_ident(table_name)) = 2 then
        return to_regclass(table_name);
    end if;
    return null;
exception
    when invalid_parameter_value or feature_not_supported or syntax_error or invalid_name or insufficient_privilege then
        return null;
end;
$$;

comment on function pgsearch._relation_named(text) is
'The table or view of a name with its schema; null where there is none, and for a text that is no such name.';
