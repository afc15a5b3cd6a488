-- Near the best: candidates that lie close to the head of the list, in the space of the embeddings.
--
-- Pseudo relevance feedback (Rocchio 1971) with a twist: what every candidate has in common, their mean, is taken out of the vectors first, so that closeness means
-- sharing what sets the head apart; and a document between two heads gains from the nearer one.

create or replace function pgsearch._centred_embeddings(
    model     pgsearch.embedding_models,
    page_ids  bigint[],
    chunk_ids bigint[]
)
returns table (chunk_id bigint, embedding vector, centred vector, common vector)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    -- how much of the mean is taken out: flat between .5 and .7 on the judged sets
    share constant float8 := 0.6;
begin
    return query
    with near as materialized (
        select c.chunk_id, e.embedding, pgsearch._unit(e.embedding) as unit
          from unnest(page_ids, chunk_ids) as c(page_id, chunk_id)
               join pgsearch.embeddings as e on e.page_id = c.page_id
                                            and e.chunk_id = c.chunk_id
                                            and e.model_id = model.model_id
    ),
    mean as materialized (
        select pgsearch._scaled(pgsearch._mean(array_agg(n.unit)), share) as common from near as n
    )
    select n.chunk_id, n.embedding, pgsearch._without(n.unit, m.common), m.common
      from near as n
           cross join mean as m;
end;
$$;

comment on function pgsearch._centred_embeddings(pgsearch.embedding_models, bigint[], bigint[]) is
'For each chunk with an embedding of the model: the embedding, the same at length 1 without 0.6 of the mean of all the given chunks (centred, again at length 1), and that share of the mean (common).';

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
begin
    return query
    select c.chunk_id,
           nullif(case model.distance
                  when 'cosine'        then 1::float8 - pgsearch._cosine_distance(c.embedding, _centred_similarity.embedding)
                  when 'inner_product' then pgsearch._inner_product(c.embedding, _centred_similarity.embedding)
                  else -pgsearch._l2_distance(c.embedding, _centred_similarity.embedding)
                  end, 'NaN'),
           pgsearch._inner_product(c.centred, pgsearch._without(pgsearch._unit(_centred_similarity.embedding), c.common))
      from pgsearch._centred_embeddings(model, page_ids, chunk_ids) as c;
end;
$$;

comment on function pgsearch._centred_similarity(vector, pgsearch.embedding_models, bigint[], bigint[]) is
'For each chunk with an embedding of the model: similarity to the query as search_vector scores it, and centred: the cosine after what the chunks have in common has been taken out of both (-1 .. 1).';

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
    temperature constant float8 := 0.9;
    chosen      constant pgsearch.embedding_models := pgsearch._embedding_model(model, null);
begin
    return query
    with near as materialized (
        select c.chunk_id, f.fused, c.centred
          from pgsearch._centred_embeddings(chosen, page_ids, chunk_ids) as c
               join unnest(chunk_ids, fused_scores) as f(chunk_id, fused) on f.chunk_id = c.chunk_id
    ),
    head as materialized (
        select h.centred, exp((h.fused - max(h.fused) over ()) / temperature) as share
          from (select * from near as n order by n.fused desc, n.chunk_id limit heads) as h
    )
    select n.chunk_id,
           sum(h.share * greatest(pgsearch._inner_product(n.centred, h.centred), 0) ^ 3) / sum(h.share)
      from near as n
           cross join head as h
     group by n.chunk_id;
end;
$$;

comment on function pgsearch.neighbour_scores(bigint[], bigint[], float8[], text, integer) is
'How near each candidate lies to the head of the list: sum over the first heads candidates of their share × max(0, centred cosine)^3, where the shares are a softmax of the fused scores with temperature 0.9. 0 .. 1.
Arguments: parallel arrays of the candidates (page_ids, chunk_ids, fused_scores), model (empty: the default one), heads. Candidates without an embedding are left out. Measured on the judged sets of benchmarks/results.md. Errors: PS008 unknown model.';
