-- After a large change: statistics for BM25 and for the planner, and no pending lists that every search would have to scan.

create or replace function pgsearch.finish_load(collection text, load_id uuid default null)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set client_min_messages = 'error'
as $$
declare
    index regclass;
begin
    if load_id is not null then
        perform pgsearch.abandon_load(load_id);
    end if;
    perform pgsearch.refresh_text_stats(finish_load.collection);

    -- Both belong to the owner of the tables. A role that may only write leaves them to autovacuum.
    for index in
        select i.indexrelid
          from pg_index as i
               join pg_class as c on c.oid = i.indexrelid
               join pg_am as a on a.oid = c.relam
         where i.indrelid in ('pgsearch.pages'::regclass, 'pgsearch.chunks'::regclass, 'pgsearch.lexeme_stats'::regclass)
           and i.indisvalid
           and a.amname = 'gin'
           and pg_has_role(c.relowner, 'usage')
    loop
        perform gin_clean_pending_list(index);
    end loop;

    analyze pgsearch.pages, pgsearch.chunks;
end;
$$;

comment on function pgsearch.finish_load(text, uuid) is
'Ends a load: refreshes the text statistics of the collection, empties the pending lists of the GIN indexes, analyzes
pages and chunks, and drops the session''s pg_temp.pages_to_load when load_id (see begin_load) is given. Worth calling
after any large change.
Errors: PS001 unknown collection; PS003 when no such load is at hand.';
