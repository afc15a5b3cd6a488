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
    required    tsquery default null,
    excluded    tsquery default null
)
returns pgsearch.bm25_words
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
    words pgsearch.bm25_words;
begin
    select coalesce(array_agg(c.collection) filter (where s.collection is not null), '{}'),
           array_agg(c.collection) filter (where s.collection is null),
           coalesce(sum(s.chunks), 0),
           coalesce(sum(s.total_tokens), 0)
      into refreshed, unrefreshed, words.chunks, tokens
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

    select c.chunks, coalesce(nullif(tokens / nullif(c.chunks, 0), 0), 1), _bm25_terms.required, _bm25_terms.excluded
      into words.chunks, words.average_length, words.required, words.excluded
      from (select words.chunks + counted as chunks) as c;

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
    occurring as (
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
           greatest(words.chunks, max(f.frequency))
      into words.terms, words.names, words.gains, words.frequencies, words.chunks
      from occurring as f
     where f.frequency > 0;

    select array_agg(t.weight * ln(1 + (words.chunks - t.frequency + 0.5) / (t.frequency + 0.5)) order by t.position)
      into words.gains
      from unnest(words.gains, words.frequencies) with ordinality as t(weight, frequency, position);

    return words;
end;
$$;

comment on function pgsearch._bm25_terms(text[], float8[], text[], tsquery, tsquery) is
'The words of a query with what BM25 needs to know of them. Arguments: lexemes (repeated ones count as often), weights
(one a lexeme, null: 1 each; 0 or less drops it), collections (null: all), required and excluded (handed on).
Returns parallel arrays, the rarest lexeme first: terms (tsquery), names (lexemes), gains (weight * idf, idf =
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

create or replace function pgsearch._bm25_plans(
    words    pgsearch.bm25_words,
    formula  pgsearch.bm25_formula,
    scope    pgsearch.scope,
    top_n    integer,
    effort   text,
    max_rows integer
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
    match     tsquery;
    last_hash bigint;
    level     integer;
    plan      jsonb;
begin
    for match, last_hash, level in
        select s.match, s.last_hash, cardinality(pgsearch._sample_levels(s.last_hash))
          from pgsearch._bm25_best(words, formula, scope, top_n, effort, max_rows) as t
               cross join lateral unnest(t.matches, t.last_hashes) with ordinality as s(match, last_hash, at)
         order by s.at
    loop
        execute 'explain (analyze, format json) '
                || pgsearch._bm25_statement(cardinality(words.terms), scope.page_ids is not null, level > 0)
           into plan
          using match, words.terms, words.gains, formula.k1, formula.b, words.average_length, formula.heading_weight,
                '{}'::bigint[], max_rows, '{}'::bigint[], '{}'::bigint[], '{}'::float8[], top_n, scope.collections, scope.page_ids,
                '{}'::bigint[], '{}'::bigint[], words.required, words.excluded, last_hash, array[level];
        return next plan;
    end loop;
end;
$$;

comment on function pgsearch._bm25_plans(pgsearch.bm25_words, pgsearch.bm25_formula, pgsearch.scope, integer, text, integer) is
'EXPLAIN ANALYZE, as JSON, of each scan that _bm25_best makes with the same arguments.';
