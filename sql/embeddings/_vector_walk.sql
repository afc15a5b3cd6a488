-- The nearest vectors, of chunks and of nodes alike: through the HNSW index of the model, or by an exact scan of what the
-- filter leaves. Which rows they are is told by a record, as _chunk_vectors and _node_vectors give it.
--
-- A filter never goes into the index scan: it is applied to the `reach` nearest rows of the model, as many as should
-- hold top_n that pass. An HNSW scan that filters while it walks stops at the first rows that pass, and when those are
-- far from the query it walks for a second and brings wrong ones (recall@10 .18 to .73 in .4 to 1.1 s, exact 15 to 50
-- ms: 100,000 × 64). So: when few rows pass, they are read exactly; when many do, a bounded walk finds them; when the
-- walk brings too few, the exact scan answers after all. hnsw.ef_search is at least the number of rows wanted (40 rows
-- come back for 50 otherwise) and never below 200 (at 100 whole clusters were missed: recall@10 .90 of 50,000).
-- The settings are clauses of the function, so they never reach the caller's session.

create or replace function pgsearch._oversampled(storage text, top_n integer)
returns integer
language sql immutable parallel safe
return case storage when 'vector' then top_n when 'halfvec' then 2 * top_n else greatest(200, 10 * top_n) end;

comment on function pgsearch._oversampled(text, integer) is
'How many rows an index of this storage brings for the top_n wanted; they are scored again from the full vectors. bit:
ten for each, and at least the 200 that the scan has in hand anyway (recall@10 .976 at ten times, .988 at twenty:
benchmarks/results.md); halfvec: two for each; vector: top_n.';

-- Returns how many of the nearest rows to look at, or no row: read what passes exactly.
--
-- An exact scan costs by the rows that pass, m. The walk costs by the rows it has to see until as many as are sought
-- have passed, sought × N / m. They cost the same at m = sqrt(sought × N / c), where c is the cost of a row read by
-- that of a row walked: 1.7 microseconds against 30 by collection, 2.7 by page id (50,000 × 384 dimensions on a busy
-- machine; benchmarks/vectors.py), and two to three times as much to read where a vector is too long for its row and
-- stands out of line (30,000 × 768).
create or replace function pgsearch._vector_reach(
    source      record,
    model       pgsearch.embedding_models,
    collections text[],
    page_ids    bigint[],
    top_n       integer
)
returns table (reach integer, enough integer, farthest integer)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    cost     constant float8 := case when 4 * model.dimensions > 2000 then 0.15 when page_ids is null then 0.06 else 0.1 end;
    -- so few are read in the time in which the walk begins
    few      constant float8 := 100 / cost;
    wanted   constant float8 := pgsearch._oversampled(model.storage, top_n);
    sought   constant float8 := wanted + 6 * sqrt(wanted) + 15;
    vectors  float8;
    most     float8;
    passing  float8;
    counted  bigint;
begin
    select i.vectors into vectors from pgsearch._vector_index(source.index_name) as i where i.valid;
    if not found then
        return;
    end if;

    if collections is null and page_ids is null then
        return query select wanted::integer, top_n, wanted::integer;
        return;
    end if;

    if vectors = 0 then
        -- built before its rows came, and not analyzed since
        vectors := greatest(1, pg_relation_size(source.relation) / (100 + 4 * model.dimensions));
    end if;
    most := greatest(few, sqrt(sought * vectors / cost));

    if page_ids is not null then
        select cardinality(page_ids) * greatest(1, c.reltuples / nullif(p.reltuples, 0))
          into passing
          from pg_class as c
               cross join pg_class as p
         where c.oid = case source.relation when 'pgsearch.embeddings'::regclass then 'pgsearch.chunks'::regclass else source.relation end
           and p.oid = 'pgsearch.pages'::regclass;
    elsif source.relation = 'pgsearch.embeddings'::regclass then
        select sum(s.chunks) into passing from pgsearch.collection_stats as s where s.collection = any (collections);
        -- statistics may be old: what decides for reading every row is counted, no further than it matters
        if passing is null or passing < 2 * most then
            select count(*)
              into counted
              from (select
                      from pgsearch.embeddings as e
                     where e.model_id = model.model_id
                       and e.collection = any (collections)
                     limit most::bigint + 1) as few;
        end if;
    else
        select vectors * sum(f.share)
          into passing
          from pg_stats as s
               cross join unnest(s.most_common_vals::text::text[], s.most_common_freqs) as f(collection, share)
         where s.schemaname = 'pgsearch'
           and s.tablename = 'semantic_nodes'
           and s.attname = 'repo_id'
           and f.collection = any (collections);
        if passing is null or passing < 2 * most then
            select count(*)
              into counted
              from (select
                      from pgsearch.semantic_nodes as n
                     where n.model = model.model
                       and n.repo_id = any (collections)
                     limit most::bigint + 1) as few;
        end if;
    end if;
    passing := greatest(counted, case when coalesce(counted > most, true) then passing end);

    if passing <= most then
        return;
    end if;

    -- were the rows that pass spread evenly, the reach would hold enough of them by three standard deviations; a walk
    -- that finds hardly more than are wanted has found them at its end, which is the part that misses some
    return query
    select least(vectors, sought / least(1, passing / vectors))::integer,
           (wanted + 2 * sqrt(wanted) + 5)::integer,
           least(vectors, cost * passing)::integer;
