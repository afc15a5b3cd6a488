-- What to offer while somebody types: queries that found something, and titles.

create or replace function pgsearch._prefix_patterns(prefix text)
returns text[]
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- 장박 may be the beginning of 장바구니: a consonant that closes a syllable may begin the next one
select array(select distinct regexp_replace(p.typed, E'([\\\\%_])', E'\\\\\\1', 'g')
               from (select normalize(prefix, NFKD) as typed
                      union all
                     select overlay(normalize(prefix, NFKD) placing
                                    translate(right(normalize(prefix, NFKD), 1),
                                              E'\u11A8\u11A9\u11AB\u11AE\u11AF\u11B7\u11B8\u11BA'
                                              || E'\u11BB\u11BC\u11BD\u11BE\u11BF\u11C0\u11C1\u11C2',
                                              E'\u1100\u1101\u1102\u1103\u1105\u1106\u1107\u1109'
                                              || E'\u110A\u110B\u110C\u110E\u110F\u1110\u1111\u1112')
                                    from greatest(1, length(normalize(prefix, NFKD))))) as p
              where p.typed <> '');
$$;

comment on function pgsearch._prefix_patterns(text) is
'What was typed so far, in NFKD and quoted for LIKE, without the % at the end: as it is, and with its last final
consonant as the initial of a syllable to come.';

create or replace function pgsearch._suggested(typed text, collections text[], top_k integer)
returns table (suggestion text, kind text, page_id bigint)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_indexscan = off
set gin_fuzzy_search_limit = 0
as $$
declare
    -- a query that one or two people asked may say who they are
    least_askers constant integer := 3;
    days     constant integer := 30;
    patterns constant text[]  := pgsearch._prefix_patterns(typed);
    first    constant text    := patterns[1] || '%';
    second   constant text    := coalesce(patterns[2], patterns[1]) || '%';
    -- the last syllable may be half typed, so it is compared by its letters
    certain  constant text    := case when typed ~ E'[\u3131-\u3163\uAC00-\uD7A3]$' then left(pgsearch.normalize_query(typed), -1)
                                      else pgsearch.normalize_query(typed)
                                 end;
    queries  text[] := '{}';
begin
    if has_table_privilege('pgsearch.top_queries_daily', 'select') then
        select array_agg(q.user_query order by q.searches desc, q.user_query)
          into queries
          from (select (array_agg(d.user_query order by d.day desc, d.collection))[1] as user_query, sum(d.query_count) as searches
                  from pgsearch.top_queries_daily as d
                 where d.query_normalized ~>=~ certain
                   and d.query_normalized ~<=~ (certain || E'\U0010FFFF')
                   and (normalize(d.query_normalized, NFKD) ilike first or normalize(d.query_normalized, NFKD) ilike second)
                   and d.day > (now() at time zone 'UTC')::date - days
                   and (_suggested.collections is null or d.collection = any (_suggested.collections))
                 group by d.query_normalized
                having sum(d.query_count) >= least_askers
                   and (bool_or(d.askers is null)
                        or (select count(distinct a)
                              from unnest(string_to_array(string_agg(array_to_string(d.askers, ','), ','), ',')) as a) >= least_askers)
                   and sum(d.no_result_count) < sum(d.query_count) / 2
                 order by 2 desc, 1
                 limit top_k) as q;
    end if;

    return query
    with titled as (
        select p.title as suggestion,
               min(p.page_id) as page_id,
               normalize(p.title, NFD) ilike first or normalize(p.title, NFD) ilike second as from_its_beginning
          from pgsearch.pages as p
         where (normalize(p.title, NFD) ilike first
                or normalize(p.title, NFD) ilike second
                or normalize(p.title, NFD) ilike '% ' || first
                or normalize(p.title, NFD) ilike '% ' || second)
           and (_suggested.collections is null or p.collection = any (_suggested.collections))
         group by p.title
         order by 3 desc, length(p.title), p.title
         limit top_k
    ),
    each_once as (
        select distinct on (lower(b.suggestion)) b.*
          from (select q.suggestion, 'query' as kind, null::bigint as page_id, 1 as step, q.at as place
                  from unnest(queries) with ordinality as q(suggestion, at)
                 union all
                select t.suggestion, 'title', t.page_id, case when t.from_its_beginning then 2 else 3 end, length(t.suggestion)
                  from titled as t) as b
         order by lower(b.suggestion), b.step, b.place, b.suggestion
    )
    select e.suggestion, e.kind, e.page_id
      from each_once as e
     order by e.step, e.place, e.suggestion
     limit top_k;
end;
$$;

comment on function pgsearch._suggested(text, text[], integer) is
'The suggestions that begin as what was typed does: queries of the last 30 days that at least three people asked and
that found something more often than not, the most frequent first (for roles that may read statistics), then titles
that begin so, then titles with a word that begins so, the shortest first.';

create or replace function pgsearch.suggest(
    prefix      text,
    collections text[]  default null,
    top_k       integer default 8
)
returns table (suggestion text, kind text, page_id bigint)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
    typed constant text := regexp_replace(btrim(left(coalesce(prefix, ''), 200)), '[[:space:]]+', ' ', 'g');
begin
    perform pgsearch._check_range('top_k', top_k, 0, 100);
    perform pgsearch._check_collections(collections);
    if typed = '' then
        return;
    end if;

    return query select s.* from pgsearch._suggested(typed, collections, top_k) as s;
    if found then
        return;
    end if;

    return query
    select p.title, 'title', p.page_id
      from pgsearch._pages_by_initials(typed, collections, null, top_k) as i
           join pgsearch.pages as p on p.page_id = i.page_id
     order by i.score desc, p.page_id;
    if found then
        return;
    end if;

    return query select s.* from pgsearch._suggested(pgsearch._other_keyboard(typed), collections, top_k) as s;
    if found then
        return;
    end if;

    return query
    select p.title, 'title', p.page_id
      from pgsearch.search_lexical(query => typed, top_n => top_k, collections => suggest.collections) as l
           join pgsearch.pages as p on p.page_id = l.page_id
     order by l.rank;
end;
$$;

comment on function pgsearch.suggest(text, text[], integer) is
'What to offer while somebody types into a search box: queries that found something, and titles.
Arguments:
- prefix (what was typed so far; its first 200 characters count, upper and lower case are alike)
- collections (null: all)
- top_k (0 .. 100 suggestions)
Returns suggestion (a text to search for), kind (query: at least three people asked it in the last 30 days and found
something, where searches of nobody known are one person a day; title: a page is called so), page_id (of a title; the
first of several pages that are called alike).
Best first: frequent queries that begin so, titles that begin so, titles with a word that begins so. Where none does:
titles by the initial consonants of their syllables (ㅈㅂㄱㄴ: 장바구니), what was typed as the other keyboard writes it
(wjsrlck: 전기차), titles that are spelt alike. Queries come from the statistics, so they are as fresh as the last
maintenance, and only for roles that may read them (see grant_rights).
Errors: PS001 unknown collection, PS003 top_k out of range.
Example:
select suggestion, kind from pgsearch.suggest(''electric c'');';
