-- Words of which the beginning was typed: report* is reporting and reports too.

create or replace function pgsearch._prefix_lexemes(word text, text_config text, collections text[], out lexeme text, out weight float8)
returns setof record
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    -- of a beginning of two letters a large collection knows thousands of words; the commonest stand for them
    most    constant integer := 20;
    plain   constant text[]  := array(select a.lexeme
                                        from unnest(to_tsvector('simple', pgsearch._words(pgsearch._normalized(word)))) as a
                                       order by a.positions[cardinality(a.positions)] desc);
    prefix  constant text    := plain[1];
    -- what is longer than the stem of its word (configura, configur) begins with the stem
    stems   constant text[]  := case when text_config = 'pg_catalog.simple' then '{}'
                                     else array(select left(prefix, n)
                                                  from generate_series(greatest(4, length(prefix) - 4), length(prefix) - 1) as n)
                                end;
begin
    if prefix is null or length(prefix) < 2 and prefix ~ '[0-9A-Za-z]' then
        return;
    end if;

    return query
    with known as (
        select s.lexeme, sum(s.document_frequency)::float8 as frequency
          from pgsearch.lexeme_stats as s
         where (s.lexeme ~>=~ prefix and s.lexeme ~<=~ (prefix || E'\U0010FFFF') or s.lexeme = any (stems))
           -- a whole stands for its parts elsewhere
           and s.lexeme !~ '[ǀǁǂǃ]'
           and (_prefix_lexemes.collections is null or s.collection = any (_prefix_lexemes.collections))
         group by s.lexeme
         order by 2 desc, 1
         limit most
    ),
    total as (
        select greatest(sum(k.frequency), (select sum(c.chunks)
                                             from pgsearch.collection_stats as c
                                            where _prefix_lexemes.collections is null
                                               or c.collection = any (_prefix_lexemes.collections))) as chunks,
               sum(k.frequency) as frequency
          from known as k
    )
    -- all of them are one word, as rare as they are together
    select k.lexeme,
           ln(1 + (t.chunks - t.frequency + 0.5) / (t.frequency + 0.5)) / ln(1 + (t.chunks - k.frequency + 0.5) / (k.frequency + 0.5))
      from known as k
           cross join total as t;
end;
$$;

comment on function pgsearch._prefix_lexemes(text, text, text[]) is
'The lexemes of the collections (null: all) that begin as the last word of what was typed, the twenty commonest, and the
stems that it begins with itself; weight is what each is to count so that all together tell as much as one word that
stands in all their chunks. Letters of ASCII need two of them. As fresh as the last refresh_text_stats.';

create or replace function pgsearch._with_prefixes(
    asked       text[],
    worth       float8[],
    begun       text[],
    text_config text,
    collections text[],
    out lexemes text[],
    out weights float8[]
)
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
with going_on as materialized (
    select p.lexeme, max(p.weight) as weight
      from unnest(begun) as b(word)
           cross join lateral pgsearch._prefix_lexemes(b.word, text_config, collections) as p
     group by p.lexeme
),
-- what was typed is no word where only longer ones are known
unfinished as (
    select distinct l.lexeme
      from unnest(begun) as b(word)
           cross join lateral unnest(pgsearch._analyze(text_config, b.word)) as l
     where exists (select from going_on as g where starts_with(g.lexeme, l.lexeme) or starts_with(l.lexeme, g.lexeme))
),
all_of_them as (
    select a.lexeme, a.weight, a.at
      from unnest(asked, worth) with ordinality as a(lexeme, weight, at)
     where a.lexeme not in (select u.lexeme from unfinished as u)
       and a.lexeme not in (select g.lexeme from going_on as g)
     union all
    select g.lexeme, g.weight, cardinality(asked) + row_number() over (order by g.weight, g.lexeme)
      from going_on as g
)
select coalesce(array_agg(f.lexeme order by f.at), '{}'), coalesce(array_agg(f.weight order by f.at), '{}')
  from all_of_them as f;
$$;

comment on function pgsearch._with_prefixes(text[], float8[], text[], text, text[]) is
'Lexemes and weights of a query with those of the words that were begun in it (see _prefix_lexemes).';
