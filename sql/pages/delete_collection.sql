-- A collection out, with everything that hangs on it.

create or replace function pgsearch.delete_collection(collection text)
returns bigint
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    deleted bigint;
begin
    perform pgsearch._check_collections(array[delete_collection.collection]);
    perform from pgsearch.collections as c
      where c.collection = delete_collection.collection
        for update;

    -- from the leaves up: four scans instead of one cascade for every row
    delete from pgsearch.semantic_nodes   as n where n.repo_id = delete_collection.collection;
    delete from pgsearch.embeddings       as e where e.collection = delete_collection.collection;
    delete from pgsearch.chunks           as c where c.collection = delete_collection.collection;
    delete from pgsearch.pages            as p where p.collection = delete_collection.collection;
    get diagnostics deleted = row_count;
    delete from pgsearch.lexeme_stats     as l where l.collection = delete_collection.collection;
    delete from pgsearch.collection_stats as s where s.collection = delete_collection.collection;
    delete from pgsearch.collections      as c where c.collection = delete_collection.collection;

    return deleted;
end;
$$;

comment on function pgsearch.delete_collection(text) is
'Deletes a collection with its pages, chunks, embeddings, semantic nodes and statistics; returns how many pages it had.
What the search log holds stays.
Error: PS001 unknown collection.';
