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
    failed_at    timestamptz,
    last_error   text,
    primary key (page_id, chunk_id, model_id),
    foreign key (page_id, chunk_id) references pgsearch.chunks (page_id, chunk_id) on delete cascade
);

comment on table pgsearch.embedding_attempts is 'Chunks that a worker has claimed for embedding, or that failed: rows go when the vector is stored.';
comment on column pgsearch.embedding_attempts.content_hash is 'content_hash of the chunk when it was claimed: a changed chunk starts anew, with no attempts.';
comment on column pgsearch.embedding_attempts.attempts is 'How often it was claimed, counted at the claim, so that a text that kills its worker is counted too; a claim that was given back does not count.';
comment on column pgsearch.embedding_attempts.leased_until is 'Until when the chunk is the worker''s alone; afterwards anybody may claim it. Null when nobody has it.';
comment on column pgsearch.embedding_attempts.failed_at is 'When the last attempt failed with last_error; null when the last attempt ended without a word, or none has ended.';

create index if not exists embedding_attempts_model_lease
    on pgsearch.embedding_attempts (model_id, leased_until);

-- Without it, each look for new work would compare every chunk with its embedding.
create table if not exists pgsearch.embedding_positions (
    model_id       integer     not null references pgsearch.embedding_models (model_id) on delete cascade,
    collection     text        not null,
    settled_before timestamptz not null,
    compared_at    timestamptz not null,
    primary key (model_id, collection)
);

comment on table pgsearch.embedding_positions is 'From when on pages must be looked at for chunks without an embedding; claim_embeddings keeps it.';
comment on column pgsearch.embedding_positions.collection is 'Collection, or empty for all of them together.';
comment on column pgsearch.embedding_positions.settled_before is 'The chunks of pages put before had their embedding, or stood in embedding_attempts.';
comment on column pgsearch.embedding_positions.compared_at is 'When every chunk was last compared, whatever its page''s age.';

-- squawk-ignore require-concurrent-index-creation
create index if not exists pages_updated_at
    on pgsearch.pages (updated_at);

create table if not exists pgsearch.query_embeddings (
    model_id         integer     not null references pgsearch.embedding_models (model_id) on delete cascade,
    query_normalized text        not null,
    embedding        vector      not null,
    used_at          timestamptz not null default now(),
    primary key (model_id, query_normalized)
);

comment on table pgsearch.query_embeddings is 'Cache of query vectors by model and normalize_query(query); the least recently used go first.';
comment on column pgsearch.query_embeddings.used_at is 'When it was last used, to the hour: a search that writes would be a slow one.';

create index if not exists query_embeddings_used_at
    on pgsearch.query_embeddings (used_at);
