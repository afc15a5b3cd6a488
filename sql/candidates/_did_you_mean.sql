-- The query as it was probably meant, when it has words that no text knows.

create or replace function pgsearch._are_known(words text[], collections text[])
returns boolean
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    hangul  constant text := E'^[\uAC00-\uD7A3]{3,}$';
    pieces  text[];
    unknown text[];
    word    text;
begin
    foreach word in array words loop
        pieces  := case when word ~ hangul then array(select substr(word, n, 2) from generate_series(1, length(word) - 1) as n)
                        else array[word] end;
        unknown := pgsearch._unknown_words(pieces, collections);
        -- two words written as one (회원탈퇴) make a pair that stands nowhere, between two that do
        if exists (select
                     from generate_subscripts(pieces, 1) as n
                    where pieces[n] = any (unknown)
                      and (coalesce(pieces[n - 1], unknown[1]) = any (unknown)
                           or coalesce(pieces[n + 1], unknown[1]) = any (unknown))) then
            return false;
        end if;
    end loop;
    return true;
end;
$$;

comment on function pgsearch._are_known(text[], text[]) is
'Whether the collections (null: all) know each of the words, or, where two words of Hangul are written as one, both.';

create or replace function pgsearch._spaced_letters()
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- a Korean particle may follow at once
select E'[A-Za-z0-9\u00C0-\u0DFF\u10A0-\u10FF\u1E00-\u1FFF]';
$$;

comment on function pgsearch._spaced_letters() is 'A regular expression for a letter of the scripts that have spaces, or a digit.';

create or replace function pgsearch._with_signs(query text, unknown text[], collections text[], out meant text, out others text[])
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    word   text;
    joined text;
begin
    select query, unknown into meant, others;
    -- wifi of Wi-Fi, 시군구 of 시·군·구
    foreach word in array unknown loop
        joined := pgsearch._joined_by_signs(word, collections);
        if joined is not null then
            meant  := regexp_replace(meant,
                                     format('(?<!%1$s)%2$s(?!%1$s)', pgsearch._spaced_letters(),
                                            regexp_replace(word, E'([^[:alnum:]])', E'\\\\\\1', 'g')),
                                     joined, 'gi');
            others := array_remove(others, word);
        end if;
    end loop;
end;
$$;

comment on function pgsearch._with_signs(text, text[], text[]) is
'The query with those of the unknown words that texts of the collections (null: all) write with signs (see
_joined_by_signs) written so, and the other unknown words.';

create or replace function pgsearch._did_you_mean(query text, unknown text[], collections text[])
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    most_corrected constant integer := 4;
    spaced         constant text    := pgsearch._spaced_letters();
    swapped text;
    meant   text := query;
    word    text;
    nearest text;
begin
    swapped := pgsearch._other_keyboard(query);
    if swapped is not null and pgsearch._are_known(string_to_array(lower(swapped), ' '), collections) then
        return swapped;
    end if;

    select w.meant, w.others || unknown[most_corrected + 1:]
      into meant, unknown
      from pgsearch._with_signs(query, unknown[1:most_corrected], collections) as w;
    for word in
        select p.part[1]
          from unnest(unknown) with ordinality as u(word, at)
               cross join regexp_matches(u.word, spaced || '+', 'g') with ordinality as p(part, place)
         order by u.at, p.place
         limit most_corrected
    loop
        nearest := pgsearch._nearest_word(word, collections);
        if nearest is not null then
            meant := regexp_replace(meant,
                                    format('(?<!%1$s)%2$s(?!%1$s)', spaced, word),
                                    nearest, 'gi');
        end if;
    end loop;
    return case when lower(meant) <> lower(query) then meant end;
end;
$$;

comment on function pgsearch._did_you_mean(text, text[], text[]) is
'The query with up to four of its unknown words replaced by the same with the signs that were left out (see
_joined_by_signs) or by the nearest known ones (see _nearest_word), or as it reads on the other keyboard (see
_other_keyboard) if all its words are known to the collections (null: all) then; null when nothing near is. unknown are
its words that they do not know (see _unknown_words).';
