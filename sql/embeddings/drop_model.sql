-- A model out, with everything that is keyed by it: vectors, caches, work in hand, nodes, index, its name.
--
-- Millions of rows in one transaction hold back vacuum and write much log at once, so a batch at a time is possible.
-- DROP INDEX CONCURRENTLY cannot run in a function: the client drops the index first; one that still stands at the end
-- is dropped here, under a short exclusive lock.

create or replace function pgsearch.drop_model(model text, batch_size integer default null)
returns table (deleted bigint, done boolean)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
-- a batch finds its rows by key; a hash join would read the whole table for each
set enable_hashjoin = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
    chosen  constant pgsearch.embedding_models := pgsearch._named_model(drop_model.model);
    users   text;
    gone    bigint;
    total   bigint := 0;
begin
    if drop_model.batch_size is not null then
        perform pgsearch._check_range('batch_size', drop_model.batch_size, 0, 10000000);
    end if;

    perform
       from pgsearch.embedding_models as m
      where m.model_id = chosen.model_id
        for update;

    select string_agg(c.collection, ', ' order by c.collection)
      into users
      from pgsearch.collections as c
     where c.default_model = chosen.model
        or c.settings ->> 'model' = chosen.model;

    if users is not null then
        raise exception using
            errcode = 'PS003',
            message = format('model "%s" is in use by: %s', chosen.model, users),
            hint    = 'Give them another model first: pgsearch models switch, or pgsearch.set_default_model (and their setting "model").';
    end if;

    delete from pgsearch.embeddings as e
     using (select f.page_id, f.chunk_id
              from pgsearch.embeddings as f
             where f.model_id = chosen.model_id
             limit drop_model.batch_size) as f
     where e.page_id = f.page_id
       and e.chunk_id = f.chunk_id
       and e.model_id = chosen.model_id;
    get diagnostics gone = row_count;
    total := total + gone;

    delete from pgsearch.embedding_attempts as a
     using (select b.page_id, b.chunk_id
              from pgsearch.embedding_attempts as b
             where b.model_id = chosen.model_id
             limit drop_model.batch_size - total) as b
     where a.page_id = b.page_id
       and a.chunk_id = b.chunk_id
       and a.model_id = chosen.model_id;
    get diagnostics gone = row_count;
    total := total + gone;

    delete from pgsearch.query_embeddings as q
     using (select r.query_normalized
              from pgsearch.query_embeddings as r
             where r.model_id = chosen.model_id
             limit drop_model.batch_size - total) as r
     where q.query_normalized = r.query_normalized
       and q.model_id = chosen.model_id;
    get diagnostics gone = row_count;
    total := total + gone;

    delete from pgsearch.semantic_nodes as n
     using (select o.repo_id, o.node_id, o.node_type
              from pgsearch.semantic_nodes as o
             where o.model = chosen.model
             limit drop_model.batch_size - total) as o
     where n.repo_id = o.repo_id
       and n.node_id = o.node_id
       and n.node_type = o.node_type
       and n.model = chosen.model;
    get diagnostics gone = row_count;
    total := total + gone;

    -- a batch that was not filled was the last one
    done := coalesce(total < drop_model.batch_size, true);
    if done then
        execute format('drop index if exists pgsearch.%I, pgsearch.%I',
                       'embeddings_hnsw_' || chosen.model_id, 'semantic_nodes_hnsw_' || chosen.model_id);
        -- its centres go with it
        delete from pgsearch.embedding_models as m where m.model_id = chosen.model_id;
    end if;

    deleted := total;
    return next;
end;
$$;

comment on function pgsearch.drop_model(text, integer) is
'Deletes an embedding model with its vectors, cached query vectors, claimed work, semantic nodes, centres and HNSW
indexes.
Arguments:
- model
- batch_size (most rows deleted by this call, null: all of them; 0 only looks whether the model may go)
Returns deleted (rows) and done: call it again, each time in a transaction of its own, until done. The model keeps its
name until then. Client.drop_model is one call; pgsearch.vector_index.drop_model also drops the index concurrently and
goes on until done.
Errors: PS003 a collection uses the model, or batch_size out of range, PS008 unknown model.';
