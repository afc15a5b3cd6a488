-- How many chunks match, counted by the index and no further than asked for.

create or replace function pgsearch._count_statement(has_collections boolean, has_page_ids boolean default false)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select concat_ws(
    E'\n',
    'select count(*)',
    '  from (select',
    '          from pgsearch.chunks as c',
    '         where c.content_tsv @@ $1',
    case when has_collections then '           and c.collection = any ($4)' end,
    case when has_page_ids then '           and c.page_id = any ($5)' end,
    '         limit $6) as c');
$$;

comment on function pgsearch._count_statement(boolean, boolean) is
'Text of the count. Parameters, numbered as in _fts_statement: $1 tsquery, $4 collections text[], $5
page ids bigint[], $6 the most that is counted.';

create or replace function pgsearch._count_chunks(term tsquery, collections text[], most bigint, page_ids bigint[] default null)
returns bigint
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
-- with entries pending in GIN the planner would rather walk along another index
set enable_indexscan = off
set gin_fuzzy_search_limit = 0
as $$
declare
    counted bigint;
begin
    execute pgsearch._count_statement(collections is not null, page_ids is not null)
       into counted
      using term, null::tsquery, null::tsquery, collections, page_ids, most;
    return counted;
end;
$$;

comment on function pgsearch._count_chunks(tsquery, text[], bigint, bigint[]) is
'How many chunks of the collections and pages (null: all) match the term, by the index, counted no further than most.';
