-- depends: 0024_long_texts
-- Filters read dates as people and programs write them, by index too: what reads them is schema from now on.

create or replace function pgsearch._month_number(name text)
returns integer
language sql immutable parallel safe
return (pg_catalog.strpos('janfebmaraprmayjunjulaugsepoctnovdec', pg_catalog.lower(pg_catalog.left(name, 3))) + 2) / 3;

comment on function pgsearch._month_number(text) is 'The number of an English month by its first three letters.';

create or replace function pgsearch._epoch_of(year integer, month integer, day integer, clock text)
returns float8
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    started constant timestamp := case when year between 1 and 9999 and month between 1 and 12
                                       then pg_catalog.make_timestamp(year, month, 1, 0, 0, 0) end;
    parts   constant text[] := pg_catalog.regexp_match(
                clock,
                E'(?:^|[^0-9])(\\d{1,2}):(\\d{2})(?::(\\d{2}(?:[.,]\\d{1,9})?)\\d*)?\\s*([ap])?\\.?m?\\.?'
                || E'\\s*(?:(?:utc|gmt)?\\s*([+-])(\\d{2}):?(\\d{2})?(?!\\d))?',
                'i');
    seconds float8;
begin
    if day is null or day < 1 or started + pg_catalog.make_interval(days => day - 1) >= started + interval '1 month' then
        return null;
    end if;
    seconds := pg_catalog.date_part('epoch', started) + (day - 1) * 86400::float8;
    if parts[1]::integer <= 24 and parts[2]::integer < 60 then
        seconds := seconds
                   + 3600::float8 * case when pg_catalog.lower(parts[4]) = 'p' and parts[1]::integer < 12 then parts[1]::integer + 12
                                         when pg_catalog.lower(parts[4]) = 'a' and parts[1]::integer = 12 then 0
                                         else parts[1]::integer end
                   + 60::float8 * parts[2]::integer
                   - coalesce(case parts[5] when '-' then -1 else 1 end
                              * (3600::float8 * parts[6]::integer + 60::float8 * coalesce(parts[7]::integer, 0)), 0)
                   -- what may have a fraction comes last, so that nothing is rounded twice
                   + coalesce(pg_catalog.replace(parts[3], ',', '.')::float8, 0);
    end if;
    return seconds;
end;
$$;

comment on function pgsearch._epoch_of(integer, integer, integer, text) is
'Seconds since 1970 of a date and of the time of day that clock holds, if it holds one (in UTC where it names no offset);
null where there is no such day.';

create or replace function pgsearch._written_date(content text)
returns float8
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    month   constant text := E'(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?'
                             || E'|nov(?:ember)?|dec(?:ember)?)\\M\\.?';
    written constant text := pg_catalog.btrim(content, E' \t\r\n');
    number  numeric;
    parts   text[];
