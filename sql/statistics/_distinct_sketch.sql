-- How many different ones in a union of days: HyperLogLog (Flajolet, Fusy, Gandouet and Meunier 2007) with 2,048
-- registers, as an array that merges by the greatest value of each register.
--
-- Distinct counts do not add up over days, and the raw log that could be counted again is dropped after some weeks.
-- Registers that are 0 are left out, so a quiet day is a short array.

create or replace function pgsearch._sketch_register(hash bigint)
returns integer
language sql immutable parallel safe strict
return ((hash & 2047) * 64
        + case (hash >> 11) & 9007199254740991
          when 0 then 54
          else 53 - floor(ln(((hash >> 11) & 9007199254740991)::float8) / ln(2::float8))::bigint
          end)::integer;

comment on function pgsearch._sketch_register(bigint) is
'Register × 64 + value of an item in a sketch, from its hash: the register from the low 11 bits, the value from the
leading zeros of the next 53.';

create or replace function pgsearch._sketch_estimate(sketch integer[])
returns float8
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    registers constant float8 := 2048;
    filled    float8;
    inverses  float8;
    estimate  float8;
begin
    -- several sketches one after the other are their union
    select count(*), sum(power(2::float8, -s.value))
      into filled, inverses
      from (select max(r & 63) as value
              from unnest(sketch) as r
             group by r >> 6) as s;

    if filled = 0 then
        return 0;
    end if;

    estimate := 0.7213 / (1 + 1.079 / registers) * registers * registers / (inverses + registers - filled);
    if estimate <= 2.5 * registers and filled < registers then
        -- few items: counting empty registers is more exact
        estimate := registers * ln(registers / (registers - filled));
    end if;

    return round(estimate);
end;
$$;

comment on function pgsearch._sketch_estimate(integer[]) is
'About how many different items went into a sketch, or into several that were joined end to end; standard error 2.3 %, less below 5,000.';
