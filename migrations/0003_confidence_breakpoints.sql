-- depends: 0002_collections_pages_chunks
-- How sure a cosine makes us, model by model: bge-m3 gives unrelated texts .3 to .5, other models nearly 0.

create table if not exists pgsearch.confidence_breakpoints (
    model      text             not null,
    cosine     double precision not null check (cosine between -1 and 1),
    confidence double precision not null check (confidence between 0 and 1),
    primary key (model, cosine)
);

comment on table pgsearch.confidence_breakpoints is 'From which cosine on a hit of the model counts how much; the rows of model '''' are for models without their own.';

-- seed document 001, calibrated on bge-m3
insert into pgsearch.confidence_breakpoints (model, cosine, confidence)
values ('', 0.85, 0.95),
       ('', 0.75, 0.80),
       ('', 0.65, 0.65),
       ('', 0.55, 0.50),
       ('', 0.45, 0.35),
       ('', 0.35, 0.20),
       ('', -1.0, 0.10)
on conflict (model, cosine) do nothing;
