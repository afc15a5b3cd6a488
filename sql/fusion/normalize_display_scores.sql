-- Scores that a page may show as per cent: by rank, because fused scores have no scale of their own.

create or replace function pgsearch.normalize_display_scores(scores float8[])
returns float8[]
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select coalesce(array_agg(1::float8 - (r.rank - 1)::float8 / cardinality(scores) order by r.at), '{}')
  from (select at, rank() over (order by score desc) as rank
          from unnest(scores) with ordinality as s(score, at)) as r;
$$;

comment on function pgsearch.normalize_display_scores(float8[]) is
'One display score (0 .. 1] for each score: 1 for the best, 1/n steps down by rank, the same for equal scores; an
interface may show it × 100 as per cent. By rank, since fused scores have another scale in every strategy.';
