-- The sets of queries to evaluate with.

create or replace function pgsearch.list_query_sets()
returns table (query_set text, collection text, sampling text, queries bigint, created_at timestamptz)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select s.name, s.collection, s.sampling, count(e.query), s.created_at
      from pgsearch.query_sets as s
           left join pgsearch.query_set_entries as e on e.query_set_id = s.query_set_id
     group by s.query_set_id
     order by s.name;
end;
$$;

comment on function pgsearch.list_query_sets() is
'The query sets, by name.
Returns query_set, collection, sampling (random, pptss, topn, failures, manual), queries (how many it has), created_at.
Example:
select query_set, queries from pgsearch.list_query_sets();';
