-- Which variant a user gets: always the same one, without a table of users.

create or replace function pgsearch.assign_variant(experiment text, unit text)
returns table (variant text, options jsonb)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen constant pgsearch.experiments := pgsearch._experiment(assign_variant.experiment, 'ab_test');
    -- the name is in the hash, so that those who got the second variant of one experiment are spread over both of the next
    dice   constant float8 := (hashtextextended(chosen.experiment || E'\n' || coalesce(assign_variant.unit, ''), 0) & 4294967295) / 4294967296::float8;
begin
    if coalesce(assign_variant.unit, '') = '' then
        raise exception using
            errcode = 'PS003',
            message = 'the unit is empty',
            hint    = 'Give what stays the same for one user: the id of the user, or of the browser.';
    end if;

    return query
    select v.name, v.options
      from (select v.value ->> 'name' as name,
                   v.value -> 'options' as options,
                   v.place,
                   sum(s.share) over (order by v.place) / sum(s.share) over () as until
              from jsonb_array_elements(case when chosen.finished_at is null then chosen.variants else jsonb_build_array(chosen.variants -> 0) end)
                       with ordinality as v(value, place)
                   cross join lateral (select coalesce((v.value ->> 'share')::float8, 1) as share) as s) as v
     where dice < v.until
     order by v.place
     limit 1;
end;
$$;

comment on function pgsearch.assign_variant(text, text) is
'The variant of an ab_test for a user, and the options to search with; log the search with context {"experiment": ...,
"variant": ...}.
Arguments:
- experiment (its name)
- unit (what stays the same for one user: an id)
The same unit always gets the same variant, in proportion to the shares; after finish_experiment everybody gets the
control.
Errors: PS003 unknown experiment, one of another type, an empty unit.';
