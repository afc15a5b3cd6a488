-- depends: 0032_known_texts
-- The same words, and the same kinds of question, in less time. Single characters were looked for by translate(), which compares each of a text with each of its
-- list, to spare expressions that a session keeps compiled: that took up to fifteen times as long as the expression itself.

create or replace function pgsearch._words(normalized text)
returns text
language plpgsql immutable parallel safe strict
as $$
declare
    -- Hangul syllables and jamo, Kana with the long-vowel mark, the iteration mark, Han with its compatibility forms and planes 2-3; Thai, Lao, Burmese, Khmer
    unspaced constant text := E'[\\u1100-\\u11FF\\u3005-\\u3007\\u3041-\\u309F\\u30A1-\\u30FA\\u30FC-\\u30FF\\u31F0-\\u31FF\\u3400-\\u4DBF\\u4E00-\\u9FFF'
                               '\\uA960-\\uA97F\\uAC00-\\uD7FF\\uF900-\\uFAFF\\U00020000-\\U000323AF'
                               '\\u0E01-\\u0E3A\\u0E40-\\u0E4E\\u0E81-\\u0ECE\\u0EDC-\\u0EDF\\u1000-\\u103F\\u1050-\\u109F\\u1780-\\u17D3]';
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
            -- without a group, which would take each match twice as long
            words := pg_catalog.regexp_replace(words, pg_catalog.format('%s+', unspaced), E' \\& ', 'g');
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

create or replace function pgsearch._pattern_letters(patterns text[], hints jsonb)
returns text[]
language plpgsql immutable parallel safe strict
as $$
declare
    letters text[];
begin
    if hints operator(pg_catalog.?&) patterns then
        letters := (select coalesce(pg_catalog.array_agg(distinct hint), '{}'::pg_catalog.text[])
                      from (select pg_catalog.jsonb_array_elements_text(hints operator(pg_catalog.->) pattern) as hint
                              from pg_catalog.unnest(patterns) as pattern) as hinted);
    end if;
    return letters;
end;
$$;

comment on function pgsearch._pattern_letters(text[], jsonb) is
'Letters one of which stands in everything that any of the patterns matches; null where there is a pattern without hints.';

-- a handful of rows
alter table pgsearch.query_types
-- squawk-ignore adding-field-with-default
    add column if not exists letters text[] generated always as (pgsearch._pattern_letters(patterns, hints)) stored;

comment on column pgsearch.query_types.letters is 'The hints of all patterns; null: one of them has none, and all are tried on every query.';
