-- depends: 0004_embedding_centres
-- Work on embeddings that several workers share: who has claimed what until when, what failed and why. And query vectors that need not be asked for again.

create table if not exists pgsearch.embedding_attempts (
    page_id      bigint      not null,
    chunk_id     bigint      not null,
    model_id     integer     not null references pgsearch.embedding_models (model_id) on delete cascade,
    content_hash bytea       not null,
    attempts     integer     not null default 0 check (attempts >= 0),
    worker       text,
    leased_until timestamptz,
    last_error   text,
    primary key (page_id, chunk_id, model_id),
    foreign key (page_id, chunk_id) references pgsearch.chunks (page_id, chunk_id) on delete cascade
);

comment on table pgsearch.embedding_attempts is 'Chunks that a worker has claimed for embedding, or that failed: rows go when the vector is stored.';
comment on column pgsearch.embedding_attempts.content_hash is 'content_hash of the chunk when it was claimed: a changed chunk starts anew, with no attempts.';
comment on column pgsearch.embedding_attempts.leased_until is 'Until when the chunk is the worker''s alone; afterwards anybody may claim it.';

create index if not exists embedding_attempts_model_lease
    on pgsearch.embedding_attempts (model_id, leased_until);

create table if not exists pgsearch.query_embeddings (
    model_id         integer     not null references pgsearch.embedding_models (model_id) on delete cascade,
    query_normalized text        not null,
    embedding        vector      not null,
    used_at          timestamptz not null default now(),
    primary key (model_id, query_normalized)
);

comment on table pgsearch.query_embeddings is 'Cache of query vectors by model and normalize_query(query); the least recently used go first.';
