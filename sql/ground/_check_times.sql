-- Dates reach farther than times, and a step beyond either is an error of PostgreSQL's own.

create or replace function pgsearch._check_times(since timestamptz, until timestamptz)
returns void
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select
                 from (values (since), (until)) as t(at)
                where isfinite(t.at)
                  and t.at not between '0001-01-02 00:00:00+00' and '9999-12-30 00:00:00+00') then
        raise exception using
            errcode = 'PS003',
            message = format('there is no log from %s until %s', coalesce(since::text, 'the beginning'), coalesce(until::text, 'now')),
            hint    = 'Give times of the years 1 to 9999, or infinity.';
    end if;
end;
$$;

comment on function pgsearch._check_times(timestamptz, timestamptz) is
'Raises PS003 unless both times are of the years 1 to 9999, infinite or null.';
