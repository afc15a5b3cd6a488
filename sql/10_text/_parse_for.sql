-- One query, as the text configurations of the collections it goes to understand it.

create or replace function pgsearch._parse_for(
    query       text,
    collections text[],
    operator    text,
    out lexemes   text[],
    out weights   float8[],
    out any_of    tsquery,
    out required  tsquery,
    out excluded  tsquery,
    out words     text[],
    out truncated boolean
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    text_config text;
    parsed      record;
begin
    lexemes := '{}';
    weights := '{}';
    for text_config in
        select distinct c.text_config
          from pgsearch.collections as c
         where collections is null
            or c.collection = any (collections)
         order by 1
    loop
        parsed    := pgsearch.parse_query(query, text_config, operator);
        -- a word that two configurations reduce alike ("search") must not count twice
        select lexemes || coalesce(array_agg(l.lexeme order by l.at), '{}'),
               weights || coalesce(array_agg(l.weight order by l.at), '{}')
          into lexemes, weights
          from unnest(parsed.lexemes, parsed.weights) with ordinality as l(lexeme, weight, at)
         where l.lexeme <> all (lexemes);
        required  := coalesce(required || parsed.required, required, parsed.required);
        excluded  := coalesce(excluded || parsed.excluded, excluded, parsed.excluded);
        words     := parsed.words;
        truncated := parsed.truncated;
    end loop;

    any_of := pgsearch._any_of(lexemes);
end;
$$;

comment on function pgsearch._parse_for(text, text[], text) is
'parse_query for the given collections (null: all). Collections of several text configurations give the union of their lexemes and either form of a requirement;
any_of matches whatever has at least one lexeme, and is null for a query without words. An unknown operator raises PS002.';
