-- Text rank of chosen chunks: the precision signal for candidates that another signal found.
--
-- It is computed for a few hundred chunks, never for every match, because its cost is one heap visit and one detoasted tsvector a row.
-- Over all words (operator 'and') ts_rank_cd rewards words that stand close together; over any of them each word counts by itself.

create or replace function pgsearch._fts_rank(ranked tsquery, chunk_ids bigint[])
returns table (chunk_id bigint, fts_rank float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
begin
    return query
    select c.chunk_id,
           coalesce(ts_rank_cd(c.content_tsv, ranked), 0)::float8
      from pgsearch.chunks as c
     where c.chunk_id = any (chunk_ids)
     order by c.chunk_id;
end;
$$;

comment on function pgsearch._fts_rank(tsquery, bigint[]) is 'fts_rank_for_chunk_ids after parsing.';

create or replace function pgsearch.fts_rank_for_chunk_ids(
    query     text,
    chunk_ids bigint[],
    operator  text default 'or'
)
returns table (chunk_id bigint, fts_rank float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    parsed record;
begin
    parsed := pgsearch._parse_for(query, null, operator);

    return query
    select r.chunk_id, r.fts_rank
      from pgsearch._fts_rank(case operator when 'and' then parsed.required else parsed.any_of end, chunk_ids) as r;
end;
$$;

comment on function pgsearch.fts_rank_for_chunk_ids(text, bigint[], text) is
'ts_rank_cd (0 .. about 1) of each chunk of chunk_ids for the query; chunks that do not exist are left out, chunks
without a match get 0.
Arguments:
- query (syntax as parse_query)
- chunk_ids
- operator (''and'' asks for all words; ''or'' for any)';
