-- Two spellings of one question are one question: for logs, caches and reformulation.

create or replace function pgsearch.normalize_query(query text)
returns text
language sql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
select lower(btrim(regexp_replace(normalize(query, NFKC), E'\\s+', ' ', 'g')));
$$;

comment on function pgsearch.normalize_query(text) is
'The query in NFKC, lower case, trimmed, runs of white space as one space; what query logs group by.
Example:
select pgsearch.normalize_query(''  Electric   CAR '');';
