-- Search configurations side by side: on judged queries (offline), or on the people who search (ab_test, interleaving).

create or replace function pgsearch.create_experiment(
    experiment      text,
    experiment_type text,
    variants        jsonb,
    collection      text default '',
    query_set       text default null,
    judgment_list   text default null
)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    variant  jsonb;
    resolved jsonb := '[]';
    options  jsonb;
    list_id  bigint;
begin
    perform pgsearch._check_name('an experiment', create_experiment.experiment);

    if create_experiment.experiment_type is null or create_experiment.experiment_type not in ('offline', 'ab_test', 'interleaving') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown experiment_type %s', coalesce(quote_literal(create_experiment.experiment_type), 'null')),
            hint    = 'Known types: offline (judged queries), ab_test (each user gets one variant), interleaving (each search mixes two).';
    end if;

    if create_experiment.collection <> '' then
        perform pgsearch._check_collections(array[create_experiment.collection]);
    end if;

    if jsonb_typeof(create_experiment.variants) is distinct from 'array'
       or jsonb_array_length(create_experiment.variants) < 2
       or create_experiment.experiment_type = 'interleaving' and jsonb_array_length(create_experiment.variants) <> 2
       or exists (select from jsonb_array_elements(create_experiment.variants) as v where coalesce(v ->> 'name', '') = '')
       or (select count(distinct v ->> 'name') < count(*) from jsonb_array_elements(create_experiment.variants) as v) then
        raise exception using
            errcode = 'PS003',
            message = 'variants is no array of two or more variants with a name each (for interleaving, of exactly two)',
            hint    = 'As in [{"name": "control"}, {"name": "rrf", "options": {"fusion": "rrf"}}, {"name": "tuned", "configuration": "tuned-2026"}]; the first is what the others are compared with.';
    end if;

    -- what is compared is written down now: a configuration that changes later would make figures that nobody can read
    for variant in select v from jsonb_array_elements(create_experiment.variants) as v loop
        if variant - array['name', 'options', 'configuration', 'share'] <> '{}' then
            raise exception using
                errcode = 'PS002',
                message = format('unknown key %s of variant "%s"', (select min(k) from jsonb_object_keys(variant - array['name', 'options', 'configuration', 'share']) as k), variant ->> 'name'),
                hint    = 'Known keys: name, options (of a search), configuration (name of a search configuration), share (of the users of an ab_test, 1 by default).';
        end if;

        if variant ? 'share' then
            if jsonb_typeof(variant -> 'share') <> 'number' then
                raise exception using
                    errcode = 'PS003',
                    message = format('share of variant "%s" is no number', variant ->> 'name'),
                    hint    = 'Give a number above 0; variants of shares 9 and 1 get nine users of ten and one.';
            end if;
            perform pgsearch._check_range('share', case when jsonb_typeof(variant -> 'share') = 'number' and (variant ->> 'share')::numeric between 0.000001 and 1000000 then (variant ->> 'share')::float8 end, 0.000001, 1000000);
        end if;

        options := '{}';
        if variant ? 'configuration' then
            select c.options into options from pgsearch.search_configurations as c where c.name = variant ->> 'configuration';
            if not found then
                raise exception using
                    errcode = 'PS003',
                    message = format('there is no search configuration "%s"', variant ->> 'configuration'),
                    hint    = coalesce('Configurations: ' || (select string_agg(c.name, ', ' order by c.name) from pgsearch.search_configurations as c) || '.', 'There is none yet.');
            end if;
        end if;
        options := options || coalesce(variant -> 'options', '{}');
        perform pgsearch._check_settings(options);
        resolved := resolved || jsonb_build_array(variant || jsonb_build_object('options', options));
    end loop;

    if create_experiment.experiment_type = 'offline' then
        if create_experiment.query_set is null and create_experiment.judgment_list is null then
            raise exception using
                errcode = 'PS003',
                message = 'an offline experiment needs a judgment list',
                hint    = 'Give judgment_list, and query_set to choose among its queries.';
        end if;
        list_id := pgsearch._judgment_list_id(create_experiment.judgment_list);
    end if;

    insert into pgsearch.experiments (experiment, experiment_type, collection, query_set_id, judgment_list_id, variants)
    values (create_experiment.experiment,
            create_experiment.experiment_type,
            coalesce(create_experiment.collection, ''),
            case when create_experiment.query_set is not null then pgsearch._query_set_id(create_experiment.query_set) end,
            list_id,
            resolved)
    on conflict (experiment) do nothing;
    if not found then
        raise exception using
            errcode = 'PS003',
            message = format('experiment "%s" stands already', create_experiment.experiment),
            hint    = 'Choose another name.';
    end if;
end;
$$;

comment on function pgsearch.create_experiment(text, text, jsonb, text, text, text) is
'Sets up an experiment.
Arguments:
- experiment (its name)
- experiment_type (offline: variants are measured on judged queries, see evaluate_query; ab_test: each user gets one,
  see assign_variant; interleaving: the results of two are mixed, see search_interleaved)
- variants (array of {"name", "options": of a search, "configuration": name of a search configuration, "share": of the
  users}; the first is the control; options are written down as they are now)
- collection (empty: all)
- query_set (offline: the queries; null: all of the list)
- judgment_list (offline)
Errors: PS001 unknown collection, PS002 unknown type, option or key, PS003 variants, query set, list or name that cannot
be.';

create or replace function pgsearch._judgment_list_id(judgment_list text)
returns bigint
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    found bigint := (select l.judgment_list_id from pgsearch.judgment_lists as l where l.name = judgment_list);
begin
    if found is null then
        raise exception using
            errcode = 'PS003',
            message = format('there is no judgment list %s', coalesce(quote_literal(judgment_list), 'null')),
            hint    = coalesce('Judgment lists: ' || (select string_agg(l.name, ', ' order by l.name) from pgsearch.judgment_lists as l) || '.',
                               'Make one with put_judgments or judgments_from_clicks.');
    end if;
    return found;
end;
$$;

comment on function pgsearch._judgment_list_id(text) is 'Id of a judgment list; PS003, naming those there are, for an unknown one.';

create or replace function pgsearch._experiment(experiment text, experiment_type text default null)
returns pgsearch.experiments
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    chosen pgsearch.experiments;
begin
    select e.* into chosen from pgsearch.experiments as e where e.experiment = _experiment.experiment;
    if chosen.experiment is null then
        raise exception using
            errcode = 'PS003',
            message = format('there is no experiment %s', coalesce(quote_literal(_experiment.experiment), 'null')),
            hint    = coalesce('Experiments: ' || (select string_agg(e.experiment, ', ' order by e.experiment) from pgsearch.experiments as e) || '.', 'Make one with create_experiment.');
    end if;

    if _experiment.experiment_type is not null and chosen.experiment_type <> _experiment.experiment_type then
        raise exception using
            errcode = 'PS003',
            message = format('experiment "%s" is of type %s, not %s', chosen.experiment, chosen.experiment_type, _experiment.experiment_type),
            hint    = 'Each type has its own way to run: offline evaluate_query, ab_test assign_variant, interleaving search_interleaved.';
    end if;
    return chosen;
end;
$$;

comment on function pgsearch._experiment(text, text) is 'The experiment of a name; PS003 for an unknown one or one of another type.';
