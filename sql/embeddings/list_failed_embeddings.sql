-- Which chunks could not be embedded, and why.

create or replace function pgsearch.list_failed_embeddings(
    model      text,
    collection text    default null,
    batch_size integer default 100
)
returns table (page_id bigint, chunk_id bigint, attempts integer, gave_up boolean, failed_at timestamptz, worker text, last_error text)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen constant pgsearch.embedding_models := pgsearch._named_model(model);
begin
    perform pgsearch._check_range('batch_size', batch_size, 1, 100000);
    if list_failed_embeddings.collection is not null then
        perform pgsearch._check_collections(array[list_failed_embeddings.collection]);
    end if;

    return query
    select a.page_id,
           a.chunk_id,
           a.attempts,
           a.attempts >= pgsearch._most_embedding_attempts(),
           coalesce(a.failed_at, a.leased_until),
           a.worker,
           case when a.failed_at is null then format('worker "%s" claimed it and was not heard of again', a.worker) else a.last_error end
      from pgsearch.embedding_attempts as a
           join pgsearch.chunks as c on c.page_id = a.page_id
                                    and c.chunk_id = a.chunk_id
     where a.model_id = chosen.model_id
       and a.content_hash = c.content_hash
       and (a.failed_at is not null or a.leased_until < clock_timestamp())
       and (list_failed_embeddings.collection is null or c.collection = list_failed_embeddings.collection)
     order by a.attempts desc, a.chunk_id
     limit batch_size;
end;
$$;

comment on function pgsearch.list_failed_embeddings(text, text, integer) is
'Chunks whose last attempt failed, or whose worker vanished, those given up first, at most batch_size (1 .. 100000).
collection null: all.
Returns page_id, chunk_id, attempts, gave_up (no attempt is left), failed_at, worker, last_error.
Errors: PS001 unknown collection, PS003 batch_size out of range, PS008 unknown model.';
