-- depends: 0026_less_work
-- What each rater said of a page, so that several may rate the same and how far they agree can be told; and reports, kept.

create table if not exists pgsearch.ratings (
    judgment_list_id bigint      not null references pgsearch.judgment_lists on delete cascade,
    query            text        not null,
    doc_id           text        not null,
    judge            text        not null check (judge <> ''),
    rating           float8      not null check (rating between 0 and 3),
    rated_at         timestamptz not null default clock_timestamp(),
    primary key (judgment_list_id, query, doc_id, judge)
);

comment on table pgsearch.ratings is 'What each rater said of a page for a query; the judgment of the list is their mean.';

create table if not exists pgsearch.reports (
    report_id  bigserial   primary key,
    collection text        not null default '',
    date_from  date        not null,
    date_to    date        not null,
    document   jsonb       not null check (jsonb_typeof(document) = 'object'),
    created_at timestamptz not null default now()
);

comment on table pgsearch.reports is 'Reports as they were made, to be read again when the log behind them is gone.';

alter table pgsearch.top_queries_daily
    add column if not exists timed_count float8 not null default 0,
    add column if not exists sum_latency float8 not null default 0;

comment on column pgsearch.top_queries_daily.timed_count is
'Those with a known time; 0 in days that were rolled up before times were kept.';
comment on column pgsearch.top_queries_daily.sum_latency is 'Sum of their milliseconds.';
