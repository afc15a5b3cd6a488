-- depends: 0020_expressions
-- What a score is worth in a collection: measured on the collection itself, once, by calibrate_relevance.

-- squawk-ignore adding-foreign-key-constraint
create table if not exists pgsearch.relevance_levels (
    collection    text             not null references pgsearch.collections (collection) on delete cascade,
    model_id      integer          not null,
    unrelated     double precision not null,
    related       double precision,
    deviation     double precision,
    sampled       integer          not null,
    texts         bigint           not null,
    calibrated_at timestamptz      not null,
    primary key (collection, model_id)
);

comment on table pgsearch.relevance_levels is
'Levels that relevance is read from, as of the last calibrate_relevance. Row of model_id 0, the words: unrelated is the
logarithm of the share of their weight that eight words of eight chunks find in one. Row of a model: how near vectors
without meaning (unrelated) and chunks (related) come to another chunk, and how much both deviate.
sampled: from how many questions, texts: of how many texts.';

do $$
begin
    if not exists (select
                     from pg_attribute as a
                    where a.attrelid = 'pgsearch.hit'::regclass
                      and a.attname = 'relevance') then
        alter type pgsearch.hit add attribute relevance float8;
        -- clients read rows by place: what every hit has comes before what only code has
        alter type pgsearch.code_hit
            drop attribute node_id,
            drop attribute node_type,
            drop attribute summary,
            drop attribute classified_as;
        alter type pgsearch.code_hit
            add attribute relevance     float8,
            add attribute node_id       text,
            add attribute node_type     text,
            add attribute summary       text,
            add attribute classified_as text;
    end if;
end;
$$;
