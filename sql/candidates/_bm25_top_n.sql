-- The best chunks by BM25 (Robertson and Zaragoza 2009), exactly, from the stock GIN index over content_tsv.
--
-- GIN knows which chunks hold a lexeme, but neither how often nor how long they are, so every chunk that might be among
-- the best has to be read and scored. The art is to read few. A lexeme can give a chunk at most weight * idf * (k1 + 1), its bound
-- (MaxScore, Turtle and Flood 1995): once top_n chunks score theta, only chunks whose lexemes have bounds that add up
-- to theta are worth a look. That condition is itself a tsquery, which GIN answers by skipping through the posting
-- lists, so common words are scored but do not drive the scan.
--
-- Two scans do: the first under a guessed theta, the second under the theta that the first one really found, without the chunks
-- already scored. The guess decides how many chunks are read, never which ones win; nor do frequencies that are out of date.
--
-- Measured (a query in the median, top 100, 2 cores): 212,718 Korean passages, questions of 9 lexemes, 16 ms, exact:
-- false 9 ms, beside vectors 2.5 ms; 42,000 chunks match, 2,100 are scored, and with these bounds 1,250 must be; beside
-- vectors 220. 400,000 synthetic chunks, 105 queries of 1 to 8 words, many very common: 45 ms of processor against
-- 2,238 of ts_rank_cd over the same words (of 104 in the latest run 14 are sampled, and the median is 74 ms). Tried
-- without gain: more than two scans; another share of total as the first guess (.5 to 1.0); ruling out chunks by ts_rank
-- over groups of lexemes before scoring them, and no copy of the tsvector (the visit to the chunk is what costs).

