-- depends: 0008_search_statistics
-- What is learned from the log: query sets, judgments, search configurations, experiments and learned models.

create table if not exists pgsearch.query_sets (
    query_set_id bigserial   primary key,
    name         text        not null unique check (name <> ''),
    description  text        not null default '',
    collection   text        not null default '',
    sampling     text        not null default 'manual' check (sampling in ('random', 'pptss', 'topn', 'manual', 'failures')),
    created_at   timestamptz not null default now()
);

comment on table pgsearch.query_sets is 'Sets of queries to evaluate with, and how they were chosen.';

create table if not exists pgsearch.query_set_entries (
    query_set_id bigint  not null references pgsearch.query_sets on delete cascade,
    entry        integer not null,
    query        text    not null,
    query_type   text,
    frequency    float8  not null default 1,
    primary key (query_set_id, entry),
    unique (query_set_id, query)
);

comment on table pgsearch.query_set_entries is 'The queries of a query set, with how often they were asked.';

create table if not exists pgsearch.judgment_lists (
    judgment_list_id bigserial   primary key,
    name             text        not null unique check (name <> ''),
    description      text        not null default '',
    collection       text        not null default '',
    judgment_type    text        not null check (judgment_type in ('clicks', 'manual', 'imported', 'llm')),
    click_model      text,
    parameters       jsonb       not null default '{}',
    created_at       timestamptz not null default now()
);

comment on table pgsearch.judgment_lists is 'Lists of judgments: who or what judged, and by which rules.';

-- doc_id is the external_id of a page: it outlives the chunks
create table if not exists pgsearch.judgments (
    judgment_list_id bigint      not null references pgsearch.judgment_lists on delete cascade,
    query            text        not null,
    doc_id           text        not null,
    rating           float8      not null,
    impressions      float8,
    clicks           float8,
    expected_clicks  float8,
    judge            text,
    explanation      text,
    created_at       timestamptz not null default now(),
    primary key (judgment_list_id, query, doc_id)
);

comment on table pgsearch.judgments is 'How well a page answers a query: 0 not at all, more is better; clicks and impressions where they speak.';

create table if not exists pgsearch.search_configurations (
    name       text        primary key check (name <> ''),
    collection text        not null default '',
    options    jsonb       not null default '{}' check (jsonb_typeof(options) = 'object'),
    metrics    jsonb       not null default '{}',
    created_at timestamptz not null default now()
);

comment on table pgsearch.search_configurations is 'Options of a search under a name, to compare, to activate for a collection, and to go back to.';

create table if not exists pgsearch.configuration_history (
    activation_id     bigserial   primary key,
    collection        text        not null,
    configuration     text        not null,
    previous_settings jsonb       not null,
    activated_at      timestamptz not null default now(),
    rolled_back_at    timestamptz
);

comment on table pgsearch.configuration_history is 'Which configuration was activated when, the settings before it, and when it was rolled back.';

create table if not exists pgsearch.experiments (
    experiment       text        primary key check (experiment <> ''),
    experiment_type  text        not null check (experiment_type in ('offline', 'ab_test', 'interleaving')),
    collection       text        not null default '',
    query_set_id     bigint      references pgsearch.query_sets,
    judgment_list_id bigint      references pgsearch.judgment_lists,
    variants         jsonb       not null,
    results          jsonb,
    started_at       timestamptz not null default now(),
    finished_at      timestamptz
);

comment on table pgsearch.experiments is 'Comparisons of ways to search: offline over judgments, or on users.';

create table if not exists pgsearch.evaluation_results (
    experiment text    not null references pgsearch.experiments on delete cascade,
    variant    text    not null,
    query      text    not null,
    doc_ids    text[]  not null,
    latency_ms float8,
    judged     integer not null,
    metrics    jsonb   not null,
    primary key (experiment, variant, query)
);

comment on table pgsearch.evaluation_results is 'What each variant of an experiment answered to each query, and how good that was.';

create table if not exists pgsearch.learned_models (
    name       text        primary key check (name <> ''),
    kind       text        not null check (kind in ('reranker', 'query_classifier')),
    collection text        not null default '',
    model      bytea       not null,
    features   text[]      not null,
    metrics    jsonb       not null default '{}',
    active     boolean     not null default false,
    created_at timestamptz not null default now()
);

comment on table pgsearch.learned_models is 'Models learned from judgments: rerankers and classifiers of queries, as JSON that SQL and Python both evaluate.';
comment on column pgsearch.learned_models.active is 'Whether searches use it; at most one of a kind in a collection.';

create unique index if not exists learned_models_active
    on pgsearch.learned_models (kind, collection)
 where active;
