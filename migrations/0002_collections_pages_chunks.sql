-- depends: 0001_text_analysis
-- Collections hold pages, pages hold chunks, chunks hold embeddings; statistics of words for BM25.
--
-- The big tables have no trigger and no IDENTITY, and their keys contain page_id, so that they can be distributed by page_id later.
-- No column is of a reg* type: such columns block pg_upgrade. The text configuration is schema-qualified text.

create table if not exists pgsearch.collections (
    collection    text        primary key check (collection <> '' and char_length(collection) <= 255),
    text_config   text        not null default 'pg_catalog.simple',
    default_model text,
    settings      jsonb       not null default '{}' check (jsonb_typeof(settings) = 'object'),
    created_at    timestamptz not null default now()
);

comment on table pgsearch.collections is 'One row a collection: a body of pages that are searched together.';
comment on column pgsearch.collections.text_config is 'Schema-qualified text search configuration of new chunks, such as pg_catalog.english.';
comment on column pgsearch.collections.default_model is 'Embedding model that a search uses when it names none.';
comment on column pgsearch.collections.settings is 'Overrides of the defaults that pgsearch.default_settings() lists.';

create table if not exists pgsearch.pages (
    page_id      bigserial   primary key,
    collection   text        not null references pgsearch.collections (collection) on update cascade,
    external_id  text        not null check (external_id <> ''),
    title        text        not null default '',
    tags         text[]      not null default '{}',
    source       text,
    metadata     jsonb       not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    text_config  text        not null,
    content_hash bytea       not null,
    title_tsv    tsvector    not null generated always as (pgsearch._analyze(text_config, title)) stored,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    unique (collection, external_id)
);

comment on table pgsearch.pages is 'One row a document, as its owner knows it: a wiki page, a ticket, a statute, a source file.';
comment on column pgsearch.pages.external_id is 'The owner''s id of the page, unique in its collection.';
comment on column pgsearch.pages.source is 'Where the page comes from: a path, a URL, the name of a system.';
comment on column pgsearch.pages.content_hash is 'SHA-256 of everything that was put, and of how it was split: an equal hash means nothing to do.';

-- Over NFD a Hangul syllable is two or three jamo, so one wrong vowel still shares trigrams: 윤석렬/윤석열 .54 against .33.
create index if not exists pages_title_trgm_gin
    on pgsearch.pages
 using gin (normalize(title, NFD) gin_trgm_ops);

create index if not exists pages_tags_gin
    on pgsearch.pages
 using gin (tags);

create index if not exists pages_metadata_gin
    on pgsearch.pages
 using gin (metadata jsonb_path_ops);

create index if not exists pages_collection_source
    on pgsearch.pages (collection, source);

create table if not exists pgsearch.chunks (
    page_id      bigint      not null references pgsearch.pages (page_id) on delete cascade,
    chunk_id     bigserial   not null,
    collection   text        not null,
    ordinal      integer     not null check (ordinal >= 0),
    heading      text        not null default '',
    content      text        not null,
    text_config  text        not null,
    content_tsv  tsvector    not null generated always as (pgsearch._analyze_chunk(text_config, heading, content)) stored,
    content_hash bytea       not null,
    metadata     jsonb       not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    created_at   timestamptz not null default now(),
    primary key (page_id, chunk_id)
-- Ranking reads tsvectors of a few kB; by default they would go out of line and cost an index search each: 12-15 µs a row against 3.7.
) with (toast_tuple_target = 8160);

comment on table pgsearch.chunks is 'One row a passage of a page: what is ranked, embedded and shown.';
comment on column pgsearch.chunks.ordinal is 'Position in the page, from 0.';
comment on column pgsearch.chunks.heading is 'Page title and section headings above the passage; searched with it, so that a passage knows its subject.';
comment on column pgsearch.chunks.content_tsv is 'Lexemes of the heading (weight A) and the content (weight D).';
comment on column pgsearch.chunks.content_hash is 'SHA-256 of heading and content: an embedding with another hash is stale.';

create index if not exists chunks_content_tsv_gin
    on pgsearch.chunks
 using gin (content_tsv);

create index if not exists chunks_chunk_id
    on pgsearch.chunks (chunk_id);

create index if not exists chunks_collection
    on pgsearch.chunks (collection);

create table if not exists pgsearch.embedding_models (
    model      text        primary key check (model <> ''),
    model_id   serial      not null unique,
    dimensions integer     not null check (dimensions between 1 and 16000),
    distance   text        not null default 'cosine' check (distance in ('cosine', 'inner_product', 'l2')),
    storage    text        not null default 'vector' check (storage in ('vector', 'halfvec', 'bit')),
    created_at timestamptz not null default now()
);

comment on table pgsearch.embedding_models is 'The embedding models whose vectors are stored; several may stand side by side.';
comment on column pgsearch.embedding_models.storage is 'How the HNSW index holds the vectors; the table always keeps full precision.';

-- collection stands here a second time because a join with ORDER BY <=> would keep the planner from the HNSW index.
create table if not exists pgsearch.embeddings (
    page_id      bigint  not null,
    chunk_id     bigint  not null,
    model_id     integer not null,
    collection   text    not null,
    content_hash bytea   not null,
    embedding    vector  not null,
    primary key (page_id, chunk_id, model_id),
    foreign key (page_id, chunk_id) references pgsearch.chunks (page_id, chunk_id) on delete cascade
);

comment on table pgsearch.embeddings is 'One vector a chunk and model, each model with its own partial HNSW index.';
comment on column pgsearch.embeddings.content_hash is 'content_hash of the chunk when it was embedded; another one now means the vector is stale.';

create index if not exists embeddings_model_collection
    on pgsearch.embeddings (model_id, collection);

create table if not exists pgsearch.lexeme_stats (
    collection         text   not null,
    lexeme             text   not null,
    document_frequency bigint not null check (document_frequency > 0),
    primary key (collection, lexeme)
);

comment on table pgsearch.lexeme_stats is 'In how many chunks of the collection a lexeme stands, as of the last refresh_text_stats.';

create table if not exists pgsearch.collection_stats (
    collection    text        primary key,
    chunks        bigint      not null,
    total_tokens  bigint      not null,
    last_chunk_id bigint      not null default 0,
    checksum      numeric     not null default 0,
    refreshed_at  timestamptz not null
);

comment on table pgsearch.collection_stats is 'How many chunks and tokens a collection had at the last refresh_text_stats.';
comment on column pgsearch.collection_stats.last_chunk_id is 'Largest chunk_id counted.';
comment on column pgsearch.collection_stats.checksum is 'Of chunk_id, content_hash and text_config of the chunks counted: equal means that there is nothing to do.';
