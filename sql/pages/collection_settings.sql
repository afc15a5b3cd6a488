-- What a search of a collection goes by: the defaults, and over them what was set for it.

create or replace function pgsearch.collection_settings(collection text)
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pgsearch._check_collections(array[collection]);
    return pgsearch._settings(array[collection], '{}');
end;
$$;

comment on function pgsearch.collection_settings(text) is
'Every option as it holds in a collection: default_settings, and over them those of the collection.
Arguments:
- collection (its name)
Errors: PS001 unknown collection.
Example:
select pgsearch.collection_settings(''korean'') -> ''weights'';';
