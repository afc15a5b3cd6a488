-- depends: 0035_less_analysis
-- Words are found as they are typed in other scripts, too: points of Hebrew and vowels of Arabic are mostly left out, digits have
-- forms of their own, a Greek sigma has another one at the end of a word, and marks of direction, which nobody sees and which
-- come along when text is copied, hid the word that they touched. A text that is in NFKC already is not brought into it, either.

create or replace function pgsearch._normalized(content text)
returns text
language plpgsql immutable parallel safe strict
as $$
declare
    -- more than 1 MB of lexemes would make the generated column refuse the row (54000)
    most   constant integer := 65536;
    -- what is not seen, and marks that are mostly left out: points of Hebrew, vowels and stretches of Arabic
    silent constant text    := E'\\u00AD\\u200B-\\u200F\\u202A-\\u202E\\u2060\\u2066-\\u2069\\uFE00-\\uFE0F\\uFEFF'
                                '\\u0591-\\u05BD\\u05BF\\u05C1\\u05C2\\u05C4\\u05C5\\u05C7'
                                '\\u0610-\\u061A\\u061C\\u0640\\u064B-\\u065F\\u0670\\u06D6-\\u06DC\\u06DF-\\u06E8\\u06EA-\\u06ED';
    -- Arabic, Persian, Devanagari and Thai
    digits constant text    := '٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९๐๑๒๓๔๕๖๗๘๙';
    text text;
begin
    if pg_catalog.octet_length(content) operator(pg_catalog.=) pg_catalog.char_length(content) then
        text := pg_catalog.left(content, most);
    else
        -- most texts are, and to see that takes a fourth of making them so
        if pg_catalog.is_normalized(content, 'NFKC') then
            text := pg_catalog.left(content, most);
        else
            text := pg_catalog.left(pg_catalog.normalize(content, 'NFKC'), most);
        end if;
        -- NFKC makes a vowel of the middle dot of statutes (U+318D); it is one only behind an initial consonant
        if pg_catalog.strpos(text, E'\u119E') operator(pg_catalog.>) 0 then
            text := pg_catalog.regexp_replace(text, E'(?<![\\u1100-\\u115F\\uA960-\\uA97C])\\u119E', E'\u00B7', 'g');
        end if;
        if text operator(pg_catalog.~) pg_catalog.concat('[', silent, digits, E'ς\\u01C0-\\u01C3\\u05BE\\u2010-\\u2013\\u2212]') then
            text := pg_catalog.regexp_replace(text, E'[\\u05BE\\u2010-\\u2013\\u2212]', '-', 'g');
            text := pg_catalog.regexp_replace(text, E'[\\u01C0-\\u01C3]', ' ', 'g');
            text := pg_catalog.regexp_replace(text, pg_catalog.concat('[', silent, ']'), '', 'g');
            if text operator(pg_catalog.~) pg_catalog.concat('[', digits, 'ς]') then
                text := pg_catalog.translate(text, digits operator(pg_catalog.||) 'ς', '0123456789012345678901234567890123456789σ');
            end if;
        end if;
    end if;

    if pg_catalog.strpos(text, ',') operator(pg_catalog.>) 0 and text operator(pg_catalog.~) '[0-9],[0-9]{3}' then
        text := pg_catalog.regexp_replace(text, '(?<=[0-9]),(?=[0-9]{3}(?![0-9]))', '', 'g');
    end if;
    if pg_catalog.strpos(text, '/') operator(pg_catalog.>) 0 or pg_catalog.strpos(text, '. ') operator(pg_catalog.>) 0 then
        if text operator(pg_catalog.~) E'[12][0-9]{3}(?:/|\\. )[0-9]' then
            text := pg_catalog.regexp_replace(text, E'(?<![0-9])((?:19|20)[0-9]{2})(?:/|\\. )([0-9]{1,2})(?:/|\\. )([0-9]{1,2})(?![0-9])',
                                              E'\\1-\\2-\\3', 'g');
        end if;
    end if;
    return text;
end;
$$;

comment on function pgsearch._normalized(text) is
'The text as it is analysed: NFKC, at most 65,536 characters, hyphens and minus signs as ''-'', without what is not seen,
points of Hebrew, vowels of Arabic and separators of thousands, with ASCII digits, dates as 2026-11-28.';

-- what has such a character was analysed as other words
do $$
declare
    -- and what NFKC makes such characters of, and capitals of two letters, whose tags and notes were passed over
    changed constant text := E'[\\u200E\\u200F\\u202A-\\u202E\\u2066-\\u2069'
                              '\\u0591-\\u05C7\\u0610-\\u061A\\u061C\\u0640\\u064B-\\u0669\\u0670\\u06D6-\\u06ED\\u06F0-\\u06F9'
                              '\\u0966-\\u096F\\u0E50-\\u0E59ς'
                              '\\u03F2\\uFB1D-\\uFB4E\\uFC5B-\\uFCF4\\uFD3C\\uFD3D\\uFE70-\\uFE7F'
                              '\\U0001D6D3\\U0001D70D\\U0001D747\\U0001D781\\U0001D7BBÆŒẞ]';
begin
    update pgsearch.chunks
       set content = content
     where content operator(pg_catalog.~) changed
        or heading operator(pg_catalog.~) changed;

    -- a generated column is made anew where what it is made of is set
    update pgsearch.pages
       set title    = title,
           tags     = tags,
           metadata = metadata
     where title operator(pg_catalog.~) changed
        or pg_catalog.array_to_string(tags, ' ') operator(pg_catalog.~) changed
        or metadata::pg_catalog.text operator(pg_catalog.~) changed;

    update pgsearch.semantic_nodes
       set node_id  = node_id,
           summary  = summary,
           metadata = metadata
     where node_id operator(pg_catalog.~) changed
        or summary operator(pg_catalog.~) changed
        or metadata::pg_catalog.text operator(pg_catalog.~) changed;
end;
$$;
