-- A phrase is the sequence of its words, the last of which may be a beginning (report*); names with signs are asked for
-- by their wholes, too.

create or replace function pgsearch._other_amount(normalized text)
returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    units   constant text := '([0-9] ?[십백천만억조]+)';
    counted constant text := '(원|명|개|건|달러|엔|유로|위안|톤|평|주|대|권|채|가구|세대|배|회|표|여)';
begin
    if not pgsearch._has_any(normalized, '십백천만억조') or not pgsearch._has_any(normalized, '0123456789') then
        return null;
    end if;
    return nullif(coalesce(nullif(regexp_replace(normalized, units || ' ' || counted, E'\\1\\2', 'g'), normalized),
                           regexp_replace(normalized, units || counted, E'\\1 \\2', 'g')), normalized);
end;
$$;

comment on function pgsearch._other_amount(text) is
'A text in which amounts are written in the other way: 10억원 for 10억 원, and 10억 원 for 10억원. Null where there is none.';

create or replace function pgsearch._sequence(config regconfig, normalized text, is_begun boolean)
returns tsquery
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    sequence constant tsquery := phraseto_tsquery(config, pgsearch._words(normalized));
begin
    -- what stands alone at the end has a particle behind it, and makes a pair with that (구의 of 시·군·구의, 조에 of 제15조에)
    if numnode(sequence) > 0
       and (is_begun or not pgsearch._is_ascii(normalized) and sequence::text ~ ('> ''[' || pgsearch._without_spaces() || ']''$')) then
        return (sequence::text || ':*')::tsquery;
    end if;
    return sequence;
end;
$$;

comment on function pgsearch._sequence(regconfig, text, boolean) is
'The words of a normalized text one after the other, bigrams included, of which the last is a beginning if that is said, or
where it is a single character of a script without spaces.';

create or replace function pgsearch._phrase(text_config text, phrase text)
returns tsquery
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    config     constant regconfig := text_config::regconfig;
    normalized constant text      := pgsearch._normalized(phrase);
    wholes     constant text      := pgsearch._wholes(normalized);
    is_begun   constant boolean   := phrase ~ '^[^*]+[*]$';
    amounts    constant text      := pgsearch._other_amount(normalized);
    query      tsquery := pgsearch._sequence(config, normalized, is_begun);
    signed     tsquery;
    alone      tsquery;
    former     tsquery;
begin
    if amounts is not null then
        query := query || pgsearch._sequence(config, amounts, is_begun);
    end if;
    -- words alone do not tell C++ from C, and emoji have none
    if wholes ~ '[ǀǂǃ]' then
        signed := plainto_tsquery(config, (select string_agg(w.whole, ' ')
                                             from string_to_table(wholes, ' ') as w(whole)
                                            where w.whole ~ '[ǀǂǃ]'));
    end if;
    -- a compound may be typed without its humps (csvreader.readline), and a date in another form
    if normalized ~ (E'^\\s*(?:[A-Za-z0-9\\u00C0-\\u1FFF]+(?:(?:[-._:&]|::)[A-Za-z0-9\\u00C0-\\u1FFF]+)*'
                     '|[0-9]{4} ?년 *[0-9]{1,2} ?월 *[0-9]{1,2} ?일)\\s*$') then
        alone := plainto_tsquery(config, split_part(wholes, ' ', 1));
    end if;

    query := case
             when numnode(signed) > 0 and numnode(query) > 0 then query && signed
             when numnode(signed) > 0                        then signed
             when numnode(alone) > 0 and numnode(query) > 0  then query || alone
             else query
             end;
    if pgsearch._is_reanalyzing() then
        former := phraseto_tsquery(config, pgsearch._former_segment(phrase));
        query  := case when coalesce(numnode(former), 0) = 0 then query when numnode(query) > 0 then query || former else former end;
    end if;
    return case when numnode(query) > 0 then query end;
end;
$$;

comment on function pgsearch._phrase(text, text) is
'A tsquery for the words of the phrase one after the other, bigrams included, of which the last is a beginning where it is
a single character of a script without spaces; or for the whole of a compound; null when nothing is left after stop words.
While rows are being analysed anew, for the former analysis of the phrase too.';
