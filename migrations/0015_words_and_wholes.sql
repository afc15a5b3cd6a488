-- depends: 0014_archive
-- Text analysis of our own: words are cut at every sign, hump and border of letters and digits, wholes stand behind them.
--
-- The parser of PostgreSQL is not context free (2332 of CVE-2026-2332 is the number -2332) and knows no parts of hosts, files and versions. So it gets
-- nothing but plain words to see, and what belongs together as a whole is one more word behind the text, its signs written as letters that nobody types:
--
--     CsvReader.readLine of v2.0.1, C++   ->   Csv Reader read Line of v 2 0 1   C     CsvReaderǁreadLine vǁ2ǁ0ǁ1 CsvReader readLine Cǂǂ
--
--     - . _ : &   U+01C1 ǁ        +   U+01C2 ǂ        # and emoji   U+01C3 ǃ        a leading dot   U+01C0 ǀ
--
-- They are letters (category Lo) in every locale, and have no case. A text that holds them loses them. Phrases are made of words alone.
-- Patterns name their letters by range, because classes such as [[:alnum:]] depend on the collation.

create table if not exists pgsearch.reanalysis (
    relation   text        primary key check (relation in ('pages', 'chunks', 'semantic_nodes', 'message_contents')),
    last_key   text[]      not null default '{}',
    rows_done  bigint      not null default 0,
    rows_total bigint,
    started_at timestamptz not null default now()
);

comment on table pgsearch.reanalysis is 'One row a table whose rows may be analysed as they were before migration 0015; reanalyze works it off. Empty in a database that began with it.';
comment on column pgsearch.reanalysis.last_key is 'Key of the last row that reanalyze has done.';
comment on column pgsearch.reanalysis.rows_total is 'How many rows there were when it began; null: it did not.';

-- What was being written is waited for, so that nothing analysed as before appears behind those who work it off.
lock table pgsearch.pages, pgsearch.chunks, pgsearch.semantic_nodes, pgsearch.message_contents in share row exclusive mode;

insert into pgsearch.reanalysis (relation)
select 'pages' as relation
 where exists (select from pgsearch.pages)
 union all
select 'chunks' as relation
 where exists (select from pgsearch.chunks)
 union all
select 'semantic_nodes' as relation
 where exists (select from pgsearch.semantic_nodes)
 union all
select 'message_contents' as relation
 where exists (select from pgsearch.message_contents)
    on conflict do nothing;

alter table pgsearch.collection_stats
  add column if not exists analysis integer not null default 1;

comment on column pgsearch.collection_stats.analysis is 'Version of the text analysis that was counted (see _analysis_version).';

create or replace function pgsearch._normalized(content text)
returns text
language plpgsql immutable parallel safe strict
as $$
declare
    -- more than 1 MB of lexemes would make the generated column refuse the row (54000)
    most constant integer := 65536;
    text text;
begin
    if pg_catalog.octet_length(content) operator(pg_catalog.=) pg_catalog.char_length(content) then
        text := pg_catalog.left(content, most);
    else
        text := pg_catalog.left(pg_catalog.normalize(content, 'NFKC'), most);
        -- NFKC makes a vowel of the middle dot of statutes (U+318D); it is one only behind an initial consonant
        if text operator(pg_catalog.~) E'\\u119E' then
            text := pg_catalog.regexp_replace(text, E'(?<![\\u1100-\\u115F\\uA960-\\uA97C])\\u119E', E'\u00B7', 'g');
        end if;
        if text operator(pg_catalog.~) E'[\\u00AD\\u01C0-\\u01C3\\u200B-\\u200D\\u2010-\\u2013\\u2060\\u2212\\uFE00-\\uFE0F\\uFEFF]' then
            text := pg_catalog.regexp_replace(text, E'[\\u2010-\\u2013\\u2212]', '-', 'g');
            text := pg_catalog.regexp_replace(text, E'[\\u01C0-\\u01C3]', ' ', 'g');
            text := pg_catalog.regexp_replace(text, E'[\\u00AD\\u200B-\\u200D\\u2060\\uFE00-\\uFE0F\\uFEFF]', '', 'g');
        end if;
    end if;

    if text operator(pg_catalog.~) '[0-9],[0-9]{3}' then
        text := pg_catalog.regexp_replace(text, '(?<=[0-9]),(?=[0-9]{3}(?![0-9]))', '', 'g');
    end if;
    if text operator(pg_catalog.~) E'[12][0-9]{3}(?:/|\\. )[0-9]' then
        text := pg_catalog.regexp_replace(text, E'(?<![0-9])((?:19|20)[0-9]{2})(?:/|\\. )([0-9]{1,2})(?:/|\\. )([0-9]{1,2})(?![0-9])', E'\\1-\\2-\\3', 'g');
    end if;
    return text;
