-- One scan of BM25: the chunks that a tsquery matches, and others that were given, are read and scored.
--
-- It stands here twice, as text for any number of terms and filters, and written out for what nearly every query is; a
-- test holds the two together.

create or replace function pgsearch._bm25_statement(terms integer, has_collections boolean, has_page_ids boolean)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
with parts as (
    select string_agg(format('pgsearch._term_rank(c.tsv, $2[%1$s]) as r%1$s', i), ', ' order by i) as ranks,
           string_agg(format('pgsearch._term_frequency(r.r%1$s, r.tsv, $2[%1$s], $7) as tf%1$s', i), ', ' order by i) as frequencies,
           string_agg(format('pgsearch._token_count(r.r%1$s, r.tsv, $2[%1$s])', i), ', ' order by i) as lengths,
           string_agg(format('pgsearch._bm25_part($3[%1$s] * ($4 + 1), s.tf%1$s, s.norm)', i), ' + ' order by i) as score
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
    '                                       and c.chunk_id not in (select s.chunk_id from unnest($8) as s(chunk_id))',
    case when has_collections then '                                       and c.collection = any ($14)' end,
    case when has_page_ids then '                                       and c.page_id = any ($15)' end,
    '                                     limit $9) as m',
    '                             union all',
    '                            select c.chunk_id, c.page_id, true, setweight(c.content_tsv, ''D'', ''{}'')',
    '                              from unnest($17, $16) as g(page_id, chunk_id)',
    '                                   join pgsearch.chunks as c on c.page_id = g.page_id',
    '                                                            and c.chunk_id = g.chunk_id',
    '                             where ($18 is null or c.content_tsv @@ $18)',
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

comment on function pgsearch._bm25_statement(integer, boolean, boolean) is
'Text of one scan for a number of terms. Parameters: $1 match tsquery (null: none), $2 terms tsquery[], $3 gains
float8[], $4 k1, $5 b, $6 average length, $7 heading weight, $8 chunks that are not to be scored (again) bigint[], $9
most chunks to score (null: all), $10 $11 $12 best chunks so far, their pages and scores, $13 top_n, $14 collections
text[], $15 page ids bigint[], $16 $17 chunks to be scored besides, and their pages, $18 what a chunk is required to
match and $19 what it must not match to be scored (null: nothing), $20 the last hash of the chunks to be read
(hashint8extended(chunk_id, 0); the largest bigint: all).
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
begin
    execute pgsearch._bm25_statement(cardinality(terms), collections is not null, page_ids is not null)
       into scored, chunk_ids, chunk_pages, scores, also_chunks, also_pages, also_scores
      using match, terms, gains, k1, b, average_length, heading_weight, seen, most_rows, best_chunks, best_pages, best_scores, top_n, collections, page_ids,
            given_chunks, given_pages, required, excluded, last_hash;
end;
$$;

comment on function pgsearch._bm25_scan_anew(tsquery, tsquery[], float8[], float8, float8, float8, float8, bigint[], integer, bigint[], bigint[], float8[], integer, text[], bigint[], bigint[], bigint[], tsquery, tsquery, bigint) is
'One scan for any number of terms, planned for them and for the page ids. Arguments and result as _bm25_scan.';

create or replace function pgsearch._bm25_scan(
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
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set max_parallel_workers_per_gather = 0
set jit = off
set gin_fuzzy_search_limit = 0
as $$
declare
    t1 constant tsquery := terms[1];    g1 constant float8 := gains[1] * (k1 + 1);
    t2 constant tsquery := terms[2];    g2 constant float8 := gains[2] * (k1 + 1);
    t3 constant tsquery := terms[3];    g3 constant float8 := gains[3] * (k1 + 1);
    t4 constant tsquery := terms[4];    g4 constant float8 := gains[4] * (k1 + 1);
    t5 constant tsquery := terms[5];    g5 constant float8 := gains[5] * (k1 + 1);
    t6 constant tsquery := terms[6];    g6 constant float8 := gains[6] * (k1 + 1);
    t7 constant tsquery := terms[7];    g7 constant float8 := gains[7] * (k1 + 1);
    t8 constant tsquery := terms[8];    g8 constant float8 := gains[8] * (k1 + 1);
    t9 constant tsquery := terms[9];    g9 constant float8 := gains[9] * (k1 + 1);
    t10 constant tsquery := terms[10];  g10 constant float8 := gains[10] * (k1 + 1);
    t11 constant tsquery := terms[11];  g11 constant float8 := gains[11] * (k1 + 1);
    t12 constant tsquery := terms[12];  g12 constant float8 := gains[12] * (k1 + 1);
    t13 constant tsquery := terms[13];  g13 constant float8 := gains[13] * (k1 + 1);
    t14 constant tsquery := terms[14];  g14 constant float8 := gains[14] * (k1 + 1);
    t15 constant tsquery := terms[15];  g15 constant float8 := gains[15] * (k1 + 1);
    t16 constant tsquery := terms[16];  g16 constant float8 := gains[16] * (k1 + 1);
begin
    with scored_ones as materialized (
        select s.chunk_id, s.page_id, s.given,
               pgsearch._bm25_part(g1, s.tf1, s.norm) + pgsearch._bm25_part(g2, s.tf2, s.norm) + pgsearch._bm25_part(g3, s.tf3, s.norm)
               + pgsearch._bm25_part(g4, s.tf4, s.norm) + pgsearch._bm25_part(g5, s.tf5, s.norm) + pgsearch._bm25_part(g6, s.tf6, s.norm)
               + pgsearch._bm25_part(g7, s.tf7, s.norm) + pgsearch._bm25_part(g8, s.tf8, s.norm) + pgsearch._bm25_part(g9, s.tf9, s.norm)
               + pgsearch._bm25_part(g10, s.tf10, s.norm) + pgsearch._bm25_part(g11, s.tf11, s.norm) + pgsearch._bm25_part(g12, s.tf12, s.norm)
               + pgsearch._bm25_part(g13, s.tf13, s.norm) + pgsearch._bm25_part(g14, s.tf14, s.norm) + pgsearch._bm25_part(g15, s.tf15, s.norm)
               + pgsearch._bm25_part(g16, s.tf16, s.norm) as score
          from (select r.chunk_id, r.page_id, r.given,
                       pgsearch._length_norm(coalesce(
                           pgsearch._token_count(r.r1, r.tsv, t1), pgsearch._token_count(r.r2, r.tsv, t2), pgsearch._token_count(r.r3, r.tsv, t3), pgsearch._token_count(r.r4, r.tsv, t4),
                           pgsearch._token_count(r.r5, r.tsv, t5), pgsearch._token_count(r.r6, r.tsv, t6), pgsearch._token_count(r.r7, r.tsv, t7), pgsearch._token_count(r.r8, r.tsv, t8),
                           pgsearch._token_count(r.r9, r.tsv, t9), pgsearch._token_count(r.r10, r.tsv, t10), pgsearch._token_count(r.r11, r.tsv, t11), pgsearch._token_count(r.r12, r.tsv, t12),
                           pgsearch._token_count(r.r13, r.tsv, t13), pgsearch._token_count(r.r14, r.tsv, t14), pgsearch._token_count(r.r15, r.tsv, t15), pgsearch._token_count(r.r16, r.tsv, t16)), average_length, k1, b) as norm,
                       pgsearch._term_frequency(r.r1, r.tsv, t1, heading_weight) as tf1, pgsearch._term_frequency(r.r2, r.tsv, t2, heading_weight) as tf2,
                       pgsearch._term_frequency(r.r3, r.tsv, t3, heading_weight) as tf3, pgsearch._term_frequency(r.r4, r.tsv, t4, heading_weight) as tf4,
                       pgsearch._term_frequency(r.r5, r.tsv, t5, heading_weight) as tf5, pgsearch._term_frequency(r.r6, r.tsv, t6, heading_weight) as tf6,
                       pgsearch._term_frequency(r.r7, r.tsv, t7, heading_weight) as tf7, pgsearch._term_frequency(r.r8, r.tsv, t8, heading_weight) as tf8,
                       pgsearch._term_frequency(r.r9, r.tsv, t9, heading_weight) as tf9, pgsearch._term_frequency(r.r10, r.tsv, t10, heading_weight) as tf10,
                       pgsearch._term_frequency(r.r11, r.tsv, t11, heading_weight) as tf11, pgsearch._term_frequency(r.r12, r.tsv, t12, heading_weight) as tf12,
                       pgsearch._term_frequency(r.r13, r.tsv, t13, heading_weight) as tf13, pgsearch._term_frequency(r.r14, r.tsv, t14, heading_weight) as tf14,
                       pgsearch._term_frequency(r.r15, r.tsv, t15, heading_weight) as tf15, pgsearch._term_frequency(r.r16, r.tsv, t16, heading_weight) as tf16
                  from (select c.chunk_id, c.page_id, c.given, c.tsv,
                               pgsearch._term_rank(c.tsv, t1) as r1, pgsearch._term_rank(c.tsv, t2) as r2, pgsearch._term_rank(c.tsv, t3) as r3, pgsearch._term_rank(c.tsv, t4) as r4,
                               pgsearch._term_rank(c.tsv, t5) as r5, pgsearch._term_rank(c.tsv, t6) as r6, pgsearch._term_rank(c.tsv, t7) as r7, pgsearch._term_rank(c.tsv, t8) as r8,
                               pgsearch._term_rank(c.tsv, t9) as r9, pgsearch._term_rank(c.tsv, t10) as r10, pgsearch._term_rank(c.tsv, t11) as r11, pgsearch._term_rank(c.tsv, t12) as r12,
                               pgsearch._term_rank(c.tsv, t13) as r13, pgsearch._term_rank(c.tsv, t14) as r14, pgsearch._term_rank(c.tsv, t15) as r15, pgsearch._term_rank(c.tsv, t16) as r16
                          from (select m.chunk_id, m.page_id, false as given,
                                       case when (required is null or m.content_tsv @@ required) and (excluded is null or not m.content_tsv @@ excluded)
                                            then setweight(m.content_tsv, 'D', '{}')
                                            else ''::tsvector
                                       end as tsv
                                  from (select c.chunk_id, c.page_id, c.content_tsv
                                          from pgsearch.chunks as c
                                         where c.content_tsv @@ match
                                           and hashint8extended(c.chunk_id, 0) <= last_hash
                                           and c.chunk_id not in (select n.chunk_id from unnest(seen) as n(chunk_id))
                                           and (collections is null or c.collection = any (collections))
                                         limit most_rows) as m
                                 union all
                                select c.chunk_id, c.page_id, true, setweight(c.content_tsv, 'D', '{}')
                                  from unnest(given_pages, given_chunks) as g(page_id, chunk_id)
                                       join pgsearch.chunks as c on c.page_id = g.page_id
                                                                and c.chunk_id = g.chunk_id
                                 where (required is null or c.content_tsv @@ required)
                                   and (excluded is null or not c.content_tsv @@ excluded)) as c
                        offset 0) as r
                offset 0) as s
    ),
    best as materialized (
        select f.chunk_id, f.page_id, f.score
          from (select s.chunk_id, s.page_id, s.score from scored_ones as s where s.score > 0
                 union all
                select l.chunk_id, l.page_id, l.score from unnest(best_chunks, best_pages, best_scores) as l(chunk_id, page_id, score)) as f
         order by f.score desc, f.chunk_id
         limit top_n
    )
    select (select array_agg(s.chunk_id) from scored_ones as s where not s.given),
           f.chunk_ids, f.page_ids, f.scores, l.chunk_ids, l.page_ids, l.scores
      into scored, chunk_ids, chunk_pages, scores, also_chunks, also_pages, also_scores
      from (select array_agg(f.chunk_id) as chunk_ids, array_agg(f.page_id) as page_ids, array_agg(f.score) as scores from best as f) as f
           cross join (select array_agg(s.chunk_id) as chunk_ids, array_agg(s.page_id) as page_ids, array_agg(s.score) as scores from scored_ones as s where s.given) as l;
end;
$$;

comment on function pgsearch._bm25_scan(tsquery, tsquery[], float8[], float8, float8, float8, float8, bigint[], integer, bigint[], bigint[], float8[], integer, text[], bigint[], bigint[], tsquery, tsquery, bigint) is
'The statement of _bm25_statement written out for up to sixteen terms, without page ids and for collections that are most
of what there is, so that it is planned once a session: planning costs more than scoring a hundred chunks (212,718
Korean passages, 110 chunks scored: 1.7 against 2.3 ms).
Arguments in the order of its parameters, seen being chunks that are not to be scored (again), given_chunks those to be
scored besides. Returns as it does: scored (the chunks that matched), chunk_ids, chunk_pages and scores (the best),
also_chunks, also_pages and also_scores (those given).';
