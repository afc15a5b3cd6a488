-- Near the best: candidates that lie close to the head of the list, in the space of the embeddings.
--
-- Pseudo relevance feedback (Rocchio 1971): the first hits are averaged, and every candidate is compared with that
-- average. What all texts of the collection have in common is taken out of the embeddings first (Mu and Viswanath 2018,
-- "All-but-the-top"), so that closeness means sharing what sets the head apart.

create or replace function pgsearch._centre(model pgsearch.embedding_models, collections text[])
returns vector
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    -- what is alone is its own mean
    return (select case when count(*) = 1 then (array_agg(k.centre))[1] else pgsearch._mean(array_agg(k.centre)) end
              from pgsearch.embedding_centres as k
             where k.model_id = model.model_id
               and (collections is null or k.collection = any (collections)));
end;
$$;

comment on function pgsearch._centre(pgsearch.embedding_models, text[]) is
'What the embeddings of the collections (null: all) have in common, as refresh_embedding_centres left it; null before the
first.';

create or replace function pgsearch._centre_beside(embedding vector, model pgsearch.embedding_models, collections text[])
returns vector
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    -- a variable cannot be declared as vector, whose schema is not on the path
    centre constant pgsearch.embedding_centres.centre%type := pgsearch._centre(model, collections);
begin
    -- a subject gives its texts three tenths in common at most; what there is beyond is the model's
    return case when pgsearch._inner_product(centre, centre) > 0.3::float8
                     and pgsearch._inner_product(pgsearch._unit(embedding), centre)
                         < -0.5::float8 * pgsearch._inner_product(centre, centre)
                then null
                else centre end;
end;
$$;

comment on function pgsearch._centre_beside(vector, pgsearch.embedding_models, text[]) is
'_centre, but null for a query that lies on its other side: some models place questions where no text is, and what all texts
have in common has to stay, or it would be what they are told apart by.';

create or replace function pgsearch._nearness(
    embedding vector,
    model     pgsearch.embedding_models,
    centre    vector,
    page_ids  bigint[],
    chunk_ids bigint[],
    out similarities float8[],
    out centred      float8[]
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set jit = off
set enable_seqscan = off
set enable_mergejoin = off
as $$
begin
    select array_agg(n.similarity order by n.at), array_agg(pgsearch._inner_product(n.centred, n.query_centred) order by n.at)
      into similarities, centred
      from (select r.at,
                   nullif(pgsearch._similarity(model.distance, r.embedding, q.embedding), 'NaN') as similarity,
                   case when pgsearch._vector_norm(r.embedding) > 0 then pgsearch._without(r.embedding, centre) end as centred,
                   q.centred as query_centred
              from (select c.at, pgsearch._in_line(e.embedding, model.dimensions) as embedding
                      from unnest(page_ids, chunk_ids) with ordinality as c(page_id, chunk_id, at)
                           left join pgsearch.embeddings as e on e.page_id = c.page_id
                                                             and e.chunk_id = c.chunk_id
                                                             and e.model_id = model.model_id
                    offset 0) as r
                   cross join (select case model.distance when 'cosine' then pgsearch._unit(_nearness.embedding) else _nearness.embedding end as embedding,
                                      pgsearch._without(_nearness.embedding, centre) as centred
                               offset 0) as q
            offset 0) as n;
end;
$$;

comment on function pgsearch._nearness(vector, pgsearch.embedding_models, vector, bigint[], bigint[]) is
'How near the chunks are to the query, as arrays parallel to page_ids and chunk_ids, null where a chunk has no embedding
of the model or a zero vector: similarities (as search_vector scores them), centred (the cosine after the centre, null:
nothing, has been taken out of both, -1 .. 1).';

create or replace function pgsearch.neighbour_scores(
    page_ids     bigint[],
    chunk_ids    bigint[],
    fused_scores float8[],
    collections  text[]  default null,
    model        text    default '',
    heads        integer default null
)
returns table (chunk_id bigint, score float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    chosen constant pgsearch.embedding_models := pgsearch._embedding_model(model, collections);
    -- computed once; a variable cannot be declared as vector, whose schema is not on the path
    common constant pgsearch.embedding_centres.centre%type := pgsearch._centre(chosen, collections);
    given  constant float8[] := pgsearch._finite_scores('fused_scores', fused_scores);
begin
    heads := coalesce(heads, (pgsearch.default_settings() #>> '{adaptive,heads}')::integer);
    perform pgsearch._check_range('heads', heads, 1, 1000);

    return query
    with near as materialized (
        select f.chunk_id, f.fused, pgsearch._without(e.embedding, common) as centred
          from unnest(page_ids, chunk_ids, given) as f(page_id, chunk_id, fused)
               join pgsearch.embeddings as e on e.page_id = f.page_id
                                            and e.chunk_id = f.chunk_id
                                            and e.model_id = chosen.model_id
         where pgsearch._vector_norm(e.embedding) > 0
    ),
    head as materialized (
        select h.centred, exp(greatest(h.fused - max(h.fused) over (), -700)) as share
          from (select * from near as n order by n.fused desc, n.chunk_id limit heads) as h
    )
    -- the inner product with the average is the average of the inner products, and needs no arithmetic on vectors
    select n.chunk_id,
           sum(h.share * pgsearch._inner_product(n.centred, h.centred)) / sum(h.share)
      from near as n
           cross join head as h
     group by n.chunk_id;
end;
$$;

comment on function pgsearch.neighbour_scores(bigint[], bigint[], float8[], text[], text, integer) is
'How near each candidate lies to the head of the list: centred cosine (-1 .. 1) with each of the first heads candidates,
averaged by a softmax of their fused scores.
Arguments:
- parallel arrays of the candidates (page_ids, chunk_ids, fused_scores)
- collections (null: all; whose centre is taken out)
- model (empty: their default one)
- heads (1 .. 1000; null: as option adaptive has it by default)
Candidates without an embedding, or with a zero vector, are left out.
Errors: PS003 heads out of range, a score that is not finite, PS008 unknown model or several defaults.';
