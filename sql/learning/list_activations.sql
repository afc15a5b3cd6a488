-- What was activated in a collection and what it replaced: what rolling back would bring.

create or replace function pgsearch.list_activations(collection text default null)
returns table (
    activation_id     bigint,
    collection_name   text,
    configuration     text,
    previous_settings jsonb,
    activated_at      timestamptz,
    rolled_back_at    timestamptz
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if list_activations.collection is not null then
        perform pgsearch._check_collections(array[list_activations.collection]);
    end if;

    return query
    select h.activation_id, h.collection, h.configuration, h.previous_settings, h.activated_at, h.rolled_back_at
      from pgsearch.configuration_history as h
     where list_activations.collection is null
        or h.collection = list_activations.collection
     order by h.activation_id desc;
end;
$$;

comment on function pgsearch.list_activations(text) is
'The activations of configurations, the last first.
Arguments:
- collection (null: all)
Returns activation_id, collection_name, configuration, previous_settings (that roll_back_configuration gives back), activated_at,
rolled_back_at (null: not).
Error: PS001 unknown collection.
Example:
select configuration, activated_at from pgsearch.list_activations();';
