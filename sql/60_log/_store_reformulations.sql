-- A search asked again in other words says that its answer was not good enough. Found when a search is stored, so any number of writers agree.
--
-- Between neighbours in the time of one user: the search before (its failure it would be), and, for one that is stored late, the search after.

create or replace function pgsearch._store_reformulations(query_ids uuid[], actors text[], texts text[], overrides jsonb, patient boolean)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
-- planned anew, because only known times leave all but one or two partitions out
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    settings constant jsonb := (pgsearch.default_settings() -> 'log') || overrides;
    span     constant interval := make_interval(secs => (settings ->> 'reformulation_window_s')::float8);
    pause    constant interval := make_interval(secs => (settings ->> 'typeahead_pause_s')::float8);
    starts   timestamptz;
    ends     timestamptz;
begin
    select min(pgsearch._uuid_time(id)) - span, max(pgsearch._uuid_time(id)) + span
      into starts, ends
      from unnest(query_ids) as id;

    -- neighbours that are stored in the same moment cannot see each other: one writer a user at a time
    if patient then
        begin
            perform pg_advisory_xact_lock(a.key)
               from (select distinct hashtextextended('pgsearch.actor ' || actor, 0) as key from unnest(actors) as actor order by key) as a;
        exception
            when lock_not_available or deadlock_detected then
                -- _detect_reformulations finds later what is missed now
                null;
        end;
    else
        perform pg_try_advisory_xact_lock(hashtextextended('pgsearch.actor ' || actor, 0)) from unnest(actors) as actor;
    end if;

    perform pgsearch._put_reformulations(array_agg(n.before), array_agg(n.after), array_agg(n.text), pause)
       from (select b.query_id as before, x.query_id as after, x.text
               from (select s.query_id, s.actor, s.text, pgsearch._uuid_time(s.query_id) as ts from unnest(query_ids, actors, texts) as s(query_id, actor, text)) as x
                    cross join lateral (select q.query_id
                                          from pgsearch.queries as q
                                         where coalesce(q.user_id, q.client_id, q.session_id) = x.actor
                                           and q.ts between starts and ends
                                           and q.ts between x.ts - span and x.ts
                                           and (q.ts, q.query_id) < (x.ts, x.query_id)
                                         order by q.ts desc, q.query_id desc
                                         limit 1) as b
             union
             select x.query_id, a.query_id, a.user_query
               from (select s.query_id, s.actor, pgsearch._uuid_time(s.query_id) as ts from unnest(query_ids, actors) as s(query_id, actor)) as x
                    cross join lateral (select q.query_id, q.user_query
                                          from pgsearch.queries as q
                                         where coalesce(q.user_id, q.client_id, q.session_id) = x.actor
                                           and q.ts between starts and ends
                                           and q.ts between x.ts and x.ts + span
                                           and (q.ts, q.query_id) > (x.ts, x.query_id)
                                         order by q.ts, q.query_id
                                         limit 1) as a) as n
     having count(*) > 0;
end;
$$;

comment on function pgsearch._store_reformulations(uuid[], text[], text[], jsonb, boolean) is
'Looks for the searches that those of query_ids (with the actor and the text of each) reformulate or are reformulated by. overrides: of the settings "log"; patient: whether to wait for another writer of the same actor.';

create or replace function pgsearch._put_reformulations(before uuid[], after uuid[], texts text[], pause interval)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    starts  constant timestamptz := (select min(pgsearch._uuid_time(id)) from unnest(before) as id);
    ends    constant timestamptz := (select max(pgsearch._uuid_time(id)) from unnest(before) as id);
    changed integer;
