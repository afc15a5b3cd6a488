-- depends: 0036_other_scripts
-- The same lexemes in less time: a space is put where a run of Hangul, Kana or Han meets another letter, and no longer around
-- each run. Signs cut words by themselves, and in Korean most runs have spaces around them. And tsvectors are not compressed,
-- which made none of them smaller.

create or replace function pgsearch._words(normalized text)
returns text
language plpgsql immutable parallel safe strict
as $$
declare
    -- Hangul syllables and jamo, Kana with the long-vowel mark, the iteration mark, Han with its compatibility forms and planes 2-3; Thai, Lao, Burmese, Khmer
    unspaced constant text := E'[\\u1100-\\u11FF\\u3005-\\u3007\\u3041-\\u309F\\u30A1-\\u30FA\\u30FC-\\u30FF\\u31F0-\\u31FF\\u3400-\\u4DBF\\u4E00-\\u9FFF'
                               '\\uA960-\\uA97F\\uAC00-\\uD7FF\\uF900-\\uFAFF\\U00020000-\\U000323AF'
                               '\\u0E01-\\u0E3A\\u0E40-\\u0E4E\\u0E81-\\u0ECE\\u0EDC-\\u0EDF\\u1000-\\u103F\\u1050-\\u109F\\u1780-\\u17D3]';
    -- everything else but the signs of ASCII: letters, digits, and what is a letter where the locale of the database knows no others
    spaced   constant text := E'[0-9A-Za-z\\u0080-\\u0E00\\u0E3B-\\u0E3F\\u0E4F-\\u0E80\\u0ECF-\\u0EDB\\u0EE0-\\u0FFF\\u1040-\\u104F\\u10A0-\\u10FF'
                               '\\u1200-\\u177F\\u17D4-\\u3004\\u3008-\\u3040\\u30A0\\u30FB\\u3100-\\u31EF\\u3200-\\u33FF\\u4DC0-\\u4DFF\\uA000-\\uA95F'
                               '\\uA980-\\uABFF\\uE000-\\uF8FF\\uFB00-\\uFFFF\\U00010000-\\U0001FFFF\\U000323B0-\\U0010FFFF]';
    wide     constant boolean := pg_catalog.octet_length(normalized) operator(pg_catalog.<>) pg_catalog.char_length(normalized);
    words    text := normalized;
begin
    if wide and words operator(pg_catalog.~) E'[\\u00C0-\\u024F\\u0300-\\u03FF\\u0401\\u0451\\u1E00-\\u1FFF]' then
        words := pgsearch._unaccented(words);
    end if;

    -- the signs that lead the parser to hosts, files, tags, entities and signed numbers; it cuts at the others by itself
    words := pg_catalog.regexp_replace(words, '[-+./@_:&~<>;]+', ' ', 'g');
    -- csvReader, XMLHttp, 21kg, v2
    words := pg_catalog.regexp_replace(words, '(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[0-9]|[A-Z][a-z]{2})|(?<=[0-9])(?=[A-Za-z])', ' ', 'g');

    if wide then
        if words operator(pg_catalog.~) E'[0-9][\\u00C0-\\u0DFF]|[\\u00C0-\\u0DFF][0-9]' then
            words := pg_catalog.regexp_replace(words, E'(?<=[0-9])(?=[\\u00C0-\\u0DFF])|(?<=[\\u00C0-\\u0DFF])(?=[0-9])', ' ', 'g');
        end if;
        if words operator(pg_catalog.~) unspaced then
            words := pg_catalog.regexp_replace(words, pg_catalog.format('(?<=%1$s)(?=%2$s)|(?<=%2$s)(?=%1$s)', unspaced, spaced), ' ', 'g');
            -- without a group, which would take each match twice as long
            words := pg_catalog.regexp_replace(words, pg_catalog.format('(?<=%1$s)%1$s(?=%1$s)', unspaced), E'\\& \\&', 'g');
        end if;
    end if;

    -- the 5 of 2026-01-05 is the 5 of 2026-1-5
    if pg_catalog.strpos(words, '0') operator(pg_catalog.>) 0 and words operator(pg_catalog.~) '0[1-9]' then
        words := pg_catalog.regexp_replace(words, '(?<![0-9])0(?=[1-9](?![0-9]))', '', 'g');
    end if;
    return words;
end;
$$;

-- for rows that are written from now on
alter table pgsearch.chunks
    alter column content_tsv set storage external;
