-- Pages out, by the owner's ids.

create or replace function pgsearch.delete_pages(collection text, external_ids text[])
returns bigint
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    deleted bigint;
begin
    perform pgsearch._check_collections(array[delete_pages.collection]);

    -- locked in the order in which put_pages locks, so that the two never wait for each other in a ring
    with doomed as (
        select p.page_id
          from pgsearch.pages as p
         where p.collection = delete_pages.collection
           and p.external_id = any (delete_pages.external_ids)
         order by p.external_id collate "C"
           for update
    ),
    revised as (
        insert into pgsearch.revised_chunks (collection, chunk_id, content_hash, text_config, content_tsv)
        select c.collection, c.chunk_id, c.content_hash, c.text_config, c.content_tsv
          from doomed as d
               join pgsearch.chunks as c on c.page_id = d.page_id
         where c.chunk_id <= (select s.last_chunk_id
                                from pgsearch.collection_stats as s
                               where s.collection = delete_pages.collection)
            on conflict do nothing
    )
    delete from pgsearch.pages as p
     using doomed as d
     where p.page_id = d.page_id;
    get diagnostics deleted = row_count;

    return deleted;
end;
$$;

comment on function pgsearch.delete_pages(text, text[]) is
'Deletes pages with their chunks and embeddings; returns how many pages there were.
Arguments:
- collection
- external_ids (those that do not exist are passed over)
Error: PS001 unknown collection.
Example:
select pgsearch.delete_pages(''korean'', ''{passport}'');';
