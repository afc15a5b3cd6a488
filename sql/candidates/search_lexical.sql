-- Pages by the spelling of their titles: finds 윤석열 for 윤석렬 and PostgreSQL for Postgers.
--
-- Each longer word of the query looks up titles that hold something like it in the trigram index; the titles found are
-- then compared with the whole query.
-- Both sides are NFD, where a Hangul syllable is two or three letters: over syllables 탁핵/탄핵 share nothing, over jamo .40.

create or replace function pgsearch._lexical_statement(has_collections boolean, has_page_ids boolean)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select concat_ws(
    E'\n',
    'select s.page_id, s.score',
    '  from (select t.page_id,',
    -- half for how alike the whole strings are, half for how much of one stands in the other: a question is longer than
    -- a title, a word is shorter
    '               (pgsearch._trigram_similarity(t.title, $1)',
    '                + greatest(pgsearch._trigram_word_similarity(t.title, $1), pgsearch._trigram_word_similarity($1, t.title)))::float8 / 2::float8 as score',
    '          from (select p.page_id, normalize(p.title, NFD) as title',
    '                  from unnest($2) as w(word)',
    '                       join pgsearch.pages as p on pgsearch._trigram_word_match(normalize(p.title, NFD), w.word)',
    case when has_collections then '                   and p.collection = any ($3)' end,
    case when has_page_ids then '                   and p.page_id = any ($4)' end,
    '                 group by p.page_id',
    -- comparing a title with the whole query takes what it is long times what the query is: of thousands of titles
    -- those that have the most words, and are about as long
    '                 order by count(*) desc, abs(length(p.title) - length(normalize($1, NFC))), hashint8extended(p.page_id, 0)',
    '                 limit 2000) as t',
    '       ) as s',
    ' where s.score >= $5',
    ' order by s.score desc, s.page_id',
    ' limit $6');
$$;

comment on function pgsearch._lexical_statement(boolean, boolean) is
'Text of the title search. Parameters: $1 query in NFD, $2 its words in NFD text[], $3 collections text[], $4 page ids
bigint[], $5 least score, $6 limit.';

create or replace function pgsearch._lexical_words(words text[], whole boolean)
returns text[]
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- the longest words tell titles apart; what is shorter than three letters (one syllable) is like half of all titles, and
-- looked up only where the whole query is no longer
select array(select w.word
               from (select normalize(word, NFD) as word, max(length(normalize(word, NFD))) over () as longest
                       from unnest(words) as word) as w
              where length(w.word) >= case when whole then least(3, w.longest) else 3 end
              order by length(w.word) desc, w.word
              limit 8);
$$;

comment on function pgsearch._lexical_words(text[], boolean) is
'The at most eight words, in NFD, that are worth a look-up by trigrams. whole: they are all that the query has.';

create or replace function pgsearch._lexical_top_n(
    words       text[],
    looked_up   text[],
    collections text[],
    page_ids    bigint[],
    threshold   float8,
    top_n       integer
)
returns table (page_id bigint, score float8)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set pg_trgm.word_similarity_threshold = 0.4
set enable_seqscan = off
-- for distinct pages the planner would rather walk along their primary key
set enable_indexscan = off
set gin_fuzzy_search_limit = 0
as $$
declare
    worthwhile constant text[] := pgsearch._lexical_words(looked_up, looked_up = words);
begin
    if cardinality(worthwhile) = 0 then
        return;
    end if;

    return query execute pgsearch._lexical_statement(collections is not null, page_ids is not null)
    using normalize(array_to_string(words, ' '), NFD), worthwhile, collections, page_ids, threshold, greatest(top_n, 0);
end;
$$;

comment on function pgsearch._lexical_top_n(text[], text[], text[], bigint[], float8, integer) is
'search_lexical after parsing and filtering: words of the query as parse_query gives them, and which of them to look up;
null stands for all collections, all pages.';

create or replace function pgsearch.search_lexical(
    query       text,
    top_n       integer default 100,
    collections text[]  default null,
    filter      jsonb   default '{}',
    threshold   float8  default 0.3
)
returns table (page_id bigint, score float8, rank integer)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    words constant text[] := (pgsearch.parse_query(query)).words;
begin
    perform pgsearch._check_range('top_n', top_n, 0, 10000);
    perform pgsearch._check_range('threshold', threshold, 0, 1);
    perform pgsearch._check_collections(collections);

    return query
    select l.page_id,
           l.score,
           (row_number() over (order by l.score desc, l.page_id))::integer
      from pgsearch._lexical_top_n(
               words, words, collections, pgsearch._filter_page_ids(filter, collections), threshold, top_n) as l;
end;
$$;

comment on function pgsearch.search_lexical(text, integer, text[], jsonb, float8) is
'The top_n pages whose titles are spelt like the query, typing errors forgiven.
Arguments:
- query
- top_n
- collections (null: all)
- filter (see _filter_page_ids)
- threshold (0 .. 1, least score)
Returns page_id, score (0 .. 1: mean of the trigram similarity of title and query and of how much of one stands in the
other, over NFD), rank from 1, ties by page_id.
Errors: PS001 unknown collection, PS002 unknown filter key, PS003 top_n or threshold out of range.
Example:
select page_id, score from pgsearch.search_lexical(''윤석렬'', 10);';
