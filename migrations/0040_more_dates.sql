-- depends: 0039_types_of_followed
-- Dates in German, French, Spanish, Italian, Portuguese, Dutch and Thai, of logs, of Japanese eras, of ISO weeks and in full
-- width are dates.

create or replace function pgsearch._foreign_month(name text)
returns integer
language sql immutable parallel safe
return (pg_catalog.jsonb_extract_path_text(
            '{"januar": 1, "jänner": 1, "janvier": 1, "janv": 1, "enero": 1, "gennaio": 1, "janeiro": 1, "januari": 1, "มกราคม": 1, '
            '"februar": 2, "feber": 2, "février": 2, "févr": 2, "fev": 2, "febrero": 2, '
            '"febbraio": 2, "fevereiro": 2, "februari": 2, "กุมภาพันธ์": 2, '
            '"märz": 3, "mär": 3, "mars": 3, "marzo": 3, "março": 3, "maart": 3, "mrt": 3, "มีนาคม": 3, '
            '"avril": 4, "avr": 4, "abril": 4, "abr": 4, "aprile": 4, "เมษายน": 4, '
            '"mai": 5, "mayo": 5, "maggio": 5, "maio": 5, "mei": 5, "พฤษภาคม": 5, '
            '"juni": 6, "juin": 6, "junio": 6, "giugno": 6, "junho": 6, "มิถุนายน": 6, '
            '"juli": 7, "juillet": 7, "juil": 7, "julio": 7, "luglio": 7, "julho": 7, "กรกฎาคม": 7, '
            '"août": 8, "agosto": 8, "ago": 8, "augustus": 8, "สิงหาคม": 8, '
            '"septembre": 9, "septiembre": 9, "settembre": 9, "setembro": 9, "กันยายน": 9, '
            '"oktober": 10, "okt": 10, "octobre": 10, "octubre": 10, "ottobre": 10, "outubro": 10, "ตุลาคม": 10, '
            '"novembre": 11, "noviembre": 11, "novembro": 11, "พฤศจิกายน": 11, '
            '"dezember": 12, "dez": 12, "décembre": 12, "déc": 12, "diciembre": 12, "dic": 12, "dicembre": 12, '
            '"dezembro": 12, "ธันวาคม": 12}',
            pg_catalog.lower(name)))::integer;

comment on function pgsearch._foreign_month(text) is
'The number of a month by its German, French, Spanish, Italian, Portuguese, Dutch or Thai name. Null for no such name.';

create or replace function pgsearch._written_date(content text)
returns float8
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    month   constant text := E'(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?'
                             || E'|nov(?:ember)?|dec(?:ember)?)\\M\\.?';
    written text := pg_catalog.btrim(content, E' \t\r\n');
    number  numeric;
    parts   text[];
begin
    -- full width, decomposed letters, hyphens of print, and the first year of an era
    if pg_catalog.octet_length(written) > pg_catalog.char_length(written) then
        written := pg_catalog.replace(pg_catalog.translate(pg_catalog.normalize(pg_catalog.left(written, 200), 'NFKC'),
                                                           E'\u2010\u2012\u2013\u2212', '----'), '元年', '1年');
    end if;
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

    -- 令和8年11月28日
    if pg_catalog.left(written, 2) in ('令和', '平成', '昭和') then
        parts   := pg_catalog.regexp_match(written, E'^(..)\\s*(\\d{1,2})\\s*(年.*)$');
        written := (parts[2]::integer + case parts[1] when '令和' then 2018 when '平成' then 1988 else 1925 end) || parts[3];
    end if;
    -- 2026년, 2026-W48-6
    parts := pg_catalog.regexp_match(written, E'^(\\d{4})\\s*[년年]$');
    if parts is not null then
        return pgsearch._epoch_of(parts[1]::integer, 1, 1, null);
    end if;
    parts := pg_catalog.regexp_match(written, E'^(\\d{4})-?W(\\d{2})-?([1-7])$');
    if parts[2]::integer between 1 and 53 then
        -- the first week of a year holds its fourth of January
        number := pgsearch._epoch_of(parts[1]::integer, 1, 4, null)::numeric / 86400;
        return 86400 * (number - pg_catalog.mod(number + 3, 7) + 7 * (parts[2]::integer - 1) + parts[3]::integer - 1);
    end if;

    -- 2026-11-28T09:30:00+09:00, 2026.11.28, 2026/11/28, 2026년 11월 28일, 2026年11月; 20261128T093000Z
    parts := coalesce(
        pg_catalog.regexp_match(written, E'^(\\d{4})\\s*[-./년年]\\s*(\\d{1,2})(?:\\s*[-./월月]\\s*(\\d{1,2}))?(?!\\d)(.*)$'),
        pg_catalog.regexp_match(pg_catalog.regexp_replace(written, E'^(\\d{8})T(\\d{2})(\\d{2})(\\d{2})?', E'\\1 \\2:\\3:\\4'),
                     E'^(\\d{4})(\\d{2})(\\d{2})(\\s.*)$'));
    if parts is not null then
        return pgsearch._epoch_of(parts[1]::integer, parts[2]::integer, coalesce(parts[3], '1')::integer, parts[4]);
    end if;
    -- Sat, 28 Nov 2026 09:30:00 +0900; 28th November, 2026; 28/Nov/2026:09:30:00 +0900
    parts := pg_catalog.regexp_match(written,
                          E'(?:^|[^0-9])(\\d{1,2})(?:st|nd|rd|th)?[-\\s./]*(?:of\\s+)?' || month || E'[-\\s,/]*(\\d{4})(?!\\d)(.*)$', 'i');
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
    -- 28. November 2026, 28 de noviembre de 2026, 28 พฤศจิกายน 2569; novembre 2026
    parts := coalesce(
        pg_catalog.regexp_match(written,
                     E'(?:^|[^0-9])(\\d{1,2})(?:[ºo]|er)?[-\\s.]+(?:de\\s+)?([^0-9\\s.,/:-]{2,14})\\.?[-\\s,]+(?:del?\\s+|พ\\.?ศ\\.?\\s*)?'
                     || E'(\\d{4})(?!\\d)(.*)$'),
        pg_catalog.regexp_match(written, E'^()([^0-9\\s.,/:-]{2,14})\\.?\\s+(?:del?\\s+|พ\\.?ศ\\.?\\s*)?(\\d{4})()$'));
    if pgsearch._foreign_month(parts[2]) is not null then
        -- years of Thailand are counted from 543 before ours
        return pgsearch._epoch_of(parts[3]::integer
                                  - case when parts[2] ~ E'[\u0E00-\u0E7F]' and parts[3]::integer > 2400 then 543 else 0 end,
                                  pgsearch._foreign_month(parts[2]), coalesce(nullif(parts[1], ''), '1')::integer, parts[4]);
    end if;
    -- 11/2026
    parts := pg_catalog.regexp_match(written, E'^(\\d{1,2})/(\\d{4})$');
    if parts is not null then
        return pgsearch._epoch_of(parts[2]::integer, parts[1]::integer, 1, null);
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
Nov 28, 2026, 28. November 2026 and other languages, 28.11.2026, 20261128, 28/Nov/2026, 2026-W48-6, 令和8年11月28日, a month or
a year (its first day), with a time of day or without, and numbers of seconds or milliseconds since 1970. Null for what is
no date, and for one that can be read in two ways (05/06/2026).';

do $$
declare
    outdated regclass;
begin
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
