-- A filter as a condition of SQL over a page p: the one place where the language of filters is read.
--
-- It is written down with its values, so that the planner sees how many pages each part leaves. Every condition is true or
-- not, never unknown, where it is negated: not is the complement.

create or replace function pgsearch._filter_refusal(sqlstate text, message text, hint text)
returns void
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception using errcode = sqlstate, message = message, hint = hint;
end;
$$;

comment on function pgsearch._filter_refusal(text, text, text) is 'Raises an error of the given SQLSTATE.';

create or replace function pgsearch._filter_operators(field text, value jsonb, allowed text[])
returns jsonb
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    known   constant text[] := '{any_of,contains,eq,exists,gt,gte,in,lt,lte,ne,not,not_in}';
    -- what other languages call theirs, and nobody his data
    foreigners constant text[] := '{neq,nin,notin,nor,like,ilike,regex,regexp,between,is_null,isnull,starts_with,startswith,'
                                  'not_equal,not_equals,greater_than,less_than,elemmatch}';
    strange constant text := (select min(k)
                                from jsonb_object_keys(value) as k
                               where ltrim(k, '$') <> all (known) or k !~ '^[$]?[a-z_]+$');
    named   text;
begin
    if not exists (select
                     from jsonb_object_keys(value) as k
                    where starts_with(k, '$') or k = any (known) or lower(k) = any (foreigners) or k ~ '^[<>=!~]+$') then
        return null;
    end if;

    named := coalesce(strange, (select min(k) from jsonb_object_keys(value) as k where ltrim(k, '$') <> all (allowed)));
    if named is not null and ltrim(named, '$') <> 'nin' then
        perform pgsearch._filter_refusal(
            'PS002', format('unknown operator "%s" in the filter on "%s"', named, field),
            format('Known operators: %s, with or without $. A value that has such keys itself is asked for by {"contains": {...}}.',
                   array_to_string(allowed, ', ')));
    end if;
    return (select jsonb_object_agg(case when ltrim(k.key, '$') = 'nin' then 'not_in' else ltrim(k.key, '$') end, k.value)
              from jsonb_each(value) as k);
end;
$$;

comment on function pgsearch._filter_operators(text, jsonb, text[]) is
'The operators of an object such as {"$gte": 2023, "lt": 2025}, by their names without $; null where none of its keys is
one, so that it is a value. Errors: PS002 a key that is no operator beside one that is, or looks like one, or is none of
those allowed for the field.';

create or replace function pgsearch._filter_list(field text, operator text, value jsonb, of text default 'string')
returns text[]
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if jsonb_typeof(value) <> 'array' then
        perform pgsearch._filter_refusal(
            'PS003', format('"%s" in the filter on "%s" must be an array, not %s', operator, field, jsonb_typeof(value)),
            format('Write it as {"%s": {"%s": ["a", "b"]}}.', field, operator));
    end if;
    if exists (select from jsonb_array_elements(value) as e where jsonb_typeof(e) <> of) then
        perform pgsearch._filter_refusal(
            'PS003', format('filter "%s" must hold only %ss', field, of),
            'Write it as ''{"tags": ["howto"]}'' or ''{"page_ids": [1, 2]}''.');
    end if;
    return array(select jsonb_array_elements_text(value));
end;
$$;

comment on function pgsearch._filter_list(text, text, jsonb, text) is
'The elements of an array of strings or numbers as texts. Errors: PS003 anything else.';

create or replace function pgsearch._filter_negated(condition text)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
return format('(%s) is not true', condition);

comment on function pgsearch._filter_negated(text) is 'The complement of a condition: true wherever that is false or unknown.';

create or replace function pgsearch._compared_by(operator text)
returns text
language sql immutable parallel safe
return case operator when 'gt' then '>' when 'gte' then '>=' when 'lt' then '<' else '<=' end;

comment on function pgsearch._compared_by(text) is 'The sign of gt, gte, lt and lte in SQL and in JSON paths.';

