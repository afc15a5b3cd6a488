-- The known word that a misspelt one was meant to be: supprot -> support, subscrip -> subscriptions.
--
-- Trigrams find what is spelt alike in the words of the collections, and the edit distance with neighbouring letters
-- exchanged (Damerau 1964, as restricted by Oommen and Loke 1997) decides among them: four of five misspellings are one
-- such edit away.

create or replace function pgsearch._edit_distance(a text, b text)
returns integer
language plpgsql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
declare
    n      constant integer := length(a);
    m      constant integer := length(b);
    before integer[];
    above  integer[] := array(select generate_series(0, m));
    here   integer[];
    cost   integer;
begin
    for i in 1 .. n loop
        here := array[i];
        for j in 1 .. m loop
            cost := (substr(a, i, 1) <> substr(b, j, 1))::integer;
            here[j + 1] := least(above[j + 1] + 1, here[j] + 1, above[j] + cost);
            if i > 1 and j > 1 and substr(a, i, 1) = substr(b, j - 1, 1) and substr(a, i - 1, 1) = substr(b, j, 1) then
                here[j + 1] := least(here[j + 1], before[j - 1] + 1);
            end if;
        end loop;
        before := above;
        above  := here;
    end loop;
    return above[m + 1];
end;
$$;

comment on function pgsearch._edit_distance(text, text) is
'How many letters have to be put in, left out, replaced or exchanged with their neighbour to make b of a.';

create or replace function pgsearch._spelt_in_a_text(lexeme text, collections text[])
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_indexscan = off
set gin_fuzzy_search_limit = 0
as $$
declare
    holder record;
    spelt  text;
begin
    select c.text_config, c.heading || ' ' || c.content as content
      into holder
      from pgsearch.chunks as c
     where c.content_tsv @@ pgsearch._any_of(array[lexeme])
       and (_spelt_in_a_text.collections is null or c.collection = any (_spelt_in_a_text.collections))
     limit 1;

    select lower(w.found[1])
      into spelt
      -- of scripts that have spaces: a particle is no part of PostgreSQL에서
      from regexp_matches(holder.content, E'[A-Za-z0-9\u00C0-\u0DFF\u10A0-\u10FF\u1E00-\u1FFF]+', 'g') with ordinality as w(found, at)
     where length(w.found[1]) between length(lexeme) - 3 and length(lexeme) + 12
       -- a stem begins as its word does
       and left(lower(w.found[1]), 3) = left(lexeme, 3)
       and lexeme = any (tsvector_to_array(pgsearch._analyze(holder.text_config, w.found[1])))
     order by w.at
     limit 1;
    return coalesce(spelt, lexeme);
end;
$$;

comment on function pgsearch._spelt_in_a_text(text, text[]) is
'A word as a chunk of the collections (null: all) spells it whose lexeme is given: lexemes are stems. The lexeme itself
when none is found.';

create or replace function pgsearch._nearest_word(word text, collections text[])
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set pg_trgm.similarity_threshold = 0.25
set enable_seqscan = off
set enable_indexscan = off
set gin_fuzzy_search_limit = 0
as $$
declare
    most_compared constant integer := 40;
    typed         constant text    := lower(word);
    -- one error in four or five letters, two from six on, three from ten on
    most_edits    constant integer := case when length(typed) >= 10 then 3 when length(typed) >= 6 then 2 else 1 end;
    nearest       text;
begin
    if length(typed) not between 4 and 40 or octet_length(typed) >= 3 * length(typed) then
        return null;
    end if;

    select n.lexeme
      into nearest
      from (select s.lexeme,
                   s.frequency,
                   case
                   -- the beginning of a word was typed and no more of it
                   when starts_with(s.lexeme, typed) then 1
                   -- a stem is shorter than the word that was typed
                   when length(s.lexeme) between 5 and length(typed) - 1
                   then least(pgsearch._edit_distance(typed, s.lexeme),
                              1 + pgsearch._edit_distance(left(typed, length(s.lexeme)), s.lexeme))
                   else pgsearch._edit_distance(typed, s.lexeme)
                   end as edits
              from (select l.lexeme, sum(l.document_frequency) as frequency
                      from pgsearch.lexeme_stats as l
                     where char_length(l.lexeme) >= 4
                       and octet_length(l.lexeme) < 3 * char_length(l.lexeme)
                       -- a whole is misspelt in one of its words
                       and l.lexeme !~ '[ǀǁǂǃ]'
                       and pgsearch._trigram_match(l.lexeme, typed)
                       and (_nearest_word.collections is null or l.collection = any (_nearest_word.collections))
                     group by l.lexeme
                     order by pgsearch._trigram_similarity(l.lexeme, typed) desc, l.lexeme
                     limit most_compared) as s) as n
     where n.edits <= most_edits
     order by n.edits, n.frequency desc, n.lexeme
     limit 1;

    return pgsearch._spelt_in_a_text(nearest, collections);
end;
$$;

comment on function pgsearch._nearest_word(text, text[]) is
'The word of the collections (null: all) that is spelt most like a word they do not know, as one of their texts has it:
at most one edit away (four or five letters), two (from six letters on) or three (from ten on), or going on where the
word ends; the nearest, then the most frequent. Null when there is none, and for words of less than four letters and of
scripts without an alphabet. As fresh as the last refresh_text_stats.';
