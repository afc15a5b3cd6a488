-- depends: 0007_search_log
-- Roll-ups of the log: additive, so that hours and days add up to any period, and kept when the log is dropped.
--
-- Every count is a sum of sample_weight, so it estimates the searches that were made, not those that were kept. Days are days in UTC, as the partitions of the log are.

create table if not exists pgsearch.search_stats_hourly (
    hour                timestamptz not null,
    collection          text        not null,
    search_mode         text        not null default '',
    fusion_strategy     text        not null default '',
    query_type          text        not null default '',
    total_queries       float8      not null default 0,
    logged_queries      bigint      not null default 0,
    event_count         bigint      not null default 0,
    error_count         float8      not null default 0,
    no_result_count     float8      not null default 0,
    low_confidence_count float8     not null default 0,
    reformulated_count  float8      not null default 0,
    clicked_count       float8      not null default 0,
    click_count         float8      not null default 0,
    ranked_click_count  float8      not null default 0,
    sum_click_position  float8      not null default 0,
    sum_reciprocal_rank float8      not null default 0,
    helpful_count       float8      not null default 0,
    unhelpful_count     float8      not null default 0,
    latency_count       float8      not null default 0,
    sum_latency_ms      float8      not null default 0,
    primary key (hour, collection, search_mode, fusion_strategy, query_type)
);

comment on table pgsearch.search_stats_hourly is 'Searches of an hour by collection, mode, fusion strategy and query type; written by refresh_search_stats.';
comment on column pgsearch.search_stats_hourly.collection is 'As logged: empty for searches over all or several collections.';
comment on column pgsearch.search_stats_hourly.total_queries is 'Searches, weighted: each logged row counts sample_weight.';
comment on column pgsearch.search_stats_hourly.logged_queries is 'Rows of the log, unweighted.';
comment on column pgsearch.search_stats_hourly.event_count is 'Events of any kind about these searches, unweighted; a collection without any is not tracked, and its click rates are null.';
comment on column pgsearch.search_stats_hourly.error_count is 'Searches with an error_type.';
comment on column pgsearch.search_stats_hourly.no_result_count is 'Searches without a result and without an error.';
comment on column pgsearch.search_stats_hourly.low_confidence_count is 'Searches in search_failures for low confidence.';
comment on column pgsearch.search_stats_hourly.reformulated_count is 'Searches in search_failures because the user asked again in other words.';
comment on column pgsearch.search_stats_hourly.clicked_count is 'Searches with at least one click.';
comment on column pgsearch.search_stats_hourly.click_count is 'Clicks, each hit of a search once.';
comment on column pgsearch.search_stats_hourly.ranked_click_count is 'Those of them whose rank is known.';
comment on column pgsearch.search_stats_hourly.sum_click_position is 'Sum of their ranks, from 1.';
comment on column pgsearch.search_stats_hourly.sum_reciprocal_rank is 'Sum over searches of 1 / rank of the best ranked click.';
comment on column pgsearch.search_stats_hourly.helpful_count is 'Searches that somebody called helpful.';
comment on column pgsearch.search_stats_hourly.unhelpful_count is 'Searches that somebody called not helpful.';
comment on column pgsearch.search_stats_hourly.latency_count is 'Searches with a known latency.';
comment on column pgsearch.search_stats_hourly.sum_latency_ms is 'Sum of their latencies in milliseconds.';

create index if not exists search_stats_hourly_collection
    on pgsearch.search_stats_hourly (collection, hour);

create table if not exists pgsearch.latency_hourly (
    hour            timestamptz not null,
    collection      text        not null,
    latency_buckets integer[]   not null,
    latency_counts  float8[]    not null,
    primary key (hour, collection)
);

comment on table pgsearch.latency_hourly is 'Latency histograms of an hour by collection: buckets that each are 2 % wider than the one before, so that percentiles are within 1 %, and any two merge by adding.';
comment on column pgsearch.latency_hourly.latency_buckets is 'Numbers of the buckets that hold something, ascending: bucket b holds more than 0.01 × 1.02^(b-1) and at most 0.01 × 1.02^b ms, bucket 0 what is at most 0.01 ms.';
comment on column pgsearch.latency_hourly.latency_counts is 'Searches in each of latency_buckets, weighted.';

