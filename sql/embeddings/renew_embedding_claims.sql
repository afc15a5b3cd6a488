-- The heartbeat of a worker: what it holds stays its own as long as it lives, however slow its model is.

create or replace function pgsearch.renew_embedding_claims(model text, worker text, lease_seconds integer default 600)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen  constant pgsearch.embedding_models := pgsearch._named_model(model);
    renewed integer;
begin
    perform pgsearch._check_range('lease_seconds', lease_seconds, 1, 86400);

    -- locked in one order, so that two workers never wait for each other in a ring
    with held as materialized (
        select a.page_id, a.chunk_id
          from pgsearch.embedding_attempts as a
         where a.model_id = chosen.model_id
           and a.worker = left(renew_embedding_claims.worker, 200)
           and a.leased_until is not null
         order by a.chunk_id
           for update
    )
    update pgsearch.embedding_attempts as a
       set leased_until = greatest(a.leased_until, clock_timestamp() + interval '1 second' * lease_seconds)
      from held as h
     where a.page_id = h.page_id
       and a.chunk_id = h.chunk_id
       and a.model_id = chosen.model_id;

    get diagnostics renewed = row_count;
    return renewed;
end;
$$;

comment on function pgsearch.renew_embedding_claims(text, text, integer) is
'Prolongs everything that the worker has claimed of the model and not stored, to lease_seconds (1 .. 86400) from now;
returns how many chunks those are. To be called more often than the lease is long; what somebody else took over in the
meantime is left to him.
Errors: PS003 lease_seconds out of range, PS008 unknown model.';
