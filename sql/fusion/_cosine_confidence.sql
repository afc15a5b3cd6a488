-- What a cosine is worth: unrelated texts have .3 to .5 in one model and nearly 0 in another, so each has its own breakpoints.

create or replace function pgsearch._cosine_confidence(cosine float8, model text default '')
returns float8
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    confident float8;
begin
    select b.confidence
      into confident
      from pgsearch.confidence_breakpoints as b
     where b.model = case when exists (select from pgsearch.confidence_breakpoints as own where own.model = _cosine_confidence.model)
                          then _cosine_confidence.model else '' end
       and b.cosine <= _cosine_confidence.cosine
     order by b.cosine desc
     limit 1;

    return coalesce(confident, 0);
end;
$$;

comment on function pgsearch._cosine_confidence(float8, text) is
'Confidence (0 .. 1) of a cosine similarity, by the breakpoints of the model in confidence_breakpoints, else by those of
model ''''. 0 for null.';
