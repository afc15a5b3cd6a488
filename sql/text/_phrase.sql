-- A phrase is the sequence of its words, the last of which may be a beginning (report*); names with signs are asked for
-- by their wholes, too.

create or replace function pgsearch._phrase(text_config text, phrase text)
returns tsquery
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    config     constant regconfig := text_config::regconfig;
    normalized constant text      := pgsearch._normalized(phrase);
    wholes     constant text      := pgsearch._wholes(normalized);
    query      tsquery := phraseto_tsquery(config, pgsearch._words(normalized));
    is_begun   constant boolean   := phrase ~ '^[^*]+[*]$';
    signed     tsquery;
    alone      tsquery;
    former     tsquery;
begin
    -- what stands alone at the end has a particle behind it, and makes a pair with that (구의 of 시·군·구의, 조에 of 제15조에)
    if numnode(query) > 0
       and (is_begun or not pgsearch._is_ascii(normalized) and query::text ~ ('> ''[' || pgsearch._without_spaces() || ']''$')) then
        query := (query::text || ':*')::tsquery;
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
