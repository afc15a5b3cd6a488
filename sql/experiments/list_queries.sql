-- The queries of a set: what is judged, and what an offline experiment asks.

create or replace function pgsearch.list_queries(query_set text)
returns table (query text, query_type text, frequency float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select e.query, e.query_type, e.frequency
      from pgsearch.query_set_entries as e
     where e.query_set_id = pgsearch._query_set_id(query_set)
     order by e.entry;
end;
$$;

comment on function pgsearch.list_queries(text) is
'The queries of a query set, in the order in which they were drawn or added.
Arguments:
- query_set (its name)
Returns query, query_type (as it was logged; null: nobody said), frequency (how often it was asked).
Errors: PS003 unknown query set.';