begin
    if written is null or pg_catalog.char_length(written) not between 4 and 100 or written !~ E'\\d' then
        return null;
    end if;

    if written ~ E'^\\d{1,30}(\\.\\d{1,30})?([eE][+]?\\d{1,2})?$' then
        -- 20261128, 20261128093000, 2026
        parts := pg_catalog.regexp_match(written, E'^(\\d{4})(?:(\\d{2})(\\d{2})(?:(\\d{2})(\\d{2})(\\d{2}))?)?$');
        if parts is not null and parts[1]::integer between 1500 and 2200 then
            return pgsearch._epoch_of(parts[1]::integer, coalesce(parts[2], '1')::integer, coalesce(parts[3], '1')::integer,
                                      pg_catalog.concat_ws(':', parts[4], parts[5], parts[6]));
        end if;
        -- seconds, or thousandths, millionths ... of them, from 1973 on; a smaller number is no date
        number := written::numeric;
        return case when number < 1e8 then null
                    when number < 1e11 then number
                    when number < 1e14 then number / 1e3
                    when number < 1e17 then number / 1e6
                    when number < 1e20 then number / 1e9 end;
    end if;

    -- 2026-11-28T09:30:00+09:00, 2026.11.28, 2026/11/28, 2026년 11월 28일, 2026年11月; 20261128T093000Z
    parts := coalesce(
        pg_catalog.regexp_match(written, E'^(\\d{4})\\s*[-./년年]\\s*(\\d{1,2})(?:\\s*[-./월月]\\s*(\\d{1,2}))?(?!\\d)(.*)$'),
        pg_catalog.regexp_match(pg_catalog.regexp_replace(written, E'^(\\d{8})T(\\d{2})(\\d{2})(\\d{2})?', E'\\1 \\2:\\3:\\4'),
                     E'^(\\d{4})(\\d{2})(\\d{2})(\\s.*)$'));
    if parts is not null then
        return pgsearch._epoch_of(parts[1]::integer, parts[2]::integer, coalesce(parts[3], '1')::integer, parts[4]);
    end if;
    -- Sat, 28 Nov 2026 09:30:00 +0900; 28th November, 2026
    parts := pg_catalog.regexp_match(written,
                          E'(?:^|[^0-9])(\\d{1,2})(?:st|nd|rd|th)?[-\\s.]*(?:of\\s+)?' || month || E'[-\\s,]*(\\d{4})(?!\\d)(.*)$', 'i');
    if parts is not null then
        return pgsearch._epoch_of(parts[3]::integer, pgsearch._month_number(parts[2]), parts[1]::integer, parts[4]);
    end if;
    -- Nov 28, 2026; Sat Nov 28 09:30:00 UTC 2026
    parts := pg_catalog.regexp_match(written,
                          E'\\m' || month || E'\\s+(\\d{1,2})(?:st|nd|rd|th)?,?\\s+'
                          || E'(?:(\\d{1,2}:\\d{2}(?::\\d{2})?)\\s+(?:[a-z]{3,4}\\s+)?)?(\\d{4})(?!\\d)(.*)$', 'i');
    if parts is not null then
        return pgsearch._epoch_of(parts[4]::integer, pgsearch._month_number(parts[1]), parts[2]::integer, coalesce(parts[3], parts[5]));
    end if;
    -- November 2026
    parts := pg_catalog.regexp_match(written, E'^' || month || E'[\\s,]+(\\d{4})$', 'i');
    if parts is not null then
        return pgsearch._epoch_of(parts[2]::integer, pgsearch._month_number(parts[1]), 1, null);
    end if;
    -- 28.11.2026, 28/11/2026, 11/28/2026; 05/06/2026 is May or June, depending on who writes it
    parts := pg_catalog.regexp_match(written, E'^(\\d{1,2})\\s*([-./])\\s*(\\d{1,2})\\s*\\2\\s*(\\d{4})(?!\\d)(.*)$');
    if parts[2] = '.' or parts[1]::integer > 12 or parts[1]::integer = parts[3]::integer then
        return pgsearch._epoch_of(parts[4]::integer, parts[3]::integer, parts[1]::integer, parts[5]);
    elsif parts[3]::integer > 12 then
        return pgsearch._epoch_of(parts[4]::integer, parts[1]::integer, parts[3]::integer, parts[5]);
    end if;
    return null;
end;
$$;

comment on function pgsearch._written_date(text) is
'Seconds since 1970 of a date as it is usually written: ISO, 2026.11.28, 2026/11/28, 2026년 11월 28일, RFC 2822, 28 Nov 2026,
Nov 28, 2026, 28.11.2026, 20261128, a month or a year (its first day), with a time of day or without, and numbers of
seconds or milliseconds since 1970. Null for what is no date, and for one that can be read in two ways (05/06/2026).';

create or replace function pgsearch._metadata_range(metadata jsonb, key text)
returns numrange
language plpgsql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
declare
    found_values jsonb := metadata -> key;
    least_value numeric;
    most_value  numeric;
begin
    if pg_catalog.strpos(key, '.') > 0 then
        found_values := pg_catalog.jsonb_build_array(found_values) || pgsearch._metadata_values(metadata, key);
    elsif pg_catalog.jsonb_typeof(found_values) = 'number' then
        return pg_catalog.numrange(found_values::numeric, found_values::numeric, '[]');
    elsif found_values is null then
        return null;
    elsif pg_catalog.jsonb_typeof(found_values) <> 'array' then
        found_values := pg_catalog.jsonb_build_array(found_values);
    end if;

    select pg_catalog.min(n.number), pg_catalog.max(n.number)
      into least_value, most_value
      from (select case pg_catalog.jsonb_typeof(v)
                   when 'number' then v::numeric
                   when 'string' then pgsearch._written_date(v #>> '{}')::numeric
                   end as number
              from pg_catalog.jsonb_path_query(found_values, '$[*][*][*]') as v) as n;
    return case when least_value is not null then pg_catalog.numrange(least_value, most_value, '[]') end;
end;
$$;

comment on function pgsearch._metadata_range(jsonb, text) is
'From the least to the greatest of the numbers, and of the dates (see _written_date) as seconds since 1970, that stand in the
metadata under the key, one or a list of them; a key with dots is a path too. Null where there is none.';

do $$
declare
    outdated regclass;
begin
    -- they were in sql/, whose functions the next deploy drops when they have no file any more
    if to_regclass('pgsearch.deployed_functions') is not null then
        delete from pgsearch.deployed_functions as d
         where d.name in ('_month_number', '_epoch_of', '_written_date');
    end if;

    -- indexes hold what the function said before
    for outdated in
        select i.indexrelid::regclass
          from pg_index as i
               join pg_class as c on c.oid = i.indexrelid
         where i.indrelid = 'pgsearch.pages'::regclass
           and c.relname like 'pages_metadata_%'
           and pg_get_indexdef(i.indexrelid) like '%_metadata_range(%'
    loop
        execute format('reindex index %s', outdated);
    end loop;
end;
$$;
