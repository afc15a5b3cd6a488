-- Who searched, and who chatted, on a day: exact by hour and by day, and as sketches that longer periods are the union of.

create or replace function pgsearch._put_actors(source text, day date)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    delete from pgsearch.unique_actors as u
     where u.starts_at >= _put_actors.day::timestamp at time zone 'UTC'
       and u.starts_at < (_put_actors.day + 1)::timestamp at time zone 'UTC'
       and u.source = _put_actors.source;
    insert into pgsearch.unique_actors (step, starts_at, collection, source, sessions, users, application)
    select 'hour', a.hour, a.collection, _put_actors.source, count(distinct a.session_id), count(distinct a.user_id), a.application
      from pg_temp._actors as a
     group by grouping sets ((a.hour, a.collection, a.application), (a.hour, a.application));
    insert into pgsearch.unique_actors (step, starts_at, collection, source, sessions, users, session_sketch, user_sketch, application)
    select 'day', _put_actors.day::timestamp at time zone 'UTC', d.collection, _put_actors.source, d.sessions, d.users,
           coalesce(k.session_sketch, '{}'), coalesce(k.user_sketch, '{}'), d.application
      from (select a.collection, a.application, count(distinct a.session_id) as sessions, count(distinct a.user_id) as users
              from pg_temp._actors as a
             group by grouping sets ((a.collection, a.application), (a.application))) as d
           left join (select r.collection, r.application,
                             array_agg(r.register order by r.register) filter (where r.kind = 1) as session_sketch,
                             array_agg(r.register order by r.register) filter (where r.kind = 2) as user_sketch
                        from (select m.kind, m.collection, m.application, max(m.register) as register
                                from (select a.kind, a.collection, a.application, max(a.register) as register
                                        from (select h.kind, h.collection, h.application, pgsearch._sketch_register(h.hash) as register
                                                from (select distinct 1 as kind, a.collection, a.application,
                                                             hashtextextended(a.session_id, 0) as hash
                                                        from pg_temp._actors as a
                                                       where a.session_id is not null
                                                      union all
                                                      select distinct 2, a.collection, a.application, hashtextextended(a.user_id, 0)
                                                        from pg_temp._actors as a
                                                       where a.user_id is not null) as h
                                              offset 0) as a
                                       group by a.kind, a.collection, a.application, a.register >> 6) as m
                               group by grouping sets ((m.kind, m.collection, m.application, m.register >> 6),
                                                       (m.kind, m.application, m.register >> 6))) as r
                       group by r.collection, r.application) as k
                  on k.collection is not distinct from d.collection
                 and k.application is not distinct from d.application;
end;
$$;

comment on function pgsearch._put_actors(text, date) is
'Counts the sessions and users in pg_temp._actors (hour, collection, session_id, user_id, application: null for all of them
together) into unique_actors, in place of what
stood there for that day and source (search, chat).';

create or replace function pgsearch._actor_counts(source text, collection text, days daterange, step text, application text)
returns table (starts_at timestamptz, sessions float8, users float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    -- one hour or one day is exact; longer ones are the union of the sketches of their days, and never fewer than
    -- on the busiest of them
    select s.starts_at,
           case when max(s.parts) = 1 then max(s.sessions) else greatest(max(s.sessions),
                pgsearch._sketch_estimate(array_agg(k.register) filter (where k.kind = 1))) end as sessions,
           case when max(s.parts) = 1 then max(s.users) else greatest(max(s.users),
                pgsearch._sketch_estimate(array_agg(k.register) filter (where k.kind = 2))) end as users
      from (select p.*, count(*) over (partition by p.starts_at) as parts
              from (select case
                           when _actor_counts.step = 'all' then lower(days)::timestamp at time zone 'UTC'
                           else date_trunc(_actor_counts.step, u.starts_at, 'UTC')
                           end as starts_at,
                           u.sessions::float8 as sessions, u.users::float8 as users, u.session_sketch, u.user_sketch
                      from pgsearch.unique_actors as u
                     where u.step = case when _actor_counts.step = 'hour' then 'hour' else 'day' end
                       and u.starts_at >= lower(days)::timestamp at time zone 'UTC'
                       and u.starts_at < upper(days)::timestamp at time zone 'UTC'
                       and u.collection is not distinct from _actor_counts.collection
                       and u.application is not distinct from _actor_counts.application
                       and u.source = _actor_counts.source) as p) as s
           left join lateral (select 1 as kind, r as register from unnest(s.session_sketch) as r where s.parts > 1
                              union all
                              select 2, r from unnest(s.user_sketch) as r where s.parts > 1) as k on true
     group by s.starts_at;
end;
$$;

comment on function pgsearch._actor_counts(text, text, daterange, text, text) is
'Different sessions and users of a source (search, chat) by step (hour, day, week, month, all) of a period; collection and
application null: over all.';
