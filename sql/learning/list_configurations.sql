-- The options that were tried and kept: which there are, how good they were, and which are in use.

create or replace function pgsearch.list_configurations()
returns table (configuration text, collection text, in_use boolean, options jsonb, metrics jsonb, created_at timestamptz)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select c.name, c.collection,
           exists (select
                     from (select distinct on (h.collection) h.configuration
                             from pgsearch.configuration_history as h
                            where h.rolled_back_at is null
                            order by h.collection, h.activation_id desc) as l
                    where l.configuration = c.name),
           c.options, c.metrics, c.created_at
      from pgsearch.search_configurations as c
     order by c.created_at desc, c.name;
end;
$$;

comment on function pgsearch.list_configurations() is
'The search configurations, the newest first.
Returns configuration, collection (that it was made for), in_use (it is the last one activated in a collection), options
(of a search), metrics (what it was measured with), created_at.
Example:
select configuration, in_use from pgsearch.list_configurations();';
