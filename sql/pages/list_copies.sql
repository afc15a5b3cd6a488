-- Pages that say the same as another one: they stand side by side in results, and one of them grows old.

create or replace function pgsearch.list_copies(collection text default null, top_n integer default 100)
returns table (
    page_id            bigint,
    collection_name    text,
    external_id        text,
    title              text,
    updated_at         timestamptz,
    first_page_id      bigint,
    first_title        text,
    copies             bigint
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsearch._check_range('top_n', top_n, 0, 10000);
    if list_copies.collection is not null then
        perform pgsearch._check_collections(array[list_copies.collection]);
    end if;

    return query
    -- what begins alike is few, and read whole
    with begun as materialized (
        select b.page_id
          from (select c.page_id, count(*) over (partition by md5(c.content)) as alike
                  from pgsearch.chunks as c
                 where c.ordinal = 0
                   and c.content <> ''
                   and (list_copies.collection is null or c.collection = list_copies.collection)) as b
         where b.alike > 1
    ),
    texts as materialized (
        select c.page_id, sha256(string_agg(sha256(convert_to(c.content, 'UTF8')), '' order by c.ordinal)) as text
          from pgsearch.chunks as c
         where c.page_id in (select b.page_id from begun as b)
         group by c.page_id
    ),
    grouped as (
        select t.page_id, first_value(t.page_id) over same as first_page_id, count(*) over (partition by t.text) as copies
          from texts as t
        window same as (partition by t.text order by t.page_id)
    )
    select p.page_id, p.collection, p.external_id, p.title, p.updated_at, f.page_id, f.title, g.copies
      from grouped as g
           join pgsearch.pages as p on p.page_id = g.page_id
           join pgsearch.pages as f on f.page_id = g.first_page_id
     where g.copies > 1
     order by g.copies desc, g.first_page_id, p.page_id
     limit list_copies.top_n;
end;
$$;

comment on function pgsearch.list_copies(text, integer) is
'Pages whose text another page has too, word for word, whatever their titles; the oldest of them and its copies one after the
other.
Arguments:
- collection (null: all, also across collections)
- top_n (0 .. 10000 rows)
Returns page_id, collection_name, external_id, title, updated_at, first_page_id and first_title (of the oldest with this text),
copies (how many pages have it). Every first passage is read.
Errors: PS001 unknown collection, PS003 top_n out of range.
Example:
select title, first_title, copies from pgsearch.list_copies(''korean'');';
