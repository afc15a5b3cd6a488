-- Ranges over a key of the metadata by index. Equality needs none: the index on all metadata serves it.

create or replace function pgsearch._metadata_index_name(key text)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
return 'pages_metadata_' || md5(key);

comment on function pgsearch._metadata_index_name(text) is 'Name of the index on a key of the metadata.';

create or replace function pgsearch._has_metadata_index(key text)
returns boolean
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (select
                     from pg_index as i
                    where i.indexrelid = to_regclass('pgsearch.' || pgsearch._metadata_index_name(key))
                      and i.indisvalid);
end;
$$;

comment on function pgsearch._has_metadata_index(text) is 'Whether filter_index_statement was run for the key.';

create or replace function pgsearch.filter_index_statement(key text, concurrently boolean default true)
returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if coalesce(key, '') = '' then
        raise exception using
            errcode = 'PS003',
            message = 'an index for filters needs the key of the metadata',
            hint    = 'Give the key as it stands in filters, such as ''year'' or ''author.born''.';
    end if;

    return format('create index %sif not exists %I on pgsearch.pages using gist (pgsearch._metadata_range(metadata, %L))',
                  case when filter_index_statement.concurrently then 'concurrently ' end,
                  pgsearch._metadata_index_name(key),
                  key);
end;
$$;

comment on function pgsearch.filter_index_statement(text, boolean) is
'CREATE INDEX statement for filters that compare a key of the metadata with numbers, dates or times, for the client to run;
without that index such a filter looks at every page that the other conditions leave. Equality, lists and containment have
their index already.
Arguments:
- key (of the metadata, as it stands in filters; with dots a path)
- concurrently (false: at once, while nobody writes)
Returns the statement; drop index undoes it.
Errors: PS003 no key.
Example:
select pgsearch.filter_index_statement(''year'');';
