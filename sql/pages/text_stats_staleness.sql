-- How far the statistics of words lag behind the chunks: cheap enough to ask on every round of maintenance.
--
-- It counts index entries and reads no text, so it does not see chunks that were rewritten in place; refresh_text_stats does.

create or replace function pgsearch.text_stats_staleness(collection text default null)
returns table (name text, refreshed_at timestamptz, chunks bigint, added bigint, removed bigint, staleness float8, stale boolean)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
-- the planner would read the wide table where the index over collection is enough
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    -- df enters the score by its logarithm: a tenth more or fewer chunks shifts an idf by about .1
    tolerated constant float8 := 0.1;
begin
    if text_stats_staleness.collection is not null then
        perform pgsearch._check_collections(array[text_stats_staleness.collection]);
    end if;

    -- each is counted once: as a subquery the planner would count again wherever the count is named
    return query
    with counted as materialized (
        select c.collection, s.refreshed_at, s.analysis, s.last_chunk_id, coalesce(s.chunks, 0) as former,
               (select count(*)
                  from pgsearch.chunks as k
                 where k.collection = c.collection) as chunks
          from pgsearch.collections as c
               left join pgsearch.collection_stats as s on s.collection = c.collection
         where text_stats_staleness.collection is null
            or c.collection = text_stats_staleness.collection
    ),
    compared as materialized (
        select n.*,
               -- of a collection that was never counted everything was added
               case when n.chunks = 0 or n.last_chunk_id is null then n.chunks
                    else (select count(*)
                            from pgsearch.chunks as k
                           where k.collection = n.collection
                             and k.chunk_id > n.last_chunk_id)
               end as added
          from counted as n
    )
    select n.collection,
           n.refreshed_at,
           n.chunks,
           n.added,
           n.former + n.added - n.chunks,
           (n.added + (n.former + n.added - n.chunks)) / greatest(n.former, 1)::float8,
           n.refreshed_at is null and n.chunks > 0
           or coalesce(n.analysis <> pgsearch._analysis_version(), false)
           or n.added + (n.former + n.added - n.chunks) > tolerated * n.former
      from compared as n
     order by n.collection;
end;
$$;

comment on function pgsearch.text_stats_staleness(text) is
'How old the statistics of words are. Argument: collection (null: all).
Returns one row a collection: name, refreshed_at (null: never), chunks (now), added and removed (chunks since the
refresh; chunks rewritten in place are not seen), staleness ((added + removed) / chunks at the refresh), stale (true
when that is more than a tenth, or there was never a refresh or none since the texts were analysed anew: call
refresh_text_stats).
Error: PS001 unknown collection.
Example:
select * from pgsearch.text_stats_staleness(''korean'');';
