-- depends: 0022_filters
-- How far the words of a collection are trusted beside the vectors of a model, found by asking both for what was held out.

create table if not exists pgsearch.fusion_calibrations (
    collection       text        not null references pgsearch.collections (collection) on update cascade on delete cascade,
    model_id         integer     not null references pgsearch.embedding_models (model_id) on delete cascade,
    text_shift       float8      not null default 0 check (text_shift between 0 and 10),
    reason           text        not null default '',
    sentences        integer     not null default 0,
    sentence_words   float8,
    sentence_vectors float8,
    headings         integer     not null default 0,
    heading_words    float8,
    heading_vectors  float8,
    embeddings       bigint      not null default 0,
    last_chunk_id    bigint      not null default 0,
    calibrated_at    timestamptz not null,
    primary key (collection, model_id)
);

-- squawk-ignore require-concurrent-index-creation
create index if not exists fusion_calibrations_model
    on pgsearch.fusion_calibrations (model_id);

comment on table pgsearch.fusion_calibrations is 'What calibrate_fusion found, one row a collection and model.';
comment on column pgsearch.fusion_calibrations.text_shift is
'Added to the exponent of the trust in words: they weigh e^text_shift times as much.';
comment on column pgsearch.fusion_calibrations.reason is 'Why text_shift is 0 unasked; empty where it was found.';
comment on column pgsearch.fusion_calibrations.sentence_words is
'Mean reciprocal rank of the words, over the sentences that were held out; _vectors: of the vectors, heading: over headings.';
comment on column pgsearch.fusion_calibrations.embeddings is
'How many embeddings the model had of the collection; last_chunk_id: the largest chunk_id among them.';

-- What is asked while a calibration is under way, so that one that was interrupted goes on. It holds no text.
create table if not exists pgsearch.fusion_probes (
    collection   text    not null references pgsearch.collections (collection) on update cascade on delete cascade,
    model_id     integer not null references pgsearch.embedding_models (model_id) on delete cascade,
    kind         text    not null check (kind in ('sentence', 'heading')),
    page_id      bigint  not null,
    chunk_id     bigint  not null,
    word_rank    integer,
    vector_rank  integer,
    primary key (collection, model_id, kind, chunk_id),
    foreign key (page_id, chunk_id) references pgsearch.chunks (page_id, chunk_id) on delete cascade
);

-- squawk-ignore require-concurrent-index-creation
create index if not exists fusion_probes_chunk
    on pgsearch.fusion_probes (page_id, chunk_id);

-- squawk-ignore require-concurrent-index-creation
create index if not exists fusion_probes_model
    on pgsearch.fusion_probes (model_id);

comment on table pgsearch.fusion_probes is 'Chunks that a calibration asks for by a sentence or heading of theirs that is held out.';
comment on column pgsearch.fusion_probes.word_rank is
'Place of the chunk without what was held out among all others, by the words; 0: beyond those looked at.';
