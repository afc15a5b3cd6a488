-- The scans of BM25: which chunks are read, in which order, until the best are certain or the budget is spent.
--
-- Two scans are the rule: the first under a guessed threshold, the second under the one that the first really found.
-- Where a scan would read more than its share of max_rows, which of the chunks that could be read must not depend on
-- where they stand in the table, else those put last are never found: they are chosen by promise (a higher threshold)
-- and, where promise cannot tell them apart, by the hash of their id.

create or replace function pgsearch._bm25_threshold(gains float8[], frequencies float8[], top_n integer)
returns float8
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select sum(t.gain)
       * greatest(0.1::float8,
                  0.30::float8
                  + 0.13::float8  * ln(count(*))
                  + 0.095::float8 * ln(percentile_cont(0.5) within group (order by t.frequency) / (0.8::float8 * top_n))
                  + 0.078::float8 * ln(min(t.frequency) / (0.8::float8 * top_n)))
  from unnest(gains, frequencies) as t(gain, frequency);
$$;

comment on function pgsearch._bm25_threshold(float8[], float8[], integer) is
'A guess of the sum of bounds, of 1.6 gains each, that a little more than top_n chunks reach: the more words, and the
commoner they are, the more of them stand together in a chunk. Arguments: gains and frequencies as _bm25_terms gives
them, top_n > 0.
Fitted on 647 questions of MIRACL-ko, SciFact and CoSQA (5,183 to 212,718 chunks): in sums of gains it is off by .01 or
less on average, with a standard deviation of .24, .15 and .08; .1 more halves the chunks, nearly.';

create or replace function pgsearch._last_hash(share float8)
returns bigint
language sql immutable parallel safe
return case when share < 1 then (share * 18446744073709551616::float8 - 9223372036854775808::float8)::bigint else 9223372036854775807 end;

comment on function pgsearch._last_hash(float8) is
'The hash up to which hashint8extended(chunk_id, 0) has to be for about the given share (0 .. 1) of all chunks; smaller
shares are part of larger ones.';

