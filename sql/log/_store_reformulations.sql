-- A search asked again in other words says that its answer was not good enough. Found when a search is stored, so any
-- number of writers agree.
--
-- Between neighbours in the time of one user: the search before (its failure it would be), and, for one that is stored
-- late, the search after.

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
    at       constant timestamptz[] := array(select pgsearch._uuid_time(i.id)
                                               from unnest(query_ids) with ordinality as i(id, number)
                                              order by i.number);
    starts   constant timestamptz := (select min(t) - span from unnest(at) as t);
    ends     constant timestamptz := (select max(t) + span from unnest(at) as t);
    found    record;
begin
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

    -- a look-up each way for each search: a program asks thousands of times in a minute, too many to be read for each
    select array_agg(p.before) as before, array_agg(p.text) as texts, array_agg(p.elapsed) as elapsed
      into found
      from unnest(query_ids, actors, texts, at) as a(query_id, actor, text, ts)
           cross join lateral (
               (select q as before, a.text, a.ts - q.ts as elapsed
                  from pgsearch.queries as q
                 where coalesce(q.user_id, q.client_id, q.session_id) = a.actor
                   and q.ts between starts and ends
                   and q.ts between a.ts - span and a.ts
                   and (q.ts, q.query_id) < (a.ts, a.query_id)
                 order by q.ts desc, q.query_id desc
                 limit 1)
                union all
               -- itself, when it was kept, and the one that follows
               select n.before, n.text, n.elapsed
                 from (select m.q as before, m.query_id, lead(m.user_query) over later as text, lead(m.ts) over later - m.ts as elapsed
                         from (select q, q.query_id, q.ts, q.user_query
                                 from pgsearch.queries as q
                                where coalesce(q.user_id, q.client_id, q.session_id) = a.actor
                                  and q.ts between starts and ends
                                  and q.ts between a.ts and a.ts + span
                                  and (q.ts, q.query_id) >= (a.ts, a.query_id)
                                order by q.ts, q.query_id
                                limit 2) as m
                       window later as (order by m.ts, m.query_id)) as n
                where n.query_id = a.query_id
                  and n.elapsed is not null) as p;

    if found.before is not null then
        perform pgsearch._put_reformulations(found.before, found.texts, found.elapsed, pause);
    end if;
end;
$$;

comment on function pgsearch._store_reformulations(uuid[], text[], text[], jsonb, boolean) is
'Looks for the searches that those of query_ids (with the actor and the text of each) reformulate or are reformulated by.
overrides: of the settings "log"; patient: whether to wait for another writer of the same actor.';

create or replace function pgsearch._put_reformulations(before pgsearch.queries[], texts text[], elapsed interval[], pause interval)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
-- no partitioned table in it: its plan is kept
set plan_cache_mode = 'auto'
as $$
declare
    clicked uuid[];
    written record;
