-- A way to search under a name, with the figures that speak for it.

create or replace function pgsearch.put_configuration(
    configuration text,
    collection    text,
    options       jsonb,
    metrics       jsonb default '{}'
)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsearch._check_name('a configuration', configuration);
    perform pgsearch._check_collections(array[put_configuration.collection]);
    perform pgsearch._check_settings(put_configuration.options);

    insert into pgsearch.search_configurations (name, collection, options, metrics)
    values (configuration, put_configuration.collection, put_configuration.options, coalesce(put_configuration.metrics, '{}'))
    on conflict (name) do update
       set collection = excluded.collection,
           options    = excluded.options,
           metrics    = excluded.metrics,
           created_at = now();
end;
$$;

comment on function pgsearch.put_configuration(text, text, jsonb, jsonb) is
'Stores options of a search under the name configuration, in place of what had that name.
Arguments:
- collection (that it was made for)
- options (as in default_settings)
- metrics (any JSON object: what was measured)
It changes no search until activate_configuration.
Errors: PS001 unknown collection, PS002 unknown option, PS003 bad value, or a name of not 1 to 255 characters.
Example:
select pgsearch.put_configuration(''titles count'', ''korean'', ''{"fusion": "rrf_boost"}'');';
