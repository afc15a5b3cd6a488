-- What words and vectors say for a chunk as an answer, as logarithms of odds: 0 is as likely as not.
--
-- A score of BM25 has no scale: the more words, the more of it. Its scale is what the words of the query could give
-- (coverage: the share of their weight that the chunk has; share: its score by their weight, 1 where each stands once in
-- a chunk of average length). Long questions find less of themselves in any answer, so a share is worth more there. A
-- cosine has the scale of its model and collection, which calibrate_relevance measures. The constants were chosen on
-- one half of judged questions and of questions about other subjects; benchmarks/confidence.py has the figures of the other.

create or replace function pgsearch._text_evidence(coverage float8, share float8, words integer, chance float8)
returns float8
language sql immutable parallel safe
return case when coverage > 0
            then least(3, greatest(-3,
                     -- whoever has every word of the query may be an answer
                     case when coverage > 0.999 then 0 else -3 end,
                     4 * ((ln(greatest(coverage, 0.03)) + ln(greatest(least(coalesce(share, 0), 1.5), 0.03))) / 2
                          + 0.4 * ln(greatest(words, 3) / 3::float8)
                          + 0.35
                          - least(0.15, greatest(-0.05, coalesce(0.7 * (chance + 0.69), 0))))))
            else -3 end;

comment on function pgsearch._text_evidence(float8, float8, integer, float8) is
'What its words say for a chunk, -3 .. 3 (log odds). Arguments: coverage (share of the weight of the query''s words that
the chunk has, 0 .. 1), share (its BM25 score by their weight), words (how many lexemes), chance (level of the words in
relevance_levels; null: not calibrated).';

create or replace function pgsearch._vector_evidence(nearness float8, unrelated float8, related float8, deviation float8)
returns float8
language sql immutable parallel safe
return case when related - unrelated > 1e-6
            -- where the two overlap, a nearness tells little
            then least(2, ((related - unrelated) / greatest(deviation, 1e-6)) ^ 2 / 2)
                 * least(1, greatest(-2, (nearness - unrelated - 0.45 * (related - unrelated)) * 3 / (related - unrelated)))
            else 0 end;

comment on function pgsearch._vector_evidence(float8, float8, float8, float8) is
'What its vector says for a chunk, -4 .. 2 (log odds): 0 a little below the middle between what is unrelated and what is
related, less the more the two overlap. Arguments: nearness (see _nearness_to), and the levels of relevance_levels.';

create or replace function pgsearch._probability(log_odds float8)
returns float8
language sql immutable parallel safe
return 1 / (1 + exp(-log_odds));

comment on function pgsearch._probability(float8) is 'The probability (0 .. 1) that has these log odds.';

create or replace function pgsearch._nearness_to(similarity float8, embedding vector, centre vector, distance text)
returns float8
language sql immutable parallel safe
return similarity + case when distance = 'cosine' then coalesce(pgsearch._inner_product(pgsearch._unit(embedding), centre), 0) else 0 end;

comment on function pgsearch._nearness_to(float8, vector, vector, text) is
'How near a query comes to a chunk, for calibrated evidence: its similarity to the chunk and, with cosines, to the centre
of the collection, since a question about something else is far from both.';
