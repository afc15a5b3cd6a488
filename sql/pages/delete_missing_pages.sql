-- A folder that was ingested again no longer has some of its files: so should the collection.

create or replace function pgsearch.delete_missing_pages(collection text, load_id uuid, kept text[] default '{}')
returns bigint
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    missing text[];
begin
    perform pgsearch._check_load_id(delete_missing_pages.load_id);
    perform pgsearch._check_collections(array[delete_missing_pages.collection]);

    select array_agg(p.external_id)
      into missing
      from pgsearch.pages as p
           left join (select l.page ->> 'external_id' as external_id
                        from pg_temp.pages_to_load as l) as l
                  on l.external_id = p.external_id
     where p.collection = delete_missing_pages.collection
       and l.external_id is null
       and not exists (select from unnest(delete_missing_pages.kept) as k(id) where k.id = p.external_id);

    return pgsearch.delete_pages(delete_missing_pages.collection, missing);
end;
$$;

comment on function pgsearch.delete_missing_pages(text, uuid, text[]) is
'Deletes the pages of a collection that pg_temp.pages_to_load of the load with this load_id (see begin_load) does not
hold and that are not among kept (external ids); returns how many. Only after a load that was complete: a page that was
refused counts as missing.
Errors: PS001 unknown collection; PS003 when no such load is at hand.';
