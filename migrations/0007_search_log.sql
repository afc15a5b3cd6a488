-- depends: 0006_semantic_nodes
-- The search log: queries, what users did with their hits, and the searches that failed.
--
-- Partitioned by day of the UUIDv7 in the key: a caller makes the id, so feedback may come before the search is stored, and a retry finds its own row.
-- No foreign keys between the tables: writing to a log must never fail or wait, and old days must drop.

-- Part of a CHECK, so everything in it is named in full.
create or replace function pgsearch._uuid_time(id uuid)
returns timestamptz
language sql immutable parallel safe strict
as $$
select pg_catalog.to_timestamp(('x' operator(pg_catalog.||) pg_catalog.substr(pg_catalog.translate(id::text, '-', ''), 1, 12))::pg_catalog."bit"(48)::bigint
                                   operator(pg_catalog./) 1000.0::float8);
$$;

comment on function pgsearch._uuid_time(uuid) is 'The time in a UUIDv7, to the millisecond.';

create table if not exists pgsearch.log_settings (
    only_row     boolean  primary key default true check (only_row),
    keep_queries interval not null default '90 days' check (keep_queries >= '1 day'),
    keep_events  interval not null default '90 days' check (keep_events >= '1 day'),
    user_salt    bytea    not null default uuid_send(gen_random_uuid()),
    hash_users   boolean  not null default false,
    mask         text     not null default ''
);

comment on table pgsearch.log_settings is 'One row: how long the log is kept, and how it keeps users and texts private. What may differ by collection stands in default_settings().';
comment on column pgsearch.log_settings.user_salt is 'Secret: whoever has it can tell whether a hash is that of a user.';
comment on column pgsearch.log_settings.hash_users is 'Whether user_id is stored as hash_user(user_id).';
comment on column pgsearch.log_settings.mask is 'Name of a function (text) returns text that every logged text goes through; empty: none.';

revoke all on pgsearch.log_settings from public;

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
    sample_weight  float8      not null default 1 check (sample_weight >= 1),
    failure_reason text        not null check (failure_reason in ('no_result', 'low_confidence', 'user_reformulated', 'error')),
    context        jsonb       not null default '{}',
    resolved_at    timestamptz,
    unique (query_id, failure_reason)
);

comment on table pgsearch.search_failures is 'Searches that failed their user, kept when the log is dropped: the seed of query sets.';
comment on column pgsearch.search_failures.sample_weight is 'How many searches the row stands for: 1 but for user_reformulated, which is known only of searches that were kept.';
comment on column pgsearch.search_failures.context is 'mode, result_count, top_score, top_match_reason, returned_ids (first ten), confidence; error_type; of user_reformulated also reformulated_to, elapsed_sec, similarity (0 .. 1), had_click.';

create index if not exists search_failures_reason
    on pgsearch.search_failures (failure_reason, created_at desc);

-- The log under the names of others

create or replace view pgsearch.search_logs as
select q.query_id::text as log_id,
       q.ts as "timestamp",
       q.user_query as query,
       coalesce(q.intent, q.query_type) as intent,
       q.collection as repo_id,
       q.user_id,
       q.session_id,
       q.candidate_count,
       q.fusion_strategy,
       q.late_interaction_enabled,
       q.max_sim_scores,
       q.top_k,
       q.hit_ids as result_chunk_ids,
       q.hit_scores as result_scores,
       c."position" as clicked_rank,
       c.object_id as clicked_chunk_id,
       d.dwell_ms / 1000.0::float8 as dwell_time,
       f.value > 0 as was_helpful,
       q.metadata
  from pgsearch.queries as q
       left join lateral (select e."position", e.object_id
                            from pgsearch.events as e
                           where e.query_id = q.query_id
                             and e.ts >= q.ts - interval '1 day'
                             and e.action_name = 'click'
                           order by e.ts, e.event_id
                           limit 1) as c on true
       left join lateral (select max(e.dwell_ms) as dwell_ms
                            from pgsearch.events as e
                           where e.query_id = q.query_id
                             and e.ts >= q.ts - interval '1 day') as d on true
       left join lateral (select e.value
                            from pgsearch.events as e
                           where e.query_id = q.query_id
                             and e.ts >= q.ts - interval '1 day'
                             and e.action_name = 'feedback'
                           order by e.ts desc, e.event_id desc
                           limit 1) as f on true;

comment on view pgsearch.search_logs is 'A row a search with what became of it: the first click, the longest dwell time (seconds), the last word on whether it was helpful.';

create or replace view pgsearch.query_logs as
select q.query_id as id,
       q.collection as repo_id,
       q.user_query as query_text,
       q.query_type,
       q.weights,
       (select coalesce(jsonb_agg(jsonb_build_object('node_id', h.id, 'score', q.hit_scores[h.at], 'signals', q.hit_signals -> (h.at::integer - 1)) order by h.at), '[]')
          from unnest(q.hit_ids) with ordinality as h(id, at)) as top_results,
       round(q.latency_ms)::integer as latency_ms,
       q.ts as created_at
  from pgsearch.queries as q;

comment on view pgsearch.query_logs is 'A row a search with its results as [{node_id, score, signals}], best first.';

