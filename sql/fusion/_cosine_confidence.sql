-- What a cosine is worth: unrelated texts have .3 to .5 in one model and nearly 0 in another, so each has its own breakpoints.

create or replace function pgsearch._steps_of_confidence(model text, out cosines float8[], out confidences float8[])
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    select array_agg(b.cosine order by b.cosine), array_agg(b.confidence order by b.cosine)
      into cosines, confidences
      from pgsearch.confidence_breakpoints as b
     where b.model = case when exists (select
                                         from pgsearch.confidence_breakpoints as own
                                        where own.model = _steps_of_confidence.model)
                          then _steps_of_confidence.model else '' end;
end;
$$;

comment on function pgsearch._steps_of_confidence(text) is
'The breakpoints of the model in confidence_breakpoints, else those of model '''', as parallel arrays, the least cosine first.';

create or replace function pgsearch._confidence_at(cosine float8, cosines float8[], confidences float8[])
returns float8
language sql immutable parallel safe
return coalesce(confidences[width_bucket(cosine, cosines)], 0);

comment on function pgsearch._confidence_at(float8, float8[], float8[]) is
'Confidence (0 .. 1) of a cosine similarity by breakpoints as _steps_of_confidence gives them: that of the greatest that is
not above it. 0 below all of them and for null.';

create or replace function pgsearch._cosine_confidence(cosine float8, model text default '')
returns float8
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return (select pgsearch._confidence_at(_cosine_confidence.cosine, s.cosines, s.confidences)
              from pgsearch._steps_of_confidence(_cosine_confidence.model) as s);
end;
$$;

comment on function pgsearch._cosine_confidence(float8, text) is
'Confidence (0 .. 1) of a cosine similarity, by the breakpoints of the model in confidence_breakpoints, else by those of
model ''''. 0 for null.';