end;
$$;

comment on function pgsearch._normalized(text) is
'The first 65,536 characters of a text in NFKC, with one form of hyphens, of middle dots, of numbers (1,000 is 1000) and of dates (2026/11/28 and 2026. 11. 28 are 2026-11-28), without characters that nobody sees.';

create or replace function pgsearch._unaccented(content text)
returns text
language plpgsql immutable parallel safe strict
as $$
begin
    return pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(
               pg_catalog.translate(
                   pg_catalog.normalize(
                       -- й is no и, as the stemmers know
                       pg_catalog.regexp_replace(pg_catalog.normalize(content, 'NFD'), E'(?<![\\u0400-\\u04FF])[\\u0300-\\u036F]+', '', 'g'), 'NFC'),
                   'øØđĐıłŁðÐħĦŧŦŋŊёЁ', 'oOdDilLdDhHtTnNеЕ'),
               'ß', 'ss'), 'ẞ', 'SS'), 'æ', 'ae'), 'Æ', 'AE'), 'œ', 'oe'), 'Œ', 'OE'), 'þ', 'th');
end;
$$;

comment on function pgsearch._unaccented(text) is 'The text without accents on Latin and Greek letters, with ß, æ, ø, đ, ł, ı and the like as the letters they are typed as.';

-- Korean puts particles on its nouns (탄핵의, 탄핵은), and Chinese, Japanese, Thai, Lao, Khmer and Burmese put no spaces at all, so whole words miss.
-- Bigrams need no dictionary and are the same at indexing and at query time. A run of one character stays whole.
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
            words := pg_catalog.regexp_replace(words, pg_catalog.format('(%s+)', unspaced), E' \\1 ', 'g');
            words := pg_catalog.regexp_replace(words, pg_catalog.format('(?<=%1$s)(%1$s)(?=%1$s)', unspaced), E'\\1 \\1', 'g');
        end if;
    end if;

    -- the 5 of 2026-01-05 is the 5 of 2026-1-5
    if words operator(pg_catalog.~) '0[1-9]' then
        words := pg_catalog.regexp_replace(words, '(?<![0-9])0(?=[1-9](?![0-9]))', '', 'g');
    end if;
    return words;
end;
$$;

comment on function pgsearch._words(text) is
'The words of a text that _normalized gave, between spaces: cut at signs, at humps (csvReader) and where letters and digits meet, without accents; runs of Hangul, Kana, Han, Thai, Lao, Khmer and Burmese as overlapping pairs of characters.';

create or replace function pgsearch._spellings(normalized text)
returns text
language plpgsql immutable parallel safe strict
as $$
declare
    spellings text;
