-- Hands out chunks to embed, so that workers on any number of machines share the work and none of it is lost.
--
-- A claim is a row in embedding_attempts with a lease: a worker that dies loses it when the lease ends. The attempt is
-- counted here and not when it fails, because a text that kills its worker reports nothing; what was lost twice is
-- handed out alone, so that such a text is given up by itself and not with its batch.
--
-- Two ways to find work. From a position on (after_chunk_id), chunks are walked in the order of their ids, each batch
-- from where the last one ended: the whole walk compares each chunk once, however many batches it takes. Without a
-- position (after_chunk_id null) only pages put since everything was last found done are looked at, so that asking
-- again and again costs next to nothing; once an hour every chunk is compared all the same, for what no page's age
-- tells, such as deleted embeddings.

create or replace function pgsearch.claim_embeddings(
    model          text,
    collection     text        default null,
    batch_size     integer     default 256,
    lease_seconds  integer     default 600,
    worker         text        default '',
    after_chunk_id bigint      default null,
    failed_before  timestamptz default null,
    alone          boolean     default false
)
returns table (page_id bigint, chunk_id bigint, content_hash bytea, content text)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
-- a hash or merge join would read every chunk for each batch
set enable_hashjoin = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
    chosen       constant pgsearch.embedding_models := pgsearch._named_model(model);
    most         constant integer := pgsearch._most_embedding_attempts();
    -- not now(): a lease counts from the claim, however old the caller's transaction is
    started      constant timestamptz := clock_timestamp();
    -- a transaction shows its pages, dated from its beginning, only when it commits
    slack        constant interval := '10 minutes';
    since        timestamptz;
    fresh_pages  bigint[];
    fresh_chunks bigint[];
    fresh_hashes bytea[];
