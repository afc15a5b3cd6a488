-- What there is to learn from, and what was learned: what the commands tell before and after.

create or replace function pgsearch._learning_material(collection text)
returns table (searches bigint, clicked bigint)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select count(*),
           count(*) filter (where exists (select
                                            from pgsearch.events as e
                                           where e.query_id = q.query_id
                                             and e.action_name = 'click'))
      from pgsearch.queries as q
     where q.collection = _learning_material.collection;
end;
$$;

comment on function pgsearch._learning_material(text) is 'How many searches of the collection are in the log, and how many of them were clicked.';

create or replace function pgsearch._configurations()
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

comment on function pgsearch._configurations() is 'The search configurations, the newest first; in_use: it is the last one activated in a collection.';
