-- A collection out, with everything that hangs on it; or its pages alone.

-- From the leaves up: four scans instead of one cascade for every row.
create or replace function pgsearch._delete_contents(collection text)
returns bigint
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    deleted bigint;
begin
    delete from pgsearch.semantic_nodes      as n where n.repo_id = _delete_contents.collection;
    delete from pgsearch.embeddings          as e where e.collection = _delete_contents.collection;
    delete from pgsearch.chunks              as c where c.collection = _delete_contents.collection;
    delete from pgsearch.pages               as p where p.collection = _delete_contents.collection;
    get diagnostics deleted = row_count;
    delete from pgsearch.lexeme_stats        as l where l.collection = _delete_contents.collection;
    delete from pgsearch.revised_chunks      as r where r.collection = _delete_contents.collection;
    delete from pgsearch.collection_stats    as s where s.collection = _delete_contents.collection;
    delete from pgsearch.embedding_centres   as k where k.collection = _delete_contents.collection;
    delete from pgsearch.embedding_positions as k where k.collection = _delete_contents.collection;

    return deleted;
end;
$$;

comment on function pgsearch._delete_contents(text) is
'Deletes the pages of a collection with everything that is made of them; returns how many pages there were. The caller
holds the row of the collection.';

create or replace function pgsearch.delete_collection(collection text)
returns bigint
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    deleted bigint;
    source  text;
begin
    perform pgsearch._check_collections(array[delete_collection.collection]);
    perform from pgsearch.collections as c
      where c.collection = delete_collection.collection
        for update;

    select f.relation_name
      into source
      from pgsearch.followed_tables as f
     where f.collection = delete_collection.collection;
    if found then
        raise exception using
            errcode = 'PS003',
            message = format('collection %L follows %s', delete_collection.collection, source),
            hint    = 'Leave the table first, by unfollow_table.';
    end if;

    deleted := pgsearch._delete_contents(delete_collection.collection);
    delete from pgsearch.collections as c where c.collection = delete_collection.collection;

    return deleted;
end;
$$;

comment on function pgsearch.delete_collection(text) is
'Deletes a collection and its settings with its pages, chunks, embeddings, semantic nodes and statistics of words;
nothing of it can be found or brought back. Returns how many pages it had.
What was logged, judged, tried in experiments and configured under its name stays, and is said of a new collection of
that name too.
Errors: PS001 unknown collection; PS003 the collection follows a table.';
