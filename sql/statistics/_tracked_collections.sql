-- Without events nothing is known of clicks: that is a property of a collection, not of a period.

create or replace function pgsearch._tracked_collections(collection text)
returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return array(select s.collection
                   from pgsearch.search_stats_daily as s
                  where _tracked_collections.collection is null
                     or s.collection = _tracked_collections.collection
                  group by s.collection
                 having sum(s.event_count) > 0);
end;
$$;

comment on function pgsearch._tracked_collections(text) is
'The collections (null: among all) for whose searches events were ever received.';
