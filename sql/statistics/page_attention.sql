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
set jit = off
as $$
#variable_conflict use_column
declare
    known constant text[]    := '{ignored,clicked,never_found}';
    days  constant daterange := pgsearch._period(since, until);
    wanted text[];
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

    with objects as materialized (
        select d.object_id, sum(d.impressions) as impressions, sum(d.clicks) as clicks, sum(d.sum_rank) as sum_rank,
               sum(d.ranked_count) as ranked_count
          from pgsearch.object_stats_daily as d
         where d.day >= lower(days)
           and d.day < upper(days)
         group by d.object_id
    ),
    rates as materialized (
        select array_agg(r.clicks / nullif(r.impressions, 0) order by r.rank) as by_rank
          from (select g.rank, coalesce(sum(c.clicks), 0) as clicks, coalesce(sum(c.impressions), 0) as impressions
                  from generate_series(1, least((select max(m.rank) from pgsearch.position_click_rates as m), 1000)) as g(rank)
                       left join pgsearch.position_click_rates as c on c.rank = g.rank
                 group by g.rank) as r
    ),
    -- clicks that its mean rank explains stand for those that each of its ranks does, until few are left
    likely as materialized (
        select s.page_id
          from (select k.page_id,
                       sum(o.impressions) as impressions,
                       sum(o.clicks) as clicks,
                       sum(o.impressions * r.by_rank[greatest(round(o.sum_rank / nullif(o.ranked_count, 0))::integer, 1)]) as expected
                  from objects as o
                       cross join rates as r
                       join pgsearch.chunks as k on k.chunk_id = case
                                                                 when length(o.object_id) between 1 and 18
                                                                  and translate(o.object_id, '0123456789', '') = ''
                                                                 then o.object_id::bigint
                                                                 end
                 where page_attention.collection is null
                    or k.collection = page_attention.collection
                 group by k.page_id) as s
         where s.impressions >= min_impressions
         order by case when show = 'clicked' then -s.clicks end,
                  s.clicks / nullif(s.expected, 0) nulls last,
                  s.impressions desc,
                  s.page_id
         limit 200 + 3 * page_attention.top_n
    )
    select array_agg(k.chunk_id::text)
      into wanted
      from pgsearch.chunks as k
     where k.page_id in (select l.page_id from likely as l);

    return query
    select p.page_id, p.collection, p.external_id, p.title, s.query_count, s.impressions, s.clicks, s.clicks / nullif(s.impressions, 0),
           s.expected_clicks, s.clicks / nullif(s.expected_clicks, 0), p.updated_at
      from (select k.page_id,
                   sum(n.query_count) as query_count,
                   sum(n.impressions) as impressions,
                   sum(n.clicks) as clicks,
                   sum(n.expected_clicks) as expected_clicks
              from (select d.node_id, sum(d.query_count) as query_count, sum(d.impressions) as impressions,
                           sum(d.clicks) as clicks, sum(d.expected_clicks) as expected_clicks
                      from pgsearch.node_stats_daily as d
                     where d.node_id = any (wanted)
                       and d.day >= lower(days)
                       and d.day < upper(days)
                     group by d.node_id) as n
                   join pgsearch.chunks as k on k.chunk_id = n.node_id::bigint
             group by k.page_id) as s
           join pgsearch.pages as p on p.page_id = s.page_id
     where show = 'clicked'
        or s.clicks < s.expected_clicks
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
- show (ignored: shown and clicked less than their ranks explain, worst first, chosen among the 200 + 3 top_n pages that
  are so by their mean rank; clicked: clicked most; never_found: pages that no search of the period returned,
  longest unchanged first)
- min_impressions (pages seen less often are left out, as their rate says nothing; not of never_found)
- top_n (0 .. 10000 rows)
Returns page_id, collection_name, external_id, title, query_count (times a search returned a chunk of it), impressions,
clicks, ctr (clicks / impressions), expected_clicks (what the ranks alone would have brought), coec (clicks /
expected_clicks: 1 is as its ranks explain), updated_at.
Errors: PS001 unknown collection, PS002 unknown choice, PS003 argument out of range, until not after since.
Example:
select title, impressions, clicks, coec from pgsearch.page_attention(''korean'', show => ''ignored'');';
