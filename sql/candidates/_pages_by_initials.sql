-- Titles by the initial consonants of their syllables, as Korean search boxes find them: ㅈㅂㄱㄴ is 장바구니.

create or replace function pgsearch._initials_pattern(query text)
returns text
language sql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
-- a consonant stands for all syllables that begin with it (588 of them), a syllable for itself
select case
       when t.typed ~ E'^[\u3131-\u314E\uAC00-\uD7A3]+$' and regexp_count(t.typed, E'[\u3131-\u314E]') >= 2
       then (select string_agg(case
                               when c.letter ~ E'[\uAC00-\uD7A3]' then c.letter
                               else format('[%s-%s]',
                                           chr(44032 + 588 * (ascii(pgsearch._initial_consonants(c.letter)) - 97)),
                                           chr(44032 + 588 * (ascii(pgsearch._initial_consonants(c.letter)) - 97) + 587))
                               end, '' order by c.at)
               from string_to_table(t.typed, null) with ordinality as c(letter, at)
              -- finals of two letters (ㄳ) begin no syllable
             having bool_and(pgsearch._initial_consonants(c.letter) <> ''))
       end
  from (select regexp_replace(normalize(left(query, 100), NFC), '[[:space:]]+', '', 'g') as typed) as t;
$$;

comment on function pgsearch._initials_pattern(text) is
'A regular expression that matches the Hangul syllables, one after the other, whose initial consonants the query is;
syllables in it stand for themselves. Null for a query of anything else, or of less than two consonants.';

create or replace function pgsearch._pages_by_initials(query text, collections text[], page_ids bigint[], top_n integer)
returns table (page_id bigint, score float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_indexscan = off
set gin_fuzzy_search_limit = 0
as $$
declare
    pattern  constant text := pgsearch._initials_pattern(query);
    initials constant text := pgsearch._initial_consonants(query);
begin
    if pattern is null then
        return;
    end if;

    return query
    select p.page_id,
           length(initials)::float8 / length(pgsearch._initial_consonants(p.title))
      from pgsearch.pages as p
     where pgsearch._initial_consonants(p.title) <> ''
       -- two letters make no trigram but at the beginning
       and pgsearch._initial_consonants(p.title) like case when length(initials) > 2 then '%' else '' end || initials || '%'
       and regexp_replace(normalize(p.title, NFC), E'[^\uAC00-\uD7A3]', '', 'g') ~ pattern
       and (_pages_by_initials.collections is null or p.collection = any (_pages_by_initials.collections))
       and (_pages_by_initials.page_ids is null or p.page_id = any (_pages_by_initials.page_ids))
     order by 2 desc, 1
     limit greatest(top_n, 0);
end;
$$;

comment on function pgsearch._pages_by_initials(text, text[], bigint[], integer) is
'The top_n pages whose titles hold, blanks and other scripts aside, the initial consonants that the query is; two alone
have to begin the title. score (0 .. 1) is how much of the title they are; ties by page_id.';