end;
$$;

comment on function pgsearch._vector_reach(record, pgsearch.embedding_models, text[], bigint[], integer) is
'How a search goes through the HNSW index. Returns reach (how many of the nearest rows it looks at first), enough (how
many of them must pass), farthest (a walk to so many rows costs as much as an exact scan); no row: it reads the rows
that pass exactly, because they are few or because there is no valid index. Cheap: sizes come from statistics, and are
counted no further than to where the exact scan would lose.';

create or replace function pgsearch._ef_search(reach integer, top_n integer, filtered boolean)
returns integer
language sql immutable parallel safe
-- a filter may leave the end of the walk only, so the list is twice as long as the walk; without one a few more stand
-- in for rows that were deleted
return least(1000, greatest(200, top_n, case when filtered then 2::bigint * reach else reach + reach / 8 end));

comment on function pgsearch._ef_search(integer, integer, boolean) is
'hnsw.ef_search of a search: at least the rows wanted, never below 200 (at 100 whole clusters were missed: recall@10 .90
of 50,000), at most the 1,000 that pgvector allows; beyond, the scan goes on iteratively.';

create or replace function pgsearch._vector_statement(
    source          record,
    model           pgsearch.embedding_models,
    has_collections boolean,
    has_page_ids    boolean,
    reach           integer
)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    texts  constant record := pgsearch._model_expressions(model, 'e.embedding');
    wanted constant text   := format('select e.%s, %s as distance', array_to_string(source.columns, ', e.'), texts.distance);
    walk   constant text   := concat_ws(E'\n',
        format('          from %s as e', source.relation),
        '         where ' || source.rows_of,
        '         order by ' || texts.nearest,
        format('         limit %s', reach));
    rows   text;
begin
    if reach is null then
        rows := concat_ws(E'\n',
            wanted,
            case when has_page_ids
                 then '          from unnest($3) as p(page_id)
               join ' || source.relation || ' as e on e.page_id = p.page_id'
                 else '          from ' || source.relation || ' as e'
            end,
            '         where ' || source.rows_of,
            case when has_collections and not has_page_ids then format('           and e.%I = any ($2)', source.scope) end,
            '         offset 0');
    elsif has_page_ids then
        -- the ids of the filter may be a hundred thousand: they run past a hash of the few that are near, not the other way round
        rows := concat_ws(E'\n',
            'with near as materialized (',
            'select e.' || array_to_string(source.columns, ', e.'),
            walk,
            '       )',
            wanted,
            '          from (select k.*',
            '                  from near as k',
            '                 where k.page_id in (select p.page_id',
            '                                       from unnest($3) as p(page_id)',
            '                                      where p.page_id in (select page_id from near))) as k',
            format('               join %s as e on (e.%s) = (k.%s)',
                   source.relation, array_to_string(source.key, ', e.'), array_to_string(source.key, ', k.')),
            '         where ' || source.rows_of,
            '         offset 0');
    elsif has_collections then
        rows := concat_ws(E'\n',
            wanted,
            format(E'          from (select e.*\n%s) as e', walk),
            format('         where e.%I = any ($2)', source.scope),
            '         offset 0');
    else
        rows := concat_ws(E'\n', wanted, walk);
    end if;

    -- the outer ORDER BY breaks ties by the key and scores anew what a half-precision or binary index brought
    return concat_ws(E'\n',
        'select e.*',
        '  from (' || rows,
        '       ) as e',
        ' where e.distance <> ''NaN''',
        ' order by e.distance, e.' || array_to_string(source.key, ', e.'),
        ' limit $4');
