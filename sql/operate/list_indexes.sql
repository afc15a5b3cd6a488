-- How large each index is, and how much waits in those that collect what comes: what memory has to hold for a search.

create or replace function pgsearch.list_indexes()
returns table (index_name text, table_name text, bytes bigint, is_valid boolean, pending_pages bigint)
-- volatile, as _pending_pages is
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select s.index_name, s.table_name, s.bytes, s.is_valid, pgsearch._pending_pages(s.index_name)
      from (select r.relname::text as index_name,
                   t.relname::text as table_name,
                   sum(pg_relation_size(i.indexrelid))::bigint as bytes,
                   bool_and(i.indisvalid) as is_valid
              from pg_index as i
                   join pg_class as c on c.oid = i.indexrelid
                   -- those of partitions are told as one
                   join pg_class as r on r.oid = coalesce(pg_partition_root(i.indexrelid), i.indexrelid)
                   join pg_index as k on k.indexrelid = r.oid
                   join pg_class as t on t.oid = k.indrelid
             where c.relnamespace = 'pgsearch'::regnamespace
             group by r.relname, t.relname) as s
     order by s.bytes desc, s.index_name;
end;
$$;

comment on function pgsearch.list_indexes() is
'The indexes of pgsearch, largest first; those of the partitions of a table are one.
Returns index_name, table_name, bytes, is_valid (false: a build was interrupted), pending_pages (about how many pages of 8 kB
wait in its pending list, which every search reads from end to end; null: it has none, or for trigrams nothing tells it).
Example:
select index_name, pg_size_pretty(bytes), pending_pages from pgsearch.list_indexes() limit 5;';
