-- depends: 0030_pairs_without_groups
-- Queries that somebody has seen to, so that lists of failures show what is left to do; and of listed conversations whether
-- their texts may be kept, and until when.

create table if not exists pgsearch.answered_queries (
    query_normalized text        primary key check (query_normalized <> ''),
    user_query       text        not null,
    answered_by      text        not null check (answered_by <> '' and char_length(answered_by) <= 255),
    answered_at      timestamptz not null default clock_timestamp(),
    failed_at        timestamptz
);

comment on table pgsearch.answered_queries is 'Queries that failed and were seen to; written by mark_answered.';
comment on column pgsearch.answered_queries.answered_by is 'As whoever marked it gave a name.';
comment on column pgsearch.answered_queries.failed_at is
'The first search after it that found nothing, or that its user asked again in other words; null: none yet.';

do $$
begin
    if not exists (select
                     from pg_catalog.pg_attribute as a
                    where a.attrelid = 'pgsearch.listed_conversation'::pg_catalog.regclass
                      and a.attname = 'texts_until') then
        alter type pgsearch.listed_conversation add attribute consent boolean, add attribute texts_until timestamptz;
    end if;
end;
$$;