begin
    with pair as materialized (
        select q.*, n.text, pgsearch.normalize_query(n.text) as normalized, pgsearch._uuid_time(n.after) - q.ts as elapsed
          from unnest(before, after, texts) as n(before, after, text)
               join pgsearch.queries as q on q.query_id = n.before
                                         and q.ts between starts and ends
    ),
    judged as materialized (
        select p.*,
               -- the next page of the same, and typing on, ask nothing new
               p.normalized <> p.query_normalized
               and p.normalized <> ''
               and p.query_normalized <> ''
               and not (p.elapsed <= pause and (starts_with(p.normalized, p.query_normalized) or starts_with(p.query_normalized, p.normalized))) as reformulated
          from pair as p
    ),
    -- what was stored late may have come between two that looked like neighbours
    withdrawn as (
        delete from pgsearch.search_failures as f
         using judged as j
         where not j.reformulated
           and f.query_id = j.query_id
           and f.failure_reason = 'user_reformulated'
           and (f.context ->> 'elapsed_sec')::float8 > extract(epoch from j.elapsed)
    ),
    written as (
        insert into pgsearch.search_failures as f (
                   query_id, created_at, user_query, user_id, client_id, session_id, collection, result_count, confidence, sample_weight, failure_reason, context)
        select j.query_id, j.ts, j.user_query, j.user_id, j.client_id, j.session_id, j.collection, j.result_count, j.confidence, j.sample_weight, 'user_reformulated',
               pgsearch._failure_context(j.search_mode, j.result_count, j.top_score, j.top_match_reason, j.hit_ids, j.confidence)
               || jsonb_build_object('reformulated_to', j.text,
                                     'elapsed_sec', round(extract(epoch from j.elapsed), 3),
                                     -- over letters, so that Hangul too is alike where it is alike
                                     'similarity', pgsearch._trigram_similarity(normalize(j.query_normalized, NFD), normalize(j.normalized, NFD)),
                                     'had_click', exists (select
                                                          from pgsearch.events as e
                                                         where e.query_id = j.query_id
                                                           and e.action_name = 'click'
                                                           and e.ts between starts - interval '1 day' and ends + interval '1 day'))
          from judged as j
         where j.reformulated
         order by j.query_id
            on conflict (query_id, failure_reason) do update
           set context = excluded.context
         where (f.context ->> 'elapsed_sec')::float8 > (excluded.context ->> 'elapsed_sec')::float8
        returning 1
    )
    select count(*) into changed from written;

    return changed;
end;
$$;

comment on function pgsearch._put_reformulations(uuid[], uuid[], text[], interval) is
'Judges pairs of searches that are neighbours in the time of one user, and writes a failure for each first one that the second reformulates; texts are those of the second. pause: within it, a text that only grew or shrank at its end is typing.
Returns how many failures were written.';

create or replace function pgsearch._detect_reformulations(first_ts timestamptz, last_ts timestamptz)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    settings constant jsonb := pgsearch.default_settings() -> 'log';
    found    record;
begin
    select array_agg(n.before) as before, array_agg(n.query_id) as after, array_agg(n.user_query) as texts
      into found
      from (select q.query_id, q.user_query, q.ts, lag(q.query_id) over w as before, lag(q.ts) over w as before_ts
              from pgsearch.queries as q
             where q.ts between first_ts and last_ts
               and coalesce(q.user_id, q.client_id, q.session_id) is not null
            window w as (partition by coalesce(q.user_id, q.client_id, q.session_id) order by q.ts, q.query_id)) as n
     where n.ts - n.before_ts <= make_interval(secs => (settings ->> 'reformulation_window_s')::float8)
       and not exists (select from pgsearch.search_failures as f where f.query_id = n.before and f.failure_reason = 'user_reformulated');

    return coalesce(pgsearch._put_reformulations(found.before, found.after, found.texts, make_interval(secs => (settings ->> 'typeahead_pause_s')::float8)), 0);
end;
$$;

comment on function pgsearch._detect_reformulations(timestamptz, timestamptz) is
'Looks through the searches of a time for reformulations that were missed when they were stored, because both were stored in the same moment. Returns how many were found.';
