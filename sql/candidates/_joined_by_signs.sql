-- A word typed without the signs that texts write in it: wifi is Wi-Fi, wellknown is well-known, 시군구 is 시·군·구.

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
'A word that the collections (null: all) do not know, with the sign that their texts write in it: a hyphen where both sides
of it stand joined in a text, middle dots between the characters of a Hangul word where they stand one after the other. Null when there
is no such writing. As fresh as the last refresh_text_stats.';
