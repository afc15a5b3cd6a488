-- The last activation undone, exactly: the settings are those of the moment before it.

create or replace function pgsearch.roll_back_configuration(collection text)
returns text
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    last pgsearch.configuration_history;
begin
    perform pgsearch._check_collections(array[roll_back_configuration.collection]);
    perform from pgsearch.collections as c where c.collection = roll_back_configuration.collection for update;

    select h.* into last
      from pgsearch.configuration_history as h
     where h.collection = roll_back_configuration.collection
       and h.rolled_back_at is null
     order by h.activation_id desc
     limit 1;

    if not found then
        raise exception using
            errcode = 'PS003',
            message = format('no configuration is active in collection %s', quote_literal(roll_back_configuration.collection)),
            hint    = 'pgsearch.configuration_history holds what was activated and rolled back.';
    end if;

    update pgsearch.collections as c
       set settings = last.previous_settings
     where c.collection = last.collection;

    update pgsearch.configuration_history as h
       set rolled_back_at = clock_timestamp()
     where h.activation_id = last.activation_id;

    return last.configuration;
end;
$$;

comment on function pgsearch.roll_back_configuration(text) is
'Gives the collection back the settings that it had before its last activation that is not rolled back yet; called again,
before the one before. Settings changed by hand since then are undone too.
Returns the name of the configuration that was rolled back.
Errors: PS001 unknown collection, PS003 nothing is active.';
