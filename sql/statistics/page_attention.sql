-- The log from the side of those who write: which pages are shown and not read, read most, or found by nobody.

create or replace function pgsearch.page_attention(
    collection      text        default null,
    since           timestamptz default null,
    until           timestamptz default null,
    show            text        default 'ignored',
    min_impressions float8      default 10,
    top_n           integer     default 20
)
returns table (
    page_id         bigint,
    collection_name text,
    external_id     text,
    title           text,
    query_count     float8,
    impressions     float8,
    clicks          float8,
    ctr             float8,
    expected_clicks float8,
    coec            float8,
    updated_at      timestamptz
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    known constant text[]    := '{ignored,clicked,never_found}';
    days  constant daterange := pgsearch._period(since, until);
begin
    if show is null or not show = any (known) then
        raise exception using
            errcode = 'PS002',
            message = format('unknown choice of pages %s', coalesce(quote_literal(show), 'null')),
            hint    = format('Known: %s.', array_to_string(known, ', '));
    end if;
    perform pgsearch._check_range('min_impressions', min_impressions, 0, 1e15);
    perform pgsearch._check_range('top_n', top_n, 0, 10000);
    if page_attention.collection is not null then
        perform pgsearch._check_collections(array[page_attention.collection]);
    end if;

    if show = 'never_found' then
        return query
        select p.page_id, p.collection, p.external_id, p.title, 0::float8, 0::float8, 0::float8, null::float8, null::float8, null::float8,
               p.updated_at
          from pgsearch.pages as p
         where (page_attention.collection is null or p.collection = page_attention.collection)
           and not exists (select
                             from pgsearch.chunks as k
                                  join pgsearch.object_stats_daily as d on d.object_id = k.chunk_id::text
                            where k.page_id = p.page_id
                              and d.day >= lower(days)
                              and d.day < upper(days))
         order by p.updated_at, p.page_id
         limit page_attention.top_n;
        return;
    end if;

    return query
    select p.page_id, p.collection, p.external_id, p.title, s.query_count, s.impressions, s.clicks, s.clicks / nullif(s.impressions, 0),
           s.expected_clicks, s.clicks / nullif(s.expected_clicks, 0), p.updated_at
      from (select k.page_id,
                   sum(n.query_count) as query_count,
                   sum(n.impressions) as impressions,
                   sum(n.clicks) as clicks,
                   sum(n.expected_clicks) as expected_clicks
              from pgsearch.node_stats_daily as n
                   join pgsearch.chunks as k on k.chunk_id = case when n.node_id ~ '^[0-9]{1,18}$' then n.node_id::bigint end
             where n.day >= lower(days)
               and n.day < upper(days)
             group by k.page_id) as s
           join pgsearch.pages as p on p.page_id = s.page_id
     where s.impressions >= min_impressions
       and (page_attention.collection is null or p.collection = page_attention.collection)
     order by case when show = 'clicked' then -s.clicks else s.clicks / nullif(s.expected_clicks, 0) end nulls last,
              s.impressions desc,
              p.page_id
     limit page_attention.top_n;
end;
$$;

comment on function pgsearch.page_attention(text, timestamptz, timestamptz, text, float8, integer) is
'Pages by what searches made of them, with their titles.
Arguments:
- collection (null: all)
- since and until (whole days in UTC; null: the last 30 days)
- show (ignored: shown and clicked least against what their ranks explain, worst first; clicked: clicked most;
  never_found: pages that no search of the period returned, longest unchanged first)
- min_impressions (pages seen less often are left out, as their rate says nothing; not of never_found)
- top_n (0 .. 10000 rows)
Returns page_id, collection_name, external_id, title, query_count (times a search returned a chunk of it), impressions,
clicks, ctr (clicks / impressions), expected_clicks (what the ranks alone would have brought), coec (clicks /
expected_clicks: 1 is as its ranks explain), updated_at.
Errors: PS001 unknown collection, PS002 unknown choice, PS003 argument out of range, until not after since.
Example:
select title, impressions, clicks, coec from pgsearch.page_attention(''korean'', show => ''ignored'');';
