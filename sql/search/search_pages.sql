-- Hybrid search that shows each page once, by its best chunk.

create or replace function pgsearch.search_pages(
    query       text,
    embedding   vector  default null,
    collections text[]  default null,
    search_mode text    default 'auto',
    page_limit  integer default 8,
    fusion      text    default null,
    filter      jsonb   default '{}',
    options     jsonb   default '{}'
)
returns setof pgsearch.hit
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select h.*
      from pgsearch._hits(pgsearch._search(query, embedding, collections, search_mode, page_limit, fusion, filter,
                                           coalesce(options, '{}') || '{"group_by_page": true}', 'hits')) as h;
end;
$$;

comment on function pgsearch.search_pages(text, vector, text[], text, integer, text, jsonb, jsonb) is
'The best pages for a query, each with its best chunk: search_hybrid with the option group_by_page. page_limit (0 ..
1000) is how many pages; hit_chunks says how many chunks of the page were candidates.
Arguments, rows and errors otherwise as search_hybrid.
Example:
select rank, title, hit_chunks from pgsearch.search_pages(''연말정산 환급'', collections => ''{korean}'');';
