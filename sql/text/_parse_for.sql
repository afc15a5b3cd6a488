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
           or pgsearch._count_chunks(words, collections, most_read) = most_read then
            return false;
        end if;
        nowhere := true;
    end loop;
    -- a phrase of stop words alone requires nothing
    return nowhere;
end;
$$;

comment on function pgsearch._stands_nowhere(text, text[], text[], integer) is
'Whether it is certain that no chunk of the collections (null: all) has the phrase, as any of the text configurations
reads it. It is not where more than most_read chunks have all its words and the phrase stands in none of so many of
them.';

create or replace function pgsearch._loosened(query text, collections text[], out asked text, out phrases text[])
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    -- Chunks that hold all the words of a phrase are read to see whether they stand side by side: so many in all, a
    -- tenth of a second, however many phrases are asked for.
    most_read  constant integer := 20000;
    -- And so many phrases are looked for, since GIN has to put together the chunks that have the words of each.
    most_asked constant integer := 8;
    typed      constant text    := left(pgsearch._typed(query), 1000);
    each       constant integer := most_read / least(most_asked, greatest(1, regexp_count(typed, '"[^"]*"')));
    configs    constant text[]  := array(select distinct c.text_config from pgsearch.collections as c where collections is null or c.collection = any (collections));
    token      text[];
    looked_for integer := 0;
    others     boolean := false;
begin
    asked   := '';
    phrases := '{}';
    for token in
        select regexp_matches(typed, E'([-+]?)"([^"]*)"|(\\S+)', 'g')
    loop
        looked_for := looked_for + (token[3] is null and token[1] = '')::integer;
        if token[3] is null and token[1] = '' and looked_for <= most_asked and pgsearch._stands_nowhere(token[2], configs, collections, each) then
            phrases := phrases || token[2];
            -- what was quoted is no syntax without its quotes either
            asked   := asked || ' ' || regexp_replace(regexp_replace(token[2], E'(^|\\s)[-+]+', E'\\1', 'g'), E'\\mOR\\M', 'or', 'g');
        else
            asked   := asked || ' ' || coalesce(token[3], token[1] || '"' || token[2] || '"');
            others  := others
                       or token[3] is null and token[1] <> '-' and token[2] ~ '[[:alnum:]]'
                       or token[3] ~ '[[:alnum:]]' and token[3] !~ '^-(?!-)' and token[3] <> 'OR';
        end if;
    end loop;

    -- nothing but the phrase was asked for: that it stands nowhere is the answer
    if cardinality(phrases) = 0 or not others then
        asked   := query;
        phrases := '{}';
    end if;
end;
$$;

comment on function pgsearch._loosened(text, text[]) is
'The query with those quoted phrases (without sign) turned into ordinary words that stand in no chunk of the collections
(null: all), and what they were; the query as it is when there are none, or when it asks for nothing else. The first
eight phrases are looked for.';

create or replace function pgsearch._parse_for(
    query       text,
    collections text[],
    operator    text
)
returns pgsearch.parsed_query
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    text_config text;
    parsed      record;
    whole       pgsearch.parsed_query;
begin
    whole.lexemes  := '{}';
    whole.weights  := '{}';
    whole.asked    := query;
    whole.loosened := '{}';
    if pgsearch._typed(query) ~ '"' then
        select l.asked, l.phrases into whole.asked, whole.loosened from pgsearch._loosened(query, collections) as l;
    end if;

    for text_config in
        select distinct c.text_config
          from pgsearch.collections as c
         where collections is null
            or c.collection = any (collections)
         order by 1
    loop
        parsed    := pgsearch.parse_query(whole.asked, text_config, operator);
        -- a word that two configurations reduce alike ("search") must not count twice
        select whole.lexemes || coalesce(array_agg(l.lexeme order by l.at), '{}'),
               whole.weights || coalesce(array_agg(l.weight order by l.at), '{}')
          into whole.lexemes, whole.weights
          from unnest(parsed.lexemes, parsed.weights) with ordinality as l(lexeme, weight, at)
         where l.lexeme <> all (whole.lexemes);
        whole.required  := coalesce(whole.required || parsed.required, whole.required, parsed.required);
        whole.excluded  := coalesce(whole.excluded || parsed.excluded, whole.excluded, parsed.excluded);
        whole.words     := parsed.words;
        whole.truncated := parsed.truncated or length(query) > 1000;
    end loop;

    whole.any_of := pgsearch._any_of(whole.lexemes);
    return whole;
end;
$$;

comment on function pgsearch._parse_for(text, text[], text) is
'parse_query for the given collections (null: all). Collections of several text configurations give the union of their
lexemes and either form of a requirement; any_of matches whatever has at least one lexeme, and is null for a query
without words. A quoted phrase that stands in no chunk of them counts as ordinary words, if the query has others:
asked is the query so read, loosened the phrases. An unknown operator raises PS002.';
