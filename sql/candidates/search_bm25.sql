-- Chunks by BM25, the text signal of every hybrid search, to be called alone.

create or replace function pgsearch.search_bm25(
    query       text,
    top_n       integer default 100,
    collections text[]  default null,
    filter      jsonb   default '{}',
    operator    text    default 'or',
    exact       boolean default true
)
returns table (chunk_id bigint, page_id bigint, score float8, rank integer, approximate boolean)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    parsed   pgsearch.parsed_query;
    settings jsonb;
    scope    pgsearch.scope;
begin
    perform pgsearch._check_range('top_n', top_n, 0, 10000);
    perform pgsearch._check_collections(collections);
    parsed   := pgsearch._parse_for(query, collections, operator);
    settings := pgsearch._settings(collections, '{}');
    scope.collections := collections;
    scope.page_ids    := pgsearch._filter_page_ids(filter, collections);

    return query
    select t.chunk_id,
           t.page_id,
           t.score,
           t.at::integer,
           b.approximate
      from pgsearch._bm25_best(
               words    => pgsearch._bm25_terms(parsed.lexemes, parsed.weights, collections, parsed.required, parsed.excluded),
               formula  => jsonb_populate_record(null::pgsearch.bm25_formula, settings -> 'bm25'),
               scope    => scope,
               top_n    => top_n,
               effort   => case exact when true then 'exact' when false then 'fast' else 'shared' end,
               max_rows => (settings ->> 'max_rows')::integer) as b
           cross join unnest((b.best).chunk_ids, (b.best).page_ids, (b.best).scores) with ordinality as t(chunk_id, page_id, score, at)
     order by t.at;
end;
$$;

comment on function pgsearch.search_bm25(text, integer, text[], jsonb, text, boolean) is
'The top_n chunks for the words of the query by BM25 (Robertson and Zaragoza 2009), with k1, b, heading_weight and
max_rows as the settings of the collection have them.
Arguments:
- query (websearch syntax, see parse_query)
- top_n (0 .. 10000)
- collections (null: all)
- filter (see _filter_page_ids)
- operator (''or'' or ''and'')
- exact (false: faster, with bounds that a chunk could exceed but hardly does)
Returns chunk_id, page_id, score, rank from 1, ties by chunk_id, and approximate: whether a better chunk may have been
missed (not exact, or more than max_rows chunks had to be scored); no rows for a query without words.
Errors: PS001 unknown collection, PS002 unknown filter key or operator, PS003 top_n out of range.
Example:
select chunk_id, score from pgsearch.search_bm25(''전기차 보조금'', 10, collections => ''{korean}'');';
