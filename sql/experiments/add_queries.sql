-- Questions that somebody chose, for a query set.

create or replace function pgsearch.add_queries(query_set text, queries text[])
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    chosen bigint  := pgsearch._query_set_id(query_set);
    long   integer;
    added  integer;
begin
    select max(octet_length(q)) into long from unnest(queries) as q;
    if long > 2000 then
        raise exception using
            errcode = 'PS003',
            message = format('a query for a set is too long: %s bytes', long),
            hint    = 'Give queries of at most 2000 bytes; a search reads only the first 1,000 characters.';
    end if;

    insert into pgsearch.query_set_entries (query_set_id, entry, query)
    select chosen,
           (select coalesce(max(e.entry), 0) from pgsearch.query_set_entries as e where e.query_set_id = chosen)
           + row_number() over (order by q.place),
           q.query
      from (select g.query, min(g.place) as place
              from unnest(queries) with ordinality as g(query, place)
             where btrim(g.query) <> ''
             group by g.query) as q
     where not exists (select from pgsearch.query_set_entries as e where e.query_set_id = chosen and e.query = q.query);
    get diagnostics added = row_count;

    return added;
end;
$$;

comment on function pgsearch.add_queries(text, text[]) is
'Adds queries to a query set, and returns how many were new to it.
Arguments:
- query_set (its name)
- queries (texts of at most 2000 bytes; empty ones are passed over)
Errors: PS003 unknown query set, a query that is too long.';

create or replace function pgsearch._query_set_id(query_set text)
returns bigint
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    found bigint := (select s.query_set_id from pgsearch.query_sets as s where s.name = query_set);
begin
    if found is null then
        raise exception using
            errcode = 'PS003',
            message = format('there is no query set %s', coalesce(quote_literal(query_set), 'null')),
            hint    = coalesce('Query sets: ' || (select string_agg(s.name, ', ' order by s.name) from pgsearch.query_sets as s) || '.',
                               'Make one with create_query_set.');
    end if;
    return found;
end;
$$;

comment on function pgsearch._query_set_id(text) is 'Id of a query set; PS003, naming those there are, for an unknown one.';
