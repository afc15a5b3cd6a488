-- Text analysis: what a generated column calls is schema, so it lives here and not in sql/.
--
-- Everything in these bodies is qualified, because pg_restore fills the tables with an empty search_path
-- and an unqualified name would lose their rows.

-- Runs of Hangul, Kana and Han become overlapping character bigrams; the rest stays as it is.
--
-- Korean puts particles on its nouns (탄핵의, 탄핵은) and Chinese and Japanese put no spaces at all, so whole words miss.
-- Bigrams need no dictionary and are the same at indexing and at query time. A run of one character stays whole.
-- NFKC comes first, else decomposed Hangul and half-width kana would give no bigrams. Plain ASCII skips both passes.
create or replace function pgsearch._segment(content text)
returns text
language plpgsql immutable parallel safe strict
as $$
declare
    -- Hangul syllables and jamo, Kana with the long-vowel mark, the iteration mark, Han with its compatibility forms and planes 2-3
    cjk  constant text := '[\u1100-\u11FF\u3005-\u3007\u3041-\u309F\u30A1-\u30FA\u30FC-\u30FF\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF'
                          '\uA960-\uA97F\uAC00-\uD7FF\uF900-\uFAFF\U00020000-\U000323AF]';
    most constant integer := 65536;
    text text;
begin
    if pg_catalog.octet_length(content) operator(pg_catalog.=) pg_catalog.char_length(content) then
        return pg_catalog.left(content, most);
    end if;

    text := pg_catalog.left(pg_catalog.normalize(content, 'NFKC'), most);
    text := pg_catalog.regexp_replace(text, pg_catalog.format('(%s+)', cjk), ' \1 ', 'g');
    return pg_catalog.regexp_replace(text, pg_catalog.format('(?<=%1$s)(%1$s)(?=%1$s)', cjk), '\1 \1', 'g');
end;
$$;

comment on function pgsearch._segment(text) is
'Text whose runs of Hangul, Kana and Han are written as overlapping character bigrams separated by spaces; NFKC-normalised and cut at 65,536 characters, because more than 1 MB of lexemes would make the generated column refuse the row (54000).';

-- plpgsql, so that the planner cannot inline it: the cast to regconfig is stable, and an inlined stable cast is refused in a generated column.
create or replace function pgsearch._analyze(text_config text, content text)
returns tsvector
language plpgsql immutable parallel safe strict
as $$
begin
    return pg_catalog.to_tsvector(text_config::pg_catalog.regconfig, pgsearch._segment(content));
end;
$$;

comment on function pgsearch._analyze(text, text) is
'tsvector of a text under a schema-qualified text search configuration ("pg_catalog.english"), with bigrams for Hangul, Kana and Han.';

create or replace function pgsearch._analyze_chunk(text_config text, heading text, content text)
returns tsvector
language plpgsql immutable parallel safe strict
as $$
begin
    return pg_catalog.setweight(
               pg_catalog.to_tsvector(text_config::pg_catalog.regconfig, pgsearch._segment(heading)), 'A')
           operator(pg_catalog.||)
           pg_catalog.to_tsvector(text_config::pg_catalog.regconfig, pgsearch._segment(content));
end;
$$;

comment on function pgsearch._analyze_chunk(text, text, text) is
'tsvector of a chunk: the heading (page title and section headings) with weight A, the content with weight D. A phrase may match across the border of heading and content.';
