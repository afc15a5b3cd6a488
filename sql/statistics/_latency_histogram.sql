-- Latencies as counts in logarithmic buckets: the only form of percentiles that adds up, over hours, collections and servers.
--
-- Bucket b holds (0.01 ms × 1.02^(b-1), 0.01 ms × 1.02^b], bucket 0 everything up to 0.01 ms. A bucket is told as the
-- value whose relative distance to both its ends is the same,
-- 0.01 ms × 2 × 1.02^b / 2.02, so that no percentile is off by more than 0.02 / 2.02, 1 % (DDSketch, Masson, Rim and Lee, VLDB 2019).

create or replace function pgsearch._latency_bucket(latency_ms float8)
returns integer
language sql immutable parallel safe strict
return case when latency_ms <= 0.01::float8 then 0 else ceil(ln(latency_ms / 0.01::float8) / ln(1.02::float8))::integer end;

comment on function pgsearch._latency_bucket(float8) is 'Number of the bucket that holds a latency of so many milliseconds, from 0.';

create or replace function pgsearch._latency_of(bucket integer)
returns float8
language sql immutable parallel safe strict
return case when bucket <= 0 then 0.01::float8 else 0.01::float8 * 2 * power(1.02::float8, bucket) / 2.02::float8 end;

comment on function pgsearch._latency_of(integer) is 'Milliseconds that stand for a bucket, within 1 % of everything in it.';

create or replace function pgsearch._latency_percentiles(buckets integer[], counts float8[], fractions float8[])
returns float8[]
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    total  float8 := 0;
    passed float8 := 0;
    at     integer := 0;
    found  float8[] := '{}';
    part   float8;
begin
    select sum(c) into total from unnest(counts) as c;
    if coalesce(total, 0) = 0 then
        return null;
    end if;

    foreach part in array fractions loop
        -- as percentile_disc: the first value at which so much of the total is reached; the slack is for sums of fractions of weights
        while at < cardinality(buckets) and passed < part * total - 1e-9 * total loop
            at := at + 1;
            passed := passed + counts[at];
        end loop;

        found := found || pgsearch._latency_of(buckets[greatest(at, 1)]);
    end loop;

    return found;
end;
$$;

comment on function pgsearch._latency_percentiles(integer[], float8[], float8[]) is
'Milliseconds below which the fractions (ascending, 0 .. 1) of a histogram lie, each within 1 %; buckets ascending,
counts parallel to them. Null for an empty histogram.';
