-- Chunks by PostgreSQL's own text ranking.
--
-- The statement is built as text, so that explain_search runs the very statement that a search runs. OR queries carry enable_seqscan = off:
-- the planner otherwise reads the whole table for 42 of 60 Korean questions at 20,000 passages (p50 45 ms against 3.8).

create or replace function pgsearch._fts_statement(
    has_required    boolean,
    has_excluded    boolean,
    has_collections boolean,
    has_page_ids    boolean
)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select concat_ws(
    E'\n',
    'select c.chunk_id, c.page_id, ts_rank_cd(c.content_tsv, $1)::float8 as score',
    '  from pgsearch.chunks as c',
    ' where c.content_tsv @@ ' || case
                                  when has_required and has_excluded then '($2 && !!$3)'
                                  when has_required then '$2'
                                  when has_excluded then '($1 && !!$3)'
                                  else '$1'
                                  end,
    case when has_collections then '   and c.collection = any ($4)' end,
    case when has_page_ids then '   and c.page_id = any ($5)' end,
    ' order by score desc, c.chunk_id',
    ' limit $6');
$$;

comment on function pgsearch._fts_statement(boolean, boolean, boolean, boolean) is
'Text of the chunk search. Parameters: $1 ranked tsquery, $2 required tsquery, $3 excluded tsquery, $4 collections
text[], $5 page ids bigint[], $6 limit.';

create or replace function pgsearch._fts_top_n(
    ranked      tsquery,
    required    tsquery,
    excluded    tsquery,
    collections text[],
    page_ids    bigint[],
    top_n       integer
)
returns table (chunk_id bigint, page_id bigint, score float8)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
-- with entries pending in GIN the planner would rather walk along another index
set enable_indexscan = off
set gin_fuzzy_search_limit = 0
as $$
begin
    if ranked is null then
        return;
    end if;

    return query execute
        pgsearch._fts_statement(required is not null, excluded is not null, collections is not null, page_ids is not null)
    using ranked, required, excluded, collections, page_ids, greatest(top_n, 0);
end;
$$;

comment on function pgsearch._fts_top_n(tsquery, tsquery, tsquery, text[], bigint[], integer) is
'search_fts after parsing and filtering: the top_n chunks by ts_rank_cd for the ranked query; null stands for no
requirement, no exclusion, all collections, all pages.';

create or replace function pgsearch.search_fts(
    query       text,
    top_n       integer default 100,
    collections text[]  default null,
    filter      jsonb   default '{}',
    operator    text    default 'or'
)
returns table (chunk_id bigint, page_id bigint, score float8, rank integer)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    parsed record;
begin
    perform pgsearch._check_range('top_n', top_n, 0, 1000000);
    perform pgsearch._check_collections(collections);
    parsed := pgsearch._parse_for(query, collections, operator);

    return query
    select f.chunk_id,
           f.page_id,
           f.score,
           (row_number() over (order by f.score desc, f.chunk_id))::integer
      from pgsearch._fts_top_n(
               case operator when 'and' then coalesce(parsed.required, parsed.any_of) else parsed.any_of end, parsed.required, parsed.excluded,
               collections, pgsearch._filter_page_ids(filter, collections), top_n) as f;
end;
$$;

comment on function pgsearch.search_fts(text, integer, text[], jsonb, text) is
'The top_n chunks for the words of the query by ts_rank_cd (cover density, Clarke, Cormack and Tudhope 2000): over any of
the words each counts by itself, over all of them (operator ''and'') words that stand
close together count more.
Arguments:
- query (websearch syntax, see parse_query)
- top_n
- collections (null: all)
- filter (see _filter_page_ids)
- operator (''or'' or ''and'')
Returns chunk_id, page_id, score (0 .. about 1), rank from 1, ties by chunk_id; no rows for a query without words.
Errors: PS001 unknown collection, PS002 unknown filter key.
Example:
select chunk_id, score from pgsearch.search_fts(''전기차 보조금'', 10, operator => ''and'');';
