-- Is a difference more than luck? Resampling, with a hash for a die: the same numbers give the same answer on every machine.

create or replace function pgsearch._paired_test(differences float8[])
returns table (mean float8, low float8, high float8, p_value float8)
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    resamples constant integer := 2000;
    n         constant integer := cardinality(differences);
begin
    -- so many differences have a mean that is as good as normal, and would be long to draw
    if n > 5000 then
        return query
        select s.mean, s.mean - 1.96::float8 * s.error, s.mean + 1.96::float8 * s.error, pgsearch._two_sided_p(s.mean / nullif(s.error, 0))
          from (select avg(d) as mean, stddev_samp(d) / sqrt(n) as error from unnest(differences) as d) as s;
        return;
    end if;

    return query
    -- what the mean would be had other queries been drawn (bootstrap), and had chance decided which of the two was which (randomisation)
    with resampled as (
        select avg(differences[1 + ((hashint8extended(d.place, r.resample) % n) + n) % n]) as drawn,
               avg(d.difference * case when hashint8extended(d.place, -r.resample) % 2 = 0 then 1 else -1 end) as flipped
          from unnest(differences) with ordinality as d(difference, place)
               cross join generate_series(1, resamples) as r(resample)
         group by r.resample
    )
    select o.mean,
           percentile_cont(0.025) within group (order by r.drawn),
           percentile_cont(0.975) within group (order by r.drawn),
           (1 + count(*) filter (where abs(r.flipped) >= abs(o.mean) - 1e-12)) / (1 + resamples)::float8
      from (select avg(d) as mean from unnest(differences) as d) as o
           cross join resampled as r
     group by o.mean;
end;
$$;

comment on function pgsearch._paired_test(float8[]) is
'Mean of paired differences, its 95 % interval by bootstrap, and the two-sided p-value of a randomisation test (Smucker,
Allan and Carterette 2007), 2,000 resamples each; above 5,000 differences by the normal distribution. No row for no
differences.';

create or replace function pgsearch._two_sided_p(z float8)
returns float8
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select t * exp(-(z * z / 2::float8) - 1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806
           + t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277)))))))))
  from (select 1::float8 / (1::float8 + 0.5::float8 * abs(z) / sqrt(2::float8)) as t) as s;
$$;

comment on function pgsearch._two_sided_p(float8) is
'Two-sided p-value of a standard normal z: erfc(|z| / sqrt 2) by the approximation of Numerical Recipes (relative error
below 1.2e-7); PostgreSQL has erfc from version 16 only.';