begin
    perform pgsearch._check_range('batch_size', batch_size, 1, 100000);
    perform pgsearch._check_range('lease_seconds', lease_seconds, 1, 86400);
    if claim_embeddings.collection is not null then
        perform pgsearch._check_collections(array[claim_embeddings.collection]);
    end if;

    if alone
       and (not pg_try_advisory_xact_lock(hashtextextended('pgsearch.claim_embeddings', chosen.model_id))
            or exists (select
                         from pgsearch.embedding_attempts as a
                        where a.model_id = chosen.model_id
                          and a.leased_until > started)) then
        return;
    end if;

    if after_chunk_id is null then
        select p.settled_before
          into since
          from pgsearch.embedding_positions as p
         where p.model_id = chosen.model_id
           and p.collection = coalesce(claim_embeddings.collection, '')
           and p.compared_at > started - interval '1 hour';
    end if;

    if since is null then
        select array_agg(f.page_id), array_agg(f.chunk_id), array_agg(f.content_hash)
          into fresh_pages, fresh_chunks, fresh_hashes
          from (select c.page_id, c.chunk_id, c.content_hash
                  from pgsearch.chunks as c
                 where c.chunk_id > coalesce(after_chunk_id, 0)
                   and (claim_embeddings.collection is null or c.collection = claim_embeddings.collection)
                   and not exists (select from pgsearch._taken(chosen.model_id, c.page_id, c.chunk_id, c.content_hash))
                 order by c.chunk_id
                 limit batch_size
                   for no key update of c skip locked) as f;
    else
        select array_agg(f.page_id), array_agg(f.chunk_id), array_agg(f.content_hash)
          into fresh_pages, fresh_chunks, fresh_hashes
          from (select c.page_id, c.chunk_id, c.content_hash
                  from pgsearch.pages as p
                       join pgsearch.chunks as c on c.page_id = p.page_id
                 where p.updated_at >= since
                   and (claim_embeddings.collection is null or c.collection = claim_embeddings.collection)
                   and not exists (select from pgsearch._taken(chosen.model_id, c.page_id, c.chunk_id, c.content_hash))
                 limit batch_size
                   for no key update of c skip locked) as f;
    end if;

    if after_chunk_id is null and coalesce(cardinality(fresh_chunks), 0) < batch_size then
        insert into pgsearch.embedding_positions as p (model_id, collection, settled_before, compared_at)
        select chosen.model_id,
               coalesce(claim_embeddings.collection, ''),
               -- other roles' transactions are not shown to everybody; for those, every chunk is compared once an hour
               least(started - slack, (select min(s.xact_start) from pg_stat_activity as s where s.datname = current_database())),
               started
        on conflict (model_id, collection) do update
           set settled_before = excluded.settled_before,
               compared_at    = case when since is null then excluded.compared_at else p.compared_at end
         -- a write for each look would be one too many
         where since is null
            or excluded.settled_before > p.settled_before + interval '1 minute';
    end if;

    return query
    with due as materialized (
        select a.page_id,
               a.chunk_id,
               c.content_hash,
               a.leased_until is not null and a.attempts >= 2 as lost
          from pgsearch.embedding_attempts as a
               join pgsearch.chunks as c on c.page_id = a.page_id
                                        and c.chunk_id = a.chunk_id
         where a.model_id = chosen.model_id
           and (a.leased_until is null or a.leased_until < started)
           and a.chunk_id > coalesce(after_chunk_id, 0)
           and (claim_embeddings.collection is null or c.collection = claim_embeddings.collection)
           -- one that changed since is among the fresh ones
           and a.content_hash = c.content_hash
           and a.attempts < most
           and (a.failed_at is null
                or a.failed_at < coalesce(failed_before, started - interval '1 minute' * 2 ^ (a.attempts - 1)))
         order by a.chunk_id
         limit batch_size
           for update of a skip locked
    ), found as (
        select d.page_id, d.chunk_id, d.content_hash, d.lost
          from due as d
        union all
        select f.page_id, f.chunk_id, f.content_hash, false
          from unnest(fresh_pages, fresh_chunks, fresh_hashes) as f(page_id, chunk_id, content_hash)
         -- that look is a moment old, and its chunks are locked only now: another worker may have claimed or stored some since
         where not exists (select from pgsearch._taken(chosen.model_id, f.page_id, f.chunk_id, f.content_hash))
    ), batch as (
        select f.*,
               coalesce(bool_or(f.lost) over (order by f.chunk_id rows unbounded preceding), false) as after_lost,
               row_number() over (order by f.chunk_id) as place
          from found as f
    ), claimed as (
        insert into pgsearch.embedding_attempts as a (page_id, chunk_id, model_id, content_hash, attempts, worker, leased_until)
        select b.page_id, b.chunk_id, chosen.model_id, b.content_hash, 1, left(claim_embeddings.worker, 200),
               started + interval '1 second' * lease_seconds
          from batch as b
         where b.place <= batch_size
           and (b.place = 1 or not b.after_lost)
         order by b.chunk_id
        on conflict (page_id, chunk_id, model_id) do update
           set content_hash = excluded.content_hash,
               attempts     = case when a.content_hash = excluded.content_hash then a.attempts + 1 else 1 end,
               worker       = excluded.worker,
               leased_until = excluded.leased_until,
               failed_at    = null,
               last_error   = case
                              when a.content_hash <> excluded.content_hash then null
                              when a.leased_until is not null then format('worker "%s" claimed it and was not heard of again', a.worker)
                              else a.last_error
                              end
         -- somebody else may have claimed it since we looked
         where a.content_hash <> excluded.content_hash
            or a.leased_until is null
            or a.leased_until < started
        returning a.page_id, a.chunk_id
    )
    select c.page_id, c.chunk_id, c.content_hash, concat_ws(E'\n', nullif(c.heading, ''), c.content)
      from claimed as k
           join pgsearch.chunks as c on c.page_id = k.page_id
                                    and c.chunk_id = k.chunk_id
     order by c.chunk_id;
end;
$$;

comment on function pgsearch.claim_embeddings(text, text, integer, integer, text, bigint, timestamptz, boolean) is
'Hands out at most batch_size (1 .. 100000) chunks that the model has not embedded, or that changed since, to one worker
(its name, for embedding_status) for lease_seconds (1 .. 86400); what it has not stored by then may be claimed again.
collection null: all.
Arguments:
- after_chunk_id: only chunks with a larger id, in the order of ids: begin with 0 and go on with the last one claimed,
  so that each is handed out once in a walk; null: any that are due, found among the pages put lately (every chunk is
  compared once an hour)
- failed_before: failed chunks are handed out again when they failed before this time; null: a minute after the first
  failure, two after the second, and so on. After five attempts a chunk is given up
- alone: nothing while anybody else holds a lease of the model
Returns page_id, chunk_id, content_hash (to give back to put_embeddings) and content (heading, line feed, content).
Errors: PS001 unknown collection, PS003 number out of range, PS008 unknown model.';
