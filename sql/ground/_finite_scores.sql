-- Scores that arithmetic can be done with: PostgreSQL raises an error of its own for a product too great or too small for a float8.

create or replace function pgsearch._finite_scores(name text, scores float8[])
returns float8[]
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    wrong constant float8 := (select s from unnest(scores) as s where s = 'NaN' or abs(s) > 1e100 limit 1);
begin
    if wrong is not null then
        raise exception using
            errcode = 'PS003',
            message = format('%s holds %s', name, wrong),
            hint    = 'Give finite numbers from -1e100 to 1e100, or null.';
    end if;
    return array(select case when abs(s.score) < 1e-100 then 0 else s.score end
                   from unnest(scores) with ordinality as s(score, at)
                  order by s.at);
end;
$$;

comment on function pgsearch._finite_scores(text, float8[]) is
'The scores as an array from 1 on, what is nearer to 0 than 1e-100 as 0. Arguments: name (of the argument, for the
error), scores. Raises PS003 for NaN, infinity and what is beyond 1e100.';
