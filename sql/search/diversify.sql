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
    most    constant integer  := 1000;
    n       constant integer  := coalesce(cardinality(chunk_ids), 0);
    chosen  constant pgsearch.embedding_models := pgsearch._embedding_model(model, null);
    given   constant float8[] := pgsearch._finite_scores('scores', scores);
    unlike  constant float8   := case when abs(diversity) < 1e-100 then 0 else diversity end;
    worst   constant float8   := (select min(s) from unnest(given) as s);
    spread  constant float8   := (select nullif(max(s) - min(s), 0) from unnest(given) as s);
    picks   integer;
    worth   float8[];  -- score scaled to 0 .. 1
    closest float8[];  -- likeness to the most like hit already picked; null for what is picked
    ordered bigint[] := '{}';
    best    integer;
    value   float8;
    highest float8;
begin
    if n > most or cardinality(page_ids) is distinct from cardinality(chunk_ids) or cardinality(scores) is distinct from cardinality(chunk_ids) then
        raise exception using
            errcode = 'PS003',
            message = format('there are %s page_ids, %s chunk_ids and %s scores', coalesce(cardinality(page_ids), 0), n, coalesce(cardinality(scores), 0)),
            hint    = format('Give one of each for at most %s candidates.', most);
    end if;
    perform pgsearch._check_range('diversity', diversity, 0, 1);
    perform pgsearch._check_range('top_k', top_k, 0, most);

    chunk_ids := array(select unnest(chunk_ids));
    page_ids  := array(select unnest(page_ids));
    worth     := array(select coalesce((s.score - worst) / spread, 1) from unnest(given) with ordinality as s(score, at) order by s.at);
    closest   := array_fill(0::float8, array[n]);
    picks     := least(top_k, n);

    for step in 1 .. picks loop
        best := null;
        for i in 1 .. n loop
            continue when closest[i] is null;
            value := (1 - unlike) * worth[i] - unlike * closest[i];
            if best is null or value > highest then
                best    := i;
                highest := value;
            end if;
        end loop;

        ordered       := ordered || chunk_ids[best];
        closest[best] := null;
        continue when step = picks or unlike = 0 or chosen.model_id is null;

        -- only with the hit that was just taken: every pair of candidates would be too many
        select array_agg(case when c.closest is not null then greatest(c.closest, nullif(1::float8 - pgsearch._cosine_distance(e.embedding, b.embedding), 'NaN')) end order by c.at)
          into closest
          from unnest(page_ids, chunk_ids, closest) with ordinality as c(page_id, chunk_id, closest, at)
               left join pgsearch.embeddings as e on c.closest is not null
                                                 and e.page_id = c.page_id
                                                 and e.chunk_id = c.chunk_id
                                                 and e.model_id = chosen.model_id
               left join pgsearch.embeddings as b on b.page_id = page_ids[best]
                                                 and b.chunk_id = chunk_ids[best]
                                                 and b.model_id = chosen.model_id;
    end loop;

    return ordered;
end;
$$;

comment on function pgsearch.diversify(bigint[], bigint[], float8[], float8, integer, text) is
'Order of the first top_k candidates under maximal marginal relevance: each step takes the greatest (1 - diversity) ×
score scaled to 0 .. 1 - diversity × cosine to the most like hit already taken.
Arguments:
- parallel arrays of at most 1,000 candidates, best first (page_ids, chunk_ids, scores)
- diversity (0 .. 1)
- top_k (0 .. 1000)
- model (empty: the default one)
Candidates without an embedding are like nothing.
Errors: PS003 arrays that are not parallel or too long, a score that is not finite, diversity or top_k out of range;
PS008 unknown model.';
