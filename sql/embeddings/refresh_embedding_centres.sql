-- The mean direction of a collection's embeddings: every text is a little like every other, and that much says nothing of a query.
--
-- 200 texts tell it well enough (the judged sets do not notice more); 1,000 are taken, spread over the table by a hash
-- of their ids, so that the same rows give the same centre.

create or replace function pgsearch.refresh_embedding_centres(collection text default null)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    most_sampled constant integer := 1000;
    written      integer := 0;
    kept         record;
    total        bigint;
begin
    if refresh_embedding_centres.collection is not null then
        perform pgsearch._check_collections(array[refresh_embedding_centres.collection]);
    end if;

    delete from pgsearch.embedding_centres as k
     where (refresh_embedding_centres.collection is null or k.collection = refresh_embedding_centres.collection)
       and not exists (select from pgsearch.embeddings as e where e.model_id = k.model_id and e.collection = k.collection);

    for kept in
        select c.collection, m.model_id
          from pgsearch.collections as c
               cross join pgsearch.embedding_models as m
         where (refresh_embedding_centres.collection is null or c.collection = refresh_embedding_centres.collection)
           and exists (select from pgsearch.embeddings as e where e.model_id = m.model_id and e.collection = c.collection)
         order by c.collection, m.model_id
    loop
        select count(*)
          into total
          from pgsearch.embeddings as e
         where e.model_id = kept.model_id
           and e.collection = kept.collection;

        insert into pgsearch.embedding_centres (collection, model_id, centre, sampled, refreshed_at)
        select kept.collection, kept.model_id, pgsearch._mean(array_agg(pgsearch._unit(s.embedding))), count(*), now()
          from (select e.embedding
                  from pgsearch.embeddings as e
                 where e.model_id = kept.model_id
                   and e.collection = kept.collection
                   -- about twice as many as are kept, so that the limit does not favour one end of the table
                   and (total <= most_sampled or abs(hashint8(e.chunk_id)::bigint) % total < 2 * most_sampled)
                 order by hashint8(e.chunk_id), e.chunk_id
                 limit most_sampled) as s
         where pgsearch._vector_norm(s.embedding) > 0
        having count(*) > 0
        on conflict (collection, model_id) do update
           set centre       = excluded.centre,
               sampled      = excluded.sampled,
               refreshed_at = excluded.refreshed_at;
        written := written + 1;
    end loop;

    return written;
end;
$$;

comment on function pgsearch.refresh_embedding_centres(text) is
'Computes anew what the embeddings of a collection have in common, for fusion; run by maintenance and after embedding.
Argument: collection (null: all).
Returns how many centres were written, one for each collection and model with embeddings.
A search without a centre works and loses a little (cosqa nDCG@10 .582 -> .571, the other judged sets at most .007).
Error: PS001 unknown collection.';
