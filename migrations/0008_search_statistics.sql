-- depends: 0007_search_log
-- Roll-ups of the log: additive, so that hours and days add up to any period, and kept when the log is dropped.

create table if not exists pgsearch.search_stats_hourly (
    hour                timestamptz not null,
    collection          text        not null,
    search_mode         text        not null default '',
    fusion_strategy     text        not null default '',
    query_type          text        not null default '',
    total_queries       float8      not null default 0,
    logged_queries      bigint      not null default 0,
    unique_sessions     bigint      not null default 0,
    unique_users        bigint      not null default 0,
    error_count         float8      not null default 0,
    no_result_count     float8      not null default 0,
    low_confidence_count float8     not null default 0,
    reformulated_count  float8      not null default 0,
    clicked_count       float8      not null default 0,
    click_count         float8      not null default 0,
    sum_click_position  float8      not null default 0,
    sum_reciprocal_rank float8      not null default 0,
    helpful_count       float8      not null default 0,
    unhelpful_count     float8      not null default 0,
    sum_latency_ms      float8      not null default 0,
    latency_buckets     integer[]   not null default '{}',
    latency_counts      float8[]    not null default '{}',
    primary key (hour, collection, search_mode, fusion_strategy, query_type)
);

create table if not exists pgsearch.top_queries_daily (
    day              date   not null,
    collection       text   not null,
    query_normalized text   not null,
    user_query       text   not null,
    query_count      float8 not null,
    no_result_count  float8 not null default 0,
    clicked_count    float8 not null default 0,
    sum_confidence   float8 not null default 0,
    primary key (day, collection, query_normalized)
);

-- object_id is a chunk_id as text, or, where the search was logged by page, the page's external_id
create table if not exists pgsearch.object_stats_daily (
    day             date   not null,
    collection      text   not null,
    object_id       text   not null,
    query_count     float8 not null default 0,
    impressions     float8 not null default 0,
    clicks          float8 not null default 0,
    expected_clicks float8 not null default 0,
    sum_rank        float8 not null default 0,
    sum_dwell_ms    float8 not null default 0,
    helpful         float8 not null default 0,
    unhelpful       float8 not null default 0,
    primary key (day, collection, object_id)
);
