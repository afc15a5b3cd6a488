-- One batch of a load: the rows of a range of lines, through the same door as put_pages.

create or replace function pgsearch.load_pages(collection text, load_id uuid, first_line bigint, last_line bigint)
returns table (
    pages_inserted  bigint,
    pages_updated   bigint,
    pages_unchanged bigint,
    pages_refused   bigint,
    chunks_inserted bigint,
    chunks_kept     bigint,
    chunks_deleted  bigint
)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsearch._check_load_id(load_pages.load_id);

    return query
    select count(*) filter (where r.status = 'inserted'),
           count(*) filter (where r.status = 'updated'),
           count(*) filter (where r.status = 'unchanged'),
           count(*) filter (where r.status = 'refused'),
           coalesce(sum(r.chunks_inserted), 0)::bigint,
           coalesce(sum(r.chunks_kept), 0)::bigint,
           coalesce(sum(r.chunks_deleted), 0)::bigint
      from (select coalesce(array_agg(l.line order by l.line), '{}') as lines,
                   coalesce(array_agg(l.page order by l.line), '{}') as pages
              from pg_temp.pages_to_load as l
             where l.line between load_pages.first_line and load_pages.last_line) as batch
           cross join lateral pgsearch._put_pages(load_pages.collection, batch.lines, batch.pages) as r;
end;
$$;

comment on function pgsearch.load_pages(text, uuid, bigint, bigint) is
'Stores into the collection the rows of pg_temp.pages_to_load of the load with this load_id (see begin_load) with
first_line <= line <= last_line and counts what became of them, in one row; a batch is stored whole or not at all.
Errors as put_pages, and PS003 when no such load is at hand.';
