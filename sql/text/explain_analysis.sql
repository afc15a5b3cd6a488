-- What becomes of a text and of a query before they meet: why a word is found, or is not.

create or replace function pgsearch.explain_analysis(
    content     text,
    query       text default '',
    text_config text default 'pg_catalog.simple'
)
returns table (lexeme text, kind text, positions integer[], weight float8, korean_weight float8, matched boolean)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
as $$
#variable_conflict use_column
declare
    most_characters constant integer := 20000;
    config  constant text     := pgsearch._qualified_text_config(text_config);
    shown   constant text     := left(coalesce(content, ''), most_characters);
    asked   constant text     := left(coalesce(query, ''), most_characters);
    joined  constant text     := pgsearch._normalized(shown || ' ' || asked);
    wholes  constant tsvector := to_tsvector(config::regconfig, coalesce(pgsearch._wholes(joined), ''));
    spelt   constant tsvector := to_tsvector(config::regconfig, coalesce(pgsearch._spellings(joined), ''));
    parsed  record;
begin
    select p.lexemes, p.weights into parsed from pgsearch.parse_query(asked, text_config) as p;

    return query
    with found as (
        select t.lexeme, t.positions::integer[] as positions
          from unnest(pgsearch._analyze(config, shown)) as t
    ),
    wanted as (
        select w.lexeme, w.weight
          from unnest(parsed.lexemes, parsed.weights) as w(lexeme, weight)
    ),
    korean as (
        select k.lexeme, max(k.weight) as weight
          from pgsearch._korean_weights(asked) as k
         group by k.lexeme
    ),
    every as (
        select f.lexeme from found as f
         union
        select w.lexeme from wanted as w
         union
        select k.lexeme from korean as k
    )
    select pgsearch._shown_lexeme(e.lexeme),
           case
           when e.lexeme = any (tsvector_to_array(wholes)) then 'whole'
           when e.lexeme ~ '^[가-힣ぁ-ゖァ-ヺ一-鿿]{2}$' then 'bigram'
           when e.lexeme = any (tsvector_to_array(spelt)) then 'spelling'
           else 'word'
           end,
           coalesce(f.positions, '{}'),
           coalesce(w.weight, case when k.lexeme is not null then 0 end),
           k.weight,
           f.lexeme is not null and w.lexeme is not null
      from every as e
           left join found as f on f.lexeme = e.lexeme
           left join wanted as w on w.lexeme = e.lexeme
           left join korean as k on k.lexeme = e.lexeme
     order by f.positions[1] nulls last, e.lexeme;
end;
$$;

comment on function pgsearch.explain_analysis(text, text, text) is
'What the words of a text and of a query are to a search, and which of them meet.
Arguments:
- content (of which the first 20,000 characters are looked at)
- query
- text_config (name of a text search configuration)
Returns a row for each lexeme of either: lexeme (as people read it), kind (word; bigram of Hangul, Kana or Han; whole of a
joined word, a name with a sign or a date; spelling of an accented word), positions (in the text; empty: it is only asked
for), weight (what it counts in ranking; null: not asked for; 0: asked for and left out, as what only asks is),
korean_weight (0 for a question word or ending, 0.5 where it touches a particle, 1 within a word; null: not Korean), matched
(asked for, and in the text).
Error: PS003 unknown text_config.
Example:
select lexeme, kind, weight from pgsearch.explain_analysis(''전기차의 보조금'', ''전기차는 무엇인가요'') where matched;';
