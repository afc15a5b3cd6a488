-- From now on searches of the collection use the configuration; what they used before is kept, to go back to.

create or replace function pgsearch.activate_configuration(configuration text, collection text default null)
returns bigint
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen   pgsearch.search_configurations;
    target   text;
    previous jsonb;
    setting  text;
    merged   jsonb;
    activation bigint;
begin
    select c.* into chosen
      from pgsearch.search_configurations as c
     where c.name = configuration;

    if not found then
        raise exception using
            errcode = 'PS003',
            message = format('there is no configuration %s', coalesce(quote_literal(configuration), 'null')),
            hint    = coalesce((select 'Configurations here: ' || string_agg(c.name, ', ' order by c.name) from pgsearch.search_configurations as c),
                               'There is none yet: pgsearch tune or pgsearch.put_configuration makes one.');
    end if;

    target := coalesce(activate_configuration.collection, chosen.collection);
    perform pgsearch._check_collections(array[target]);
    perform pgsearch._check_settings(chosen.options);

    -- held until the end of the transaction, so that two activations cannot both keep the same state as the one before
    select c.settings into previous
      from pgsearch.collections as c
     where c.collection = target
       for update;

    merged := previous || chosen.options;
    for setting in select key from jsonb_each(chosen.options) where jsonb_typeof(value) = 'object' loop
        merged := merged || jsonb_build_object(setting, coalesce(previous -> setting, '{}') || (chosen.options -> setting));
    end loop;

    update pgsearch.collections as c
       set settings = merged
     where c.collection = target;

    insert into pgsearch.configuration_history (collection, configuration, previous_settings)
    values (target, chosen.name, previous)
    returning activation_id into activation;

    return activation;
end;
$$;

comment on function pgsearch.activate_configuration(text, text) is
'Lays the options of a configuration over the settings of the collection (null: the one it was made for); every search of
that collection alone uses them from now on.
Returns the id of the row in configuration_history that roll_back_configuration goes back by.
Errors: PS001 unknown collection, PS002 or PS003 options that are no longer known or allowed, PS003 unknown
configuration.';
