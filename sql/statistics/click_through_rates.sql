-- Which chunks are clicked when they are seen, with what their ranks alone would have brought taken into account.
--
-- The first hit is clicked for being the first. Clicks over expected clicks (COEC; Zhang and Jones 2007) divides by the
-- clicks that any hit of the collection would have had at the ranks where this one was really shown; the best rank it
-- was ever seen at would flatter whatever is usually low.

create or replace function pgsearch.click_through_rates(
    collection      text    default null,
    min_impressions float8  default 10,
    top_n           integer default 1000
)
returns table (
    repo_id         text,
    node_id         text,
    query_count     float8,
    avg_rank        float8,
    impressions     float8,
    clicks          float8,
    ctr             float8,
    expected_clicks float8,
    coec            float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsearch._check_range('min_impressions', min_impressions, 0, 1e15);
    perform pgsearch._check_range('top_n', top_n, 0, 1000000);

    return query
    select n.repo_id,
           n.node_id,
           sum(n.query_count),
           sum(n.sum_rank) / nullif(sum(n.ranked_count), 0),
           sum(n.impressions),
           sum(n.clicks),
           sum(n.clicks) / nullif(sum(n.impressions), 0) as ctr,
           sum(n.expected_clicks),
           sum(n.clicks) / nullif(sum(n.expected_clicks), 0)
      from pgsearch.node_stats_daily as n
     where click_through_rates.collection is null
        or n.repo_id = click_through_rates.collection
     group by n.repo_id, n.node_id
    having sum(n.impressions) >= click_through_rates.min_impressions
       and sum(n.impressions) > 0
     order by ctr desc, sum(n.impressions) desc, n.repo_id, n.node_id
     limit click_through_rates.top_n;
end;
$$;

comment on function pgsearch.click_through_rates(text, float8, integer) is
'Chunks by click-through rate, highest first, over all that was ever rolled up.
Arguments:
- collection (null: all)
- min_impressions (chunks seen less often are left out, as their rate says nothing)
- top_n (0 .. 1000000 rows)
Returns repo_id (the chunk''s collection), node_id (chunk_id as text), query_count (searches that returned it), avg_rank
in them, impressions (searches in which it was seen), clicks (searches in which it was clicked), ctr (clicks /
impressions), expected_clicks (sum over the ranks it was seen at of the collection''s click rate there, see
position_click_rates), coec (clicks / expected_clicks: 1 is as its ranks explain).
Error: PS003 argument out of range.
Example:
select node_id, impressions, clicks, coec from pgsearch.click_through_rates(''korean'');';
