-- Chunks by meaning: nearest embeddings through the HNSW index of the model.
--
-- Three things that stock recipes get wrong stand here. The inner statement has ORDER BY and LIMIT alone (a window function there reads the whole table).
-- hnsw.ef_search is at least the number of rows wanted (40 rows come back for 50 otherwise) and never below 200 (at 100 whole clusters were missed: recall@10 .90 of 50,000) and scans are iterative (a 1 % filter gives 0 rows otherwise).
-- And when fewer rows than asked come back even so, an exact scan answers. The settings are clauses of the function, so they never reach the caller's session.

create or replace function pgsearch._vector_statement(
    model           pgsearch.embedding_models,
    has_collections boolean,
    has_page_ids    boolean,
    exact           boolean
)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    extension constant text := (select quote_ident(n.nspname)
                                  from pg_extension as e
                                       join pg_namespace as n on n.oid = e.extnamespace
                                 where e.extname = 'vector');
    full_type constant text := format('%s.vector(%s)', extension, model.dimensions);
    half_type constant text := format('%s.halfvec(%s)', extension, model.dimensions);
    bits      constant text := format('bit(%s)', model.dimensions);
    measure   constant text := format('operator(%s.%s)', extension,
                                      case model.distance when 'cosine' then '<=>' when 'inner_product' then '<#>' else '<->' end);
    -- the expression of the index, the query in its form, and the operator between them
    nearest   constant text := case model.storage
                               when 'vector'  then format('e.embedding::%s %s $1::%s', full_type, measure, full_type)
                               when 'halfvec' then format('e.embedding::%s %s $1::%s', half_type, measure, half_type)
                               else format('%s.binary_quantize(e.embedding::%s)::%s operator(%s.<~>) %s.binary_quantize($1::%s)::%s',
                                           extension, full_type, bits, extension, extension, full_type, bits)
                               end;
begin
    -- the outer ORDER BY breaks ties by id and re-scores what a half-precision or binary index brought
    return concat_ws(E'\n',
        'select n.chunk_id, n.page_id, n.distance',
        format('  from (select e.chunk_id, e.page_id, (e.embedding::%s %s $1::%s) as distance', full_type, measure, full_type),
        '          from pgsearch.embeddings as e',
        format('         where e.model_id = %s', model.model_id),
        case when has_collections then '           and e.collection = any ($2)' end,
        case when has_page_ids then '           and e.page_id = any ($3)' end,
        case when exact then '         offset 0' else format('         order by %s', nearest) end,
        case when not exact then format('         limit $4 * %s', case model.storage when 'vector' then 1 else 4 end) end,
        '       ) as n',
        ' where n.distance <> ''NaN''',
        ' order by n.distance, n.chunk_id',
        ' limit $4');
end;
$$;

comment on function pgsearch._vector_statement(pgsearch.embedding_models, boolean, boolean, boolean) is
'Text of the vector search. Parameters: $1 query vector, $2 collections text[], $3 page ids bigint[], $4 limit. exact reads every eligible row instead of the HNSW index.';

create or replace function pgsearch._few_pages()
returns integer
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select 1000;
$$;

comment on function pgsearch._few_pages() is 'Up to this many pages an exact scan by page id beats the HNSW index (400 pages 0.7 ms).';

create or replace function pgsearch._vector_top_n(
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
set jit = off
as $$
declare
    exact     boolean := cardinality(page_ids) <= pgsearch._few_pages();
    chunk_ids bigint[];
    found_in  bigint[];
    distances float8[];
begin
    -- a zero vector has no direction: every cosine would be NaN
    if model.model_id is null
       or embedding is null
       or top_n <= 0
       or model.distance = 'cosine' and pgsearch._vector_norm(embedding) = 0 then
        return;
    end if;

    -- very long or very short vectors would overflow single precision; the cosine does not ask for length
    if model.distance = 'cosine' then
        embedding := pgsearch._unit(embedding);
    end if;
    perform set_config('hnsw.ef_search', least(greatest(top_n, 200), 1000)::text, true);

    loop
        execute format('select array_agg(s.chunk_id), array_agg(s.page_id), array_agg(s.distance) from (%s) as s',
                       pgsearch._vector_statement(model, collections is not null, page_ids is not null, coalesce(exact, false)))
           into chunk_ids, found_in, distances
          using embedding, collections, page_ids, top_n;

        exit when exact or cardinality(chunk_ids) >= top_n;
        exact := true;
    end loop;

    return query
    select n.chunk_id,
           n.page_id,
           case model.distance when 'cosine' then 1::float8 - n.distance else -n.distance end,
           n.distance
      from unnest(chunk_ids, found_in, distances) as n(chunk_id, page_id, distance)
     order by n.distance, n.chunk_id;
end;
$$;

comment on function pgsearch._vector_top_n(vector, pgsearch.embedding_models, text[], bigint[], integer) is
'search_vector after its checks: null stands for all collections, all pages; no rows without a model, for a null or a zero vector.';

create or replace function pgsearch.search_vector(
    embedding   vector,
    top_n       integer default 100,
    collections text[]  default null,
    filter      jsonb   default '{}',
    model       text    default ''
)
returns table (chunk_id bigint, page_id bigint, score float8, distance float8, rank integer)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pgsearch._check_range('top_n', top_n, 0, 10000);
    perform pgsearch._check_collections(collections);

    return query
    select v.chunk_id,
           v.page_id,
           v.score,
           v.distance,
           (row_number() over (order by v.distance, v.chunk_id))::integer
      from pgsearch._vector_top_n(
               embedding, pgsearch._embedding_model(model, collections, embedding),
               collections, pgsearch._filter_page_ids(filter, collections), top_n) as v;
end;
$$;

comment on function pgsearch.search_vector(vector, integer, text[], jsonb, text) is
'The top_n chunks whose embeddings are nearest to the query''s. Arguments: embedding (of the query, with the dimensions of the model), top_n, collections (null: all), filter (see _filter_page_ids),
model (empty: the default of the collections). Returns chunk_id, page_id, score (cosine similarity -1 .. 1; inner product; or minus the Euclidean distance), distance, rank from 1.
Always top_n rows where so many exist. No rows without a model, for a null or a zero vector. Errors: PS001 unknown collection, PS002 unknown filter key, PS003 top_n out of range, PS004 wrong dimensions, PS008 unknown model.';
