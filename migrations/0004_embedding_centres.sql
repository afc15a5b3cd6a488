-- depends: 0003_confidence_breakpoints
-- What the embeddings of a collection have in common, taken out of them before they are compared for fusion.

create table if not exists pgsearch.embedding_centres (
    collection   text        not null,
    model_id     integer     not null references pgsearch.embedding_models (model_id) on delete cascade,
    centre       vector      not null,
    sampled      bigint      not null,
    refreshed_at timestamptz not null,
    primary key (collection, model_id)
);

comment on table pgsearch.embedding_centres is 'Mean of the embeddings of a collection at length 1, from a sample, as of the last refresh_embedding_centres.';
