-- What was typed with the keyboard set to the other language: wjsrlck for 전기차, ㅔㅐㄴㅅㅎㄱㄷ for postgre.
--
-- Both ways by the standard two-set layout (KS X 5002): a syllable is an initial, a vowel and perhaps a final consonant,
-- and a consonant before a vowel begins the next syllable.

create or replace function pgsearch._hangul_keys(out initials text[], out vowels text[], out finals text[])
language sql immutable parallel safe
return row('{r,R,s,e,E,f,a,q,Q,t,T,d,w,W,c,z,x,v,g}'::text[],
           '{k,o,i,O,j,p,u,P,h,hk,ho,hl,y,n,nj,np,nl,b,m,ml,l}'::text[],
           '{r,R,rt,s,sw,sg,e,f,fr,fa,fq,ft,fx,fv,fg,a,q,qt,t,T,d,w,c,z,x,v,g}'::text[]);

comment on function pgsearch._hangul_keys() is
'The keys that write the letters of Hangul, in the order of their code points: initials from U+1100, vowels from U+1161,
finals from U+11A8.';

create or replace function pgsearch._keys_to_hangul(keys text)
returns text
language plpgsql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
declare
    syllable constant text   := '([rRseEfaqQtTdwWczxvg])(hk|ho|hl|nj|np|nl|ml|[koiOjpuPhynbml])'
                                '(?:((?:rt|sw|sg|fr|fa|fq|ft|fx|fv|fg|qt|[rRsefaqtTdwczxvg])(?![koiOjpuPhynbml]))?)';
    -- the shift key says something with seven letters only, and nothing where the caps were locked
    typed    constant text   := case when length(keys) > 3 and keys = upper(keys) then lower(keys)
                                     else translate(keys, 'ABCDFGHIJKLMNSUVXYZ', 'abcdfghijklmnsuvxyz') end;
begin
    if typed !~ format('^(?:%s)+$', regexp_replace(syllable, '[(](?![?])', '(?:', 'g')) then
        return null;
    end if;
    return (select string_agg(chr(44032
                                  + (array_position(k.initials, s.found[1]) - 1) * 588
                                  + (array_position(k.vowels, s.found[2]) - 1) * 28
                                  + coalesce(array_position(k.finals, s.found[3]), 0)), '' order by s.at)
              from pgsearch._hangul_keys() as k
                   cross join regexp_matches(typed, syllable, 'g') with ordinality as s(found, at));
end;
$$;

comment on function pgsearch._keys_to_hangul(text) is
'What the keys write on a Korean keyboard, when whole syllables come out; null otherwise.';

create or replace function pgsearch._hangul_to_keys(hangul text)
returns text
language sql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
select case
       when hangul ~ E'^[\u3131-\u3163\uAC00-\uD7A3]+$'
       then (select string_agg(coalesce(k.initials[ascii(j.jamo) - 4351], k.vowels[ascii(j.jamo) - 4448], k.finals[ascii(j.jamo) - 4519]),
                               '' order by j.at)
               from pgsearch._hangul_keys() as k
                    cross join string_to_table(normalize(hangul, NFKD), null) with ordinality as j(jamo, at))
       end;
$$;

comment on function pgsearch._hangul_to_keys(text) is
'The keys of a Korean keyboard that write a text of Hangul syllables and letters; null for any other text.';

create or replace function pgsearch._other_keyboard(query text)
returns text
language sql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
select string_agg(coalesce(pgsearch._keys_to_hangul(w.word), pgsearch._hangul_to_keys(w.word)), ' ' order by w.at)
  from string_to_table(btrim(left(query, 200)), ' ') with ordinality as w(word, at)
having count(*) = count(coalesce(pgsearch._keys_to_hangul(w.word), pgsearch._hangul_to_keys(w.word)));
$$;

comment on function pgsearch._other_keyboard(text) is
'What the query says if it was typed with the keyboard set to the other language, Korean for English or English for
Korean; null unless every word of it could have been.';
