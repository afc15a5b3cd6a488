-- Which embedding model the searches of a collection use.

create or replace function pgsearch.set_default_model(collection text, model text)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsearch._check_collections(array[set_default_model.collection]);
    perform pgsearch._embedding_model(set_default_model.model, null) where set_default_model.model <> '';

    update pgsearch.collections as c
       set default_model = nullif(set_default_model.model, '')
     where c.collection = set_default_model.collection
       and c.default_model is distinct from nullif(set_default_model.model, '');
end;
$$;

comment on function pgsearch.set_default_model(text, text) is
'Chooses the embedding model that searches of the collection use when they name none; null or empty for none. Errors: PS001 unknown collection, PS008 unknown model.';
