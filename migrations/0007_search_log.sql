-- depends: 0006_semantic_nodes
-- The search log: queries, what users did with their hits, and the searches that failed.
--
-- Partitioned by day of the UUIDv7 in the key: a caller makes the id, so feedback may come before the search is stored, and a retry finds its own row.
-- No foreign keys between the tables: writing to a log must never fail or wait, and old days must drop.

create or replace function pgsearch._uuid_time(id uuid)
returns timestamptz
language sql immutable parallel safe strict
return to_timestamp((('x' || substr(replace(id::text, '-', ''), 1, 12))::bit(48)::bigint) / 1000.0::float8);

comment on function pgsearch._uuid_time(uuid) is 'The time in a UUIDv7, to the millisecond.';

create table if not exists pgsearch.log_settings (
    only_row          boolean  primary key default true check (only_row),
    keep_queries      interval not null default '90 days',
    keep_events       interval not null default '90 days',
    user_salt         bytea    not null default uuid_send(gen_random_uuid())
);

comment on table pgsearch.log_settings is 'One row: how long the log is kept, and the salt of hashed users. What may differ by collection stands in default_settings().';

insert into pgsearch.log_settings default values on conflict do nothing;

create table if not exists pgsearch.queries (
    query_id          uuid        not null,
    ts                timestamptz not null check (ts = pgsearch._uuid_time(query_id)),
    external_id       text,
    query_response_id text,
    application       text,
    environment       text,
    collection        text        not null default '',
    collections       text[],
    client_id         text,
    user_id           text,
    session_id        text,
    conversation_id   text,
    search_id         text,
    user_query        text        not null,
    query_normalized  text        not null,
    intent            text,
    query_type        text,
    search_mode       text,
    fusion_strategy   text,
    weights           jsonb,
    top_k             integer,
    candidate_count   integer,
    result_count      integer     not null default 0,
    hit_ids           text[]      not null default '{}',
    hit_pages         text[]      not null default '{}',
    hit_scores        float8[]    not null default '{}',
    hit_signals       jsonb,
    top_score         float8,
    top_match_reason  text,
    confidence        float8,
    approximate       boolean     not null default false,
    late_interaction_enabled boolean not null default false,
    max_sim_scores    jsonb,
    reranking_used    boolean     not null default false,
    latency_ms        float8,
    timings           jsonb,
    error_type        text,
    experiment        text,
    variant           text,
    sample_weight     float8      not null default 1 check (sample_weight >= 1),
    query_attributes  jsonb,
    metadata          jsonb,
    primary key (query_id, ts)
) partition by range (ts);

comment on table pgsearch.queries is 'One row a search: what was asked, how it was answered, what was shown.';
comment on column pgsearch.queries.collection is 'The collection, when one was searched; empty for all or several.';
comment on column pgsearch.queries.collections is 'The collections that were searched; null: all.';
comment on column pgsearch.queries.hit_ids is 'chunk_id of each hit as text, best first (of another system: its ids).';
comment on column pgsearch.queries.hit_pages is 'external_id of each hit''s page, parallel to hit_ids.';
comment on column pgsearch.queries.hit_signals is 'Array parallel to hit_ids: each hit''s signals as search_hybrid gives them.';
comment on column pgsearch.queries.sample_weight is 'How many searches the row stands for: 1 / probability with which it was kept.';

create index if not exists queries_ts
    on pgsearch.queries (ts);

create index if not exists queries_actor
    on pgsearch.queries (coalesce(user_id, client_id, session_id), ts desc);

create table if not exists pgsearch.events (
    event_id         uuid        not null,
    ts               timestamptz not null check (ts = pgsearch._uuid_time(event_id)),
    action_name      text        not null check (char_length(action_name) <= 100),
    query_id         uuid,
    external_query_id text,
    application      text,
    client_id        text,
    user_id          text,
    session_id       text,
    object_id        text,
    object_id_type   text,
    object_id_field  text,
    internal_id      text,
    "position"       integer     check ("position" >= 1),
    position_xy      point,
    dwell_ms         float8      check (dwell_ms >= 0),
    value            float8,
    user_query       text,
    message_type     text,
    message          text,
    event_attributes jsonb,
    primary key (event_id, ts)
) partition by range (ts);

comment on table pgsearch.events is 'What users did: click, impression, feedback (value 1 helpful, 0 not), and any action of the User Behavior Insights standard.';
comment on column pgsearch.events.object_id is 'The hit it is about: chunk_id as text (object_id_type chunk), or external_id of the page (object_id_type page).';
comment on column pgsearch.events."position" is 'Rank of the hit as shown, from 1.';

create index if not exists events_query
    on pgsearch.events (query_id);

create index if not exists events_ts
    on pgsearch.events (ts);

create table if not exists pgsearch.search_failures (
    failure_id     bigserial   primary key,
    query_id       uuid        not null,
    created_at     timestamptz not null,
    user_query     text        not null,
    user_id        text,
    client_id      text,
    session_id     text,
    collection     text        not null default '',
    result_count   integer,
    confidence     float8,
    failure_reason text        not null check (failure_reason in ('no_result', 'low_confidence', 'user_reformulated', 'error')),
    context        jsonb       not null default '{}',
    resolved_at    timestamptz,
    unique (query_id, failure_reason)
);

comment on table pgsearch.search_failures is 'Searches that failed their user, never sampled, kept when the log is dropped: the seed of query sets.';

create index if not exists search_failures_reason
    on pgsearch.search_failures (failure_reason, created_at desc);
