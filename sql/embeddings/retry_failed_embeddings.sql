-- A new start for what was given up: the model was repaired, or takes longer texts now.

create or replace function pgsearch.retry_failed_embeddings(model text, collection text default null)
returns bigint
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen constant pgsearch.embedding_models := pgsearch._named_model(model);
    anew   bigint;
begin
    if retry_failed_embeddings.collection is not null then
        perform pgsearch._check_collections(array[retry_failed_embeddings.collection]);
    end if;

    update pgsearch.embedding_attempts as a
       set attempts     = 0,
           leased_until = null,
           failed_at    = null
     where a.model_id = chosen.model_id
       and a.attempts > 0
       and (a.leased_until is null or a.leased_until < clock_timestamp())
       and (retry_failed_embeddings.collection is null
            or exists (select
                         from pgsearch.chunks as c
                        where c.page_id = a.page_id
                          and c.chunk_id = a.chunk_id
                          and c.collection = retry_failed_embeddings.collection));

    get diagnostics anew = row_count;
    return anew;
end;
$$;

comment on function pgsearch.retry_failed_embeddings(text, text) is
'Lets failed and given-up chunks of the model (of the collection, null: of all) be claimed at once, with no attempts
counted; returns how many. What a worker holds just now is left to it.
Errors: PS001 unknown collection, PS008 unknown model.';
