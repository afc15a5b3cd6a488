-- Defaults, then the collection's settings, then the options of this call; unknown keys and bad values are refused by name.

create or replace function pgsearch._check_settings(settings jsonb)
returns void
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    defaults constant jsonb := pgsearch.default_settings();
    -- key, least, most; objects are checked value by value
    bounds   constant jsonb := '{"chunk_size": [100, 16000], "candidates": [1, 1000], "rrf_k": [0, 1000000], "lexical_threshold": [0, 1],
                                 "window": [0, 10], "snippet_length": [0, 2000], "weights": [0, 1000000], "boosts": [0, 1000000]}';
    setting  record;
    number   record;
begin
    if jsonb_typeof(settings) is distinct from 'object' then
        raise exception using
            errcode = 'PS003',
            message = format('options must be a JSON object, not %s', coalesce(jsonb_typeof(settings), 'null')),
            hint    = 'Write options as ''{"candidates": 300}''.';
    end if;

    for setting in select key, value from jsonb_each(settings) loop
        if not defaults ? setting.key then
            raise exception using
                errcode = 'PS002',
                message = format('unknown option "%s"', setting.key),
                hint    = format('Known options: %s.', (select string_agg(k, ', ' order by k) from jsonb_object_keys(defaults) as k));
        end if;

        if jsonb_typeof(setting.value) <> jsonb_typeof(defaults -> setting.key) then
            raise exception using
                errcode = 'PS003',
                message = format('option "%s" must be a %s, not %s', setting.key, jsonb_typeof(defaults -> setting.key), setting.value),
                hint    = format('The default is %s.', defaults -> setting.key);
        end if;

        for number in
            select key, value
              from jsonb_each(case jsonb_typeof(setting.value)
                              when 'object' then setting.value
                              when 'number' then jsonb_build_object('', setting.value)
                              else '{}'
                              end)
        loop
            if number.key <> '' and not (defaults -> setting.key) ? number.key then
                raise exception using
                    errcode = 'PS002',
                    message = format('unknown key "%s" in option "%s"', number.key, setting.key),
                    hint    = format('Known keys: %s.', (select string_agg(k, ', ' order by k) from jsonb_object_keys(defaults -> setting.key) as k));
            end if;

            if jsonb_typeof(number.value) <> 'number'
               or (number.value)::numeric not between (bounds -> setting.key ->> 0)::numeric and (bounds -> setting.key ->> 1)::numeric then
                raise exception using
                    errcode = 'PS003',
                    message = format('option "%s" is out of range: %s', concat_ws('.', setting.key, nullif(number.key, '')), number.value),
                    hint    = format('It must be a number from %s to %s.', bounds -> setting.key ->> 0, bounds -> setting.key ->> 1);
            end if;
        end loop;
    end loop;

    if settings ->> 'operator' not in ('or', 'and') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown operator "%s"', settings ->> 'operator'),
            hint    = 'Known operators: or, and.';
    end if;
end;
$$;

comment on function pgsearch._check_settings(jsonb) is
'Raises PS002 for an unknown key (naming the known ones) and PS003 for a value of the wrong type or out of range.';

create or replace function pgsearch._settings(collections text[], options jsonb)
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    merged jsonb := pgsearch.default_settings();
    layer  jsonb;
begin
    perform pgsearch._check_settings(coalesce(options, '{}'));

    -- The settings of one collection apply to it alone; a search over several keeps to the defaults they share.
    foreach layer in array array[
        case when cardinality(collections) = 1
             then (select c.settings from pgsearch.collections as c where c.collection = collections[1]) end,
        options]
    loop
        if layer is not null then
            merged := merged
                      || layer
                      || jsonb_build_object('weights', (merged -> 'weights') || coalesce(layer -> 'weights', '{}'),
                                            'boosts',  (merged -> 'boosts') || coalesce(layer -> 'boosts', '{}'));
        end if;
    end loop;

    return merged;
end;
$$;

comment on function pgsearch._settings(text[], jsonb) is
'Settings in force for a search: defaults, overridden by the collection when it is one, overridden by options. Errors as _check_settings.';
