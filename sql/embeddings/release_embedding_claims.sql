-- What workers hold, given back at once: when they end, or when somebody found out that they are dead.

create or replace function pgsearch.release_embedding_claims(model text, workers text[], lost boolean default false)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen   constant pgsearch.embedding_models := pgsearch._named_model(model);
    released integer;
begin
    -- locked in one order, so that two workers never wait for each other in a ring
    with held as materialized (
        select a.page_id, a.chunk_id
          from pgsearch.embedding_attempts as a
         where a.model_id = chosen.model_id
           and a.worker = any (release_embedding_claims.workers)
           and a.leased_until is not null
         order by a.chunk_id
           for update
    )
    update pgsearch.embedding_attempts as a
       -- what was lost may have killed its worker: it stays counted, and the lease that ended says so to the next claim
       set attempts     = case when lost then a.attempts else greatest(a.attempts - 1, 0) end,
           leased_until = case when lost then least(a.leased_until, clock_timestamp()) end
      from held as h
     where a.page_id = h.page_id
       and a.chunk_id = h.chunk_id
       and a.model_id = chosen.model_id;

    get diagnostics released = row_count;
    return released;
end;
$$;

comment on function pgsearch.release_embedding_claims(text, text[], boolean) is
'Ends all claims that the workers, by their names, hold of the model; returns how many there were. Others may claim the
chunks at once. As if they had not been claimed, for work that was interrupted;
Arguments:
- lost: the workers died over them, so the attempt counts
Error: PS008 unknown model.';