create or replace function pgsearch._bm25_terms(
    lexemes     text[],
    weights     float8[],
    collections text[],
    out terms          tsquery[],
    out names          text[],
    out gains          float8[],
    out frequencies    float8[],
    out chunks         float8,
    out average_length float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
-- lexeme_stats by its key, however small it is
set enable_seqscan = off
as $$
declare
    -- Before the first refresh the index is asked, but no further than this: what is commoner than that is common.
    most_counted constant integer := 10000;
    most_sampled constant integer := 64;
    refreshed   text[];
    unrefreshed text[];
    tokens      float8;
    counted     float8 := 0;
begin
    select coalesce(array_agg(c.collection) filter (where s.collection is not null), '{}'),
           array_agg(c.collection) filter (where s.collection is null),
           coalesce(sum(s.chunks), 0),
           coalesce(sum(s.total_tokens), 0)
      into refreshed, unrefreshed, chunks, tokens
      from pgsearch.collections as c
           left join pgsearch.collection_stats as s on s.collection = c.collection
     where _bm25_terms.collections is null
        or c.collection = any (_bm25_terms.collections);

    if unrefreshed is not null then
        select count(*)
          into counted
          from (select
                  from pgsearch.chunks as c
                 where c.collection = any (unrefreshed)
                 limit most_counted) as c;

        select tokens + counted * coalesce(avg(c.length), 0)
          into tokens
          from (select (select sum(cardinality(l.positions)) from unnest(c.content_tsv) as l) as length
                  from pgsearch.chunks as c
                 where c.collection = any (unrefreshed)
                 limit most_sampled) as c;
    end if;

    chunks         := chunks + counted;
    average_length := coalesce(nullif(tokens / nullif(chunks, 0), 0), 1);

    with asked as (
        select l.lexeme,
               -- array_to_tsvector quotes a lexeme the way tsquery reads it; quote_literal is wrong for backslashes
               array_to_tsvector(array[l.lexeme])::text::tsquery as term,
               sum(coalesce(_bm25_terms.weights[l.position], 1)) as weight,
               (select sum(s.document_frequency)::float8
                  from pgsearch.lexeme_stats as s
                 where s.collection = any (refreshed)
                   and s.lexeme = l.lexeme) as known
          from unnest(_bm25_terms.lexemes) with ordinality as l(lexeme, position)
         where l.lexeme <> ''
           and octet_length(l.lexeme) <= 2046
         group by l.lexeme
    ),
    found as (
        select a.lexeme,
               a.term,
               a.weight,
               coalesce(a.known, 0)
               + case
                 -- a lexeme that came after the last refresh is rare, so counting it costs little
                 when a.known is null         then pgsearch._count_chunks(a.term, _bm25_terms.collections, most_counted)
                 when unrefreshed is not null then pgsearch._count_chunks(a.term, unrefreshed, most_counted)
                 else 0
                 end as frequency
          from asked as a
         where a.weight > 0
    )
    select array_agg(f.term order by f.frequency, f.lexeme),
           array_agg(f.lexeme order by f.frequency, f.lexeme),
           array_agg(f.weight order by f.frequency, f.lexeme),
           array_agg(f.frequency order by f.frequency, f.lexeme),
           greatest(chunks, max(f.frequency))
      into terms, names, gains, frequencies, chunks
      from found as f
     where f.frequency > 0;

    select array_agg(t.weight * ln(1 + (chunks - t.frequency + 0.5) / (t.frequency + 0.5)) order by t.position)
      into gains
      from unnest(gains, frequencies) with ordinality as t(weight, frequency, position);
end;
$$;

comment on function pgsearch._bm25_terms(text[], float8[], text[]) is
'The words of a query with what BM25 needs to know of them. Arguments: lexemes (repeated ones count as often), weights
(one a lexeme, null: 1 each; 0 or less drops it), collections (null: all).
Returns one row; parallel arrays, the rarest lexeme first: terms (tsquery), names (lexemes), gains (weight * idf, idf =
ln(1 + (N - df + 0.5) / (df + 0.5))), frequencies (df); chunks (N, at least the largest df) and average_length (in
tokens). Lexemes that stand nowhere are left out; all is null when none is left. df, N and the length are those of the
last refresh_text_stats, summed over the collections; what it has not seen is counted by the index, up to 10,000.';

create or replace function pgsearch._bm25_match(terms tsquery[], bounds float8[], theta float8, most_leaves integer)
returns tsquery
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    n      constant integer := cardinality(terms);
    tails  float8[];   -- tails[i]: sum of the bounds from i on
    leaves integer := 0;
    found  tsquery;
    second tsquery;
    third  tsquery;
    need   float8;
    lack   float8;
    alone  boolean[] := '{}';
    reach  integer[] := '{}';
    width  integer := 1;
    far    integer;
begin
    tails[n + 1] := 0;
    for i in reverse n .. 1 loop
        tails[i] := tails[i + 1] + bounds[i];
    end loop;

    -- As triples: chunks whose first matching lexeme is i and whose second is j must hold one of those that can still lift them to theta.
    <<triples>>
    for i in 1 .. n loop
        exit when tails[i] < theta;
        need   := theta - bounds[i];
        second := null;
        if need > 0 then
            for j in i + 1 .. n loop
                exit when tails[j] < need;
                lack  := need - bounds[j];
                third := null;
                if lack > 0 then
                    for k in j + 1 .. n loop
                        exit when tails[k] < lack;
                        third  := coalesce(third || terms[k], terms[k]);
                        leaves := leaves + 1;
                    end loop;
                    continue when third is null;
                end if;
                second := coalesce(second || coalesce(terms[j] && third, terms[j]), terms[j] && third, terms[j]);
                leaves := leaves + 1;
                exit triples when leaves > most_leaves;
            end loop;
            continue when second is null;
        end if;
        found  := coalesce(found || coalesce(terms[i] && second, terms[i]), terms[i] && second, terms[i]);
        leaves := leaves + 1;
        exit when leaves > most_leaves;
    end loop;
    if leaves <= most_leaves then
        return found;
    end if;

    -- Many lexemes: as pairs, and those by halves (one of the left half and one of the right), which takes n log n mentions and not n * n.
    -- reach[i] is the last lexeme that a chunk with i, and none before it, may need.
    found := null;
    for i in 1 .. n loop
        alone[i] := bounds[i] >= theta;
        reach[i] := i;
        if alone[i] then
            found := coalesce(found || terms[i], terms[i]);
        else
            for j in i + 1 .. n loop
                exit when tails[j] < theta - bounds[i];
                reach[i] := j;
            end loop;
        end if;
    end loop;
    while width < n loop
        for left_end in width .. n by 2 * width loop
            second := null;
            third  := null;
            far    := 0;
            for i in left_end - width + 1 .. left_end loop
                if reach[i] > left_end then
                    second := coalesce(second || terms[i], terms[i]);
                    far    := greatest(far, reach[i]);
                end if;
            end loop;
            for j in left_end + 1 .. least(far, left_end + width) loop
                third := coalesce(third || terms[j], terms[j]);
            end loop;
            found := coalesce(found || (second && third), second && third, found);
        end loop;
        width := 2 * width;
    end loop;
    return found;
end;
$$;

comment on function pgsearch._bm25_match(tsquery[], float8[], float8, integer) is
'A tsquery that matches at least the chunks whose terms have bounds that add up to theta or more, and as few others as
one of about most_leaves mentions of lexemes can; null when no chunk can reach theta.';

create or replace function pgsearch._bm25_top_n(
    lexemes        text[],
    required       tsquery,
    excluded       tsquery,
    collections    text[],
    page_ids       bigint[],
    top_n          integer,
    weights        float8[] default null,
    exact          boolean  default true,
    k1             float8   default 1.2,
    b              float8   default 0.75,
    heading_weight float8   default 1,
    max_rows       integer  default 50000,
    out chunk_ids   bigint[],
    out chunk_pages bigint[],
    out scores      float8[],
    out approximate boolean,
    out rows_scored integer,
    out matches     tsquery[]
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    query constant record := pgsearch._bm25_terms(lexemes, weights, collections);
begin
    select t.chunk_ids, t.chunk_pages, t.scores, t.approximate, t.rows_scored, t.matches
      into chunk_ids, chunk_pages, scores, approximate, rows_scored, matches
      from pgsearch._bm25_best(
               query.terms, query.gains, query.frequencies, query.average_length, required, excluded, collections, page_ids, top_n,
               case exact when true then 'exact' when false then 'fast' else 'shared' end, k1, b, heading_weight, max_rows) as t;
end;
$$;

comment on function pgsearch._bm25_top_n(text[], tsquery, tsquery, text[], bigint[], integer, float8[], boolean, float8, float8, float8, integer) is
'The top_n chunks by BM25, after parsing and filtering.
Arguments: lexemes (any of them makes a hit, repeated ones count as often), required (tsquery that every hit matches, or
null), excluded (tsquery that no hit matches, or null), collections (null: all), page_ids (null: no filter), top_n,
weights (one a lexeme, null: 1 each), exact (false: faster, with bounds that a chunk can exceed but hardly does; null:
faster still, content with half of top_n, see _bm25_best), k1 (>= 0), b (0 .. 1), heading_weight (>= 0: what an
occurrence in the heading counts, in occurrences in the content), max_rows (most chunks to score, null: no limit).
Score: sum over the lexemes of weight * idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / average length)), with tf
= occurrences in the content + heading_weight * those in the heading, length in tokens, idf as in _bm25_terms.
Returns one row; parallel arrays, best first, ties by chunk_id: chunk_ids, chunk_pages, scores (> 0); approximate (exact
was not true, or max_rows cut the scan short), rows_scored, matches (the tsquery of each scan).';