create table if not exists pgsearch.search_stats_daily (
    day                 date        not null,
    collection          text        not null,
    total_queries       float8      not null default 0,
    logged_queries      bigint      not null default 0,
    event_count         bigint      not null default 0,
    error_count         float8      not null default 0,
    no_result_count     float8      not null default 0,
    low_confidence_count float8     not null default 0,
    reformulated_count  float8      not null default 0,
    clicked_count       float8      not null default 0,
    click_count         float8      not null default 0,
    ranked_click_count  float8      not null default 0,
    sum_click_position  float8      not null default 0,
    sum_reciprocal_rank float8      not null default 0,
    helpful_count       float8      not null default 0,
    unhelpful_count     float8      not null default 0,
    latency_count       float8      not null default 0,
    sum_latency_ms      float8      not null default 0,
    latency_buckets     integer[]   not null default '{}',
    latency_counts      float8[]    not null default '{}',
    primary key (day, collection)
);

comment on table pgsearch.search_stats_daily is 'search_stats_hourly and latency_hourly added up by day and collection, columns as there: long periods merge one histogram a day.';

create table if not exists pgsearch.unique_actors (
    step            text        not null check (step in ('hour', 'day')),
    starts_at       timestamptz not null,
    collection      text,
    sessions        bigint      not null,
    users           bigint      not null,
    session_sketch  integer[]   not null default '{}',
    user_sketch     integer[]   not null default '{}',
    unique nulls not distinct (step, starts_at, collection)
);

comment on table pgsearch.unique_actors is 'How many different sessions and users searched: exact for an hour and a day; longer periods merge the sketches of their days (HyperLogLog, standard error 2.3 %), because distinct counts do not add up.';
comment on column pgsearch.unique_actors.collection is 'Null: over all collections.';
comment on column pgsearch.unique_actors.sessions is 'Different session_ids, unweighted: of a sampled log a lower bound.';
comment on column pgsearch.unique_actors.users is 'Different user_ids, or client_ids where there is no user_id.';
comment on column pgsearch.unique_actors.session_sketch is 'HyperLogLog registers that are not 0, as register × 64 + value; of 2,048 registers. Filled for days.';
comment on column pgsearch.unique_actors.user_sketch is 'The same for users.';

create table if not exists pgsearch.top_queries_daily (
    day              date   not null,
    collection       text   not null,
    query_normalized text   not null,
    user_query       text   not null,
    query_count      float8 not null,
    no_result_count  float8 not null default 0,
    clicked_count    float8 not null default 0,
    confidence_count float8 not null default 0,
    sum_confidence   float8 not null default 0,
    primary key (day, collection, query_normalized)
);

comment on table pgsearch.top_queries_daily is 'Queries of a day: the 1,000 most frequent of each collection, the 1,000 most frequent without results, and the 1,000 most frequent without a click. Rarer ones are not kept longer than the log.';
comment on column pgsearch.top_queries_daily.user_query is 'One spelling of query_normalized as it was typed.';
comment on column pgsearch.top_queries_daily.query_count is 'Searches for it, weighted; of the searches that share a search_id (one person typing, or turning pages) the last one alone.';
comment on column pgsearch.top_queries_daily.no_result_count is 'Those without a result.';
comment on column pgsearch.top_queries_daily.clicked_count is 'Those with at least one click.';
comment on column pgsearch.top_queries_daily.confidence_count is 'Those with a known confidence.';
comment on column pgsearch.top_queries_daily.sum_confidence is 'Sum of their confidence.';

create table if not exists pgsearch.object_stats_daily (
    day             date      not null,
    collection      text      not null,
    object_id       text      not null,
    query_count     float8    not null default 0,
    sum_rank        float8    not null default 0,
    ranked_count    float8    not null default 0,
    impressions     float8    not null default 0,
    clicks          float8    not null default 0,
    sum_dwell_ms    float8    not null default 0,
    helpful         float8    not null default 0,
    unhelpful       float8    not null default 0,
    shown_ranks     integer[] not null default '{}',
    shown_counts    float8[]  not null default '{}',
    primary key (object_id, collection, day)
);

