-- A filter as a condition of SQL over a page p: the one place where the language of filters is read.
--
-- It is written down with its values, so that the planner sees how many pages each part leaves. Every condition is true or
-- not, never unknown, where it is negated: not is the complement.

create or replace function pgsearch._filter_refusal(sqlstate text, message text, hint text)
returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception using errcode = sqlstate, message = message, hint = hint;
end;
$$;

comment on function pgsearch._filter_refusal(text, text, text) is
'Raises an error of the given SQLSTATE, where a condition is expected.';

create or replace function pgsearch._operator_letters(key text)
returns text
language sql immutable parallel safe
return translate(lower(key), E' _-.:$@#\t', '');

comment on function pgsearch._operator_letters(text) is 'A key without case and signs: gte for GTE, gte_ and $gte, notin for not in.';

create or replace function pgsearch._filter_operators(field text, kind text, value jsonb)
returns jsonb
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    allowed constant text[] := case kind
                               when 'list' then '{any_of,contains,eq,exists,in,ne,not,not_in}'
                               when 'time' then '{eq,gt,gte,lt,lte,ne,not}'
                               when 'text' then '{any_of,eq,exists,gt,gte,in,lt,lte,ne,not,not_in}'
                               else '{any_of,contains,eq,exists,gt,gte,in,lt,lte,ne,not,not_in}'
                               end::text[];
    letters constant text[] := string_to_array(pgsearch._operator_letters(array_to_string(allowed, ',')), ',');
    -- what other languages call theirs, and nobody his data
    foreigners constant text[] := '{neq,nin,notin,nor,ge,le,geq,leq,gteq,lteq,like,ilike,notlike,notilike,regex,regexp,rlike,between,'
                                  'isnull,isnotnull,notnull,isempty,isnotempty,isin,isnot,isnotin,notcontains,notexists,exist,contain,'
                                  'startswith,endswith,equal,equals,notequal,notequals,'
                                  'greaterthan,lessthan,greaterthanorequal,lessthanorequal,greaterthanequal,lessthanequal,'
                                  'greaterorequal,lessorequal,containsany,containsall,allof,noneof,oneof,elemmatch}';
    typed constant text := jsonb_typeof(value);
    named text;
begin
    if typed = 'object' and exists (
           select
             -- in a parallel plan this is asked before it is known whether it is an object
             from jsonb_object_keys(case typed when 'object' then value else '{}' end) as k
            where kind <> 'metadata'
               or starts_with(k, '$')
               or pgsearch._operator_letters(k) = any (letters || foreigners)
               or k ~ E'^\\s*[<>=!~\u2260-\u2267]+\\s*$') then
        select min(k)
          into named
          from jsonb_object_keys(value) as k
         where k !~ '^[$]?[a-z_]+$'
            or regexp_replace(ltrim(k, '$'), '^nin$', 'not_in') <> all (allowed);
        if named is not null then
            perform pgsearch._filter_refusal(
                'PS002', format('unknown operator "%s" in the filter on "%s"', left(named, 100), field),
                format('Known operators: %s, with or without $. A value that has such keys itself is asked for by {"contains": {...}}.',
                       array_to_string(allowed, ', ')));
        end if;
        return (select jsonb_object_agg(regexp_replace(ltrim(k.key, '$'), '^nin$', 'not_in'), k.value)
                  from jsonb_each(value) as k);
    end if;

    if kind = 'metadata' then
        select min(k)
          into named
          from jsonb_path_query(value, 'strict $.**') as o
               cross join lateral jsonb_object_keys(case jsonb_typeof(o) when 'object' then o else '{}' end) as k
         where starts_with(k, '$');
        if named is not null then
            perform pgsearch._filter_refusal(
                'PS002', format('operator "%s" within a value in the filter on metadata "%s"', named, field),
                'Name what stands deeper by a key with dots, as in {"author.age": {"$gte": 30}}.');
        end if;
        return jsonb_build_object('contains', value);
    elsif typed = 'string' or typed = 'number' and kind = 'time' or typed = 'null' and kind = 'text' then
        return jsonb_build_object('eq', value);
    elsif typed = 'array' and kind <> 'time' then
        return jsonb_build_object(case kind when 'text' then 'in' else 'contains' end, value);
    elsif typed = 'object' then
        perform pgsearch._filter_refusal(
            'PS002', format('no operator in the filter on "%s"', field),
            format('Known operators: %s, with or without $.', array_to_string(allowed, ', ')));
    end if;
    perform pgsearch._filter_refusal(
        'PS003', format('filter "%s" must be of type %s, not %s', field,
                        case kind when 'time' then 'string, number or object' else 'string, array or object' end, typed),
        'tags: all of them, any_tags: at least one, source: one or several (null: none), metadata: contained in the page''s metadata; '
        'or an object of operators such as {"in": ["a", "b"]}.');
