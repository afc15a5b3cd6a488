-- Recall on one's own vectors: how many of the true nearest a search finds, asked with stored vectors as queries.
--
-- The vector itself is left out of both answers: it would always be found, and make the figure look better by 1/k. A
-- hit is what lies no farther than the k-th of the exact answer, so that texts that were stored twice do not count as
-- missed.

create or replace function pgsearch.measure_recall(
    model      text,
    collection text    default null,
    sample     integer default 50,
    k          integer default 10
)
returns table (name text, way text, queries integer, recall float8, recall_low float8, recall_high float8, search_ms float8, exact_ms float8)
-- volatile: it reads the clock
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
declare
    most_collections constant integer := 20;
    resampled        constant integer := 1000;
    chosen           constant pgsearch.embedding_models := pgsearch._named_model(measure_recall.model);
    scope            record;
    query            record;
    started          timestamptz;
    near             float8[];
    found_near       float8[];
    recalls          float8[];
    searches         float8[];
    exacts           float8[];
begin
    perform pgsearch._check_range('sample', measure_recall.sample, 1, 10000);
    perform pgsearch._check_range('k', measure_recall.k, 1, 1000);
    if measure_recall.collection is not null then
        perform pgsearch._check_collections(array[measure_recall.collection]);
    end if;

    for scope in
        select null::text as named, null::text[] as collections
         where measure_recall.collection is null
        union all
        select s.named, array[s.named]
          from (select e.collection as named
                  from pgsearch.embeddings as e
                 where e.model_id = chosen.model_id
                   and (measure_recall.collection is null or e.collection = measure_recall.collection)
                 group by e.collection
                 order by count(*) desc, e.collection
                 limit most_collections) as s
    loop
        recalls  := '{}';
        searches := '{}';
        exacts   := '{}';

        for query in
            select e.chunk_id, case chosen.distance when 'cosine' then pgsearch._unit(e.embedding) else e.embedding end as embedding
              from pgsearch.embeddings as e
             where e.model_id = chosen.model_id
               and (scope.collections is null or e.collection = any (scope.collections))
               and (chosen.distance <> 'cosine' or pgsearch._vector_norm(e.embedding) > 0)
             -- spread over the table, and the same ones each time
             order by hashint8extended(e.chunk_id, 7), e.chunk_id
             limit measure_recall.sample
        loop
            started := clock_timestamp();
            select array_agg(v.distance order by v.distance, v.chunk_id)
              into found_near
              from pgsearch._vector_top_n(query.embedding, chosen, scope.collections, null, measure_recall.k + 1) as v
             where v.chunk_id <> query.chunk_id;
            searches := searches || 1000 * extract(epoch from clock_timestamp() - started)::float8;

            started := clock_timestamp();
            execute format('select array_agg(s.distance order by s.distance, s.chunk_id) from (%s) as s where s.chunk_id <> $5',
                           pgsearch._vector_statement(pgsearch._chunk_vectors(chosen), chosen, scope.collections is not null, false, null))
               into near
              using query.embedding, scope.collections, null::bigint[], measure_recall.k + 1, query.chunk_id;
            exacts := exacts || 1000 * extract(epoch from clock_timestamp() - started)::float8;

            near := near[1:measure_recall.k];
            if cardinality(near) > 0 then
                recalls := recalls
                           || ((select count(*)
                                  from unnest(found_near[1:measure_recall.k]) as f(distance)
                                 where f.distance <= near[cardinality(near)] + 1e-7::float8) / cardinality(near)::float8);
            end if;
        end loop;

        continue when cardinality(recalls) = 0;

        name    := scope.named;
        way     := case when exists (select from pgsearch._vector_reach(pgsearch._chunk_vectors(chosen), chosen, scope.collections, null, measure_recall.k + 1)) then 'hnsw' else 'exact' end;
        queries := cardinality(recalls);
        select avg(r) into recall from unnest(recalls) as r;
        select percentile_cont(0.025) within group (order by b.mean), percentile_cont(0.975) within group (order by b.mean)
          into recall_low, recall_high
          from (select avg(recalls[1 + ((hashint8extended(drawn * 10000 + place, 11) & 1073741823) % cardinality(recalls))::integer]) as mean
                  from generate_series(1, resampled) as drawn
                       cross join generate_series(1, cardinality(recalls)) as place
                 group by drawn) as b;
        select percentile_cont(0.5) within group (order by s) into search_ms from unnest(searches) as s;
        select percentile_cont(0.5) within group (order by e) into exact_ms from unnest(exacts) as e;
        return next;
    end loop;
end;
$$;

comment on function pgsearch.measure_recall(text, text, integer, integer) is
'Recall of the vector search on the vectors that are stored.
Arguments:
- model
- collection (null: over everything, and each of the twenty largest collections)
- sample (1 .. 10000 stored vectors asked as queries)
- k (1 .. 1000: how many of the nearest should be found)
Returns a row a scope: name (the collection; null: over everything), way (hnsw, or exact where the search itself reads
the rows exactly), queries (asked), recall (0 .. 1, mean recall@k against the exact scan; the vector itself does not
count), recall_low and recall_high (bounds of its 95 % bootstrap interval), search_ms and exact_ms (medians). No rows
without vectors.
Errors: PS001 unknown collection, PS003 sample or k out of range, PS008 unknown model.';
