-- One order out of several signals.
--
-- The signals come as parallel arrays over the same candidates, so that fusion is plain arithmetic: it can be called, tested and explained without a table.

create or replace function pgsearch._check_fusion(fusion text)
returns void
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if fusion is null or fusion not in ('rrf', 'rrf_boost') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown fusion %s', coalesce(quote_literal(fusion), 'null')),
            hint    = 'Known strategies: rrf, rrf_boost.';
    end if;
end;
$$;

comment on function pgsearch._check_fusion(text) is 'Raises PS002, naming the known strategies, for an unknown one.';

create or replace function pgsearch.fuse(
    chunk_ids      bigint[],
    text_scores    float8[],
    vector_scores  float8[],
    title_scores   float8[],
    lexical_scores float8[],
    weights        jsonb   default '{}',
    rrf_k          float8  default 60
)
returns table (
    chunk_id     bigint,
    score        float8,
    text_rank    integer,
    vector_rank  integer,
    title_rank   integer,
    lexical_rank integer,
    text_part    float8,
    vector_part  float8,
    title_part   float8,
    lexical_part float8
)
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    weight jsonb := pgsearch.default_settings() -> 'weights' || coalesce(weights, '{}');
begin
    return query
    with ranked as (
        select c.chunk_id,
               case when c.text_score    is not null then row_number() over (order by c.text_score    desc nulls last, c.chunk_id) end as text_rank,
               case when c.vector_score  is not null then row_number() over (order by c.vector_score  desc nulls last, c.chunk_id) end as vector_rank,
               case when c.title_score   is not null then row_number() over (order by c.title_score   desc nulls last, c.chunk_id) end as title_rank,
               case when c.lexical_score is not null then row_number() over (order by c.lexical_score desc nulls last, c.chunk_id) end as lexical_rank
          from unnest(chunk_ids, text_scores, vector_scores, title_scores, lexical_scores)
               as c(chunk_id, text_score, vector_score, title_score, lexical_score)
    ),
    parts as (
        select r.*,
               coalesce((weight ->> 'text')::float8    / (rrf_k + r.text_rank),    0) as text_part,
               coalesce((weight ->> 'vector')::float8  / (rrf_k + r.vector_rank),  0) as vector_part,
               coalesce((weight ->> 'title')::float8   / (rrf_k + r.title_rank),   0) as title_part,
               coalesce((weight ->> 'lexical')::float8 / (rrf_k + r.lexical_rank), 0) as lexical_part
          from ranked as r
    )
    select p.chunk_id,
           p.text_part + p.vector_part + p.title_part + p.lexical_part,
           p.text_rank::integer,
           p.vector_rank::integer,
           p.title_rank::integer,
           p.lexical_rank::integer,
           p.text_part,
           p.vector_part,
           p.title_part,
           p.lexical_part
      from parts as p
     order by 2 desc, 1;
end;
$$;

comment on function pgsearch.fuse(bigint[], float8[], float8[], float8[], float8[], jsonb, float8) is
'Reciprocal rank fusion (Cormack, Clarke and Buettcher 2009): sum over the signals of weight / (rrf_k + rank). Arguments: chunk_ids and one parallel array of scores a signal (higher is better, null: not found by it),
weights (of text, vector, title, lexical; missing ones as in default_settings), rrf_k. Returns each candidate once, best first, ties by chunk_id, with the rank and the part of every signal; parts sum to the score.';
