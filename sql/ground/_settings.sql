-- Defaults, then the collection's settings, then the options of this call; unknown keys and bad values are refused by name.

create or replace function pgsearch._check_settings(settings jsonb)
returns void
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    defaults constant jsonb := pgsearch.default_settings();
    -- [least, most] of every number; of a whole object where its numbers share them
    bounds   constant jsonb := '{"chunk_size": [100, 16000], "candidates": [1, 1000], "max_rows": [1, 10000000], "rrf_k": [0, 1000000], "rerank_oversample": [1, 1000],
                                 "bm25.k1": [0, 10], "bm25.b": [0, 1], "bm25.heading_weight": [0, 10], "weights": [0, 1000000], "boosts": [0, 1000000],
                                 "adaptive.information": [0, 10], "adaptive.typical_information": [0.001, 1000000],
                                 "adaptive.skewness": [0, 10], "adaptive.least_exponent": [-10, 0], "adaptive.most_exponent": [0, 10],
                                 "adaptive.text_shift": [-10, 10],
                                 "adaptive.least_deviation": [1e-9, 1], "adaptive.heads": [1, 1000], "adaptive.boost": [0, 1000000],
                                 "lexical_threshold": [0, 1], "min_relevance": [0, 1], "recency_half_life_days": [0, 100000], "diversity": [0, 1], "rerank_head": [1, 1000],
                                 "window": [0, 10], "snippet_length": [0, 2000],
                                 "offset": [0, 1000000], "count_up_to": [0, 1000000], "facet_values": [1, 1000],
                                 "log.sample_rate": [0, 1], "log.signals_of": [0, 1000], "log.low_confidence_threshold": [0, 1], "log.reformulation_window_s": [0, 3600],
                                 "log.typeahead_pause_s": [0, 60], "log.min_impressions": [0, 1000000], "log.popularity_days": [1, 3650],
                                 "chat.sample_rate": [0, 1], "chat.min_score": [0, 1], "chat.long_turns": [1, 100000],
                                 "chat.idle_minutes": [1, 525600]}';
    whole    constant text[] := '{chunk_size,candidates,max_rows,rerank_oversample,rerank_head,window,snippet_length,offset,count_up_to,'
                                 'facet_values,adaptive.heads,log.signals_of,log.min_impressions,log.popularity_days,chat.long_turns}';
    bound    jsonb;
    typed    text;
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

        -- null leaves it to the search, and is the default
        continue when setting.key in ('exact', 'candidates') and setting.value = 'null';
        typed := case setting.key
                 when 'exact' then 'boolean'
                 when 'candidates' then 'number'
                 else jsonb_typeof(defaults -> setting.key)
                 end;
        if jsonb_typeof(setting.value) <> typed then
            raise exception using
                errcode = 'PS003',
                message = format('option "%s" must be a %s, not %s', setting.key, typed, setting.value),
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

            -- null stands for the strategy's own weight
            continue when number.value = 'null' and setting.key = 'weights';

            bound := coalesce(bounds -> (setting.key || '.' || number.key), bounds -> setting.key);
            if jsonb_typeof(number.value) <> 'number'
               or number.value::numeric not between (bound ->> 0)::numeric and (bound ->> 1)::numeric
               -- products of what is nearer to 0 cannot be told from it
               or number.value::numeric <> 0 and abs(number.value::numeric) < 1e-50 then
                raise exception using
                    errcode = 'PS003',
                    message = format('option "%s" is out of range: %s', concat_ws('.', setting.key, nullif(number.key, '')), left(number.value::text, 60)),
                    hint    = format('It must be a number from %s to %s, and 0 or at least 1e-50.', bound ->> 0, bound ->> 1);
            end if;

            if (setting.key = any (whole) or setting.key || '.' || number.key = any (whole)) and number.value::text !~ E'^\\d+$' then
                raise exception using
                    errcode = 'PS003',
                    message = format('option "%s" must be a whole number, not %s', concat_ws('.', setting.key, nullif(number.key, '')), number.value),
                    hint    = format('It must be a whole number from %s to %s.', bound ->> 0, bound ->> 1);
            end if;
        end loop;
    end loop;

    if settings ->> 'operator' not in ('or', 'and') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown operator "%s"', settings ->> 'operator'),
            hint    = 'Known operators: or, and.';
    end if;

    if exists (select
                 from jsonb_array_elements(settings -> 'facets') as f
                where jsonb_typeof(f) <> 'string'
                   or f #>> '{}' not in ('tags', 'source', 'collection') and not starts_with(f #>> '{}', 'metadata.')
                   or f #>> '{}' = 'metadata.') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown facet among %s', left(settings ->> 'facets', 100)),
            hint    = 'Known facets: collection, source, tags, and metadata.KEY for a key of the metadata, such as metadata.year.';
    end if;

    if settings ? 'fusion' then
        perform pgsearch._check_fusion(settings ->> 'fusion');
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
    if options <> '{}' then
        perform pgsearch._check_settings(options);
    end if;

    -- The settings of one collection apply to it alone; a search over several keeps to the defaults they share.
    foreach layer in array array[
        case when cardinality(collections) = 1
             then (select c.settings from pgsearch.collections as c where c.collection = collections[1]) end,
        options]
    loop
        if layer <> '{}' then
            merged := merged
                      || layer
                      || jsonb_build_object('bm25',     (merged -> 'bm25') || coalesce(layer -> 'bm25', '{}'),
                                            'weights',  (merged -> 'weights') || coalesce(layer -> 'weights', '{}'),
                                            'adaptive', (merged -> 'adaptive') || coalesce(layer -> 'adaptive', '{}'),
                                            'boosts',   (merged -> 'boosts') || coalesce(layer -> 'boosts', '{}'),
                                            'log',      (merged -> 'log') || coalesce(layer -> 'log', '{}'),
                                            'chat',     (merged -> 'chat') || coalesce(layer -> 'chat', '{}'));
        end if;
    end loop;

    return merged;
end;
$$;

comment on function pgsearch._settings(text[], jsonb) is
'Settings in force for a search: defaults, overridden by the collection when it is one, overridden by options. Errors as _check_settings.';
