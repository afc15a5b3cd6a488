-- Candidate pages from the text of their chunks, not from their titles.
--
-- Match chunks first and cut them to chunk_oversample, then group by page: what is grouped is
-- bounded then, however many millions of chunks there are.

create or replace function pgsearch.candidate_pages(
    query            text,
    page_limit       integer default 8,
    chunk_oversample integer default null,
    collections      text[]  default null,
    filter           jsonb   default '{}',
    operator         text    default 'or'
)
returns table (page_id bigint, external_id text, title text, rank float8, hit_chunks integer)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
begin
    perform pgsearch._check_range('page_limit', page_limit, 0, 1000);
    perform pgsearch._check_range('chunk_oversample', coalesce(chunk_oversample, 0), 0, 1000000);

    return query
    select p.page_id,
           p.external_id,
           p.title,
           m.rank,
           m.hit_chunks
      from (select s.page_id,
                   max(s.score)      as rank,
                   count(*)::integer as hit_chunks
              from pgsearch.search_fts(
                       query, coalesce(chunk_oversample, page_limit * 50),
                       collections, filter, operator) as s
             group by s.page_id
             order by max(s.score) desc, count(*) desc, s.page_id
             limit page_limit) as m
           join pgsearch.pages as p on p.page_id = m.page_id
     order by m.rank desc, m.hit_chunks desc, p.page_id;
end;
$$;

comment on function pgsearch.candidate_pages(text, integer, integer, text[], jsonb, text) is
'Pages whose chunks match the query.
Arguments:
- query
- page_limit (pages returned)
- chunk_oversample (chunks looked at; null: page_limit × 50, up to × 200 finds more pages of few hits each)
- collections (null: all)
- filter
- operator (''or'' or ''and'')
Returns page_id, external_id, title, rank (best ts_rank_cd of its chunks), hit_chunks (how many of them matched), best
first.
Example:
select title, rank, hit_chunks from pgsearch.candidate_pages(''전기차 보조금'', 10);';
