-- Two spellings of one question are one question: for logs, caches and reformulation.

create or replace function pgsearch.normalize_query(query text)
returns text
-- bound, so that it becomes part of the statement that asks: texts of a log are normalized by the ten thousand
language sql immutable parallel safe strict
return lower(btrim(regexp_replace(normalize(query, NFKC), '[[:space:]]+', ' ', 'g')));

comment on function pgsearch.normalize_query(text) is
'The query in NFKC, lower case, trimmed, runs of white space as one space; what query logs group by.
Example:
select pgsearch.normalize_query(''  Electric   CAR '');';
