-- depends: 0005_embedding_work
-- One table of summaries for symbols, routes, documents and issues, and the kinds of question that decide which signals count (seed document 002).

create table if not exists pgsearch.semantic_nodes (
    repo_id        text        not null references pgsearch.collections (collection) on update cascade on delete cascade,
    node_id        text        not null check (node_id <> ''),
    node_type      text        not null check (node_type in ('symbol', 'route', 'doc', 'issue')),
    doc_type       text        check (doc_type in ('readme', 'adr', 'design')),
    summary        text        not null,
    summary_method text        not null default 'template' check (summary_method in ('template', 'llm')),
    model          text        not null,
    embedding      vector,
    source_table   text,
    source_id      text,
    metadata       jsonb       not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    updated_at     timestamptz not null default now(),
    primary key (repo_id, node_id, node_type, model)
);

comment on table pgsearch.semantic_nodes is 'One row a node and embedding model: the summary that stands for a symbol, a route, a document or an issue in a search.';
comment on column pgsearch.semantic_nodes.repo_id is 'The collection whose pages and chunks the node sums up.';
comment on column pgsearch.semantic_nodes.model is 'Full name of the embedding model of this row, such as text-embedding-3-small.';
comment on column pgsearch.semantic_nodes.metadata is 'importance_score (0 .. 1), query_count, path, line, in_degree and what else the builder knows.';

create table if not exists pgsearch.query_types (
    query_type  text    primary key check (query_type ~ '^[A-Z][A-Z_]*$'),
    priority    integer not null unique,
    patterns    text[]  not null default '{}',
    weights     jsonb   not null check (jsonb_typeof(weights) = 'object'),
    description text    not null
);

comment on table pgsearch.query_types is 'Kinds of question: the rules that recognise one, tried in order of priority, and the weight of each signal for it.';
