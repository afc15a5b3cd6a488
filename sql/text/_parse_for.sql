-- One query, as the text configurations of the collections it goes to understand it.

create or replace function pgsearch._phrase_statement(has_collections boolean)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select concat_ws(
    E'\n',
    'select exists (select',
    '                 from (select c.content_tsv',
    '                         from pgsearch.chunks as c',
    '                        where c.content_tsv @@ $1',
    case when has_collections then '                          and c.collection = any ($4)' end,
    '                        limit $6) as c',
    '                where c.content_tsv @@ $2)');
$$;

comment on function pgsearch._phrase_statement(boolean) is
'Text of the look for a phrase. Parameters, numbered as in _fts_statement: $1 its words as a tsquery, $2 the phrase, $4
collections text[], $6 how many chunks that have the words are looked at.';

create or replace function pgsearch._stands_nowhere(phrase text, text_configs text[], collections text[], most_read integer)
returns boolean
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_indexscan = off
set jit = off
set gin_fuzzy_search_limit = 0
as $$
declare
    words   tsquery;
    asked   tsquery;
    stands  boolean;
    nowhere boolean := false;
begin
    for asked in
        select p.asked
          from unnest(text_configs) as t(text_config)
               cross join lateral pgsearch._phrase(t.text_config, phrase) as p(asked)
         where p.asked is not null
    loop
        words := pgsearch._words_anywhere(asked);
        execute pgsearch._phrase_statement(collections is not null)
           into stands
          using words, asked, null::tsquery, collections, null::bigint[], most_read;
        if stands
           -- where there are more than could be read, it may stand in one of the others
           or pgsearch._count_chunks(words, collections, most_read) = most_read
           or exists (select
                        from pgsearch.pages as p
                       where p.fields_tsv @@ asked
                         and p.fields_tsv <> ''::tsvector
                         and (_stands_nowhere.collections is null or p.collection = any (_stands_nowhere.collections))) then
            return false;
        end if;
        nowhere := true;
    end loop;
    -- a phrase of stop words alone requires nothing
    return nowhere;
end;
$$;

comment on function pgsearch._stands_nowhere(text, text[], text[], integer) is
'Whether it is certain that no chunk, tag, note or summary of the collections (null: all) has the phrase, as any of the text
configurations reads it. It is not where more than most_read chunks have all its words and the phrase stands in none of so many of
them.';

create or replace function pgsearch._pasted_statement(has_collections boolean)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select concat_ws(
    E'\n',
    'select count(*) <= $6 and bool_or(strpos(c.said, $2) > 0 and c.said ~ $3)',
    '  from (select concat_ws('' '', c.heading, c.content) as said',
    '          from pgsearch.chunks as c',
    '         where c.content_tsv @@ $1',
    case when has_collections then '           and c.collection = any ($4)' end,
    '         limit $6 + 1) as c');
$$;

comment on function pgsearch._pasted_statement(boolean) is
'Text of the look for a word with its sign. Parameters, numbered as in _fts_statement: $1 tsquery, $2 word and sign, $3
a regular expression for them, $4 collections text[], $6 how many chunks are read, of which there may be no more.';

create or replace function pgsearch._pattern_with_sign(word text)
returns text
language sql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
select '(?:^|[^[:alnum:]-])' || regexp_replace(word, E'([^[:alnum:]\\s_])', E'\\\\\\1', 'g') || '(?![A-Za-z0-9])';
$$;

comment on function pgsearch._pattern_with_sign(text) is
'A regular expression for a word that begins with a sign (-xzf), where no other word or sign stands before it.';

create or replace function pgsearch._stands_with_sign(word text, wanted text, text_configs text[], collections text[])
returns boolean
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_indexscan = off
set jit = off
set gin_fuzzy_search_limit = 0
as $$
declare
    -- what stands in more chunks is a common word, and no option of a command
    most_read constant integer := 1000;
    pattern   constant text    := pgsearch._pattern_with_sign(word);
    dropped   tsquery;
    stands    boolean;
begin
    for dropped in
        select case when wanted is null then p.excluded
                    else p.excluded && pgsearch._any_of(tsvector_to_array(pgsearch._analyze(t.text_config, wanted))) end
          from unnest(text_configs) as t(text_config)
               cross join lateral pgsearch._phrase(t.text_config, substr(word, 2)) as p(excluded)
    loop
        execute pgsearch._pasted_statement(collections is not null)
           into stands
          using dropped, word, pattern, collections, null::bigint[], most_read;
        if stands then
            return true;
        end if;
    end loop;
    return false;
end;
$$;

comment on function pgsearch._stands_with_sign(text, text, text[], text[]) is
'Whether some chunk of the collections (null: all) that has any of the wanted words (null: any chunk) has the word with its
sign too (tar -xzf): it was pasted from such a text, and means this one, not all others.';

create or replace function pgsearch._loosened(query text, collections text[], out asked text, out loosened text[])
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    -- Chunks that hold all the words of a phrase are read to see whether they stand side by side: so many in all, a
    -- tenth of a second, however many phrases are asked for.
    most_read  constant integer := 20000;
    -- And so many phrases are looked for, since GIN has to put together the chunks that have the words of each.
    most_asked constant integer := 8;
    configs    constant text[]  := array(select distinct c.text_config
                                         from pgsearch.collections as c
                                        where collections is null or c.collection = any (collections));
    phrases    integer;
    wanted     text;
    others     boolean := false;
    looked_for integer := 0;
    token      record;