create or replace function pgsearch._drawn_chunks(
    draws       float8,
    match       tsquery,
    collections text[],
    page_ids    bigint[],
    seen        bigint[],
    out chunk_ids   bigint[],
    out chunk_pages bigint[],
    out share       float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
-- whatever the caller is explained with
set enable_indexscan = on
set enable_indexonlyscan = on
as $$
declare
    first constant bigint := (select min(c.chunk_id) from pgsearch.chunks as c);
    ids   constant bigint := (select max(c.chunk_id) from pgsearch.chunks as c) - first + 1;
begin
    share := least(1, draws / ids);
    select coalesce(array_agg(c.chunk_id order by c.chunk_id), '{}'), coalesce(array_agg(c.page_id order by c.chunk_id), '{}')
      into chunk_ids, chunk_pages
      -- multiples of the golden ratio, without what stands before the point, lie evenly in 0 .. 1 however many there are (Weyl 1916)
      -- looked up one by one: offset keeps the other conditions, and so GIN, out of it
      from (select c.chunk_id, c.page_id, c.collection, c.content_tsv
              from (select distinct first + floor(ids * (i * 0.6180339887498949::float8 - floor(i * 0.6180339887498949::float8)))::bigint as chunk_id
                      from generate_series(1, ceil(share * ids)::bigint) as i) as d
                   join pgsearch.chunks as c on c.chunk_id = d.chunk_id
            offset 0) as c
     where c.content_tsv @@ match
       and (collections is null or c.collection = any (collections))
       and (page_ids is null or c.page_id = any (page_ids))
       and c.chunk_id not in (select s.chunk_id from unnest(seen) as s(chunk_id));
end;
$$;

comment on function pgsearch._drawn_chunks(float8, tsquery, text[], bigint[], bigint[]) is
'Those chunks that match, of so many drawn by their id, evenly and the same ones each time; fewer draws are part of more.
collections and page_ids as in _bm25_best, seen: chunks that do not count. Returns parallel arrays and share, the share
of all ids that was drawn.';

create or replace function pgsearch._count_matching(chunk_ids bigint[], match tsquery)
returns bigint
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
-- whatever the caller is explained with
set enable_indexscan = on
set enable_indexonlyscan = on
as $$
begin
    return (select count(*)
              from (select c.content_tsv
                      from unnest(chunk_ids) as i(chunk_id)
                           join pgsearch.chunks as c on c.chunk_id = i.chunk_id
                    offset 0) as c
             where c.content_tsv @@ match);
end;
$$;

comment on function pgsearch._count_matching(bigint[], tsquery) is 'How many of the given chunks match.';

create or replace function pgsearch._bm25_ranked(
    words    pgsearch.bm25_words,
    formula  pgsearch.bm25_formula,
    scope    pgsearch.scope,
    top_n    integer,
    effort   text,
    max_rows integer,
    given    pgsearch.scored_chunks default null,
    out best        pgsearch.scored_chunks,
    out also        pgsearch.scored_chunks,
    out approximate boolean,
    out sampled     boolean,
    out rows_scored integer,
    out matches     tsquery[],
    out last_hashes bigint[]
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    n          integer;
    planned    boolean;
    most       float8;
    enough     integer;
    mentioned  integer;
    most_drawn integer;
    narrowed   tsquery;
    bounds     float8[];
    total      float8;
    mentions   float8;
    theta      float8;
    threshold  float8;
    complete   float8;
    budget     integer;
    suspected  boolean;
    survey     record;
    surveyed_at float8;
    matching   float8;
    share      float8;
    visited    integer;
    match      tsquery;
    scan       record;
    seen       bigint[];
begin
    -- one statement for all that is known before, since each expression takes a plan of its own in every session
    select coalesce(cardinality(words.terms), 0),
           -- A few pages, or a small collection among large ones, are better found by their own index together with GIN, and
           -- that is for the planner to see.
           scope.page_ids is not null
           or scope.collections is not null
              and coalesce((select sum(s.chunks) filter (where s.collection = any (scope.collections)) < 0.5 * sum(s.chunks)
                              from pgsearch.collection_stats as s), true),
           m.most,
           -- Beside a vector signal half of what was asked for will do: nDCG@10 of the whole search stays within .005 on six
           -- judged sets (docs/decisions.md), and a fifth of the chunks are scored.
           case effort when 'shared' then (top_n + 1) / 2 end,
           -- Every mention of a lexeme is one more to be looked at for each chunk that GIN considers, and spares chunks that
           -- need not be read (212,718 Korean passages, median: exact 18.4 ms with 20, 15.8 with 60; shared 2.4 and 2.7).
           case effort when 'shared' then 20 else 60 end,
           -- GIN answers a phrase with every chunk that has its words. So that those are counted as read, it is asked for the
           -- words, and each chunk is looked at for the phrase.
           coalesce(r.inside && r.outside, r.inside, r.outside),
           -- a sample has to hold what is asked for
           case when l.most_rows is not null then greatest(l.most_rows, 2 * top_n) end,
           -- chunks that a survey draws, of all: some milliseconds
           least(1000, greatest(10, l.most_rows / 10)),
           b.bounds, b.total, b.mentions,
           1, coalesce(given.chunk_ids, '{}'), coalesce(given.chunk_ids, '{}'), coalesce(given.page_ids, '{}'),
           '{}', '{}', '{}', '{}', '{}', '{}',
           effort <> 'exact', false, 0, '{}', '{}'
      into n, planned, most, enough, mentioned, narrowed, max_rows, most_drawn, bounds, total, mentions,
           share, seen, given.chunk_ids, given.page_ids,
           best.chunk_ids, best.page_ids, best.scores, also.chunk_ids, also.page_ids, also.scores,
           approximate, sampled, rows_scored, matches, last_hashes
           -- The most that a lexeme is worth, in gains: tf / (tf + norm) < 1, so never more than k1 + 1. Once in a chunk of
           -- average length it is worth 1.
           -- 1 + k1 / 2 found the same ten on each of 200 Korean questions, and 99.3 of the best hundred.
      from (select case effort when 'exact' then formula.k1 + 1 else 1 + 0.5 * formula.k1 end as most) as m
           cross join lateral (select array_agg(q.gain * m.most order by q.position) as bounds,
                                      sum(q.gain) as total,
                                      sum(q.frequency) as mentions
                                 from unnest(words.gains, words.frequencies) with ordinality as q(gain, frequency, position)) as b
           -- each word is one more look at each chunk: beyond sixteen, a chunk counts as more than one
           cross join lateral (select (max_rows::bigint * 16 / greatest(16, cardinality(words.terms)))::integer as most_rows) as l
           cross join lateral (select pgsearch._words_anywhere(words.required) as inside,
                                      case when words.excluded = pgsearch._words_anywhere(words.excluded)
                                           then !! words.excluded end as outside) as r;

    -- Chunks with every lexeme once and of average length score total; the hundredth best of real questions scores .2 to .9 of it.
    -- One lexeme, or few chunks to score: all of them are read anyway.
    threshold := case
                 when n <= 1 or top_n <= 0 or mentions <= 10 * top_n or cardinality(scope.page_ids) <= 1000 then 0
                 when effort = 'shared' then pgsearch._bm25_threshold(words.gains, words.frequencies, top_n)
                 else 0.65 * total
                 end;

    suspected := mentions > max_rows;
    loop
        match := case when n > 0 and top_n > 0 then pgsearch._bm25_match(words.terms, bounds, threshold, mentioned) end;
        if narrowed is not null then
            match := match && narrowed;
        end if;
        budget := greatest(max_rows - rows_scored, max_rows / 4);

        -- Words so common that the scan might read too much, or one that did: a survey tells how many chunks there are,
        -- and what the best of them score.
        if suspected and match is not null then
            suspected   := false;
            surveyed_at := threshold;
            survey      := pgsearch._drawn_chunks(most_drawn, match, scope.collections, scope.page_ids, seen);
            matching    := greatest(cardinality(survey.chunk_ids) / survey.share, matching, case when n = 1 and scope.page_ids is null then mentions end);
            if matching > 0.8 * budget then
                scan := pgsearch._bm25_scan(null, words, formula, '{}', 0, best, top_n, scope,
                                            survey.chunk_ids, survey.chunk_pages, null, false);
                select coalesce(scan.chunk_ids, '{}'), coalesce(scan.chunk_pages, '{}'), coalesce(scan.scores, '{}'),
                       rows_scored + cardinality(survey.chunk_ids), seen || survey.chunk_ids
                  into best.chunk_ids, best.page_ids, best.scores, rows_scored, seen;
                -- where nothing else was scored, the best of the survey stand for as many more, in proportion
                theta := greatest(best.scores[top_n],
                                  case when complete is null then best.scores[ceil(top_n * survey.share)::integer] end) * (1 - 1e-9);
                if theta > threshold then
                    threshold   := theta;
                    surveyed_at := theta;
                    match     := pgsearch._bm25_match(words.terms, bounds, threshold, mentioned);
                    matching  := matching * pgsearch._count_matching(survey.chunk_ids, match) / greatest(1, cardinality(survey.chunk_ids));
                    match     := coalesce(match && narrowed, match);
                end if;
                budget := greatest(max_rows - rows_scored, max_rows / 4);
                if matching > 0.8 * budget then
                    share := 0.8 * budget / matching;
                end if;
            end if;
        end if;

        visited := 0;
        if match is not null or cardinality(given.chunk_ids) > 0 then
            scan := pgsearch._bm25_scan(match, words, formula, seen, budget + 1, best, top_n, scope,
                                        given.chunk_ids, given.page_ids, pgsearch._last_hash(share), planned and match is not null);
            select s.visited, rows_scored + s.visited, matches || match, last_hashes || pgsearch._last_hash(share)
              into visited, rows_scored, matches, last_hashes
              from (select coalesce(cardinality(scan.scored), 0) as visited) as s;

            -- The scan ended wherever in the table the budget was used up. Which chunks stand first must not decide, so
            -- what it found is dropped.
            if visited > budget then
                matching  := greatest(matching, visited / share);
                suspected := surveyed_at is distinct from threshold;
                if not suspected then
                    share := least(share / 2, 0.8 * greatest(max_rows - rows_scored, max_rows / 4) / matching);
                end if;
                continue;
            end if;

            select coalesce(scan.chunk_ids, '{}'), coalesce(scan.chunk_pages, '{}'), coalesce(scan.scores, '{}'), seen || scan.scored
              into best.chunk_ids, best.page_ids, best.scores, seen;
            if cardinality(given.chunk_ids) > 0 then
                select coalesce(scan.also_chunks, '{}'), coalesce(scan.also_pages, '{}'), coalesce(scan.also_scores, '{}'), '{}', '{}'
                  into also.chunk_ids, also.page_ids, also.scores, given.chunk_ids, given.page_ids;
            end if;
        end if;

        if share < 1 then
            approximate := true;
            sampled     := true;
            exit;
        end if;
        exit when n = 0 or top_n <= 0 or rows_scored >= enough;
        -- What was not scored has bounds below the threshold. The margin is for sums that round differently in another order.
        theta := coalesce(best.scores[top_n], 0) * (1 - 1e-9);
        exit when theta >= threshold;
        complete  := threshold;
        matching  := null;
        -- what few chunks meet is not found sooner by asking for more of the words
        suspected := words.required is not null and theta = 0 and mentions > max_rows;
        threshold := case
                     when words.required is not null and theta = 0 then 0
                     when effort = 'shared' then
                         -- lower by as much as the chunks found are too few
                         case when threshold > 0.1 * total
                              then greatest(threshold / 2, threshold - 0.16 * total * ln((0.8 * top_n)::float8 / (rows_scored + 0.5)))
                              else 0 end
                     when theta > 0 or threshold < 0.2 * total then theta
                     else threshold / 2
                     end;
    end loop;
end;
$$;

comment on function pgsearch._bm25_ranked(
    pgsearch.bm25_words, pgsearch.bm25_formula, pgsearch.scope, integer, text, integer, pgsearch.scored_chunks) is
'_bm25_best for any number of words, all of which are looked for. Arguments and result as _bm25_best.';

create or replace function pgsearch._bm25_best(
    words    pgsearch.bm25_words,
    formula  pgsearch.bm25_formula,
    scope    pgsearch.scope,
    top_n    integer,
    effort   text,
    max_rows integer,
    given    pgsearch.scored_chunks default null,
    out best        pgsearch.scored_chunks,
    out also        pgsearch.scored_chunks,
    out approximate boolean,
    out sampled     boolean,
    out shortlisted boolean,
    out rows_scored integer,
    out matches     tsquery[],
    out last_hashes bigint[]
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    -- Paragraphs of 120 to 1,000 characters over 201,681 Korean passages: of the ten that reading every chunk with one of
    -- the words ranks first 95 to 100 % are found, of the hundred 89 to 97 %; the slowest kind took 244 ms, and takes 100.
    most_words constant integer := 16;
    strongest  pgsearch.bm25_words;
    whole      pgsearch.scored_chunks;
    told       record;
begin
    -- of a pasted text the chunks that have any word are many, and each would be scored by all that are looked for
    shortlisted := coalesce(cardinality(words.terms), 0) >= pgsearch._most_lexemes()
                   and top_n > 0
                   and coalesce(cardinality(scope.page_ids) > 1000, true)
                   -- looks at a word of a chunk: a tenth of a second
                   and cardinality(words.terms) * (select sum(f) from unnest(words.frequencies) as f) > 200000;
    if not shortlisted then
        told := pgsearch._bm25_ranked(words, formula, scope, top_n, effort, max_rows, given);
        best := told.best;
        also := told.also;
        select told.approximate, told.sampled, told.rows_scored, told.matches, told.last_hashes
          into approximate, sampled, rows_scored, matches, last_hashes;
        return;
    end if;

    strongest := words;
    select array_agg(s.term order by s.at), array_agg(s.name order by s.at),
           array_agg(s.gain order by s.at), array_agg(s.frequency order by s.at)
      into strongest.terms, strongest.names, strongest.gains, strongest.frequencies
      from (select *
              from unnest(words.terms, words.names, words.gains, words.frequencies) with ordinality as w(term, name, gain, frequency, at)
             order by w.gain desc, w.at
             limit most_words) as s;
    told        := pgsearch._bm25_ranked(strongest, formula, scope, greatest(400, 2 * top_n), effort, max_rows);
    sampled     := told.sampled;
    rows_scored := told.rows_scored;
    matches     := told.matches;
    last_hashes := told.last_hashes;
    approximate := true;

    select array_agg(c.chunk_id), array_agg(c.page_id)
      into whole.chunk_ids, whole.page_ids
      from (select b.chunk_id, b.page_id from unnest((told.best).chunk_ids, (told.best).page_ids) as b(chunk_id, page_id)
             union
            select g.chunk_id, g.page_id from unnest(given.chunk_ids, given.page_ids) as g(chunk_id, page_id)) as c;
    whole := (pgsearch._bm25_ranked(words, formula, null, 0, 'exact', null, whole)).also;

    select coalesce(array_agg(w.chunk_id order by w.score desc, w.chunk_id), '{}'),
           coalesce(array_agg(w.page_id order by w.score desc, w.chunk_id), '{}'),
           coalesce(array_agg(w.score order by w.score desc, w.chunk_id), '{}')
      into best.chunk_ids, best.page_ids, best.scores
      from (select w.*
              from unnest(whole.chunk_ids, whole.page_ids, whole.scores) as w(chunk_id, page_id, score)
             where w.score > 0
               and w.chunk_id = any ((told.best).chunk_ids)
             order by w.score desc, w.chunk_id
             limit top_n) as w;
    select coalesce(array_agg(w.chunk_id), '{}'), coalesce(array_agg(w.page_id), '{}'), coalesce(array_agg(w.score), '{}')
      into also.chunk_ids, also.page_ids, also.scores
      from unnest(whole.chunk_ids, whole.page_ids, whole.scores) as w(chunk_id, page_id, score)
     where w.chunk_id = any (given.chunk_ids);
end;
$$;

comment on function pgsearch._bm25_best(
    pgsearch.bm25_words, pgsearch.bm25_formula, pgsearch.scope, integer, text, integer, pgsearch.scored_chunks) is
'The top_n chunks by BM25.
Arguments: words (as _bm25_terms gives them: any of them makes a hit), formula, scope, top_n, effort (exact; fast: with
bounds that a chunk can exceed but hardly does; shared: fast, and content with half of top_n, for a search whose vectors
bring candidates too), max_rows (most chunks to score, null: no limit), given (chunks that others found, to be scored
besides).
Score: sum over the words of weight * idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / average length)), with tf =
occurrences in the content + heading_weight * those in the heading, length in tokens, idf as in _bm25_terms.
Returns one row: best (scores > 0, ties by chunk_id; those given may be among them), also (those of the given that meet
required and do not match excluded, whatever they score), approximate (effort was not exact, or max_rows cut the scan
short, or chunks were shortlisted), sampled, shortlisted (of as many words as are looked for the sixteen of the largest
gains chose some hundred chunks, which were then scored by all of them), rows_scored, matches and last_hashes (the
tsquery of each scan, and the last hash of the chunks that it read).
Where more than max_rows chunks would have to be read, chunks drawn by their id tell a threshold that fewer can reach;
where that does not do, or there is but one word, the best of a sample by the hash of the id are given: approximate and
sampled are true then.';
