-- How much of each collection a model has embedded: what has to be complete before a collection is switched to it.

create or replace function pgsearch._model_coverage(model text, only_collection text)
returns table (collection text, chunks bigint, embedded bigint, stale bigint, coverage float8, is_default boolean)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen constant pgsearch.embedding_models := pgsearch._named_model(_model_coverage.model);
begin
    return query
    select c.collection,
           coalesce(k.chunks, 0),
           coalesce(k.embedded, 0),
           coalesce(k.stale, 0),
           coalesce(k.embedded / nullif(k.chunks, 0)::float8, 1),
           coalesce(c.default_model = chosen.model, false)
      from pgsearch.collections as c
           left join (select h.collection,
                             count(*) as chunks,
                             count(*) filter (where e.content_hash = h.content_hash) as embedded,
                             count(*) filter (where e.content_hash <> h.content_hash) as stale
                        from pgsearch.chunks as h
                             left join pgsearch.embeddings as e on e.page_id = h.page_id
                                                               and e.chunk_id = h.chunk_id
                                                               and e.model_id = chosen.model_id
                       where only_collection is null
                          or h.collection = only_collection
                       group by h.collection) as k on k.collection = c.collection
     where only_collection is null
        or c.collection = only_collection
     order by c.collection;
end;
$$;

comment on function pgsearch._model_coverage(text, text) is 'model_coverage of one collection, or of all for null.';

create or replace function pgsearch.model_coverage(model text)
returns table (collection text, chunks bigint, embedded bigint, stale bigint, coverage float8, is_default boolean)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select c.* from pgsearch._model_coverage(model_coverage.model, null) as c;
end;
$$;

comment on function pgsearch.model_coverage(text) is
'How much of each collection the model has embedded.
Returns a row a collection: collection, chunks, embedded (with a current vector), stale (embedded before the chunk
changed), coverage (embedded / chunks, 0 .. 1; 1 for an empty collection), is_default (searches of the collection use
the model). Reads chunks and embeddings whole.
Error: PS008 unknown model.';
