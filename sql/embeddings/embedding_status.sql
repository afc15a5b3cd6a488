-- How far the embedding of a collection is. It compares every chunk, so it is for people and progress bars, not for every search.

create or replace function pgsearch.embedding_status(model text, collection text default null)
returns table (chunks bigint, embedded bigint, missing bigint, claimed bigint, retrying bigint, gave_up bigint, workers bigint)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen constant pgsearch.embedding_models := pgsearch._named_model(model);
    most   constant integer := pgsearch._most_embedding_attempts();
begin
    if embedding_status.collection is not null then
        perform pgsearch._check_collections(array[embedding_status.collection]);
    end if;

    return query
    with work as materialized (
        select a.worker,
               coalesce(a.leased_until > clock_timestamp(), false) as claimed,
               a.attempts,
               c.content_hash = a.content_hash as same
          from pgsearch.embedding_attempts as a
               join pgsearch.chunks as c on c.page_id = a.page_id
                                        and c.chunk_id = a.chunk_id
         where a.model_id = chosen.model_id
           and (embedding_status.collection is null or c.collection = embedding_status.collection)
    ), worked as (
        select count(*) filter (where w.claimed)                                                      as claimed,
               count(*) filter (where not w.claimed and w.same and w.attempts between 1 and most - 1) as retrying,
               count(*) filter (where not w.claimed and w.same and w.attempts >= most)                as gave_up,
               count(distinct w.worker) filter (where w.claimed)                                      as workers
          from work as w
    ), counted as (
        select count(*) as chunks,
               count(e.chunk_id) as embedded
          from pgsearch.chunks as c
               left join pgsearch._embedded(chosen.model_id) as e
                      on (e.page_id, e.chunk_id, e.content_hash) = (c.page_id, c.chunk_id, c.content_hash)
         where embedding_status.collection is null
            or c.collection = embedding_status.collection
    )
    select n.chunks, n.embedded, n.chunks - n.embedded, w.claimed, w.retrying, w.gave_up, w.workers
      from counted as n
           cross join worked as w;
end;
$$;

comment on function pgsearch.embedding_status(text, text) is
'Counts of chunks (of the collection, null: of all) for one model: chunks in all, embedded as they are now, missing (all
others), and of the missing ones: claimed by a worker just now, retrying (failed or lost, to be claimed again), gave_up
(no attempt is left); workers is how many hold claims.
Errors: PS001 unknown collection, PS008 unknown model.';
