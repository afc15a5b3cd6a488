-- What still has to be embedded: chunks without a vector of the model, or changed since they were embedded.

create or replace function pgsearch.list_missing_embeddings(
    model          text,
    collection     text    default null,
    after_chunk_id bigint  default 0,
    batch_size     integer default 256
)
returns table (page_id bigint, chunk_id bigint, content_hash bytea, content text)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    chosen constant pgsearch.embedding_models := pgsearch._named_model(model);
begin
    perform pgsearch._check_range('batch_size', batch_size, 1, 100000);
    if collection is not null then
        perform pgsearch._check_collections(array[collection]);
    end if;

    return query
    select c.page_id,
           c.chunk_id,
           c.content_hash,
           concat_ws(E'\n', nullif(c.heading, ''), c.content)
      from pgsearch.chunks as c
     where c.chunk_id > after_chunk_id
       and (list_missing_embeddings.collection is null or c.collection = list_missing_embeddings.collection)
       and not exists (select
                         from pgsearch._embedded(chosen.model_id) as e
                        where (e.page_id, e.chunk_id, e.content_hash) = (c.page_id, c.chunk_id, c.content_hash))
     order by c.chunk_id
     limit batch_size;
end;
$$;

comment on function pgsearch.list_missing_embeddings(text, text, bigint, integer) is
'Chunks that the model has not embedded yet or that changed since, in order of chunk_id from after_chunk_id on, at most
batch_size. collection null: all.
Returns page_id, chunk_id, content_hash (to give back to put_embeddings) and content (heading, line feed, content: what
is to be embedded).
Errors: PS001 unknown collection, PS003 batch_size out of range, PS008 unknown model.';
