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
    -- a tsquery is walked on the stack, a level for each of its terms
    most_terms      constant integer := 500;
    config  text;
    loose   text;
    term    tsquery;
    token   record;
    terms   integer;
    join_or boolean;
begin
    if operator is null or operator not in ('or', 'and') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown operator %s', coalesce(quote_literal(operator), 'null')),
            hint    = 'Known operators: or, and.';
    end if;

    select pgsearch._qualified_text_config(text_config), '{}', coalesce(length(query), 0) > pgsearch._most_typed(), '', 0, false
      into config, keywords, truncated, loose, terms, join_or;

    for token in
        select t.sign, t.quoted, t.phrase
          from pgsearch._query_tokens(query) as t
         order by t.at
    loop
        if token.sign not in ('-', 'OR') then
            loose := loose || ' ' || token.phrase;
        end if;
        continue when operator = 'or' and not token.quoted and token.sign = '';
        terms := terms + 1;
        continue when terms > most_terms;

        if token.sign = 'OR' then
            join_or := true;
            continue;
        end if;

        term := pgsearch._phrase(config, left(token.phrase, 1000));
        if token.sign = '-' then
            excluded := coalesce(excluded || term, term, excluded);
            continue;
        end if;

        if term is not null then
            if join_or and cardinality(keywords) > 0 then
                keywords[cardinality(keywords)] := keywords[cardinality(keywords)] || term;
            else
                keywords := keywords || term;
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
- query (only its first 32,000 characters count, of a phrase 1,000, and 500 of the terms with a sign or required)
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