comment on table pgsearch.object_stats_daily is 'How often each hit was returned, seen and clicked on a day. Popularity, click-through rates and the golden set are sums of it.';
comment on column pgsearch.object_stats_daily.collection is 'As logged: empty for searches over all or several collections; node_popularity names the chunk''s own collection.';
comment on column pgsearch.object_stats_daily.object_id is 'A chunk_id as text; where a search was logged from elsewhere, the id it gave.';
comment on column pgsearch.object_stats_daily.query_count is 'Searches that returned it.';
comment on column pgsearch.object_stats_daily.sum_rank is 'Sum of its ranks in them, where known.';
comment on column pgsearch.object_stats_daily.ranked_count is 'Searches in which its rank is known.';
comment on column pgsearch.object_stats_daily.impressions is 'Searches in which it was seen: impression events if the search has any; else every hit down to the lowest that was acted on; else every hit. Never two of these.';
comment on column pgsearch.object_stats_daily.clicks is 'Searches in which it was clicked, never more than impressions.';
comment on column pgsearch.object_stats_daily.sum_dwell_ms is 'Milliseconds spent on it after clicks.';
comment on column pgsearch.object_stats_daily.helpful is 'Searches in which it was called helpful.';
comment on column pgsearch.object_stats_daily.unhelpful is 'Searches in which it was called not helpful.';
comment on column pgsearch.object_stats_daily.shown_ranks is 'Ranks at which it was seen; 0: rank unknown.';
comment on column pgsearch.object_stats_daily.shown_counts is 'Impressions at each of shown_ranks. With position_click_rates they give the expected clicks.';

-- Days are written one after the other, so that a few kilobytes find the rows of a period.
create index if not exists object_stats_daily_day
    on pgsearch.object_stats_daily using brin (day) with (pages_per_range = 16, autosummarize = true);

create table if not exists pgsearch.position_stats_daily (
    day         date    not null,
    collection  text    not null,
    rank        integer not null,
    impressions float8  not null default 0,
    clicks      float8  not null default 0,
    primary key (day, collection, rank)
);

comment on table pgsearch.position_stats_daily is 'Impressions and clicks at each rank on a day: how much of a click is owed to the rank alone.';
comment on column pgsearch.position_stats_daily.rank is 'From 1; 0: rank unknown.';

create table if not exists pgsearch.weight_stats_daily (
    day                 date    not null,
    collection          text    not null,
    search_mode         text    not null,
    fusion_strategy     text    not null,
    query_type          text    not null,
    weights             jsonb   not null,
    total_queries       float8  not null default 0,
    event_count         bigint  not null default 0,
    no_result_count     float8  not null default 0,
    clicked_count       float8  not null default 0,
    ranked_click_count  float8  not null default 0,
    sum_click_position  float8  not null default 0,
    sum_reciprocal_rank float8  not null default 0,
    latency_count       float8  not null default 0,
    sum_latency_ms      float8  not null default 0,
    primary key (day, collection, search_mode, fusion_strategy, query_type, weights)
);

comment on table pgsearch.weight_stats_daily is 'Searches of a day by the weights they were fused with: what weight_effect compares. Columns as search_stats_hourly.';
comment on column pgsearch.weight_stats_daily.weights is 'As logged; JSON null where none were logged.';

create table if not exists pgsearch.recent_nodes (
    repo_id     text   not null,
    node_id     text   not null,
    query_count float8 not null,
    as_of       date   not null,
    primary key (repo_id, node_id)
);

comment on table pgsearch.recent_nodes is 'The 10,000 chunks of each collection that most searches of the last days (setting log.popularity_days) returned, as of the last refresh_search_stats: where popular_chunks begins.';
comment on column pgsearch.recent_nodes.repo_id is 'The chunk''s own collection.';
comment on column pgsearch.recent_nodes.query_count is 'Searches of the window that returned it.';
comment on column pgsearch.recent_nodes.as_of is 'Last day of the window.';

create index if not exists recent_nodes_count
    on pgsearch.recent_nodes (query_count desc, repo_id, node_id);

create index if not exists recent_nodes_of_collection
    on pgsearch.recent_nodes (repo_id, query_count desc, node_id);

create table if not exists pgsearch.search_stats_seen (
    kind       text   not null check (kind in ('queries', 'events', 'links')),
    day        date   not null,
    source_day date   not null,
    row_count  bigint not null,
    primary key (kind, day, source_day)
);

comment on table pgsearch.search_stats_seen is 'How many rows of the log the roll-ups have seen: a day whose count differs is rolled up again. queries: searches of a day; events: events of a day; links: events of source_day about searches of day. events of -infinity: everything was looked at once.';

create or replace function pgsearch._popularity_days()
returns integer
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    -- not bound to the function, so that a deploy may replace it
    return coalesce((pgsearch.default_settings() -> 'log' ->> 'popularity_days')::integer, 7);
end;
$$;

