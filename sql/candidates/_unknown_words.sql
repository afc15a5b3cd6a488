-- Words that no chunk knows are the ones that may be misspelt.
--
-- A known word finds its titles through the text index, since chunks carry their titles. So a hybrid search looks up by
-- spelling only what is left, which is mostly nothing: a trigram look-up of every word of a question cost more than all
-- other stages together.

create or replace function pgsearch._unknown_words(words text[], collections text[])
returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set gin_fuzzy_search_limit = 0
as $$
declare
    scope   pgsearch.scope;
    unknown text[] := '{}';
    lexeme  text;
begin
    scope.collections := collections;
    for lexeme in
        select a.lexeme
          from (select distinct l.lexeme
                  from (select distinct c.text_config
                          from pgsearch.collections as c
                         where _unknown_words.collections is null
                            or c.collection = any (_unknown_words.collections)) as t
                       cross join unnest(to_tsvector(t.text_config::regconfig,
                                                     pgsearch._words(pgsearch._normalized(array_to_string(words, ' '))))) as l) as a
         where not exists (select
                             from pgsearch.lexeme_stats as s
                            where s.lexeme = a.lexeme
                              and (_unknown_words.collections is null or s.collection = any (_unknown_words.collections)))
    loop
        -- newer than the statistics?
        if pgsearch._count_chunks(pgsearch._any_of(array[lexeme]), collections, 1) = 0
           and pgsearch._pages_with_fields(pgsearch._any_of(array[lexeme]), scope, 1) is null then
            unknown := unknown || lexeme;
        end if;
    end loop;

    if cardinality(unknown) = 0 then
        return '{}';
    end if;

    -- a word that one language knows is spelt right, however the others would read it
    return array(select w.word
                   from unnest(words) with ordinality as w(word, at)
                  where not exists (select
                                      from (select distinct c.text_config
                                              from pgsearch.collections as c
                                             where _unknown_words.collections is null
                                                or c.collection = any (_unknown_words.collections)) as t
                                     where not tsvector_to_array(to_tsvector(t.text_config::regconfig,
                                                                             pgsearch._words(pgsearch._normalized(w.word)))) && unknown)
                  order by w.at);
end;
$$;

comment on function pgsearch._unknown_words(text[], text[]) is
'Those of the words that in every text configuration of the collections (null: all) have a lexeme (a bigram, for Korean) which no
chunk, tag, note or summary of theirs has, in their order.';
