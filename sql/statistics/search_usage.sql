-- Who searches most, and from where. Counted in the log itself, of which the latest searches are looked at, so that a log
-- of millions is not read for one list.

create or replace function pgsearch.search_usage(
    dimension   text,
    collection  text        default null,
    since       timestamptz default null,
    until       timestamptz default null,
    top_n       integer     default 20,
    application text        default null
)
returns table (
    value          text,
    searches       float8,
    no_result_rate float8,
    last_at        timestamptz
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_custom_plan'
as $$
#variable_conflict use_column
declare
    most_read constant integer     := 20000;
    -- of an application that hardly anybody uses not all of the log
    most_seen constant integer     := 200000;
    known     constant text[]      := '{user,application}';
    days      constant daterange   := pgsearch._period(since, until);
    starts_at constant timestamptz := lower(days)::timestamp at time zone 'UTC';
    ends_at   constant timestamptz := upper(days)::timestamp at time zone 'UTC';
begin
    if dimension is null or dimension <> all (known) then
        raise exception using
            errcode = 'PS002',
            message = format('unknown dimension %s', coalesce(quote_literal(dimension), 'null')),
            hint    = format('Known: %s.', array_to_string(known, ', '));
    end if;
    perform pgsearch._check_range('top_n', top_n, 0, 10000);

    return query
    select r.value, sum(r.sample_weight),
           coalesce(sum(r.sample_weight) filter (where r.result_count = 0), 0) / sum(r.sample_weight), max(r.ts)
      from (select case search_usage.dimension when 'user' then coalesce(q.user_id, q.client_id, q.session_id) else q.application end
                       as value,
                   q.sample_weight, q.result_count, q.ts
              from (select l.user_id, l.client_id, l.session_id, l.application, l.sample_weight, l.result_count, l.ts
                      from pgsearch.queries as l
                     where l.ts >= starts_at
                       and l.ts < ends_at
                       and (search_usage.collection is null or l.collection = search_usage.collection)
                     order by l.ts desc
                     limit case when search_usage.application is null then most_read else most_seen end) as q
             where search_usage.application is null
                or q.application = search_usage.application
             order by q.ts desc
             limit most_read) as r
     where r.value is not null
     group by r.value
     order by sum(r.sample_weight) desc, r.value
     limit search_usage.top_n;
end;
$$;

comment on function pgsearch.search_usage(text, text, timestamptz, timestamptz, integer, text) is
'Who searches most, among the latest 20,000 searches of the period (of an application: those among the latest 200,000).
Arguments:
- dimension (user: user_id, else client_id, else session_id, as they are logged; application)
- collection (null: all)
- since and until (whole days in UTC; null: the last 30 days)
- top_n (0 .. 10000 rows)
- application (as it is logged, see application_usage; null: all)
Returns value, searches (weighted), no_result_rate (0 .. 1), last_at.
Errors: PS002 unknown dimension, PS003 top_n out of range, until not after since.
Example:
select value, searches from pgsearch.search_usage(''application'');';
