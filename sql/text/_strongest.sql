-- Of a pasted text the words that tell most: what it repeats, and what few pages have.

create or replace function pgsearch._most_lexemes()
returns integer
language sql immutable parallel safe
return 32;

comment on function pgsearch._most_lexemes() is 'How many lexemes of a query are looked for.';

create or replace function pgsearch._strongest(given text[], worth float8[], collections text[], out lexemes text[], out weights float8[])
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
-- with entries pending in GIN the planner would rather walk along another index
set enable_indexscan = off
set jit = off
set gin_fuzzy_search_limit = 0
as $$
declare
    -- The index is asked for what the statistics do not know, for so many lexemes and no further than that.
    most_asked   constant integer := 256;
    most_counted constant integer := 1000;
    refreshed    text[];
    unrefreshed  text[];
    chunks       float8;
begin
    select coalesce(array_agg(c.collection) filter (where s.collection is not null), '{}'),
           array_agg(c.collection) filter (where s.collection is null),
           coalesce(sum(s.chunks), 0)
      into refreshed, unrefreshed, chunks
      from pgsearch.collections as c
           left join pgsearch.collection_stats as s on s.collection = c.collection
     where _strongest.collections is null
        or c.collection = any (_strongest.collections);

    with asked as materialized (
        select l.lexeme, l.weight, l.at,
               (select sum(s.document_frequency)::float8
                  from pgsearch.lexeme_stats as s
                 where s.collection = any (refreshed)
                   and s.lexeme = l.lexeme) as known
          from unnest(given, worth) with ordinality as l(lexeme, weight, at)
         where l.lexeme <> ''
           and octet_length(l.lexeme) <= 2046
    ),
    counted as materialized (
        select u.at,
               (select count(*)
                  from (select
                          from pgsearch.chunks as c
                         where c.content_tsv @@ u.term
                           and (_strongest.collections is null or c.collection = any (_strongest.collections))
                         limit most_counted) as c) as frequency
          from (select a.at, array_to_tsvector(array[a.lexeme])::text::tsquery as term
                  from asked as a
                 where a.known is null
                    or unrefreshed is not null
                 order by a.weight desc, hashtextextended(a.lexeme, 0)
                 limit most_asked) as u
    ),
    occurring as (
        select a.lexeme, a.weight, a.at, greatest(a.known, c.frequency) as frequency
          from asked as a
               left join counted as c on c.at = a.at
         where greatest(a.known, c.frequency) > 0
    ),
    strongest as (
        select o.lexeme, o.weight, o.at
          from (select o.*, greatest(chunks, max(o.frequency) over ()) as chunks from occurring as o) as o
         order by o.weight * ln(1 + (o.chunks - o.frequency + 0.5) / (o.frequency + 0.5)) desc, o.at
         limit pgsearch._most_lexemes()
    )
    select coalesce(array_agg(s.lexeme order by s.at), '{}'), coalesce(array_agg(s.weight order by s.at), '{}')
      into lexemes, weights
      from strongest as s;

    -- none stands anywhere: then it does not matter which
    if lexemes = '{}' then
        lexemes := given[:pgsearch._most_lexemes()];
        weights := worth[:pgsearch._most_lexemes()];
    end if;
end;
$$;

comment on function pgsearch._strongest(text[], float8[], text[]) is
'The lexemes with the largest weight * idf in the collections (null: all), in their order, of a query that has more than are
looked for: by the last refresh_text_stats, and what that has not seen by the index.';

create or replace function pgsearch._words_of(words text[], lexemes text[])
returns text[]
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- a word begins as its lexeme does, and a bigram stands anywhere in it
select array(select w.word
               from unnest(words) with ordinality as w(word, at)
              where exists (select
                              from unnest(lexemes) as l
                             where strpos(w.word, left(l, greatest(2, length(l) - 2))) > 0)
              order by w.at
              limit pgsearch._most_lexemes());
$$;

comment on function pgsearch._words_of(text[], text[]) is
'Those of the words as typed that the lexemes may come from, no more of them than there may be lexemes.';