begin
    clicked := pgsearch._clicked(array(select b.query_id from unnest(before) as b),
                                 (select min(b.ts) from unnest(before) as b),
                                 (select max(b.ts) from unnest(before) as b));

    with pair as materialized (
        select b.*, a.text, pgsearch.normalize_query(a.text) as normalized, a.elapsed
          from unnest(before) with ordinality as b
               join unnest(texts, elapsed) with ordinality as a(text, elapsed, at) on a.at = b.ordinality
    ),
    judged as materialized (
        select distinct on (p.query_id) p.*,
               -- the next page of the same, and typing on, ask nothing new
               p.normalized <> p.query_normalized
               and p.normalized <> ''
               and p.query_normalized <> ''
               and not (p.elapsed <= pause
                        and (starts_with(p.normalized, p.query_normalized)
                             or starts_with(p.query_normalized, p.normalized))) as reformulated
          from pair as p
         order by p.query_id, p.elapsed
    ),
    -- what was stored late may have come between two that looked like neighbours
    withdrawn as (
        delete from pgsearch.search_failures as f
         using judged as j
         where not j.reformulated
           and f.query_id = j.query_id
           and f.failure_reason = 'user_reformulated'
           and (f.context ->> 'elapsed_sec')::float8 >= extract(epoch from j.elapsed)
    ),
    written as (
        insert into pgsearch.search_failures as f (
                   query_id, created_at, user_query, user_id, client_id, session_id, collection, result_count, confidence, sample_weight,
                   failure_reason, context)
        select j.query_id, j.ts, j.user_query, j.user_id, j.client_id, j.session_id, j.collection, j.result_count, j.confidence,
               j.sample_weight, 'user_reformulated',
               pgsearch._failure_context(j.search_mode, j.result_count, j.top_score, j.top_match_reason, j.hit_ids, j.confidence)
               || jsonb_build_object('reformulated_to', j.text,
                                     'elapsed_sec', round(extract(epoch from j.elapsed), 3),
                                     -- over letters, so that Hangul too is alike where it is alike
                                     'similarity', pgsearch._trigram_similarity(normalize(j.query_normalized, NFD),
                                                                                normalize(j.normalized, NFD)),
                                     'had_click', j.query_id = any (clicked))
          from judged as j
         where j.reformulated
         order by j.query_id
            on conflict (query_id, failure_reason) do update
           set context = excluded.context
         -- of two in the same millisecond the one that is found last stands nearer
         where (f.context ->> 'elapsed_sec')::float8 >= (excluded.context ->> 'elapsed_sec')::float8
        returning f.query_id
    )
    select count(*) as number, array_agg(j.query_normalized) as queries, array_agg(j.ts) as failed_at
      into written
      from written as w
           join judged as j on j.query_id = w.query_id;
    if written.number > 0 then
        perform pgsearch._reopen_answered(written.queries, written.failed_at);
    end if;

    return written.number;
end;
$$;

comment on function pgsearch._put_reformulations(pgsearch.queries[], text[], interval[], interval) is
'Judges searches and the text that the same user asked next, elapsed later, and writes a failure for each that the text
reformulates. pause: within it, a text that only grew or shrank at its end is typing. Returns how many failures were
written.';

create or replace function pgsearch._clicked(query_ids uuid[], first_ts timestamptz, last_ts timestamptz)
returns uuid[]
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    -- known before the plan is made: a time plus an interval inside the statement would leave out no partition until it runs
    starts constant timestamptz := first_ts - interval '1 day';
    ends   constant timestamptz := last_ts + interval '1 day';
begin
    return array(select distinct e.query_id
                   from pgsearch.events as e
                  where e.query_id = any (query_ids)
                    and e.action_name = 'click'
                    and e.ts between starts and ends);
end;
$$;

comment on function pgsearch._clicked(uuid[], timestamptz, timestamptz) is
'Those of searches, made between first_ts and last_ts, that have a click within a day.';

create or replace function pgsearch._detect_reformulations(first_ts timestamptz, last_ts timestamptz)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    settings constant jsonb := pgsearch.default_settings() -> 'log';
    span     constant interval := make_interval(secs => (settings ->> 'reformulation_window_s')::float8);
    pause    constant interval := make_interval(secs => (settings ->> 'typeahead_pause_s')::float8);
    found    record;
begin
    select array_agg(b) as before, array_agg(n.next_query) as texts, array_agg(n.next_ts - n.ts) as elapsed
      into found
      from (select q.query_id, q.ts, lead(q.user_query) over w as next_query, lead(q.ts) over w as next_ts
              from pgsearch.queries as q
             where q.ts between first_ts and last_ts
               and coalesce(q.user_id, q.client_id, q.session_id) is not null
            window w as (partition by coalesce(q.user_id, q.client_id, q.session_id) order by q.ts, q.query_id)) as n
           join pgsearch.queries as b on b.query_id = n.query_id
                                     and b.ts = n.ts
                                     and b.ts between first_ts and last_ts
     where n.next_ts - n.ts <= span
       and not exists (select from pgsearch.search_failures as f where f.query_id = n.query_id and f.failure_reason = 'user_reformulated');

    return case when found.before is null then 0 else pgsearch._put_reformulations(found.before, found.texts, found.elapsed, pause) end;
end;
$$;

comment on function pgsearch._detect_reformulations(timestamptz, timestamptz) is
'Looks through the searches of a time for reformulations that were missed when they were stored, because both were stored
in the same moment. Returns how many were found.';
