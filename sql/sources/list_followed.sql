-- What is followed, how far behind it is, and what could not be stored.

create or replace function pgsearch.list_followed()
returns table (
    table_name  text,
    collection  text,
    mode        text,
    loading     boolean,
    loaded_rows bigint,
    waiting     bigint,
    lag         interval,
    refused     bigint,
    reason      text
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select coalesce((select format('%I.%I', n.nspname, c.relname)
                       from pg_class as c
                            join pg_namespace as n on n.oid = c.relnamespace
                      where c.oid = f.relation),
                    f.relation_name),
           f.collection,
           f.mode,
           f.loading,
           f.loaded_rows,
           coalesce(q.waiting, 0),
           case when q.since is not null then greatest(now() - q.since, interval '0') end,
           coalesce(r.refused, 0),
           coalesce(f.error,
                    case when not exists (select from pg_class as c where c.oid = f.relation)
                         then f.relation_name || ' does not exist any more' end,
                    r.reason)
      from pgsearch.followed_tables as f
           left join (select w.followed_id, count(*) as waiting, min(w.queued_at) as since
                        from pgsearch.follow_queue as w
                       group by w.followed_id) as q on q.followed_id = f.followed_id
           left join (select w.followed_id, count(*) as refused,
                             (array_agg(w.reason order by w.refused_at desc, w.external_id))[1] as reason
                        from pgsearch.refused_rows as w
                       group by w.followed_id) as r on r.followed_id = f.followed_id
     order by f.collection;
end;
$$;

comment on function pgsearch.list_followed() is
'The followed tables. Returns a row each: table_name, collection, mode, loading (whether it is not loaded whole yet),
loaded_rows, waiting (changes that work() has not looked at), lag (how long the oldest of them waits; null: none),
refused (rows that could not be stored), reason (why nothing can be read, else why the last row was refused).
Example:
select table_name, collection, waiting, lag, refused from pgsearch.list_followed();';
