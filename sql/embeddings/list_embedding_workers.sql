-- Who is at work: the claims that are alive, by worker.

create or replace function pgsearch.list_embedding_workers(model text, collection text default null)
returns table (worker text, claimed bigint, leased_until timestamptz)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen constant pgsearch.embedding_models := pgsearch._named_model(model);
begin
    if list_embedding_workers.collection is not null then
        perform pgsearch._check_collections(array[list_embedding_workers.collection]);
    end if;

    return query
    select a.worker, count(*), max(a.leased_until)
      from pgsearch.embedding_attempts as a
     where a.model_id = chosen.model_id
       and a.leased_until > clock_timestamp()
       and (list_embedding_workers.collection is null
            or exists (select
                         from pgsearch.chunks as c
                        where c.page_id = a.page_id
                          and c.chunk_id = a.chunk_id
                          and c.collection = list_embedding_workers.collection))
     group by a.worker
     order by max(a.leased_until) desc, a.worker;
end;
$$;

comment on function pgsearch.list_embedding_workers(text, text) is
'Workers that hold chunks of the model (of the collection, null: of all) just now: worker (its name), claimed (how many
chunks), leased_until (when its last lease ends, unless it renews it).
Errors: PS001 unknown collection, PS008 unknown model.';