create or replace function pgsearch._bm25_plans(
    lexemes        text[],
    required       tsquery,
    excluded       tsquery,
    collections    text[],
    page_ids       bigint[],
    top_n          integer,
    weights        float8[] default null,
    exact          boolean  default true,
    k1             float8   default 1.2,
    b              float8   default 0.75,
    heading_weight float8   default 1,
    max_rows       integer  default 50000
)
returns setof jsonb
-- volatile, because PostgreSQL refuses EXPLAIN in any other function
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_indexscan = off
set max_parallel_workers_per_gather = 0
set jit = off
set gin_fuzzy_search_limit = 0
as $$
declare
    query record;
    match tsquery;
    plan  jsonb;
begin
    query := pgsearch._bm25_terms(lexemes, weights, collections);
    foreach match in array (select t.matches
                              from pgsearch._bm25_top_n(lexemes, required, excluded, collections, page_ids, top_n, weights, exact, k1, b, heading_weight, max_rows) as t)
    loop
        execute 'explain (analyze, format json) '
                || pgsearch._bm25_statement(cardinality(query.terms), page_ids is not null)
           into plan
          using match, query.terms, query.gains, k1, b, query.average_length, heading_weight,
                '{}'::bigint[], max_rows, '{}'::bigint[], '{}'::bigint[], '{}'::float8[], top_n, collections, page_ids,
                '{}'::bigint[], '{}'::bigint[], required, excluded, 9223372036854775807;
        return next plan;
    end loop;
end;
$$;

comment on function pgsearch._bm25_plans(text[], tsquery, tsquery, text[], bigint[], integer, float8[], boolean, float8, float8, float8, integer) is
'EXPLAIN ANALYZE, as JSON, of each scan that _bm25_top_n makes with the same arguments.';
