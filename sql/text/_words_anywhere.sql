-- A query without the order of its words.

create or replace function pgsearch._words_anywhere(query tsquery)
returns tsquery
language sql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
-- lexemes stand in quotes, with quotes inside them doubled; what looks like a sign within them is none
select case
       when strpos(query::text, '<') = 0 then query
       else (select string_agg(case when t.part[1] ~ '^<(-|[0-9]+)>$' then '&' else t.part[1] end, '' order by t.at)::tsquery
               from regexp_matches(query::text, $re$('(?:[^']|'')*'|<(?:-|[0-9]+)>|[^'<]+)$re$, 'g') with ordinality as t(part, at))
       end;
$$;

comment on function pgsearch._words_anywhere(tsquery) is
'The query with every phrase turned into its words, all of which have to stand somewhere: what GIN can tell of a phrase
without reading the chunk. It matches whatever the query matches, unless a phrase is negated.';