begin
    if pg_catalog.octet_length(normalized) operator(pg_catalog.=) pg_catalog.char_length(normalized)
       or normalized operator(pg_catalog.!~) E'[\\u00C0-\\u024F\\u0401\\u0451\\u1E00-\\u1EFF]'
    then
        return null;
    end if;
    spellings := (select pg_catalog.string_agg(
                             case when one[1] operator(pg_catalog.~) '[äöüÄÖÜ]'
                                  then pg_catalog.concat_ws(' ', one[1],
                                           pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(
                                               pg_catalog.lower(one[1]), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ß', 'ss'))
                                  else one[1]
                             end, ' ')
                    from pg_catalog.regexp_matches(
                             normalized,
                             E'[A-Za-z\\u0400-\\u04FF]*[\\u00C0-\\u024F\\u0401\\u0451\\u1E00-\\u1EFF]'
                             '[A-Za-z\\u00C0-\\u024F\\u0400-\\u04FF\\u1E00-\\u1EFF]*', 'g') as one);
    return spellings;
end;
$$;

comment on function pgsearch._spellings(text) is
'The accented words of a text that _normalized gave, as they are spelt, and with ae, oe and ue where German writes them so; null for none.';

create or replace function pgsearch._wholes(normalized text)
returns text
language plpgsql immutable parallel safe strict
as $$
declare
    ascii  constant boolean := pg_catalog.octet_length(normalized) operator(pg_catalog.=) pg_catalog.char_length(normalized);
    wholes text;
    more   text;
begin
    -- most headings and many short texts have nothing of the kind: one look, and no subqueries
    if normalized operator(pg_catalog.!~) E'[A-Za-z0-9\\u00C0-\\u1FFF][-._:&][:A-Za-z0-9\\u00C0-\\u1FFF]|[a-z][A-Z0-9]|[A-Z][0-9]|[0-9][A-Za-z]|[A-Z][A-Z][a-z][a-z]'
                                          '|[A-Za-z][+#]|\\.[A-Za-z]|[12][0-9]{3}(?:년|[01][0-9][0-3][0-9])|[\\u2300-\\u23FF\\u2600-\\u27BF\\u2B00-\\u2BFF\\U0001F000-\\U0001FAFF]'
    then
        return null;
    end if;

    -- Joined words, then words with humps and borders, those inside joined ones too. Two patterns without captures: one with both costs twice as much.
    wholes := (select pg_catalog.string_agg(one[1], ' ')
                 from
                      (select pg_catalog.regexp_matches(
                                  normalized,
                                  case when ascii
                                       then '[A-Za-z0-9]+(?:(?:[-._:&]|::)[A-Za-z0-9]+)+'
                                       else E'[A-Za-z0-9\\u00C0-\\u02AF\\u0300-\\u0DFF\\u10A0-\\u10FF\\u1E00-\\u1FFF]+(?:(?:[-._:&]|::)[A-Za-z0-9\\u00C0-\\u02AF\\u0300-\\u0DFF\\u10A0-\\u10FF\\u1E00-\\u1FFF]+)+'
                                  end, 'g') as one
                        union all
                       select pg_catalog.regexp_matches(
                                  normalized, '[A-Za-z0-9]*(?:[a-z][A-Z0-9]|[A-Z][0-9]|[0-9][A-Za-z]|[A-Z][A-Z][a-z][a-z])[A-Za-z0-9]*', 'g')
                      ) as matches);
    if wholes is not null then
        wholes := pg_catalog.regexp_replace(wholes, '[-._:&]+', 'ǁ', 'g');
        if wholes operator(pg_catalog.~) 'ǁ0[1-9]' then
            wholes := pg_catalog.regexp_replace(wholes, 'ǁ0(?=[1-9](?![0-9]))', 'ǁ', 'g');
        end if;
    end if;

    -- c++ (of c++17, too), c#, .net
    if normalized operator(pg_catalog.~) E'[A-Za-z](?:\\+\\+|[+#])|(?:^|[^A-Za-z0-9.])\\.[A-Za-z]' then
        more := (select pg_catalog.string_agg(one[1], ' ')
                   from pg_catalog.regexp_matches(
                            normalized,
                            E'(?<![A-Za-z])[A-Za-z]+(?:\\+\\+|[+#](?![A-Za-z0-9\\u00C0-\\u1FFF]))|(?<![A-Za-z0-9.\\u00C0-\\u1FFF\\u3005-\\uD7FF])\\.[A-Za-z][A-Za-z0-9]*',
                            'g') as one);
        wholes := pg_catalog.concat_ws(' ', wholes, pg_catalog.translate(more, '.+#', 'ǀǂǃ'));
    end if;

    -- 2026년 11월 28일 and 20261128 are 2026-11-28
    if normalized operator(pg_catalog.~) '[12][0-9]{3}(?:년|[01][0-9][0-3][0-9])' then
        more := (select pg_catalog.string_agg(pg_catalog.concat_ws('ǁ', one[1], one[2], one[3]), ' ')
                   from
                        (select pg_catalog.regexp_matches(normalized, '(?<![0-9])((?:19|20)[0-9]{2}) ?년 *0?([0-9]{1,2}) ?월 *0?([0-9]{1,2}) ?일', 'g') as one
                          union all
                         select array[one[1], coalesce(one[2], one[3]), coalesce(one[4], one[5])]
                           from pg_catalog.regexp_matches(
                                    normalized, '(?<![0-9])((?:19|20)[0-9]{2})(?:0([1-9])|(1[0-2]))(?:0([1-9])|([12][0-9]|3[01]))(?![0-9])', 'g') as one
                        ) as matches);
        wholes := pg_catalog.concat_ws(' ', wholes, more);
    end if;

    if not ascii and normalized operator(pg_catalog.~) E'[\\u2300-\\u23FF\\u2600-\\u27BF\\u2B00-\\u2BFF\\U0001F000-\\U0001FAFF]' then
        more := (select pg_catalog.string_agg(('ǃ' operator(pg_catalog.||) pg_catalog.to_hex(pg_catalog.ascii(one[1]))), ' ')
                   from pg_catalog.regexp_matches(normalized, E'[\\u2300-\\u23FF\\u2600-\\u27BF\\u2B00-\\u2BFF\\U0001F000-\\U0001FAFF]', 'g') as one);
        wholes := pg_catalog.concat_ws(' ', wholes, more);
    end if;
    return nullif(wholes, '');
end;
$$;

comment on function pgsearch._wholes(text) is
'What a text that _normalized gave has that is more than its words, between spaces: joined words (node.js, 2026-11-28), words with humps or digits (CsvReader, 21kg), names with a sign (C++, .NET), dates, emoji. Signs are written as the letters U+01C0 to U+01C3. Null for none.';

create or replace function pgsearch._segment(content text)
returns text
language plpgsql immutable parallel safe strict
as $$
declare
    normalized constant text := pgsearch._normalized(content);
begin
    if pg_catalog.octet_length(normalized) operator(pg_catalog.=) pg_catalog.char_length(normalized) then
        return pg_catalog.concat_ws(' ', pgsearch._words(normalized), pgsearch._wholes(normalized));
    end if;
    return pg_catalog.concat_ws(' ', pgsearch._words(normalized), pgsearch._wholes(normalized), pgsearch._spellings(normalized));
end;
$$;

comment on function pgsearch._segment(text) is
'The words of a text between spaces, and behind them its wholes and accented spellings: what the parser of PostgreSQL gets to see. Cut at 65,536 characters, because more than 1 MB of lexemes would make the generated column refuse the row (54000).';

create or replace function pgsearch._analyze(text_config text, content text)
returns tsvector
language plpgsql immutable parallel safe strict
as $$
begin
    return pg_catalog.to_tsvector(text_config::pg_catalog.regconfig, pgsearch._segment(content));
end;
$$;

comment on function pgsearch._analyze(text, text) is
'tsvector of a text under a schema-qualified text search configuration ("pg_catalog.english"): its words, and behind them its wholes and accented spellings.';

create or replace function pgsearch._analyze_chunk(text_config text, heading text, content text)
returns tsvector
language plpgsql immutable parallel safe strict
as $$
declare
    chunk  tsvector := pg_catalog.to_tsvector(text_config::pg_catalog.regconfig, pgsearch._segment(content));
    above  text;
    wholes text;
begin
    if heading operator(pg_catalog.=) '' then
        return chunk;
    end if;
    above  := pgsearch._normalized(heading);
    chunk  := pg_catalog.setweight(pg_catalog.to_tsvector(text_config::pg_catalog.regconfig, pgsearch._words(above)), 'A') operator(pg_catalog.||) chunk;
    wholes := pg_catalog.concat_ws(' ', pgsearch._wholes(above), pgsearch._spellings(above));
    if wholes operator(pg_catalog.<>) '' then
        chunk := chunk operator(pg_catalog.||) pg_catalog.setweight(pg_catalog.to_tsvector(text_config::pg_catalog.regconfig, wholes), 'A');
    end if;
    return chunk;
end;
$$;

comment on function pgsearch._analyze_chunk(text, text, text) is
'tsvector of a chunk: the heading (page title and section headings) with weight A, the content with weight D, the wholes of the heading last. A phrase may match across the border of heading and content.';

-- How much of a name a question says is counted in words.
create or replace function pgsearch._analyze_name(text_config text, node_id text, metadata jsonb)
returns tsvector
language plpgsql immutable parallel safe
as $$
begin
    return pg_catalog.to_tsvector(
               text_config::pg_catalog.regconfig,
               pgsearch._words(pgsearch._normalized(pgsearch._split_identifiers(coalesce(
                   metadata operator(pg_catalog.->>) 'route',
                   metadata operator(pg_catalog.->>) 'name',
                   pg_catalog.regexp_replace(coalesce(metadata operator(pg_catalog.->>) 'qualified_name', node_id), E'^.*\\.', ''))))));
end;
$$;

-- What a refresh of the statistics of words compares with what it counted last.
create or replace function pgsearch._analysis_version()
returns integer
language plpgsql immutable parallel safe
as $$
begin
    return 2;
end;
$$;

comment on function pgsearch._analysis_version() is 'Version of the text analysis that stands in this schema: 1 was bigrams and the parser of PostgreSQL, 2 is words and wholes.';