create or replace view pgsearch.search_failure_logs as
select f.failure_id as id,
       f.user_query as query,
       f.user_id,
       f.result_count,
       f.confidence,
       f.failure_reason,
       f.context,
       f.created_at
  from pgsearch.search_failures as f;

comment on view pgsearch.search_failure_logs is 'A row a failed search and reason.';

create or replace view pgsearch.ubi_queries as
select coalesce(q.external_id, q.query_id::text) as query_id,
       q.ts as "timestamp",
       q.application,
       q.client_id,
       q.user_query,
       q.query_attributes,
       coalesce(q.query_response_id, q.query_id::text) as query_response_id,
       q.hit_ids as query_response_hit_ids
  from pgsearch.queries as q;

comment on view pgsearch.ubi_queries is 'Searches as the User Behavior Insights standard 1.3 has them.';

create or replace view pgsearch.ubi_events as
select e.application,
       e.action_name,
       coalesce(e.external_query_id, e.query_id::text) as query_id,
       e.session_id,
       e.client_id,
       e.user_id,
       e.ts as "timestamp",
       e.message_type,
       e.message,
       e.user_query,
       jsonb_strip_nulls(
           coalesce(e.event_attributes, '{}')
           || jsonb_build_object(
                  'object', nullif(jsonb_strip_nulls(jsonb_build_object('object_id', e.object_id, 'object_id_type', e.object_id_type,
                                                                        'object_id_field', e.object_id_field, 'internal_id', e.internal_id)), '{}'),
                  'position', case when e."position" is not null then jsonb_build_object('ordinal', e."position")
                                   when e.position_xy is not null then jsonb_build_object('xy', jsonb_build_object('x', e.position_xy[0], 'y', e.position_xy[1])) end)
           || case when e.dwell_ms is null then '{}' else jsonb_build_object('dwell_ms', e.dwell_ms) end
           || case when e.value is null then '{}' else jsonb_build_object('value', e.value) end) as event_attributes
  from pgsearch.events as e;

comment on view pgsearch.ubi_events is 'Events as the User Behavior Insights standard 1.3 has them.';

create or replace view pgsearch.gen_ai_retrieval as
select q.query_id,
       q.ts,
       q.latency_ms,
       jsonb_strip_nulls(jsonb_build_object(
           'gen_ai.operation.name', 'retrieval',
           'gen_ai.data_source.id', q.collection,
           'gen_ai.request.top_k', q.top_k,
           'gen_ai.conversation.id', q.conversation_id,
           'gen_ai.retrieval.query.text', q.user_query,
           'error.type', q.error_type,
           'db.system.name', 'postgresql',
           'session.id', q.session_id,
           'user.id', q.user_id,
           'gen_ai.retrieval.documents', (select jsonb_agg(jsonb_build_object('id', h.id, 'score', q.hit_scores[h.at]) order by h.at)
                                             from unnest(q.hit_ids) with ordinality as h(id, at)))) as attributes
  from pgsearch.queries as q;

comment on view pgsearch.gen_ai_retrieval is 'Searches as spans "retrieval" with the attributes of the OpenTelemetry conventions for generative AI.';

-- The pages of a log that are read together are a day's, so the events are looked up by search, not joined.
create or replace view pgsearch.impressions as
select q.query_id,
       q.ts,
       q.collection,
       q.query_normalized,
       h.id as object_id,
       q.hit_pages[h.at] as page,
       h.at::integer as "position",
       h.id = any(s.clicked_ids) or (h.at = any(s.clicked_ranks)) as clicked,
       q.sample_weight
  from pgsearch.queries as q
       cross join lateral unnest(q.hit_ids) with ordinality as h(id, at)
       cross join lateral (select coalesce(array_agg(e.object_id) filter (where e.action_name = 'click' and e.object_id is not null), '{}') as clicked_ids,
                                  coalesce(array_agg(e."position") filter (where e.action_name = 'click' and e.object_id is null), '{}') as clicked_ranks,
                                  coalesce(array_agg(e.object_id) filter (where e.action_name = 'impression' and e.object_id is not null), '{}') as seen_ids,
                                  coalesce(array_agg(e."position") filter (where e.action_name = 'impression' and e.object_id is null and e."position" is not null), '{}')
                                      as seen_ranks,
                                  bool_or(e.action_name = 'impression' and (e.object_id is not null or e."position" is not null)) as seen,
                                  max(coalesce(e."position", array_position(q.hit_ids, e.object_id))) filter (where e.action_name <> 'impression') as lowest
                             from pgsearch.events as e
                            where e.query_id = q.query_id
                              and e.ts >= q.ts - interval '1 day') as s
 where case when s.seen then h.id = any(s.seen_ids || s.clicked_ids) or h.at = any(s.seen_ranks || s.clicked_ranks)
            else h.at <= coalesce(s.lowest, q.top_k, cardinality(q.hit_ids)) end;

comment on view pgsearch.impressions is
'What was shown and looked at, a row a hit: the hits of explicit impression events (and clicks) where there are any, else all down to the lowest rank that was acted on, else the whole page.';
