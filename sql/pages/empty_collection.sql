-- All pages out, the collection stays: what was said of it (language, settings, model) holds for the pages to come.

create or replace function pgsearch.empty_collection(collection text)
returns bigint
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsearch._check_collections(array[empty_collection.collection]);
    perform from pgsearch.collections as c
      where c.collection = empty_collection.collection
        for update;

    return pgsearch._delete_contents(empty_collection.collection);
end;
$$;

comment on function pgsearch.empty_collection(text) is
'Deletes all pages of a collection with their chunks, embeddings, semantic nodes and statistics of words; the
collection stays, with its language, settings and model. Returns how many pages there were.
Argument: collection (its name). Where it follows a table, its rows come back when they change, or by follow_table.
Error: PS001 unknown collection.
Example:
select pgsearch.empty_collection(''korean'');';