end;
$$;

comment on function pgsearch._filter_operators(text, text, jsonb) is
'What a filter wants of a field, as an object of operators by their names without $, such as {"gte": 2023, "lt": 2025}; a
plain value is what eq, in or contains wants, by the kind of the field (text; list: an array of texts; time; metadata: any
JSON). Errors: PS002 a key that is no operator of that kind, or looks like one; PS003 a value of another type.';

create or replace function pgsearch._filter_list(field text, operator text, value jsonb, of text default null)
returns text[]
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    written constant text := case when operator = field then '{"%2$s": ["a", "b"]}' else '{"%1$s": {"%2$s": ["a", "b"]}}' end;
begin
    if jsonb_typeof(value) <> 'array' then
        perform pgsearch._filter_refusal(
            'PS003', format('"%s" in the filter on "%s" must be an array, not %s', operator, field, jsonb_typeof(value)),
            'Write it as ' || format(written, field, operator) || '.');
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
'The elements of an array, of strings or numbers (null: of anything), as texts. Errors: PS003 anything else.';

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

create or replace function pgsearch._filter_moment(value jsonb)
returns tstzrange
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    written constant text        := case jsonb_typeof(value) when 'string' then value #>> '{}' end;
    iso     constant timestamptz := pgsearch._iso_time(written);
    seconds float8;
    moment  timestamptz;
begin
    -- of other forms those that name a day and can be nothing else: 2026 is a number, and 2026-11 the beginning of a text
    if iso is null
       and written !~ E'^\\d+(\\.\\d+)?([eE][+]?\\d+)?$'
       and regexp_count(written, E'\\d+') + (written ~* E'[a-z\u00C0-\u0EFF]{3}')::integer >= 3 then
        seconds := pgsearch._written_date(written);
    end if;
    moment := coalesce(iso, to_timestamp(seconds));
    if moment is null then
        return null;
    elsif iso is not null and char_length(written) = 10 or iso is null and strpos(written, ':') = 0 then
        return tstzrange(moment, moment + interval '24 hours', '[)');
    end if;
    return tstzrange(moment, moment, '[]');
end;
$$;

comment on function pgsearch._filter_moment(jsonb) is
'What a date or time in a filter names, in any usual form (see _written_date): a date alone the whole day, in UTC. Null for
anything else, and for a month or a year.';

