-- Null, negative and huge numbers are refused in one sentence, the same everywhere.

create or replace function pgsearch._check_range(name text, value float8, minimum float8, maximum float8)
returns void
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if value is null or value = 'NaN' or value not between minimum and maximum then
        raise exception using
            errcode = 'PS003',
            message = format('%s is out of range: %s', name, coalesce(value::text, 'null')),
            hint    = format('It must be a number from %s to %s.', minimum, maximum);
    end if;
end;
$$;

comment on function pgsearch._check_range(text, float8, float8, float8) is 'Raises PS003, naming the argument and its range, unless minimum <= value <= maximum.';
