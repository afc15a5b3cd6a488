-- depends: 0016_fields
-- What a search box asks of titles and words: initial consonants, and words that are spelt like another.

-- In ASCII letters, because pg_trgm makes trigrams of what the locale calls letters, and ASCII is that under every one.
create or replace function pgsearch._initial_consonants(content text)
returns text
language sql immutable parallel safe strict
as $$
select pg_catalog.translate(
           pg_catalog.regexp_replace(pg_catalog.normalize(content, 'NFKD'), E'[^\u1100-\u1112]', '', 'g'),
           E'\u1100\u1101\u1102\u1103\u1104\u1105\u1106\u1107\u1108\u1109\u110A\u110B\u110C\u110D\u110E\u110F\u1110\u1111\u1112',
           'abcdefghijklmnopqrs')
$$;

comment on function pgsearch._initial_consonants(text) is
'The initial consonants of the Hangul syllables of a text, and its consonants that stand alone, as the letters a (ㄱ) to
s (ㅎ); all else is left out.';

-- squawk-ignore require-concurrent-index-creation
create index if not exists pages_initial_consonants_trgm_gin
    on pgsearch.pages
 using gin (pgsearch._initial_consonants(title) gin_trgm_ops)
 where pgsearch._initial_consonants(title) <> '';

-- Words of alphabets only: a bigram of Hangul or Han is like a third of all others. Those of three letters are, too.
-- squawk-ignore require-concurrent-index-creation
create index if not exists lexeme_stats_trgm_gin
    on pgsearch.lexeme_stats
 using gin (lexeme gin_trgm_ops)
 where char_length(lexeme) >= 4
   and octet_length(lexeme) < 3 * char_length(lexeme);

-- By bytes: under most locales an index by the locale's order finds no prefix.
-- squawk-ignore require-concurrent-index-creation
create index if not exists lexeme_stats_prefix
    on pgsearch.lexeme_stats (lexeme text_pattern_ops);

-- Queries that begin as what was typed so far.
-- squawk-ignore require-concurrent-index-creation
create index if not exists top_queries_daily_query_prefix
    on pgsearch.top_queries_daily (query_normalized text_pattern_ops);

do $$
begin
    if not exists (select
                     from pg_attribute as a
                    where a.attrelid = 'pgsearch.search_findings'::regclass
                      and a.attname = 'did_you_mean') then
        alter type pgsearch.search_findings
            add attribute unknown_words text[],
            add attribute did_you_mean  text;
    end if;
end;
$$;
