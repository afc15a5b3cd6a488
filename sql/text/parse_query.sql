-- Words of people to what the indexes understand: phrases, -exclusions and +requirements are read first, each term is analysed alone.
--
-- websearch_to_tsquery over bigrams would be wrong (전기차 -윤석열 becomes "... & !'윤석' & '석열'"), would raise XX000 for 33
-- dashes, and joins all words by AND, which finds nothing for a question of seven words (nDCG@10 .004 on KorQuAD
-- against .643 for the same ranking over OR).

create or replace function pgsearch._any_of(lexemes text[])
returns tsquery
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- array_to_tsvector quotes every lexeme the way tsquery reads it; quote_literal is wrong for backslashes
select string_agg(array_to_tsvector(array[lexeme])::text, ' | ')::tsquery
  from (select distinct unnest(lexemes) as lexeme) as l
 where lexeme <> ''
   and octet_length(lexeme) <= 2046;
$$;

comment on function pgsearch._any_of(text[]) is 'A tsquery that matches any of the lexemes; null for none.';

create or replace function pgsearch._typed(query text)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- typographic quotes and signs are what phones type; four times what counts is read, since NFKC may shorten
select translate(normalize(left(coalesce(query, ''), 4000), NFKC), '“”„‟«»「」『』−–—', '""""""""""---');
$$;

comment on function pgsearch._typed(text) is 'The query in NFKC with plain quotes and signs, not yet cut to its first 1,000 characters.';

create or replace function pgsearch.parse_query(
    query       text,
    text_config text default 'pg_catalog.simple',
    operator    text default 'or',
    out lexemes   text[],
    out weights   float8[],
    out required  tsquery,
    out excluded  tsquery,
    out keywords  tsquery[],
    out words     text[],
    out truncated boolean
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    most_characters constant integer := 1000;
    config  constant text := pgsearch._qualified_text_config(text_config);
    typed   constant text := pgsearch._typed(query);
    loose   text := '';
    phrase  text;
    sign    text;
    term    tsquery;
    token   text[];
    quoted  boolean;
    join_or boolean := false;
begin
    if operator is null or operator not in ('or', 'and') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown operator %s', coalesce(quote_literal(operator), 'null')),
            hint    = 'Known operators: or, and.';
    end if;

    lexemes   := '{}';
    weights   := '{}';
    keywords  := '{}';
    words     := '{}';
    truncated := greatest(length(query), length(typed)) > most_characters;

    for token in
        select regexp_matches(left(typed, most_characters), E'([-+]?)"([^"]*)"|(\\S+)', 'g')
    loop
        quoted := token[3] is null;
        -- --version is a flag that was pasted, not an exclusion
        sign   := coalesce(token[1], substring(token[3] from '^[-+](?![-+])'), '');
        phrase := case when quoted then token[2] else substr(token[3], 1 + length(sign)) end;

        -- letters by range, whatever the collation takes for one; emoji are words
        if phrase !~ (E'[0-9A-Za-z\\u00C0-\\u1FFF\\u2300-\\u23FF\\u2600-\\u27BF\\u2B00-\\u2DFF'
                      '\\u3005-\\uDFFF\\uF900-\\uFDFF\\U00010000-\\U000323AF]') then
            continue;
        end if;

        if phrase = 'OR' and not quoted and sign = '' then
            join_or := true;
            continue;
        end if;

        if sign = '-' then
            term     := pgsearch._phrase(config, phrase);
            excluded := coalesce(excluded || term, term, excluded);
            continue;
        end if;

        loose := loose || ' ' || phrase;
        if quoted or sign = '+' or operator = 'and' then
            term := pgsearch._phrase(config, phrase);
            if term is not null then
                if join_or and cardinality(keywords) > 0 then
                    keywords[cardinality(keywords)] := keywords[cardinality(keywords)] || term;
                else
                    keywords := keywords || term;
                end if;
            end if;
        end if;
        join_or := false;
    end loop;

    foreach term in array keywords loop
        required := coalesce(required && term, term);
    end loop;

    select q.lexemes, q.weights
      into lexemes, weights
      from pgsearch._query_lexemes(config, loose) as q;

    select coalesce(array_agg(word order by first_at), '{}')
      into words
      from (select lower(match[1]) as word, min(at) as first_at
              from regexp_matches(loose, '([[:alnum:]][[:alnum:]_.+#''-]*[[:alnum:]+#]|[[:alnum:]])', 'g') with ordinality as m(match, at)
             group by lower(match[1])) as w;
end;
$$;

comment on function pgsearch.parse_query(text, text, text) is
'What a query asks for.
Arguments:
- query (only its first 1,000 characters count)
- text_config (name of a text search configuration)
- operator (''or'': any word will do; ''and'': every word is required)
Syntax: "a phrase" and +word are required, -word and -"a phrase" are excluded, OR between two required terms lets either
do.
Returns one row: lexemes (of all wanted terms, in order, each once), weights (parallel: what each counts in ranking, 1
for a word asked for once, half for a Korean bigram that touches a particle), required (tsquery every hit must match, or
null), excluded (tsquery no hit may match, or null), keywords (the requirements, one by one), words (as typed, lower
case, without repeats), truncated (whether the query was cut). A phrase in Korean matches where its bigrams stand one
after the other:
"탄핵 절차" finds neither 탄핵절차 nor 탄핵의 절차, and -사과 also drops 인사과장.
Errors: PS002 unknown operator, PS003 unknown text_config.
Example:
select lexemes, required, excluded
  from pgsearch.parse_query(''"electric car" subsidy -charging'', ''english'', ''or'');';
