-- The formula of BM25 (Robertson and Zaragoza 2009), in parts.
--
-- GIN and tsvector say neither how often a lexeme occurs nor how long a chunk is, but ts_rank of one lexeme does: it is
-- H(tf) / 1.64493406685 with H(n) = 1 + 1/4 + .. + 1/n^2, and pi^2/6 - H(n) is 1 / (n + 1/2), but for less than .06 in
-- n, so that rounding gives back each tf that a tsvector can hold (255). The bodies are inlined, so the formula costs
-- no calls.

create or replace function pgsearch._term_rank(tsv tsvector, term tsquery)
returns float8
language sql immutable parallel safe
return ts_rank('{1,1,1,1}', tsv, term)::float8;

create or replace function pgsearch._term_frequency(rank float8, tsv tsvector, term tsquery, heading_weight float8)
returns float8
language sql immutable parallel safe
return case
       when rank > 0
       then round(1 / (1.6449340668482264::float8 - 1.64493406685::float8 * rank) - 0.5::float8)
            -- the weights are those of D, C, B, A, and A is the heading
            + (heading_weight - 1) * round(1 / (1.6449340668482264::float8 - 1.64493406685::float8 * ts_rank('{0,0,0,1}', tsv, term)::float8) - 0.5::float8)
       end;

create or replace function pgsearch._token_count(rank float8, tsv tsvector, term tsquery)
returns float8
language sql immutable parallel safe
-- normalisation 2 divides by the number of positions
return case when rank > 0 then round(rank / ts_rank('{1,1,1,1}', tsv, term, 2)) end;

create or replace function pgsearch._length_norm(tokens float8, average_length float8, k1 float8, b float8)
returns float8
language sql immutable parallel safe
-- at least 1e-300, for 0 / 0 is an error when k1 = 0
return greatest(k1 * (1 - b + b * tokens / average_length), 1e-300::float8);

create or replace function pgsearch._bm25_part(gain float8, tf float8, norm float8)
returns float8
language sql immutable parallel safe
return coalesce(gain * tf / (tf + norm), 0);

comment on function pgsearch._term_rank(tsvector, tsquery) is 'ts_rank of one lexeme by its occurrences alone, whatever their weights; 0 without any, null without a lexeme.';
comment on function pgsearch._term_frequency(float8, tsvector, tsquery, float8) is
'How often the lexeme occurs, an occurrence in the heading counting heading_weight. Arguments: rank (its _term_rank in
tsv), tsv, term, heading_weight. Null when it does not occur.';
comment on function pgsearch._token_count(float8, tsvector, tsquery) is 'How many tokens (positions) the tsvector has, from a lexeme that occurs in it, by its _term_rank; null when it does not.';
comment on function pgsearch._length_norm(float8, float8, float8, float8) is 'k1 * (1 - b + b * tokens / average_length): what BM25 adds to tf below the line (Robertson and Zaragoza 2009).';
comment on function pgsearch._bm25_part(float8, float8, float8) is
'What one lexeme gives to the score of a chunk: gain * tf / (tf + norm), gain being weight * idf * (k1 + 1); 0 without
it.';
