-- Near the best: candidates that lie close to the head of the list, in the space of the embeddings.
--
-- Pseudo relevance feedback (Rocchio 1971) with a twist: what every candidate has in common, their mean, is taken out of the vectors first, so that closeness means
-- sharing what sets the head apart, and a document between two heads gains from the nearer one.

create or replace function pgsearch._centred_similarity(
    embedding vector,
    model     pgsearch.embedding_models,
    page_ids  bigint[],
    chunk_ids bigint[]
)
returns table (chunk_id bigint, similarity float8, centred float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    -- how much of the mean is taken out; measured flat between .5 and .7
    share     constant float8 := 0.6;
    extension constant text   := (select quote_ident(n.nspname)
                                    from pg_extension as e
                                         join pg_namespace as n on n.oid = e.extnamespace
                                   where e.extname = 'vector');
begin
    -- pgvector's aggregate has no name of ours: the statement is built for its schema
    return query execute format($statement$
    with near as materialized (
        select c.chunk_id, e.embedding, pgsearch._unit(e.embedding) as unit
          from unnest($2, $3) as c(page_id, chunk_id)
               join pgsearch.embeddings as e on e.page_id = c.page_id
                                            and e.chunk_id = c.chunk_id
                                            and e.model_id = $4
    ),
    mean as materialized (
        select %s.avg(n.unit) as unit from near as n
    ),
    products as (
        select n.chunk_id,
               n.embedding,
               pgsearch._inner_product(n.unit, pgsearch._unit($1)) as with_query,
               pgsearch._inner_product(n.unit, m.unit)             as with_mean,
               pgsearch._inner_product(m.unit, pgsearch._unit($1)) as query_with_mean,
               pgsearch._inner_product(m.unit, m.unit)             as mean_with_mean
          from near as n
               cross join mean as m
    )
    select p.chunk_id,
           case $5
           when 'cosine'        then p.with_query
           when 'inner_product' then pgsearch._inner_product(p.embedding, $1)
           else -pgsearch._l2_distance(p.embedding, $1)
           end,
           (p.with_query - $6 * p.query_with_mean - $6 * p.with_mean + $6 * $6 * p.mean_with_mean)
           / nullif(sqrt(greatest(1 - 2 * $6 * p.with_mean + $6 * $6 * p.mean_with_mean, 0))
                    * sqrt(greatest(1 - 2 * $6 * p.query_with_mean + $6 * $6 * p.mean_with_mean, 0)), 0)
      from products as p$statement$, extension)
    using embedding, page_ids, chunk_ids, model.model_id, model.distance, share;
end;
$$;

comment on function pgsearch._centred_similarity(vector, pgsearch.embedding_models, bigint[], bigint[]) is
'For each chunk with an embedding of the model: similarity to the query as search_vector scores it, and centred: the cosine after 0.6 of the mean of all the given chunks has been taken out of both vectors (-1 .. 1).
page_ids and chunk_ids are parallel arrays.';

create or replace function pgsearch.neighbour_scores(
    page_ids     bigint[],
    chunk_ids    bigint[],
    fused_scores float8[],
    model        text    default '',
    heads        integer default 5
)
returns table (chunk_id bigint, score float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    share       constant float8 := 0.6;
    temperature constant float8 := 0.9;
    chosen      constant pgsearch.embedding_models := pgsearch._embedding_model(model, null);
    extension   constant text   := (select quote_ident(n.nspname)
                                      from pg_extension as e
                                           join pg_namespace as n on n.oid = e.extnamespace
                                     where e.extname = 'vector');
begin
    return query execute format($statement$
    with near as materialized (
        select c.chunk_id, c.fused, pgsearch._unit(e.embedding) as unit
          from unnest($1, $2, $3) as c(page_id, chunk_id, fused)
               join pgsearch.embeddings as e on e.page_id = c.page_id
                                            and e.chunk_id = c.chunk_id
                                            and e.model_id = $4
    ),
    mean as materialized (
        select %s.avg(n.unit) as unit from near as n
    ),
    measured as materialized (
        select n.chunk_id,
               n.fused,
               n.unit,
               pgsearch._inner_product(n.unit, m.unit) as with_mean,
               pgsearch._inner_product(m.unit, m.unit) as mean_with_mean
          from near as n
               cross join mean as m
    ),
    head as materialized (
        select h.*,
               exp((h.fused - max(h.fused) over ()) / $6) / sum(exp((h.fused - max(h.fused) over ()) / $6)) over () as weight
          from (select * from measured order by fused desc, chunk_id limit $5) as h
    )
    select d.chunk_id,
           sum(h.weight
               * greatest(coalesce(
                     (pgsearch._inner_product(d.unit, h.unit) - $7 * d.with_mean - $7 * h.with_mean + $7 * $7 * d.mean_with_mean)
                     / nullif(sqrt(greatest(1 - 2 * $7 * d.with_mean + $7 * $7 * d.mean_with_mean, 0))
                              * sqrt(greatest(1 - 2 * $7 * h.with_mean + $7 * $7 * d.mean_with_mean, 0)), 0), 0), 0) ^ 3)
      from measured as d
           cross join head as h
     group by d.chunk_id$statement$, extension)
    using page_ids, chunk_ids, fused_scores, chosen.model_id, heads, temperature, share;
end;
$$;

comment on function pgsearch.neighbour_scores(bigint[], bigint[], float8[], text, integer) is
'How near each candidate lies to the head of the list: sum over the first heads candidates of their share × max(0, centred cosine)^3, where the shares are a softmax of the fused scores with temperature 0.9. 0 .. 1.
Arguments: parallel arrays of the candidates (page_ids, chunk_ids, fused_scores), model (empty: the default one), heads. Candidates without an embedding are left out. Measured on the judged sets of benchmarks/results.md. Errors: PS008 unknown model.';
