-- The pages that are called exactly as the query is. BM25 cannot know them: that a title has nothing but the query counts
-- for less there than that a passage says it often.

create or replace function pgsearch._title_keys(query text, words text[])
returns text[]
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
-- the whole of it, signs included, and what it wishes for without them
return array(select distinct k
               from unnest(array[pgsearch._title_key(left(query, 4000)),
                                 pgsearch._title_key(array_to_string(words, ' '))]) as k
              where k <> '');

comment on function pgsearch._title_keys(text, text[]) is
'The normal forms of titles (see _title_key) that a query may be: its own, and that of its words (as parse_query gives
them) without those that it excludes.';

create or replace function pgsearch._same_titled(
    keys        text[],
    typed       text,
    collections text[],
    page_ids    bigint[],
    most        integer,
    out pages    bigint[],
    out sameness float8[]
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
as $$
begin
    if cardinality(keys) = 0 then
        return;
    end if;

    -- a thousand pages may have one title: each branch ends after the first ones, in the order of the index
    if collections is null then
        select array_agg(p.page_id order by p.page_id), array_agg(1 + (lower(p.title) = typed)::integer order by p.page_id)
          into pages, sameness
          from unnest(keys) as k(key)
               cross join lateral (select c.page_id, c.title
                                     from pgsearch.pages as c
                                    where pgsearch._title_key(c.title) collate "C" = k.key
                                      and (_same_titled.page_ids is null or c.page_id = any (_same_titled.page_ids))
                                    order by c.collection, c.page_id
                                    limit most) as p;
    else
        select array_agg(p.page_id order by p.page_id), array_agg(1 + (lower(p.title) = typed)::integer order by p.page_id)
          into pages, sameness
          from unnest(keys) as k(key)
               cross join unnest(collections) as n(collection)
               cross join lateral (select c.page_id, c.title
                                     from pgsearch.pages as c
                                    where pgsearch._title_key(c.title) collate "C" = k.key
                                      and c.collection = n.collection
                                      and (_same_titled.page_ids is null or c.page_id = any (_same_titled.page_ids))
                                    order by c.page_id
                                    limit most) as p;
    end if;
end;
$$;

comment on function pgsearch._same_titled(text[], text, text[], bigint[], integer) is
'The pages whose title has one of the normal forms, most of them for each form and collection.
Arguments: keys (see _title_keys), typed (the query in lower case, trimmed), collections and page_ids (null: all), most.
Returns parallel arrays, null for none: pages, and sameness (2: the title is what was typed, 1: but for spaces, accents or
punctuation).';
