-- Collections: made, given another text configuration, and deleted.
--
-- A collection carries its language as schema-qualified text, not as regconfig: a reg* column blocks pg_upgrade.

create or replace function pgsearch.create_collection(
    collection  text,
    text_config text  default 'pg_catalog.simple',
    settings    jsonb default '{}'
)
returns boolean
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    qualified constant text := pgsearch._qualified_text_config(coalesce(create_collection.text_config, 'pg_catalog.simple'));
    existing  text;
begin
    perform pgsearch._check_name('a collection', create_collection.collection);
    perform pgsearch._check_settings(coalesce(create_collection.settings, '{}'));

    insert into pgsearch.collections (collection, text_config, settings)
    values (create_collection.collection, qualified, coalesce(create_collection.settings, '{}'))
        on conflict (collection) do nothing;
    if found then
        return true;
    end if;

    select c.text_config
      into existing
      from pgsearch.collections as c
     where c.collection = create_collection.collection
       for update;

    if create_collection.text_config is not null and existing is distinct from qualified then
        raise exception using
            errcode = 'PS003',
            message = format('collection %L exists with text_config %s, not %s', create_collection.collection, existing, qualified),
            hint    = format('To analyse its pages anew: select pgsearch.set_text_config(%L, %L).', create_collection.collection, qualified);
    end if;

    update pgsearch.collections as c
       set settings = c.settings || create_collection.settings
     where c.collection = create_collection.collection
       and c.settings || create_collection.settings <> c.settings;

    return false;
end;
$$;

comment on function pgsearch.create_collection(text, text, jsonb) is
'Makes sure that a collection exists: true when it was created, false when it was there; settings given for one that
exists are merged over its own.
Arguments:
- collection: its name
- text_config: a text search configuration such as english or pg_catalog.simple (null: whichever it has,
  pg_catalog.simple for a new one)
- settings: overrides of pgsearch.default_settings()
A new chunk_size applies to pages that are put from then on.
Errors: PS003 for a bad name, an unknown configuration (naming those that exist), a value out of range, or a collection
that exists with another configuration; PS002 for an unknown setting.
Example:
select pgsearch.create_collection(''handbook'', ''english'', ''{"chunk_size": 1500}'');';
