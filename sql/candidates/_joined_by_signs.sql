-- A word typed without the signs that texts write in it: wifi is Wi-Fi, wellknown is well-known, 시군구 is 시·군·구, and
-- 01023327781 is 010-2332-7781; and らーめん is ラーメン.

create or replace function pgsearch._cut_into_known(word text, collections text[])
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_indexscan = off
set jit = off
set gin_fuzzy_search_limit = 0
as $$
declare
    most_parts  constant integer := 4;
    most_asked  constant integer := 12;
    -- of chunks that have all the words, to see whether they stand side by side
    most_read   constant integer := 2000;
    -- O'Brien, 02-555-0142
    is_number   constant boolean := word ~ '^[0-9]';
    least_first constant integer := case when is_number then 2 else 1 end;
    least       constant integer := case when is_number then 2 else 3 end;
    configs     constant text[]  := array(select distinct c.text_config
                                            from pgsearch.collections as c
                                           where _cut_into_known.collections is null
                                              or c.collection = any (_cut_into_known.collections));
    joined      text;
    asked       tsquery;
    stands      boolean;
begin
    for joined in
        with recursive known as materialized (
            select p.starts, p.part
              from (select s.starts, substr(word, s.starts, n.size) as part
                      from generate_series(1, length(word)) as s(starts)
                           cross join generate_series(1, length(word) - 1) as n(size)
                     where n.size >= case s.starts when 1 then least_first else least end
                       and s.starts + n.size <= length(word) + 1) as p
             where exists (select
                             from unnest(configs) as t(text_config)
                                  cross join unnest(to_tsvector(t.text_config::regconfig, pgsearch._words(p.part))) as w
                                  join pgsearch.lexeme_stats as s on s.lexeme = w.lexeme
                            where _cut_into_known.collections is null
                               or s.collection = any (_cut_into_known.collections))
        ),
        cuts(parts, upto) as (
            select array[k.part], length(k.part) from known as k where k.starts = 1
             union all
            select c.parts || k.part, c.upto + length(k.part)
              from cuts as c
                   join known as k on k.starts = c.upto + 1
             where cardinality(c.parts) < most_parts
        )
        select array_to_string(c.parts, '-')
          from cuts as c
         where c.upto = length(word)
         order by cardinality(c.parts), (select max(length(part)) from unnest(c.parts) as part), c.parts
         limit most_asked
    loop
        for asked in
            select p.asked
              from unnest(configs) as t(text_config)
                   cross join lateral pgsearch._phrase(t.text_config, joined) as p(asked)
             where p.asked is not null
        loop
            execute pgsearch._phrase_statement(collections is not null)
               into stands
              using pgsearch._words_anywhere(asked), asked, null::tsquery, collections, null::bigint[], most_read;
            if stands then
                return joined;
            end if;
        end loop;
    end loop;
    return null;
end;
$$;

comment on function pgsearch._cut_into_known(text, text[]) is
'A word of letters or digits alone as up to four words that stand one after the other in some chunk of the collections
(null: all), with hyphens between them; each has at least three letters or two digits, the first may have one letter. Null
where there is none.';

create or replace function pgsearch._joined_by_signs(word text, collections text[])
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
    typed   constant text   := lower(word);
    letters constant text[] := string_to_array(typed, null);
    joined  text;
begin
    if length(typed) between 4 and 40 and octet_length(typed) < 2 * length(typed) and not pgsearch._has_any(typed, '_.+#''-') then
        -- a whole is one lexeme, with ǁ for the sign; what is stemmed is its last word
        select left(typed, k.cut) || '-' || substr(typed, k.cut + 1)
          into joined
          from (select distinct c.text_config
                  from pgsearch.collections as c
                 where _joined_by_signs.collections is null
                    or c.collection = any (_joined_by_signs.collections)) as t
               cross join generate_series(1, length(typed) - 1) as k(cut)
               cross join lateral unnest(to_tsvector(t.text_config::regconfig, left(typed, k.cut) || 'ǁ' || substr(typed, k.cut + 1))) as w
               join pgsearch.lexeme_stats as s on s.lexeme = w.lexeme
         where _joined_by_signs.collections is null
            or s.collection = any (_joined_by_signs.collections)
         order by s.document_frequency desc, k.cut
         limit 1;
        if joined is null and typed ~ '^[0-9a-z]{7,40}$' and pgsearch._has_any(typed, '0123456789') then
            -- a code of several parts begins with the first of them, a sign, and the beginning of the next
            select replace(s.lexeme, 'ǁ', '-')
              into joined
              from generate_series(2, length(typed) - 1) as k(cut)
                   cross join lateral (select left(typed, k.cut) || 'ǁ' as begun, substr(typed, k.cut + 1, 1) as next) as b
                   join pgsearch.lexeme_stats as s on s.lexeme ~>=~ (b.begun || b.next)
                                                  and s.lexeme ~<~ (b.begun || chr(ascii(b.next) + 1))
             where replace(s.lexeme, 'ǁ', '') = typed
               and (_joined_by_signs.collections is null
                    or s.collection = any (_joined_by_signs.collections))
             order by s.document_frequency desc, s.lexeme
             limit 1;
        end if;
        if joined is null and typed ~ '^(?:[a-z]{5,24}|[0-9]{7,20})$' then
            joined := pgsearch._cut_into_known(typed, collections);
        end if;
    elsif length(typed) between 2 and 40 and octet_length(typed) = 3 * length(typed)
          and typed ~ E'^(?:[\u3041-\u3096\u30FC]+|[\u30A1-\u30F6\u30FC]+)$' then
        -- the other kana has the same letters in the same order
        joined := (select string_agg(case when l.letter = 'ー' then l.letter
                                          when ascii(l.letter) < 12449 then chr(ascii(l.letter) + 96)
                                          else chr(ascii(l.letter) - 96) end, '' order by l.at)
                     from unnest(letters) with ordinality as l(letter, at));
        if pgsearch._unknown_words(array[joined], _joined_by_signs.collections) <> '{}' then
            joined := null;
        end if;
    -- by their bytes: a run of Hangul is pairs of characters, and each alone between signs, but for the last, which a particle follows
    elsif length(typed) between 2 and 6 and octet_length(typed) = 3 * length(typed)
          and not exists (select
                            from unnest(letters[: length(typed) - 1]) as l(letter)
                           where not exists (select
                                               from pgsearch.lexeme_stats as s
                                              where s.lexeme = l.letter
                                                and (_joined_by_signs.collections is null
                                                     or s.collection = any (_joined_by_signs.collections)))) then
        joined := array_to_string(letters, '·');
        if not exists (select
                         from (select distinct c.text_config
                                 from pgsearch.collections as c
                                where _joined_by_signs.collections is null
                                   or c.collection = any (_joined_by_signs.collections)) as t
                        where pgsearch._count_chunks(pgsearch._phrase(t.text_config, joined || '*'),
                                                     _joined_by_signs.collections, 1) > 0) then
            joined := null;
        end if;
    end if;
    return joined;
end;
$$;

comment on function pgsearch._joined_by_signs(text, text[]) is
'A word that the collections (null: all) do not know, with the sign that their texts write in it: a hyphen where both
sides of it stand joined in a text, hyphens between the parts of a code (9783161484100 of 978-3-16-148410-0) or where
words stand one after the other (see _cut_into_known), middle dots between the characters of a Hangul word where they
stand so; a word of one kana in the other (らーめん as ラーメン). Null when there is no such writing. As fresh as the last
refresh_text_stats.';
