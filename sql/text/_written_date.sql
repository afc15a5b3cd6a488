-- When a text says it is: dates as people and programs write them. PostgreSQL would read some of them by its DateStyle, and
-- raise an error for the rest.

create or replace function pgsearch._month_number(name text)
returns integer
language sql immutable parallel safe
return (strpos('janfebmaraprmayjunjulaugsepoctnovdec', lower(left(name, 3))) + 2) / 3;

comment on function pgsearch._month_number(text) is 'The number of an English month by its first three letters.';

create or replace function pgsearch._epoch_of(year integer, month integer, day integer, clock text)
returns float8
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    started constant timestamp := case when year between 1 and 9999 and month between 1 and 12
                                       then make_timestamp(year, month, 1, 0, 0, 0) end;
    parts   constant text[] := regexp_match(
                clock,
                E'(?:^|[^0-9])(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,]\\d+)?)?\\s*([ap])?\\.?m?\\.?'
                || E'\\s*(?:(?:utc|gmt)?\\s*([+-])(\\d{2}):?(\\d{2})?(?!\\d))?',
                'i');
    seconds float8;
begin
    if day is null or day < 1 or started + make_interval(days => day - 1) >= started + interval '1 month' then
        return null;
    end if;
    seconds := extract(epoch from started) + (day - 1) * 86400::float8;
    if parts[1]::integer <= 24 and parts[2]::integer < 60 then
        seconds := seconds
                   + 3600::float8 * case when lower(parts[4]) = 'p' and parts[1]::integer < 12 then parts[1]::integer + 12
                                         when lower(parts[4]) = 'a' and parts[1]::integer = 12 then 0
                                         else parts[1]::integer end
                   + 60::float8 * parts[2]::integer
                   + coalesce(parts[3]::integer, 0)
                   - coalesce(case parts[5] when '-' then -1 else 1 end
                              * (3600::float8 * parts[6]::integer + 60::float8 * coalesce(parts[7]::integer, 0)), 0);
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
    written constant text := btrim(content, E' \t\r\n');
    number  numeric;
    parts   text[];
begin
    if written is null or char_length(written) not between 4 and 100 or written !~ E'\\d' then
        return null;
    end if;

    if written ~ E'^\\d{1,30}(\\.\\d{1,30})?([eE][+]?\\d{1,2})?$' then
        -- 20261128, 20261128093000, 2026
        parts := regexp_match(written, E'^(\\d{4})(?:(\\d{2})(\\d{2})(?:(\\d{2})(\\d{2})(\\d{2}))?)?$');
        if parts is not null and parts[1]::integer between 1500 and 2200 then
            return pgsearch._epoch_of(parts[1]::integer, coalesce(parts[2], '1')::integer, coalesce(parts[3], '1')::integer,
                                      concat_ws(':', parts[4], parts[5], parts[6]));
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
        regexp_match(written, E'^(\\d{4})\\s*[-./년年]\\s*(\\d{1,2})(?:\\s*[-./월月]\\s*(\\d{1,2}))?(?!\\d)(.*)$'),
        regexp_match(regexp_replace(written, E'^(\\d{8})T(\\d{2})(\\d{2})(\\d{2})?', E'\\1 \\2:\\3:\\4'),
                     E'^(\\d{4})(\\d{2})(\\d{2})(\\s.*)$'));
    if parts is not null then
        return pgsearch._epoch_of(parts[1]::integer, parts[2]::integer, coalesce(parts[3], '1')::integer, parts[4]);
    end if;
    -- Sat, 28 Nov 2026 09:30:00 +0900; 28th November, 2026
    parts := regexp_match(written,
                          E'(?:^|[^0-9])(\\d{1,2})(?:st|nd|rd|th)?[-\\s.]*(?:of\\s+)?' || month || E'[-\\s,]*(\\d{4})(?!\\d)(.*)$', 'i');
    if parts is not null then
        return pgsearch._epoch_of(parts[3]::integer, pgsearch._month_number(parts[2]), parts[1]::integer, parts[4]);
    end if;
    -- Nov 28, 2026; Sat Nov 28 09:30:00 UTC 2026
    parts := regexp_match(written,
                          E'\\m' || month || E'\\s+(\\d{1,2})(?:st|nd|rd|th)?,?\\s+'
                          || E'(?:(\\d{1,2}:\\d{2}(?::\\d{2})?)\\s+(?:[a-z]{3,4}\\s+)?)?(\\d{4})(?!\\d)(.*)$', 'i');
    if parts is not null then
        return pgsearch._epoch_of(parts[4]::integer, pgsearch._month_number(parts[1]), parts[2]::integer, coalesce(parts[3], parts[5]));
    end if;
    -- November 2026
    parts := regexp_match(written, E'^' || month || E'[\\s,]+(\\d{4})$', 'i');
    if parts is not null then
        return pgsearch._epoch_of(parts[2]::integer, pgsearch._month_number(parts[1]), 1, null);
    end if;
    -- 28.11.2026, 28/11/2026, 11/28/2026; 05/06/2026 is May or June, depending on who writes it
    parts := regexp_match(written, E'^(\\d{1,2})\\s*([-./])\\s*(\\d{1,2})\\s*\\2\\s*(\\d{4})(?!\\d)(.*)$');
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