comment on function pgsearch._popularity_days() is 'The window of node_popularity in days, from the settings.';

create or replace view pgsearch.position_click_rates as
select s.collection,
       s.rank,
       s.impressions,
       s.clicks,
       (s.clicks + 10 * s.collection_clicks / s.collection_impressions) / (s.impressions + 10) as click_rate
  from (select p.collection,
               p.rank,
               sum(p.impressions) as impressions,
               sum(p.clicks) as clicks,
               sum(sum(p.clicks)) over (partition by p.collection) as collection_clicks,
               sum(sum(p.impressions)) over (partition by p.collection) as collection_impressions
          from pgsearch.position_stats_daily as p
         group by p.collection, p.rank) as s
 where s.collection_impressions > 0;

comment on view pgsearch.position_click_rates is 'Share of the impressions at each rank that were clicked, over all the log ever held, drawn to the collection''s mean by ten impressions of it, so that a rank seen twice has no rate of 0 or 1.';

-- The rates of a collection travel as one array, so that the expected clicks of a row are arithmetic over its own arrays and no join for each rank.
create or replace view pgsearch.node_stats_daily as
with rates as materialized (
    select r.collection,
           array_agg(coalesce(p.click_rate, 0) order by r.rank) as click_rates
      from (select m.collection, generate_series(0, max(m.rank)) as rank
              from pgsearch.position_stats_daily as m
             group by m.collection) as r
           left join pgsearch.position_click_rates as p on p.collection = r.collection and p.rank = r.rank
     group by r.collection
)

select coalesce(c.collection, d.collection) as repo_id,
       d.object_id as node_id,
       d.day,
       d.query_count,
       d.sum_rank,
       d.ranked_count,
       d.impressions,
       d.clicks,
       (select sum(s.shown * k.click_rates[s.rank + 1])
          from unnest(d.shown_ranks, d.shown_counts) as s(rank, shown)) as expected_clicks,
       d.sum_dwell_ms,
       d.helpful,
       d.unhelpful
  from pgsearch.object_stats_daily as d
       left join rates as k on k.collection = d.collection
       left join pgsearch.chunks as c
              on d.collection = ''
             and c.chunk_id = case when d.collection = '' and d.object_id ~ '^[0-9]{1,18}$' then d.object_id::bigint end;

comment on view pgsearch.node_stats_daily is 'object_stats_daily with the chunk''s own collection (repo_id) and the clicks that anything would have had at the ranks where it was really shown (expected_clicks).';

create or replace view pgsearch.node_popularity as
select n.repo_id,
       n.node_id,
       round(sum(n.query_count))::integer as query_count_7d,
       sum(n.sum_rank) / nullif(sum(n.ranked_count), 0) as avg_rank,
       sum(n.impressions) as impressions,
       sum(n.clicks) as clicks,
       sum(n.clicks) / nullif(sum(n.impressions), 0) as ctr,
       sum(n.clicks) / nullif(sum(n.expected_clicks), 0) as coec
  from pgsearch.node_stats_daily as n
 where n.day > (now() at time zone 'UTC')::date - pgsearch._popularity_days()
 group by n.repo_id, n.node_id;

comment on view pgsearch.node_popularity is 'Chunks by the searches that returned them in the last days (setting log.popularity_days, 7): query_count_7d, avg_rank (mean rank in them), impressions, clicks, ctr (clicks / impressions), coec (clicks / expected clicks: over 1 is clicked more than its ranks explain). As fresh as the last refresh_search_stats.';

create or replace view pgsearch.training_readiness as
select c.logs,
       c.logs_with_feedback,
       1000 as logs_needed,
       c.logs_with_feedback >= 1000 as ready,
       c.late_interaction_logs,
       c.late_interaction_logs_with_feedback
  from (select count(*) as logs,
               count(f.query_id) as logs_with_feedback,
               count(*) filter (where q.late_interaction_enabled) as late_interaction_logs,
               count(f.query_id) filter (where q.late_interaction_enabled) as late_interaction_logs_with_feedback
          from pgsearch.queries as q
               left join (select distinct e.query_id
                            from pgsearch.events as e
                           where e.action_name in ('click', 'feedback')) as f on f.query_id = q.query_id) as c;

comment on view pgsearch.training_readiness is 'Is there enough to learn from: logged searches, those with a click or a judgement, how many are needed (1,000), and whether that is reached; the last two count searches with late interaction scores alone. Counts rows of the log as it is now, unweighted.';
