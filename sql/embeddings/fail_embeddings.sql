-- What a worker could not embed: the reason is kept, and the chunk is claimed again later or given up.

create or replace function pgsearch.fail_embeddings(model text, chunk_ids bigint[], errors text[])
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen  constant pgsearch.embedding_models := pgsearch._named_model(model);
    changed integer;
begin
    if cardinality(chunk_ids) is distinct from cardinality(errors) then
        raise exception using
            errcode = 'PS003',
            message = format('the arrays differ in length: %s chunk_ids, %s errors', cardinality(chunk_ids), cardinality(errors)),
            hint    = 'Give one error for each chunk_id; null gives the chunk back without a failure.';
    end if;

    -- locked in one order, so that two workers never wait for each other in a ring
    with reported as materialized (
        select a.page_id, a.chunk_id, r.error
          from pgsearch.embedding_attempts as a
               join unnest(fail_embeddings.chunk_ids, fail_embeddings.errors) as r(chunk_id, error) on r.chunk_id = a.chunk_id
               join pgsearch.chunks as c on c.page_id = a.page_id
                                        and c.chunk_id = a.chunk_id
         where c.chunk_id = any (fail_embeddings.chunk_ids)
           and a.model_id = chosen.model_id
         order by a.chunk_id
           for update of a
    )
    update pgsearch.embedding_attempts as a
       set attempts     = case when r.error is null then greatest(a.attempts - 1, 0) else a.attempts end,
           leased_until = null,
           failed_at    = case when r.error is not null then clock_timestamp() end,
           last_error   = coalesce(left(r.error, 2000), a.last_error)
      from reported as r
     where a.page_id = r.page_id
       and a.chunk_id = r.chunk_id
       and a.model_id = chosen.model_id;

    get diagnostics changed = row_count;
    return changed;
end;
$$;

comment on function pgsearch.fail_embeddings(text, bigint[], text[]) is
'Ends the claims of chunks that were not embedded; returns how many claims there were. Arguments: model, and two parallel
arrays: chunk_ids and errors, the reason why each one failed (kept to 2,000 characters).
An error that is null gives the chunk back as if it had not been claimed: for work that was interrupted, or when not the
text is at fault but the model.
Errors: PS003 arrays of different lengths, PS008 unknown model.';