end;
$$;

comment on function pgsearch._vector_statement(record, pgsearch.embedding_models, boolean, boolean, integer) is
'Text of the vector search: the columns of source, and distance. Parameters: $1 query vector, $2 collections text[], $3
page ids bigint[] (each once, of pages within the collections), $4 limit. reach: how many of the nearest rows the HNSW
index brings before the filter; null: every row that passes is read.';

create or replace function pgsearch._vector_walk(
    source      record,
    embedding   vector,
    model       pgsearch.embedding_models,
    collections text[],
    page_ids    bigint[],
    top_n       integer
)
returns table (chunk_id bigint, page_id bigint, score float8, distance float8)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set hnsw.ef_search = 200
set hnsw.iterative_scan = relaxed_order
-- the limit bounds the walk, nothing else may end it earlier
set hnsw.max_scan_tuples = 2147483647
set hnsw.scan_mem_multiplier = 1000
set enable_seqscan = off
set jit = off
as $$
declare
    filtered  boolean;
    iterative boolean;
    reach     integer;
    enough    integer;
    farthest  integer;
    chunk_ids bigint[];
    found_in  bigint[];
    distances float8[];
begin
    -- a zero vector has no direction: every cosine would be NaN
    if model.model_id is null
       or embedding is null
       or top_n <= 0
       or cardinality(page_ids) = 0
       or model.distance = 'cosine' and pgsearch._vector_norm(embedding) = 0 then
        return;
    end if;

    -- very long or very short vectors would overflow single precision; the cosine does not ask for length
    select case when model.distance = 'cosine' then pgsearch._unit(embedding) else embedding end,
           f.filtered, top_n,
           -- without a filter there is one way, and where there is no index the same statement reads every row
           case when not f.filtered then pgsearch._oversampled(model.storage, top_n) end
      into embedding, filtered, enough, reach
      from (select collections is not null or page_ids is not null as filtered) as f;
    if filtered then
        select r.reach, r.enough, r.farthest
          into reach, enough, farthest
          from pgsearch._vector_reach(source, model, collections, page_ids, top_n) as r;
    end if;
    -- what an iterative scan keeps for later costs a tenth of the walk, and without a filter the first list is enough
    iterative := filtered or reach > 800;

    loop
        perform set_config('hnsw.iterative_scan', case when iterative then 'relaxed_order' else 'off' end, true),
                set_config('hnsw.ef_search', pgsearch._ef_search(reach, top_n, filtered)::text, true);
        execute format('select array_agg(s.chunk_id), array_agg(s.page_id), array_agg(s.distance) from (%s) as s',
                       pgsearch._vector_statement(source, model, collections is not null, page_ids is not null, reach))
           into chunk_ids, found_in, distances
          using embedding, collections, page_ids, case when reach is null then top_n else enough end;

        exit when reach is null or cardinality(chunk_ids) >= enough;
        if iterative then
            -- what passes lies far from the query: walk farther while that costs less than the exact scan
            reach := case when 8 * reach::bigint <= farthest then 8 * reach end;
        end if;
        iterative := true;
    end loop;

    return query
    select n.chunk_id,
           n.page_id,
           case model.distance when 'cosine' then 1::float8 - n.distance else -n.distance end,
           n.distance
      from unnest(chunk_ids, found_in, distances) with ordinality as n(chunk_id, page_id, distance, at)
     order by n.at
     limit top_n;
end;
$$;

comment on function pgsearch._vector_walk(record, vector, pgsearch.embedding_models, text[], bigint[], integer) is
'The top_n rows of source (see _chunk_vectors) whose vectors are nearest to the query''s, best first, ties by the key of
the rows. Null stands for all collections, all pages; page_ids are each once and of pages within the collections. Always
top_n rows where so many pass; none without a model, for a null or a zero vector.
Returns chunk_id, page_id, score (as search_vector), distance.';
