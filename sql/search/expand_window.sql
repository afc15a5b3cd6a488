-- The neighbours of a hit: what a reader or a language model needs around the passage.

create or replace function pgsearch.expand_window(chunk_ids bigint[], neighbours integer default 1)
returns table (chunk_id bigint, context text)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
begin
    perform pgsearch._check_range('neighbours', neighbours, 0, 100);

    return query
    select h.chunk_id,
           string_agg(n.content, E'\n\n' order by n.ordinal, n.chunk_id)
      from pgsearch.chunks as h
           join pgsearch.chunks as n on n.page_id = h.page_id
                                    and n.ordinal between h.ordinal - neighbours and h.ordinal + neighbours
     where h.chunk_id = any (chunk_ids)
     group by h.chunk_id
     order by h.chunk_id;
end;
$$;

comment on function pgsearch.expand_window(bigint[], integer) is
'Each chunk with up to that many neighbouring chunks of its page on either side, joined by blank lines in page order.
Arguments:
- chunk_ids
- neighbours (0 .. 100: how many on each side)
Returns chunk_id, context; chunks that do not exist are left out.
Example:
select context
  from pgsearch.expand_window(array(select chunk_id from pgsearch.search_bm25(''보조금'', 3)), 1);';

create or replace function pgsearch._with_all_keywords(query text, chunk_ids bigint[], neighbours integer)
returns bigint[]
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    kept bigint[];
begin
    with candidates as materialized (
        select c.page_id, c.chunk_id, c.ordinal, c.text_config
          from pgsearch.chunks as c
         where c.chunk_id = any (chunk_ids)
    ),
    wanted as materialized (
        select t.text_config, (pgsearch.parse_query(query, t.text_config, 'and')).keywords
          from (select distinct text_config from candidates) as t
    )
    select array_agg(h.chunk_id)
      into kept
      from candidates as h
           join wanted as w on w.text_config = h.text_config
     where cardinality(w.keywords)
           = (select count(distinct k.at)
                from pgsearch.chunks as n
                     join unnest(w.keywords) with ordinality as k(keyword, at) on n.content_tsv @@ k.keyword
               where n.page_id = h.page_id
                 and n.ordinal between h.ordinal - neighbours and h.ordinal + neighbours);

    return coalesce(kept, '{}');
end;
$$;

comment on function pgsearch._with_all_keywords(text, bigint[], integer) is
'Those of the chunks whose window (the chunk and that many neighbours on each side) holds every word of the query: what
option require_keywords keeps.';