create or replace function pgsearch._filter_times(field text, comparisons jsonb)
returns tstzrange
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    times    tstzrange := '(,)';
    compared record;
    moment   timestamptz;
    whole    boolean;
    ends     timestamptz;
begin
    for compared in select key, value from jsonb_each(comparisons) loop
        moment := case jsonb_typeof(compared.value) when 'string' then pgsearch._iso_time(compared.value #>> '{}') end;
        if moment is null then
            perform pgsearch._filter_refusal(
                'PS003', format('"%s" in the filter on "%s" must be a date or a time, not %s',
                                compared.key, field, left(compared.value::text, 60)),
                'Write it as "2026-11-28" or "2026-11-28T09:00:00+09:00".');
        end if;
        whole := char_length(compared.value #>> '{}') = 10;
        ends  := moment + interval '24 hours';
        times := times * case compared.key
                         when 'gte' then tstzrange(moment, null, '[)')
                         when 'gt'  then case when whole then tstzrange(ends, null, '[)') else tstzrange(moment, null, '()') end
                         when 'lt'  then tstzrange(null, moment, '()')
                         when 'lte' then case when whole then tstzrange(null, ends, '()') else tstzrange(null, moment, '(]') end
                         when 'eq'  then case when whole then tstzrange(moment, ends, '[)') else tstzrange(moment, moment, '[]') end
                         end;
    end loop;
    return times;
end;
$$;

comment on function pgsearch._filter_times(text, jsonb) is
'What comparisons (eq, gt, gte, lt, lte by ISO dates or times) leave of time; a date alone is the whole day, in UTC.
Errors: PS003 a value that is no date or time.';

create or replace function pgsearch._column_condition(field text, kind text, value jsonb, depth integer default 0)
returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
-- times are written down, and read again as they were
set datestyle = 'ISO'
set timezone = 'UTC'
as $$
declare
    written   constant text   := 'p.' || quote_ident(field);
    allowed   constant text[] := case kind
                                 when 'list' then '{any_of,contains,eq,exists,in,ne,not,not_in}'
                                 when 'time' then '{eq,gt,gte,lt,lte,ne,not}'
                                 else '{any_of,eq,exists,gt,gte,in,lt,lte,ne,not,not_in}'
                                 end::text[];
    operators jsonb;
    entry     record;
    parts     text[] := '{}';
    times     tstzrange;
begin
    perform pgsearch._check_filter_depth(depth);
    operators := case jsonb_typeof(value)
                 when 'object' then coalesce(pgsearch._filter_operators(field, value, allowed), value)
                 when 'array' then case kind when 'text' then jsonb_build_object('in', value)
                                             when 'list' then jsonb_build_object('contains', value) end
                 when 'string' then jsonb_build_object('eq', value)
                 end;
    if operators is null then
        perform pgsearch._filter_refusal(
            'PS003', format('filter "%s" must be of type %s, not %s', field,
                            case kind when 'time' then 'string or object' else 'string, array or object' end, jsonb_typeof(value)),
            'tags: all of them, any_tags: at least one, source: one or several, metadata: contained in the page''s metadata; '
            'or an object of operators such as {"in": ["a", "b"]}.');
    end if;
    if operators = '{}' or exists (select from jsonb_object_keys(operators) as k where k <> all (allowed)) then
        perform pgsearch._filter_refusal(
            'PS002', format('no known operator in the filter on "%s": %s', field, left(value::text, 100)),
            format('Known operators: %s, with or without $.', array_to_string(allowed, ', ')));
    end if;

    if kind = 'time' and operators ?| '{eq,gt,gte,lt,lte}' then
        times := pgsearch._filter_times(field, operators - '{ne,not}'::text[]);
        parts := parts || case when isempty(times) then 'false'
                               else concat_ws(' and ',
                                   case when lower(times) is not null
                                        then format('%s %s %L::timestamptz', written,
                                                    case when lower_inc(times) then '>=' else '>' end, lower(times)) end,
                                   case when upper(times) is not null
                                        then format('%s %s %L::timestamptz', written,
                                                    case when upper_inc(times) then '<=' else '<' end, upper(times)) end)
                          end;
        operators := operators - '{eq,gt,gte,lt,lte}'::text[];
    end if;

    for entry in select o.key, o.value from jsonb_each(operators) as o loop
        if entry.key in ('eq', 'ne', 'gt', 'gte', 'lt', 'lte') and jsonb_typeof(entry.value) <> 'string' then
            perform pgsearch._filter_refusal(
                'PS003', format('"%s" in the filter on "%s" must be a string, not %s', entry.key, field, left(entry.value::text, 60)),
                format('Write it as {"%s": {"%s": "a"}}.', field, entry.key));
        end if;
        if entry.key = 'exists' and jsonb_typeof(entry.value) <> 'boolean' then
            perform pgsearch._filter_refusal(
                'PS003', format('"exists" in the filter on "%s" must be true or false, not %s', field, left(entry.value::text, 60)),
                format('Write it as {"%s": {"exists": true}}.', field));
        end if;
        parts := parts || case
            when entry.key = 'not' then pgsearch._filter_negated(pgsearch._column_condition(field, kind, entry.value, depth + 1))
            when entry.key in ('ne', 'not_in') then
                pgsearch._filter_negated(
                    pgsearch._column_condition(
                        field, kind, jsonb_build_object(case entry.key when 'ne' then 'eq' else 'in' end, entry.value), depth + 1))
            when entry.key = 'exists' then
                case when (entry.value = 'true') then '' else 'not ' end
                || case kind when 'list' then format('(%s <> ''{}'')', written) else format('(%s is not null)', written) end
            when kind = 'list' then
                format('%s %s %L::text[]', written,
                       case when entry.key in ('in', 'any_of') then '&&' else '@>' end,
                       case when jsonb_typeof(entry.value) = 'string' and entry.key in ('eq', 'contains') then array[entry.value #>> '{}']
                            else pgsearch._filter_list(field, entry.key, entry.value) end)
            when entry.key in ('in', 'any_of') then
                format('%s = any (%L::text[])', written, pgsearch._filter_list(field, entry.key, entry.value))
            when entry.key = 'eq' then format('%s = %L', written, entry.value #>> '{}')
            else format('%s collate "C" %s %L', written,
                        pgsearch._compared_by(entry.key), entry.value #>> '{}')
            end;
    end loop;
    return array_to_string(parts, ' and ');
end;
$$;

comment on function pgsearch._column_condition(text, text, jsonb, integer) is
'The condition of a filter on a column of pages. kind: text, list (an array of texts) or time. value: a text, a list, or an
object of operators.';

create or replace function pgsearch._metadata_names(key text)
returns table (names text[])
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select array[key]
 union all
select string_to_array(key, '.') where strpos(key, '.') > 0;
$$;

comment on function pgsearch._metadata_names(text) is
'The ways to read a key of the metadata: as it is, and where it has dots as the keys of objects within one another.';

create or replace function pgsearch._metadata_paths(key text)
returns setof text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select '$' || (select string_agg('.' || to_json(part)::text, '' order by at) from unnest(n.names) with ordinality as p(part, at))
  from pgsearch._metadata_names(key) as n;
$$;

comment on function pgsearch._metadata_paths(text) is 'The same as JSON paths.';

create or replace function pgsearch._json_values_condition(key text, operators jsonb)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set datestyle = 'ISO'
set timezone = 'UTC'
as $$
declare
    comparisons constant jsonb := (select jsonb_object_agg(o.key, o.value)
                                     from jsonb_each(operators) as o
                                    where o.key in ('gt', 'gte', 'lt', 'lte'));
    kinds constant text[] := array(select distinct case when jsonb_typeof(o.value) = 'string'
                                                             and pgsearch._iso_time(o.value #>> '{}') is not null
                                                        then 'time' else jsonb_typeof(o.value) end
                                     from jsonb_each(comparisons) as o);
    times   tstzrange;
    numbers numrange := '(,)';
    entry   record;
begin
    if cardinality(kinds) <> 1 or kinds[1] not in ('number', 'string', 'time') then
        perform pgsearch._filter_refusal(
            'PS003', format('the filter on metadata "%s" compares with %s', key, left(comparisons::text, 100)),
            'gt, gte, lt and lte take numbers, texts, or dates and times such as "2026-11-28", of one kind.');
    end if;

    if kinds[1] = 'time' then
        times   := pgsearch._filter_times(key, comparisons);
        -- a little wider: seconds are rounded in the index
        numbers := case when isempty(times) then 'empty'
                        else numrange(extract(epoch from lower(times)) - 0.001, extract(epoch from upper(times)) + 0.001) end;
    elsif kinds[1] = 'number' then
        for entry in select c.key, (c.value)::numeric as value from jsonb_each(comparisons) as c loop
            numbers := numbers * case entry.key
                                 when 'gt'  then numrange(entry.value, null, '()')
                                 when 'gte' then numrange(entry.value, null, '[)')
                                 when 'lt'  then numrange(null, entry.value, '()')
                                 else numrange(null, entry.value, '(]')
                                 end;
        end loop;
    end if;
    if isempty(numbers) then
        return 'false';
    end if;

    return concat_ws(
        ' and ',
        case when kinds[1] <> 'string' and pgsearch._has_metadata_index(key)
             then format('pgsearch._metadata_range(p.metadata, %L) && %L::numrange', key, numbers) end,
        (select '(' || string_agg(case
                    when kinds[1] = 'time'
                    then format('exists (select from jsonb_path_query(p.metadata, %L) as v where jsonb_typeof(v) = ''string'' '
                                'and pgsearch._iso_time(v #>> ''{}'') <@ %L::tstzrange)', path || '[*]', times)
                    else format('jsonb_path_exists(p.metadata, %L, ''{}'', true)', path || ' ? (' || (
                             select string_agg(format('@ %s %s', pgsearch._compared_by(c.key), c.value::text), ' && ' order by c.key)
                               from jsonb_each(comparisons) as c) || ')')
                    end, ' or ') || ')'
           from pgsearch._metadata_paths(key) as path));
end;
$$;

comment on function pgsearch._json_values_condition(text, jsonb) is
'The condition that one value under a key of the metadata meets all comparisons (gt, gte, lt, lte) among the operators:
numbers with numbers, texts by code points, ISO times with times. Errors: PS003 values that cannot be compared so.';

create or replace function pgsearch._json_equality(key text, listed jsonb)
returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    most    constant integer := 1000;
    scalars constant text := (select string_agg('@ == ' || v::text, ' || ')
                                from jsonb_array_elements(listed) as v
                               where jsonb_typeof(v) not in ('object', 'array'));
begin
    if jsonb_array_length(listed) > most then
        perform pgsearch._filter_refusal(
            'PS003', format('the filter on metadata "%s" lists %s values', key, jsonb_array_length(listed)),
            format('Give at most %s.', most));
    end if;

    -- in lax mode a list is looked into, and the index on metadata answers equality through it
    return '(' || concat_ws(
        ' or ',
        'false',
        (select string_agg(format('p.metadata @? %L', path || ' ? (' || scalars || ')'), ' or ')
           from pgsearch._metadata_paths(key) as path
          where scalars is not null),
        (select string_agg(format('p.metadata @> %L and p.metadata #> %L = %L::jsonb',
                                  pgsearch._nested(keys.names, v), keys.names, v), ' or ')
           from jsonb_array_elements(listed) as v
                cross join pgsearch._metadata_names(key) as keys(names)
          where jsonb_typeof(v) in ('object', 'array'))) || ')';
end;
$$;

comment on function pgsearch._json_equality(text, jsonb) is
'The condition that the metadata has one of the values under the key: a scalar alone or in a list, an object or a list
exactly so.';

create or replace function pgsearch._nested(keys text[], value jsonb)
returns jsonb
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    for at in reverse cardinality(keys) .. 1 loop
        value := jsonb_build_object(keys[at], value);
    end loop;
    return value;
end;
$$;

comment on function pgsearch._nested(text[], jsonb) is 'The value within an object for each key, the first outermost.';

create or replace function pgsearch._json_containment(key text, value jsonb)
returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    given constant jsonb := value;
begin
    if jsonb_typeof(value) not in ('object', 'array') then
        return pgsearch._json_equality(key, jsonb_build_array(value));
    end if;
    return (select '(' || string_agg(format('p.metadata @> %L', pgsearch._nested(k.names, v.value)), ' or ') || ')'
              from pgsearch._metadata_names(key) as k(names)
                   cross join (select given
                                union all
                               select jsonb_build_array(given) where jsonb_typeof(given) = 'object') as v(value));
end;
$$;

comment on function pgsearch._json_containment(text, jsonb) is
'The condition that the metadata contains the value under the key: a scalar, alone or in a list; every element of a list;
an object with what it has, alone or in a list.';

create or replace function pgsearch._metadata_condition(filter jsonb, depth integer default 0)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    known constant text[] := '{any_of,contains,eq,exists,gt,gte,in,lt,lte,ne,not,not_in}';
    entry record;
    parts text[] := '{}';
begin
    perform pgsearch._check_filter_depth(depth);
    if jsonb_typeof(filter) <> 'object' then
        perform pgsearch._filter_refusal(
            'PS003', format('filter "metadata" must be of type object, not %s', jsonb_typeof(filter)),
            'Write it as {"metadata": {"team": "search", "year": {"gte": 2023}}}.');
    end if;

    for entry in select f.key, f.value from jsonb_each(filter) as f order by f.key loop
        if entry.key = '$not' then
            parts := parts || pgsearch._filter_negated(pgsearch._metadata_condition(entry.value, depth + 1));
        elsif entry.key in ('$and', '$or') then
            parts := parts || pgsearch._joined_conditions(entry.key, array(
                select pgsearch._metadata_condition(f, depth + 1)
                  from jsonb_array_elements(pgsearch._checked_filters(entry.key, entry.value)) with ordinality as j(f, at)
                 order by at));
        elsif starts_with(entry.key, '$') then
            perform pgsearch._filter_refusal(
                'PS002', format('unknown operator "%s" in the filter on metadata', entry.key),
                format('Known here: $and, $not, $or; for one key, as in {"year": {"$gte": 2023}}: %s.', array_to_string(known, ', ')));
        else
            parts := parts || pgsearch._metadata_key_condition(entry.key, entry.value, depth);
        end if;
    end loop;
    return coalesce(nullif(array_to_string(parts, ' and '), ''), 'true');
end;
$$;

comment on function pgsearch._metadata_condition(jsonb, integer) is
'The condition of the filter "metadata": an object by key, each with a value that is to be contained or with operators;
$and, $or and $not join such objects.';

create or replace function pgsearch._metadata_key_condition(key text, value jsonb, depth integer)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    known     constant text[] := '{any_of,contains,eq,exists,gt,gte,in,lt,lte,ne,not,not_in}';
    operators constant jsonb  := case when jsonb_typeof(value) = 'object' then pgsearch._filter_operators(key, value, known) end;
    entry     record;
    parts     text[] := '{}';
    inner_key text;
begin
    perform pgsearch._check_filter_depth(depth);
    if operators is null then
        select min(k)
          into inner_key
          from jsonb_path_query(value, 'strict $.**') as o
               cross join lateral jsonb_object_keys(case jsonb_typeof(o) when 'object' then o else '{}' end) as k
         where starts_with(k, '$');
        if inner_key is not null then
            perform pgsearch._filter_refusal(
                'PS002', format('operator "%s" within a value in the filter on metadata "%s"', inner_key, key),
                'Name what stands deeper by a key with dots, as in {"author.age": {"$gte": 30}}.');
        end if;
        return pgsearch._json_containment(key, value);
    end if;

    if operators ?| '{gt,gte,lt,lte}' then
        parts := parts || pgsearch._json_values_condition(key, operators);
    end if;
    for entry in select o.key, o.value from jsonb_each(operators - '{gt,gte,lt,lte}'::text[]) as o order by o.key loop
        if entry.key in ('in', 'not_in', 'any_of') and jsonb_typeof(entry.value) <> 'array' then
            perform pgsearch._filter_refusal(
                'PS003', format('"%s" in the filter on metadata "%s" must be an array, not %s',
                                entry.key, key, left(entry.value::text, 60)),
                format('Write it as {"%s": [1, 2]}.', entry.key));
        elsif entry.key = 'exists' and jsonb_typeof(entry.value) <> 'boolean' then
            perform pgsearch._filter_refusal(
                'PS003', format('"exists" in the filter on metadata "%s" must be true or false, not %s', key, left(entry.value::text, 60)),
                'Write it as {"exists": true}.');
        end if;
        parts := parts || case entry.key
            when 'not'      then pgsearch._filter_negated(pgsearch._metadata_key_condition(key, entry.value, depth + 1))
            when 'eq'       then pgsearch._json_equality(key, jsonb_build_array(entry.value))
            when 'ne'       then pgsearch._filter_negated(pgsearch._json_equality(key, jsonb_build_array(entry.value)))
            when 'not_in'   then pgsearch._filter_negated(pgsearch._json_equality(key, entry.value))
            when 'contains' then pgsearch._json_containment(key, entry.value)
            when 'exists'   then case when entry.value = 'true' then '' else 'not ' end
                                 || format('(p.metadata ? %L%s)', key,
                                           case when strpos(key, '.') > 0
                                                then format(' or pgsearch._metadata_values(p.metadata, %L) <> ''[]''', key) end)
            else pgsearch._json_equality(key, entry.value)
            end;
    end loop;
    return array_to_string(parts, ' and ');
end;
$$;

comment on function pgsearch._metadata_key_condition(text, jsonb, integer) is
'The condition on one key of the metadata: a value that is to be contained, or operators.';

create or replace function pgsearch._checked_filters(operator text, value jsonb)
returns jsonb
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if jsonb_typeof(value) <> 'array' then
        perform pgsearch._filter_refusal(
            'PS003', format('filter "%s" must be an array of filters, not %s', operator, jsonb_typeof(value)),
            format('Write it as {"%s": [{"tags": ["howto"]}, {"source": "wiki"}]}.', operator));
    end if;
    return value;
end;
$$;

comment on function pgsearch._checked_filters(text, jsonb) is 'The filters that and or or joins. Errors: PS003 no array.';

create or replace function pgsearch._joined_conditions(operator text, conditions text[])
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
return case when conditions = '{}' then case ltrim(operator, '$') when 'and' then 'true' else 'false' end
            else '((' || array_to_string(conditions, ') ' || ltrim(operator, '$') || ' (') || '))' end;

comment on function pgsearch._joined_conditions(text, text[]) is
'The conditions joined by and or or; of none all pages pass, or none.';

create or replace function pgsearch._check_filter_depth(depth integer)
returns void
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    deepest constant integer := 20;
begin
    if depth > deepest then
        perform pgsearch._filter_refusal(
            'PS003', 'the filter is nested too deeply', format('Give a filter of at most %s levels.', deepest));
    end if;
end;
$$;

comment on function pgsearch._check_filter_depth(integer) is 'Raises PS003 for a filter within too many others.';

create or replace function pgsearch._filter_condition(filter jsonb, depth integer default 0)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    known    constant text    := 'and, any_tags, created_at, external_ids, metadata, not, or, page_ids, source, tags, updated_at';
    most     constant integer := 1000;
    entry    record;
    parts    text[] := '{}';
begin
    perform pgsearch._check_filter_depth(depth);
    if jsonb_typeof(filter) <> 'object' then
        perform pgsearch._filter_refusal(
            'PS003', format('filter must be a JSON object, not %s', jsonb_typeof(filter)),
            'Write it as ''{"tags": ["howto"], "metadata": {"team": "search"}}''.');
    end if;
    if depth = 0 and (select count(*) from jsonb_path_query(filter, 'strict $.** ? (@.type() == "object")')) > most then
        perform pgsearch._filter_refusal(
            'PS003', format('the filter has more than %s objects', most),
            'Give fewer conditions, or many values as one list, as in {"metadata": {"team": {"in": ["a", "b"]}}}.');
    end if;

    for entry in select f.key, f.value from jsonb_each(filter) as f order by f.key loop
        parts := parts || case
            when entry.key in ('not', '$not') then pgsearch._filter_negated(pgsearch._filter_condition(entry.value, depth + 1))
            when entry.key in ('and', 'or', '$and', '$or') then
                pgsearch._joined_conditions(entry.key, array(
                    select pgsearch._filter_condition(f, depth + 1)
                      from jsonb_array_elements(pgsearch._checked_filters(entry.key, entry.value)) with ordinality as j(f, at)
                     order by at))
            when entry.key in ('tags', 'source') then
                pgsearch._column_condition(entry.key, case entry.key when 'tags' then 'list' else 'text' end, entry.value, depth)
            when entry.key in ('created_at', 'updated_at') then pgsearch._column_condition(entry.key, 'time', entry.value, depth)
            when entry.key = 'metadata' then pgsearch._metadata_condition(entry.value, depth)
            when entry.key in ('any_tags', 'external_ids', 'page_ids') then pgsearch._list_condition(entry.key, entry.value)
            end;
        if parts[cardinality(parts)] is null then
            perform pgsearch._filter_refusal(
                'PS002', format('unknown filter key "%s"', left(entry.key, 100)),
                format('Known keys: %s. Keys of the metadata go under "metadata", as in {"metadata": {"year": {"gte": 2023}}}.', known));
        end if;
    end loop;
    return coalesce(nullif(array_to_string(parts, ' and '), ''), 'true');
end;
$$;

comment on function pgsearch._filter_condition(jsonb, integer) is
'The filter as a condition of SQL over a page p, its values written into it. See _filter_page_ids for the language.
Errors: PS002 unknown keys and operators, PS003 wrong types, a filter nested too deeply or too large.';

create or replace function pgsearch._list_condition(field text, value jsonb)
returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if jsonb_typeof(value) <> 'array' then
        perform pgsearch._filter_refusal(
            'PS003', format('filter "%s" must be of type array, not %s', field, jsonb_typeof(value)),
            'tags: all of them, any_tags: at least one, source: one or several, metadata: contained in the page''s metadata.');
    end if;
    if field = 'any_tags' then
        return format('p.tags && %L::text[]', pgsearch._filter_list(field, field, value));
    elsif field = 'external_ids' then
        return format('p.external_id = any (%L::text[])', pgsearch._filter_list(field, field, value));
    end if;

    perform pgsearch._filter_list(field, field, value, 'number');
    if exists (select
                 from jsonb_array_elements(value) as e
                where e::numeric <> trunc(e::numeric)
                   or e::numeric not between -9223372036854775808 and 9223372036854775807) then
        perform pgsearch._filter_refusal(
            'PS003', format('filter "page_ids" must hold whole numbers, not %s', left(value::text, 100)),
            'Give the page_id of each page, as search_hybrid returns it.');
    end if;
    return format('p.page_id = any (%L::bigint[])', array(select e::numeric::bigint from jsonb_array_elements(value) as e));
end;
$$;

comment on function pgsearch._list_condition(text, jsonb) is
'The condition of any_tags, external_ids and page_ids, which are lists. Errors: PS003 anything else.';