create or replace function pgsearch._filter_span(value jsonb)
returns tstzrange
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
    written constant text      := case when jsonb_typeof(value) in ('string', 'number') then btrim(value #>> '{}') end;
    span    constant tstzrange := pgsearch._filter_moment(value);
    moment  timestamptz;
    parts   integer;
begin
    if span is not null then
        return span;
    end if;
    moment := to_timestamp(pgsearch._written_date(written));
    parts  := regexp_count(written, E'\\d+') + (written ~* E'[a-z\u00C0-\u0EFF]{3}')::integer;
    return case
           when moment is null then null
           when written ~ E'^\\d{4}\\s*[년年]?$' then tstzrange(moment, moment + interval '1 year', '[)')
           when written ~ E'^\\d{8}$' then tstzrange(moment, moment + interval '1 day', '[)')
           when written !~ E'^[0-9.eE+]+$' and parts = 2 then tstzrange(moment, moment + interval '1 month', '[)')
           else tstzrange(moment, moment, '[]')
           end;
end;
$$;

comment on function pgsearch._filter_span(jsonb) is
'What a filter on a time names: as _filter_moment, and besides what can be nothing else there, a month or a year as a whole
(2026-11, 2026), and a number of seconds or milliseconds since 1970. Null for anything else.';

create or replace function pgsearch._filter_times(field text, comparisons jsonb)
returns tstzrange
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    times    tstzrange := '(,)';
    compared record;
begin
    for compared in select c.key, c.value, pgsearch._filter_span(c.value) as moment from jsonb_each(comparisons) as c loop
        if compared.moment is null then
            perform pgsearch._filter_refusal(
                'PS003', format('"%s" in the filter on "%s" must be a date or a time, not %s',
                                compared.key, field, left(compared.value::text, 60)),
                'Write it as "2026-11-28" or "2026-11-28T09:00:00+09:00".');
        end if;
        times := times * case compared.key
                         when 'gte' then tstzrange(lower(compared.moment), null, '[)')
                         when 'gt'  then tstzrange(upper(compared.moment), null,
                                                  case when upper_inc(compared.moment) then '()' else '[)' end)
                         when 'lt'  then tstzrange(null, lower(compared.moment), '()')
                         when 'lte' then tstzrange(null, upper(compared.moment),
                                                  case when upper_inc(compared.moment) then '(]' else '()' end)
                         when 'eq'  then compared.moment
                         end;
    end loop;
    return times;
end;
$$;

comment on function pgsearch._filter_times(text, jsonb) is
'What comparisons (eq, gt, gte, lt, lte by dates or times, see _filter_span) leave of time. Errors: PS003 a value that is no
date or time.';

create or replace function pgsearch._time_condition(field text, comparisons jsonb)
returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
-- times are written down, and read again as they were
set datestyle = 'ISO'
set timezone = 'UTC'
as $$
declare
    times constant tstzrange := pgsearch._filter_times(field, comparisons);
begin
    if isempty(times) then
        return 'false';
    end if;
    return concat_ws(' and ',
               case when not lower_inf(times)
                    then format('p.%I %s %L::timestamptz', field, case when lower_inc(times) then '>=' else '>' end, lower(times)) end,
               case when not upper_inf(times)
                    then format('p.%I %s %L::timestamptz', field, case when upper_inc(times) then '<=' else '<' end, upper(times)) end);
end;
$$;

comment on function pgsearch._time_condition(text, jsonb) is
'The condition that a column of pages, a time, meets all comparisons.';

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

create or replace function pgsearch._numbers_of_times(times tstzrange)
returns nummultirange
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
    since constant numeric := extract(epoch from lower(times));
    until constant numeric := extract(epoch from upper(times));
    -- a little wider: seconds are rounded in the index
    among nummultirange    := nummultirange(numrange(since - 0.001, until + 0.001, '[]'));
    unit  numeric;
    form  text;
    first numeric;
begin
    -- so large numbers are thousandths, millionths ... of seconds for _written_date
    foreach unit in array '{1e3,1e6,1e9}'::numeric[] loop
        among := among + nummultirange(numrange((since - 0.001) * unit, (until + 0.001) * unit, '[]') * numrange(1e8 * unit, 1e11 * unit));
    end loop;
    -- and so many digits are years, days, and seconds of days
    foreach form in array '{YYYY,YYYYMMDD,YYYYMMDDHH24MISS}'::text[] loop
        first := rpad('1500', char_length(replace(form, '24', '')), '0')::numeric;
        among := among + nummultirange(
                             numrange(to_char(lower(times) - interval '1 second', form)::numeric,
                                      to_char(upper(times) + interval '1 second', form)::numeric, '[]')
                             * numrange(first, first / 1500 * 2201));
    end loop;
    return among;
end;
$$;

comment on function pgsearch._numbers_of_times(tstzrange) is
'Where the numbers lie, and the seconds since 1970 of dates, that _written_date may read as a time in the range: what an
index on _metadata_range is asked for.';

create or replace function pgsearch._json_values_condition(key text, comparisons jsonb)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set datestyle = 'ISO'
set timezone = 'UTC'
as $$
declare
    kinds constant text[] := array(select distinct case when pgsearch._filter_moment(c.value) is not null then 'time'
                                                        else jsonb_typeof(c.value) end
                                     from jsonb_each(comparisons) as c);
    times   tstzrange;
    numbers nummultirange;
begin
    if cardinality(kinds) <> 1 or kinds[1] not in ('number', 'string', 'time') then
        perform pgsearch._filter_refusal(
            'PS003', format('the filter on metadata "%s" compares with %s', key, left(comparisons::text, 100)),
            'gt, gte, lt and lte take numbers, texts, or dates and times such as "2026-11-28", of one kind.');
    end if;

    if kinds[1] = 'time' then
        times   := pgsearch._filter_times(key, comparisons);
        numbers := case when isempty(times) then '{}' else pgsearch._numbers_of_times(times) end;
    elsif kinds[1] = 'number' then
        numbers := pgsearch._numbers_within(comparisons);
    end if;
    if isempty(numbers) then
        return 'false';
    end if;

    return concat_ws(
        ' and ',
        case when numbers is not null and pgsearch._has_metadata_index(key)
             then format('pgsearch._metadata_range(p.metadata, %L) && %L::nummultirange', key, numbers) end,
        (select '(' || string_agg(case
                    when kinds[1] = 'time'
                    then format('exists (select from jsonb_path_query(p.metadata, %L) as v '
                                'where jsonb_typeof(v) in (''string'', ''number'') '
                                'and to_timestamp(pgsearch._written_date(v #>> ''{}'')) <@ %L::tstzrange)', path || '[*]', times)
                    else format('jsonb_path_exists(p.metadata, %L, ''{}'', true)', path || ' ? (' || (
                             select string_agg(format('@ %s %s', pgsearch._compared_by(c.key), c.value::text), ' && ' order by c.key)
                               from jsonb_each(comparisons) as c) || ')')
                    end, ' or ') || ')'
           from pgsearch._metadata_paths(key) as path));
end;
$$;

comment on function pgsearch._json_values_condition(text, jsonb) is
'The condition that one value under a key of the metadata meets all comparisons (gt, gte, lt, lte): numbers with numbers,
texts by code points, and with dates and times what _written_date reads as one. Errors: PS003 values that cannot be compared
so.';

create or replace function pgsearch._numbers_within(comparisons jsonb)
returns nummultirange
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    compared record;
    numbers  nummultirange := '{(,)}';
begin
    for compared in select c.key, c.value::numeric as bound from jsonb_each(comparisons) as c loop
        numbers := numbers * nummultirange(case compared.key
                                           when 'gt'  then numrange(compared.bound, null, '()')
                                           when 'gte' then numrange(compared.bound, null, '[)')
                                           when 'lt'  then numrange(null, compared.bound, '()')
                                           when 'lte' then numrange(null, compared.bound, '(]')
                                           end);
    end loop;
    return numbers;
end;
$$;

comment on function pgsearch._numbers_within(jsonb) is 'The numbers that meet all comparisons (gt, gte, lt, lte).';

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

create or replace function pgsearch._field_condition(field text, kind text, value jsonb, depth integer)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    written constant text := 'p.' || quote_ident(field);
    wanted  jsonb;
    within  jsonb;
    entry   record;
    parts   text[] := '{}';
begin
    perform pgsearch._check_filter_depth(depth);
    wanted := pgsearch._filter_operators(field, kind, value);
    -- what is compared of JSON or times leaves one range
    within := (select jsonb_object_agg(o.key, o.value)
                 from jsonb_each(wanted) as o
                where kind in ('metadata', 'time') and o.key in ('gt', 'gte', 'lt', 'lte')
                   or kind = 'time' and o.key = 'eq');
    if within is not null then
        parts := parts || case kind when 'time' then pgsearch._time_condition(field, within)
                                    else pgsearch._json_values_condition(field, within) end;
    end if;

    for entry in
        select o.key, o.value
          from jsonb_each(wanted) as o
         where within is null or not within ? o.key
         order by o.key
    loop
        if entry.key = 'exists' and jsonb_typeof(entry.value) <> 'boolean' then
            perform pgsearch._filter_refusal(
                'PS003', format('"exists" in the filter on "%s" must be true or false, not %s', field, left(entry.value::text, 60)),
                format('Write it as {"%s": {"exists": true}}.', field));
        elsif entry.key in ('in', 'not_in', 'any_of') then
            perform pgsearch._filter_list(field, entry.key, entry.value, case when kind <> 'metadata' then 'string' end);
        elsif kind in ('text', 'list') and entry.key not in ('contains', 'exists', 'not') and jsonb_typeof(entry.value) <> 'string'
              and not (kind = 'text' and entry.key in ('eq', 'ne') and entry.value = 'null') then
            perform pgsearch._filter_refusal(
                'PS003', format('"%s" in the filter on "%s" must be a string, not %s', entry.key, field, left(entry.value::text, 60)),
                format('Write it as {"%s": {"%s": "a"}}.', field, entry.key));
        end if;
        parts := parts || case
            when entry.key = 'not' then pgsearch._filter_negated(pgsearch._field_condition(field, kind, entry.value, depth + 1))
            when entry.key in ('ne', 'not_in') then
                pgsearch._filter_negated(
                    pgsearch._field_condition(
                        field, kind, jsonb_build_object(case entry.key when 'ne' then 'eq' else 'in' end, entry.value), depth + 1))
            when entry.key = 'exists' then
                case when entry.value = 'true' then '' else 'not ' end || pgsearch._field_exists(field, kind)
            when kind = 'metadata' and entry.key = 'contains' then pgsearch._json_containment(field, entry.value)
            when kind = 'metadata' then
                pgsearch._json_equality(field, case entry.key when 'eq' then jsonb_build_array(entry.value) else entry.value end)
            when kind = 'list' then
                format('%s %s %L::text[]', written,
                       case when entry.key in ('in', 'any_of') then '&&' else '@>' end,
                       case jsonb_typeof(entry.value)
                       when 'string' then array[entry.value #>> '{}']
                       else pgsearch._filter_list(field, entry.key, entry.value, 'string') end)
            when entry.key in ('in', 'any_of') then
                format('%s = any (%L::text[])', written, pgsearch._filter_list(field, entry.key, entry.value))
            when entry.key = 'eq' and entry.value = 'null' then written || ' is null'
            when entry.key = 'eq' then format('%s = %L', written, entry.value #>> '{}')
            else format('%s collate "C" %s %L', written, pgsearch._compared_by(entry.key), entry.value #>> '{}')
            end;
    end loop;
    return array_to_string(parts, ' and ');
end;
$$;

comment on function pgsearch._field_condition(text, text, jsonb, integer) is
'The condition of a filter on a column of pages or on a key of their metadata: a plain value, or an object of operators, all
of which hold. kind: text, list (an array of texts), time, or metadata.';

create or replace function pgsearch._field_exists(field text, kind text)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
return case kind
       when 'list' then format('(p.%I <> ''{}'')', field)
       when 'metadata' then format('(p.metadata ? %L%s)', field,
                                   case when strpos(field, '.') > 0
                                        then format(' or pgsearch._metadata_values(p.metadata, %L) <> ''[]''', field) end)
       else format('(p.%I is not null)', field)
       end;

comment on function pgsearch._field_exists(text, text) is
'The condition that there is something: a text, an element of a list, a key of the metadata.';

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

create or replace function pgsearch._filter_condition(filter jsonb, depth integer default 0, within text default 'page')
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    known   constant text    := 'and, any_tags, created_at, external_ids, metadata, not, or, page_ids, source, tags, updated_at';
    most    constant integer := 1000;
    of_page constant boolean := within = 'page';
    entry   record;
    joint   text;
    parts   text[] := '{}';
begin
    perform pgsearch._check_filter_depth(depth);
    if jsonb_typeof(filter) <> 'object' then
        perform pgsearch._filter_refusal(
            'PS003', format('%s must be a JSON object, not %s',
                            case when of_page then 'filter' else 'filter "metadata"' end, jsonb_typeof(filter)),
            'Write it as ''{"tags": ["howto"], "metadata": {"team": "search", "year": {"gte": 2023}}}''.');
    end if;
    if of_page and depth = 0 and (select count(*) from jsonb_path_query(filter, 'strict $.** ? (@.type() == "object")')) > most then
        perform pgsearch._filter_refusal(
            'PS003', format('the filter has more than %s objects', most),
            'Give fewer conditions, or many values as one list, as in {"metadata": {"team": {"in": ["a", "b"]}}}.');
    end if;

    for entry in select f.key, f.value from jsonb_each(filter) as f order by f.key loop
        -- a key of the metadata may be called "not"
        joint := case when of_page or starts_with(entry.key, '$') then ltrim(entry.key, '$') end;
        parts := parts || case
            when joint = 'not' then pgsearch._filter_negated(pgsearch._filter_condition(entry.value, depth + 1, within))
            when joint in ('and', 'or') then
                pgsearch._joined_conditions(joint, array(
                    select pgsearch._filter_condition(f, depth + 1, within)
                      from jsonb_array_elements(pgsearch._checked_filters(entry.key, entry.value)) with ordinality as j(f, at)
                     order by at))
            when not of_page and joint is not null then
                pgsearch._filter_refusal(
                    'PS002', format('unknown operator "%s" in the filter on metadata', left(entry.key, 100)),
                    'Known here: $and, $not, $or; those for one key stand within it, as in {"year": {"$gte": 2023}}.')
            when not of_page then pgsearch._field_condition(entry.key, 'metadata', entry.value, depth)
            when entry.key = 'tags' then pgsearch._field_condition(entry.key, 'list', entry.value, depth)
            when entry.key = 'source' then pgsearch._field_condition(entry.key, 'text', entry.value, depth)
            when entry.key in ('created_at', 'updated_at') then pgsearch._field_condition(entry.key, 'time', entry.value, depth)
            when entry.key in ('any_tags', 'external_ids', 'page_ids') then pgsearch._list_condition(entry.key, entry.value)
            when entry.key = 'metadata' then pgsearch._filter_condition(entry.value, depth, 'metadata')
            else
                pgsearch._filter_refusal(
                    'PS002', format('unknown filter key "%s"', left(entry.key, 100)),
                    format('Known keys: %s. Keys of the metadata go under "metadata", as in {"metadata": {"year": {"gte": 2023}}}.', known))
            end;
    end loop;
    return coalesce(nullif(array_to_string(parts, ' and '), ''), 'true');
end;
$$;

comment on function pgsearch._filter_condition(jsonb, integer, text) is
'The filter as a condition of SQL over a page p, its values written into it; within: page, or metadata for an object of its
keys. See _filter_page_ids for the language. Errors: PS002 unknown keys and operators, PS003 wrong types, a filter nested
too deeply or too large.';

create or replace function pgsearch._list_condition(field text, value jsonb)
returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if field = 'any_tags' then
        return format('p.tags && %L::text[]', pgsearch._filter_list(field, field, value, 'string'));
    elsif field = 'external_ids' then
        return format('p.external_id = any (%L::text[])', pgsearch._filter_list(field, field, value, 'string'));
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

create or replace function pgsearch._filter_notes(filter jsonb)
returns text[]
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
with recursive parts(part) as (
    select filter
     union all
    select j.part
      from parts as p
           cross join lateral jsonb_each(p.part) as e
           cross join lateral jsonb_path_query(e.value, 'lax $[*] ? (@.type() == "object")') as j(part)
     where e.key = any ('{and,or,not,$and,$or,$not}')
),
conditions as materialized (
    select e.key, case jsonb_typeof(e.value) when 'object' then e.value else '{}' end as wanted
      from parts as p
           cross join lateral jsonb_each(coalesce(p.part -> 'metadata', '{}')) as e
     where not starts_with(e.key, '$')
)
select array_agg(n.note order by n.at, n.note)
  from (select 0 as at, 'No page passes the filter.' as note
         union
        select 1, format('Under metadata "%s" the filter wants an object with "%s", which is no operator.',
                         left(c.key, 100), (select left(min(o), 100) from jsonb_object_keys(c.wanted) as o))
          from conditions as c
         where case when c.wanted <> '{}'
                    then pgsearch._filter_operators(c.key, 'metadata', c.wanted) = jsonb_build_object('contains', c.wanted)
               end
         union
        select 2, format('Within metadata "%s" is a key of the pages: the operator is "$%s" there.', c.key, c.key)
          from conditions as c
         where c.key in ('and', 'or', 'not')) as n;
$$;

comment on function pgsearch._filter_notes(jsonb) is
'What is to be said of a valid filter that no page passes: that, and which of its conditions on the metadata were read as
keys and objects to be found there, though they may have been meant as operators.';
