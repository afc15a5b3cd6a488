-- Maximal marginal relevance: the next hit is the one that is good and unlike those already shown (Carbonell and Goldstein 1998).

create or replace function pgsearch.diversify(
    page_ids  bigint[],
    chunk_ids bigint[],
    scores    float8[],
    diversity float8,
    top_k     integer,
    model     text default ''
)
returns bigint[]
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    chosen   constant pgsearch.embedding_models := pgsearch._embedding_model(model, null);
    n        constant integer := cardinality(chunk_ids);
    worst    constant float8  := (select min(s) from unnest(scores) as s);
    spread   constant float8  := (select nullif(max(s) - min(s), 0) from unnest(scores) as s);
    alike    float8[];                                    -- alike[(i - 1) * n + j]: cosine of candidates i and j
    closest  float8[]  := array_fill(0::float8, array[n]); -- likeness to the most like hit already picked
    picked   boolean[] := array_fill(false, array[n]);
    ordered  bigint[]  := '{}';
    best     integer;
    value    float8;
    highest  float8;
begin
    select array_agg(coalesce(1::float8 - pgsearch._cosine_distance(a.embedding, b.embedding), 0) order by i.at, j.at)
      into alike
      from unnest(page_ids, chunk_ids) with ordinality as i(page_id, chunk_id, at)
           cross join unnest(page_ids, chunk_ids) with ordinality as j(page_id, chunk_id, at)
           left join pgsearch.embeddings as a on a.page_id = i.page_id and a.chunk_id = i.chunk_id and a.model_id = chosen.model_id
           left join pgsearch.embeddings as b on b.page_id = j.page_id and b.chunk_id = j.chunk_id and b.model_id = chosen.model_id;

    for step in 1 .. least(top_k, n) loop
        best := null;
        for i in 1 .. n loop
            continue when picked[i];
            value := (1 - diversity) * coalesce((scores[i] - worst) / spread, 1) - diversity * closest[i];
            if best is null or value > highest then
                best    := i;
                highest := value;
            end if;
        end loop;

        picked[best] := true;
        ordered      := ordered || chunk_ids[best];
        for i in 1 .. n loop
            closest[i] := greatest(closest[i], nullif(alike[(best - 1) * n + i], 'NaN'));
        end loop;
    end loop;

    return ordered;
end;
$$;

comment on function pgsearch.diversify(bigint[], bigint[], float8[], float8, integer, text) is
'Order of the first top_k candidates under maximal marginal relevance: each step takes the greatest (1 - diversity) × score scaled to 0 .. 1 - diversity × cosine to the most like hit already taken.
Arguments: parallel arrays of the candidates, best first (page_ids, chunk_ids, scores), diversity (0 .. 1), top_k, model (empty: the default one). Candidates without an embedding are like nothing. Errors: PS008 unknown model.';
