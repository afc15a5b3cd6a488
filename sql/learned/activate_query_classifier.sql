-- Which classifier predict_query_type uses; the one before is named, so that there is a way back.

create or replace function pgsearch.activate_query_classifier(model text)
returns text
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    before text;
begin
    -- held until the end of the transaction: of two that activate at once, the second sees what the first chose
    perform from pgsearch.learned_models as m where m.kind = 'query_classifier' for update;

    if activate_query_classifier.model is not null
       and not exists (select from pgsearch.learned_models as m where m.kind = 'query_classifier' and m.name = activate_query_classifier.model) then
        raise exception using
            errcode = 'PS008',
            message = format('there is no query classifier %s', quote_literal(activate_query_classifier.model)),
            hint    = coalesce((select 'Classifiers here: ' || string_agg(m.name, ', ' order by m.name) from pgsearch.learned_models as m where m.kind = 'query_classifier'),
                               'There is none yet: pgsearch train classifier makes one.');
    end if;

    select min(m.name) into before
      from pgsearch.learned_models as m
     where m.kind = 'query_classifier'
       and m.active;

    update pgsearch.learned_models as m
       set active = false
     where m.kind = 'query_classifier'
       and m.active;
    update pgsearch.learned_models as m
       set active = true
     where m.kind = 'query_classifier'
       and m.name = activate_query_classifier.model;

    return before;
end;
$$;

comment on function pgsearch.activate_query_classifier(text) is
'Chooses the learned model that predict_query_type uses when none is named; null for none, back to the rules of
classify_query.
Returns the name of the one that was active before (null: none): activating that one is the way back.
Error: PS008 unknown model.';
