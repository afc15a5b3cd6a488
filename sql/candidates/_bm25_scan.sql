-- One scan of BM25: the chunks that a tsquery matches, and others that were given, are read and scored.
--
-- It stands here once, as text for any number of terms and filters: a query of many words has it planned anew, and for
-- what nearly every query is the deploy writes it out into a function whose plan is kept.

create or replace function pgsearch._bm25_statement(
    terms        integer,
    has_page_ids boolean,
    is_sample    boolean default false,
    term         text    default '$2[%1$s]',
    gain         text    default '$3[%1$s] * ($4 + 1)'
)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
with parts as (
    select string_agg(format('pgsearch._term_rank(c.tsv, ' || term || ') as r%1$s', i), ', ' order by i) as ranks,
           string_agg(format('pgsearch._term_frequency(r.r%1$s, r.tsv, ' || term || ', $7) as tf%1$s', i), ', ' order by i) as frequencies,
           string_agg(format('pgsearch._token_count(r.r%1$s, r.tsv, ' || term || ')', i), ', ' order by i) as lengths,
           string_agg(format('pgsearch._bm25_part(' || gain || ', s.tf%1$s, s.norm)', i), ' + ' order by i) as score
      from generate_series(1, terms) as i
)
select concat_ws(
    E'\n',
    'with scored as materialized (',
    '    select s.chunk_id, s.page_id, s.given, ' || p.score || ' as score',
    '      from (select r.chunk_id, r.page_id, r.given, pgsearch._length_norm(coalesce(' || p.lengths || '), $6, $4, $5) as norm, ' || p.frequencies,
    '              from (select c.chunk_id, c.page_id, c.given, c.tsv, ' || p.ranks,
    -- setweight of no lexemes copies the tsvector into memory once, else each ts_rank would read it from TOAST again
    '                      from (select m.chunk_id, m.page_id, false as given,',
    '                                   case when ($18 is null or m.content_tsv @@ $18) and ($19 is null or not m.content_tsv @@ $19)',
    '                                        then setweight(m.content_tsv, ''D'', ''{}'')',
    '                                        else ''''::tsvector',
    '                                   end as tsv',
    '                              from (select c.chunk_id, c.page_id, c.content_tsv',
    '                                      from pgsearch.chunks as c',
    '                                     where c.content_tsv @@ $1',
    '                                       and hashint8extended(c.chunk_id, 0) <= $20',
    -- the index leaves the others out before a row is read
    case when is_sample
         then '                                       and pgsearch._sample_levels(hashint8extended(c.chunk_id, 0)) @> $21' end,
    '                                       and c.chunk_id not in (select s.chunk_id from unnest($8) as s(chunk_id))',
    '                                       and ($14 is null or c.collection = any ($14))',
    case when has_page_ids then '                                       and c.page_id = any ($15)' end,
    '                                     limit $9) as m',
    '                             union all',
    '                            select c.chunk_id, c.page_id, true, setweight(c.content_tsv, ''D'', ''{}'')',
    '                              from pgsearch.chunks as c',
    '                             where c.chunk_id = any ($16)',
    '                               and c.page_id + 0 = any ($17)',
    '                               and ($18 is null or c.content_tsv @@ $18)',
    '                               and ($19 is null or not c.content_tsv @@ $19)) as c',
    '                    offset 0) as r',
    '            offset 0) as s',
    '),',
    'best as materialized (',
    '    select f.*',
    '      from (select s.chunk_id, s.page_id, s.score from scored as s where s.score > 0',
    '             union all',
    '            select f.chunk_id, f.page_id, f.score from unnest($10, $11, $12) as f(chunk_id, page_id, score)) as f',
    '     order by f.score desc, f.chunk_id',
    '     limit $13',
    ')',
    'select (select array_agg(s.chunk_id) from scored as s where not s.given),',
    '       b.chunk_ids, b.page_ids, b.scores, g.chunk_ids, g.page_ids, g.scores',
    '  from (select array_agg(b.chunk_id) as chunk_ids, array_agg(b.page_id) as page_ids, array_agg(b.score) as scores from best as b) as b',
    '       cross join (select array_agg(s.chunk_id) as chunk_ids, array_agg(s.page_id) as page_ids, array_agg(s.score) as scores from scored as s where s.given) as g')
  from parts as p;
$$;

comment on function pgsearch._bm25_statement(integer, boolean, boolean, text, text) is
'Text of one scan for a number of terms, each and its gain written down as told (for format, of the position).
Parameters: $1 match tsquery (null: none), $2 terms tsquery[], $3 gains
float8[], $4 k1, $5 b, $6 average length, $7 heading weight, $8 chunks that are not to be scored (again) bigint[], $9
most chunks to score (null: all), $10 $11 $12 best chunks so far, their pages and scores, $13 top_n, $14 collections
text[], $15 page ids bigint[], $16 $17 chunks to be scored besides, and their pages, $18 what a chunk is required to
match and $19 what it must not match to be scored (null: nothing), $20 the last hash of the chunks to be read
(hashint8extended(chunk_id, 0); the largest bigint: all), $21 of a sample (is_sample) the level that has all of those
integer[], see _sample_levels.
Returns one row: the chunks that matched $1, whether they met the requirements or not, the best chunks, their pages and
scores, best first, and those of the chunks given that meet the requirements, their pages and scores.';

create or replace function pgsearch._bm25_scan_anew(
    match          tsquery,
    terms          tsquery[],
    gains          float8[],
    k1             float8,
    b              float8,
    average_length float8,
    heading_weight float8,
    seen           bigint[],
    most_rows      integer,
    best_chunks    bigint[],
    best_pages     bigint[],
    best_scores    float8[],
    top_n          integer,
    collections    text[],
    page_ids       bigint[],
    given_chunks   bigint[],
    given_pages    bigint[],
    required       tsquery,
    excluded       tsquery,
    last_hash      bigint,
    out scored       bigint[],
    out chunk_ids    bigint[],
    out chunk_pages  bigint[],
    out scores       float8[],
    out also_chunks  bigint[],
    out also_pages   bigint[],
    out also_scores  float8[]
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
-- For common words the planner would read the whole table, and for LIMIT walk along an index that knows nothing of the words.
set enable_seqscan = off
set enable_indexscan = off
set max_parallel_workers_per_gather = 0
set jit = off
set gin_fuzzy_search_limit = 0
as $$
declare
    level constant integer := cardinality(pgsearch._sample_levels(last_hash));
begin
    execute pgsearch._bm25_statement(cardinality(terms), page_ids is not null, level > 0)
       into scored, chunk_ids, chunk_pages, scores, also_chunks, also_pages, also_scores
      using match, terms, gains, k1, b, average_length, heading_weight, seen, most_rows, best_chunks, best_pages, best_scores, top_n, collections, page_ids,
            given_chunks, given_pages, required, excluded, last_hash, array[level];
end;
$$;

comment on function pgsearch._bm25_scan_anew(
    tsquery, tsquery[], float8[], float8, float8, float8, float8, bigint[], integer, bigint[], bigint[], float8[], integer,
    text[], bigint[], bigint[], bigint[], tsquery, tsquery, bigint) is
'One scan for any number of terms, planned for them and for the page ids. Arguments and result as _bm25_scan.';

-- Each slot costs for every chunk, used or not: three texts take a fifth to a fourth off the scans of few words.
do $deploy$
declare
    written_out constant text := $function$%s%s)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set max_parallel_workers_per_gather = 0
set jit = off
set gin_fuzzy_search_limit = 0
as $body$
declare
    %s
begin
    -- one statement for all of them, since each takes its plan
    %s
    select b.*
      into scored, chunk_ids, chunk_pages, scores, also_chunks, also_pages, also_scores
      from (%s) as b;
end;
$body$
$function$;
    arguments constant text := pg_catalog.pg_get_function_arguments('pgsearch._bm25_scan_anew'::pg_catalog.regproc);
    heading text;
    slots   integer;
begin
    for heading, slots in
        values ($h$
create or replace function pgsearch._bm25_scan_of_4($h$, 4), ($h$
create or replace function pgsearch._bm25_scan_of_8($h$, 8), ($h$
create or replace function pgsearch._bm25_scan_of_16($h$, 16)
    loop
        execute pg_catalog.format(
            written_out,
            heading,
            arguments,
            -- an element of an array would be looked up for every chunk
            (select pg_catalog.string_agg(pg_catalog.format('t%1$s tsquery; g%1$s float8;', i), ' ')
               from pg_catalog.generate_series(1, slots) as i),
            (select pg_catalog.format('select %s into %s;',
                                      pg_catalog.string_agg(pg_catalog.format('terms[%1$s], gains[%1$s] * (k1 + 1)', i), ', ' order by i),
                                      pg_catalog.string_agg(pg_catalog.format('t%1$s, g%1$s', i), ', ' order by i))
               from pg_catalog.generate_series(1, slots) as i),
            pgsearch._bm25_statement(slots, false, false, 't%1$s', 'g%1$s'));
    end loop;
end;
$deploy$;

comment on function pgsearch._bm25_scan_of_4(
    tsquery, tsquery[], float8[], float8, float8, float8, float8, bigint[], integer, bigint[], bigint[], float8[], integer,
    text[], bigint[], bigint[], bigint[], tsquery, tsquery, bigint) is
'The statement of _bm25_statement written out for up to four terms. Arguments and result as _bm25_scan.';

comment on function pgsearch._bm25_scan_of_8(
    tsquery, tsquery[], float8[], float8, float8, float8, float8, bigint[], integer, bigint[], bigint[], float8[], integer,
    text[], bigint[], bigint[], bigint[], tsquery, tsquery, bigint) is
'The statement of _bm25_statement written out for up to eight terms. Arguments and result as _bm25_scan.';

comment on function pgsearch._bm25_scan_of_16(
    tsquery, tsquery[], float8[], float8, float8, float8, float8, bigint[], integer, bigint[], bigint[], float8[], integer,
    text[], bigint[], bigint[], bigint[], tsquery, tsquery, bigint) is
'The statement of _bm25_statement written out for up to sixteen terms. Arguments and result as _bm25_scan.';

create or replace function pgsearch._bm25_scan(
    match        tsquery,
    words        pgsearch.bm25_words,
    formula      pgsearch.bm25_formula,
    seen         bigint[],
    most_rows    integer,
    best         pgsearch.scored_chunks,
    top_n        integer,
    scope        pgsearch.scope,
    given_chunks bigint[],
    given_pages  bigint[],
    last_hash    bigint,
    planned      boolean
)
returns record
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    -- a branch of its own for each, so that a session plans none that it does not need
    if planned or cardinality(words.terms) > 16 or last_hash < 0 then
        return pgsearch._bm25_scan_anew(
                   match, words.terms, words.gains, formula.k1, formula.b, words.average_length, formula.heading_weight, seen, most_rows,
                   best.chunk_ids, best.page_ids, best.scores, top_n, scope.collections, scope.page_ids,
                   given_chunks, given_pages, words.required, words.excluded, last_hash);
    elsif cardinality(words.terms) > 8 then
        return pgsearch._bm25_scan_of_16(
                   match, words.terms, words.gains, formula.k1, formula.b, words.average_length, formula.heading_weight, seen, most_rows,
                   best.chunk_ids, best.page_ids, best.scores, top_n, scope.collections, scope.page_ids,
                   given_chunks, given_pages, words.required, words.excluded, last_hash);
    elsif cardinality(words.terms) > 4 then
        return pgsearch._bm25_scan_of_8(
                   match, words.terms, words.gains, formula.k1, formula.b, words.average_length, formula.heading_weight, seen, most_rows,
                   best.chunk_ids, best.page_ids, best.scores, top_n, scope.collections, scope.page_ids,
                   given_chunks, given_pages, words.required, words.excluded, last_hash);
    end if;
    return pgsearch._bm25_scan_of_4(
               match, words.terms, words.gains, formula.k1, formula.b, words.average_length, formula.heading_weight, seen, most_rows,
               best.chunk_ids, best.page_ids, best.scores, top_n, scope.collections, scope.page_ids,
               given_chunks, given_pages, words.required, words.excluded, last_hash);
end;
$$;

comment on function pgsearch._bm25_scan(
    tsquery, pgsearch.bm25_words, pgsearch.bm25_formula, bigint[], integer, pgsearch.scored_chunks, integer, pgsearch.scope,
    bigint[], bigint[], bigint, boolean) is
'One scan: planned anew for its terms and page ids where planned is true or there are more than sixteen terms, else by a
text whose plan is kept for the session, since planning costs more than scoring a hundred chunks (212,718 Korean
passages, 110 chunks scored: 1.7 against 2.3 ms); page_ids are not looked at then, and collections are to be most of
what there is. A sample of half of all chunks or fewer (last_hash < 0) is planned anew, too.
Arguments as the parameters of _bm25_statement say, seen being chunks that are not to be scored (again), best what was
found so far, given_chunks those to be scored besides. Returns as it does: scored (the chunks that matched), chunk_ids,
chunk_pages and scores (the best), also_chunks, also_pages and also_scores (those given).';
