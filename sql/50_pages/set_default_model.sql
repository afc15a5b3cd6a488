-- Which embedding model the searches of a collection use.

create or replace function pgsearch.set_default_model(collection text, model text)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsearch._check_collections(array[set_default_model.collection]);
    perform pgsearch._named_model(set_default_model.model) where set_default_model.model is not null;

    update pgsearch.collections as c
       set default_model = set_default_model.model
     where c.collection = set_default_model.collection
       and c.default_model is distinct from set_default_model.model;
end;
$$;

comment on function pgsearch.set_default_model(text, text) is
'Chooses the embedding model that searches of the collection use when they name none; null for none. Errors: PS001 unknown collection, PS008 unknown model.';
