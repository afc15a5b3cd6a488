-- Pages that a search by meaning does not find, or finds by what they said before.

create or replace function pgsearch.list_stale_pages(model text, collection text default null, top_n integer default 100)
returns table (
    page_id         bigint,
    collection_name text,
    external_id     text,
    title           text,
    updated_at      timestamptz,
    chunks          bigint,
    missing         bigint,
    stale           bigint
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen constant pgsearch.embedding_models := pgsearch._named_model(model);
begin
    perform pgsearch._check_range('top_n', top_n, 0, 10000);
    if list_stale_pages.collection is not null then
        perform pgsearch._check_collections(array[list_stale_pages.collection]);
    end if;

    return query
    select p.page_id, p.collection, p.external_id, p.title, p.updated_at, s.chunks, s.missing, s.stale
      from (select c.page_id,
                   count(*) as chunks,
                   count(*) filter (where e.chunk_id is null) as missing,
                   count(*) filter (where e.content_hash <> c.content_hash) as stale
              from pgsearch.chunks as c
                   left join pgsearch._embedded(chosen.model_id) as e on e.page_id = c.page_id and e.chunk_id = c.chunk_id
             where list_stale_pages.collection is null
                or c.collection = list_stale_pages.collection
             group by c.page_id) as s
           join pgsearch.pages as p on p.page_id = s.page_id
     where s.missing + s.stale > 0
     order by s.missing + s.stale desc, p.updated_at, p.page_id
     limit list_stale_pages.top_n;
end;
$$;

comment on function pgsearch.list_stale_pages(text, text, integer) is
'Pages of which passages have no vector of a model, or one of a text that has changed since; most of them first.
Arguments:
- model
- collection (null: all)
- top_n (0 .. 10000 rows)
Returns page_id, collection_name, external_id, title, updated_at, chunks (passages of the page), missing (those without a vector),
stale (those whose vector is of a former text). Every passage is compared.
Errors: PS001 unknown collection, PS003 top_n out of range, PS008 unknown model.';
