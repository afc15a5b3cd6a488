-- Ids whose time can be read back: rows go to the partition of their day, and a caller can make one before anything is stored.

create or replace function pgsearch.uuid7(at timestamptz default pg_catalog.clock_timestamp())
returns uuid
language plpgsql volatile parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
begin
    if at not between '1970-01-01 00:00:00+00' and '10889-01-01 00:00:00+00' then
        raise exception using
            errcode = 'PS003',
            message = format('there is no UUIDv7 of the time %s', at),
            hint    = 'Its 48 bits of milliseconds hold the years 1970 to 10888.';
    end if;

    -- of a random version 4: the time over the first six bytes, the version over four bits; the variant is right already
    return (select encode(set_byte(overlay(r.bytes placing substring(int8send(floor(extract(epoch from uuid7.at) * 1000)::bigint) from 3) from 1 for 6),
                                   6, (get_byte(r.bytes, 6) & 15) | 112), 'hex')::uuid
              from (select uuid_send(gen_random_uuid()) as bytes) as r);
end;
$$;

comment on function pgsearch.uuid7(timestamptz) is
'A new UUIDv7 (RFC 9562) of the time `at`, to the millisecond: the id that a search or an event is logged under.
Error: PS003 a time before 1970 or after 10888.
Example:
select pgsearch.uuid7(now());';