begin
    select count(*) filter (where t.quoted and t.sign = ''),
           string_agg(t.phrase, ' ' order by t.at) filter (where t.sign not in ('-', 'OR'))
      into phrases, wanted
      from pgsearch._query_tokens(query) as t;
    asked    := '';
    loosened := '{}';
    for token in
        select t.sign, t.quoted, t.phrase,
               case when t.quoted then format('%s"%s"', t.sign, t.phrase) else t.sign || t.phrase end as typed
          from pgsearch._query_tokens(query) as t
         order by t.at
    loop
        looked_for := looked_for + (token.quoted and token.sign = '' or not token.quoted and token.sign = '-')::integer;
        if looked_for > most_asked then
            asked    := concat_ws(' ', asked, token.typed);
        elsif token.quoted and token.sign = ''
              and pgsearch._stands_nowhere(token.phrase, configs, collections, most_read / least(most_asked, phrases)) then
            loosened := loosened || token.typed;
            -- what was quoted is no syntax without its quotes either
            asked    := asked || ' ' || regexp_replace(regexp_replace(token.phrase, E'(^|\\s)[-+]+', E'\\1', 'g'), E'\\mOR\\M', 'or', 'g');
            continue;
        elsif token.sign = '-' and not token.quoted
              and pgsearch._stands_with_sign(token.typed, wanted, configs, collections) then
            loosened := loosened || token.typed;
            asked    := concat_ws(' ', asked, '(' || token.typed);
            -- where nothing else is asked for, it is what was asked for
            others   := others or wanted is null;
            continue;
        else
            -- and what was read as punctuation stays that
            asked    := concat_ws(' ', asked, case when token.sign = '' and token.phrase ~ '^[-+]' then '(' else '' end || token.typed);
        end if;
        others := others or token.sign in ('', '+');
    end loop;

    -- nothing but the phrase was asked for: that it stands nowhere is the answer
    if cardinality(loosened) = 0 or not others then
        asked    := query;
        loosened := '{}';
    end if;
end;
$$;

comment on function pgsearch._loosened(text, text[]) is
'The query with what is taken for ordinary words, and that as it was typed: quoted phrases (without sign) that stand in no
chunk of the collections (null: all), where the query asks for something else, and exclusions that a chunk which has that
has with their sign; otherwise the query as it is. The first eight are looked for.';

create or replace function pgsearch._parse_for(
    query       text,
    collections text[],
    operator    text,
    typing      boolean default false
)
returns pgsearch.parsed_query
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    text_config text;
    parsed      record;
    whole       pgsearch.parsed_query;
    begun       text[];
    typed       text;
begin
    select '{}', '{}', query, '{}', coalesce(length(query), 0) > pgsearch._most_typed(), pgsearch._typed(query)
      into whole.lexemes, whole.weights, whole.asked, whole.loosened, whole.truncated, typed;
    if pgsearch._has_any(typed, '"-') and typed ~ E'"|(?:^|\\s)-' then
        select l.asked, l.loosened into whole.asked, whole.loosened from pgsearch._loosened(query, collections) as l;
    end if;

    if typing or strpos(whole.asked, '*') > 0 then
        begun := pgsearch._begun_words(whole.asked, typing);
    end if;

    for text_config in
        select distinct c.text_config
          from pgsearch.collections as c
         where collections is null
            or c.collection = any (collections)
         order by 1
    loop
        parsed    := pgsearch.parse_query(whole.asked, text_config, operator);
        if begun <> '{}' then
            select p.lexemes, p.weights into parsed.lexemes, parsed.weights
              from pgsearch._with_prefixes(parsed.lexemes, parsed.weights, begun, text_config, collections) as p;
        end if;
        -- a word that two configurations reduce alike ("search") must not count twice
        select whole.lexemes || coalesce(array_agg(l.lexeme order by l.at), '{}'),
               whole.weights || coalesce(array_agg(l.weight order by l.at), '{}'),
               coalesce(whole.required || parsed.required, whole.required, parsed.required),
               coalesce(whole.excluded || parsed.excluded, whole.excluded, parsed.excluded),
               parsed.words
          into whole.lexemes, whole.weights, whole.required, whole.excluded, whole.words
          from unnest(parsed.lexemes, parsed.weights) with ordinality as l(lexeme, weight, at)
         where l.lexeme not in (select unnest(whole.lexemes));
    end loop;
    whole.different := cardinality(whole.lexemes);
    if whole.different > pgsearch._most_lexemes() then
        -- a log, whose lines are alike, says once what it repeats
        if strpos(typed, E'\n') > 0 and pgsearch._folded(typed) <> typed then
            whole.weights := array(select least(w.weight, 1) from unnest(whole.weights) with ordinality as w(weight, at) order by w.at);
        end if;
        select k.lexemes, k.weights
          into whole.lexemes, whole.weights
          from pgsearch._strongest(whole.lexemes, whole.weights, collections) as k;
        whole.words := pgsearch._words_of(whole.words, whole.lexemes);
    end if;

    whole.any_of := pgsearch._any_of(whole.lexemes);
    return whole;
end;
$$;

comment on function pgsearch._parse_for(text, text[], text, boolean) is
'parse_query for the given collections (null: all). Collections of several text configurations give the union of their
lexemes and either form of a requirement; words that end with *, and the last one while typing, stand for those that
begin so; any_of matches whatever has at least one lexeme, and is null for a query
without words. A quoted phrase that stands in no chunk of them counts as ordinary words, if the query has others:
asked is the query so read, loosened the phrases. An unknown operator raises PS002.';
