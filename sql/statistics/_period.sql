-- The days that a statistic is about: since and until as everybody gives them, widened to whole days in UTC.

create or replace function pgsearch._period(since timestamptz, until timestamptz)
returns daterange
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    default_days constant integer := 30;
    last_day     date;
    first_day    date;
begin
    perform pgsearch._check_times(since, until);
    last_day  := case when until is null then (now() at time zone 'UTC')::date else ((until at time zone 'UTC') - interval '1 microsecond')::date end;
    first_day := case when since is null then last_day - (default_days - 1) else (since at time zone 'UTC')::date end;
    if since >= until or first_day > last_day then
        raise exception using
            errcode = 'PS003',
            message = format('until (%s) must be later than since (%s)', coalesce(until::text, 'now'), since),
            hint    = 'Give the first moment and the first moment after it; null for since is 30 days before until, null for until is now.';
    end if;

    return daterange(first_day, last_day, '[]');
end;
$$;

comment on function pgsearch._period(timestamptz, timestamptz) is
'The days (UTC) from since up to but not including until; null since: 30 days that end with until, null until: today.
Error: PS003 until not after since, a time out of range.';
