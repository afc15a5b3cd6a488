-- depends: 0018_askers
-- Tables that are followed: what is read of them, what of them changed, and what could not be stored.

-- Of pages put before, neither is known: the first change compares their texts once.
alter table pgsearch.pages
  add column if not exists text_hash       bytea,
  add column if not exists text_updated_at timestamptz;

comment on column pgsearch.pages.text_hash is
'SHA-256 of what the chunks are made of, and of how it was split: an equal hash means that the chunks stay as they are.';
comment on column pgsearch.pages.text_updated_at is 'When a text was put that gave other chunks; null: before there was this column.';

create table if not exists pgsearch.followed_tables (
    followed_id   serial      primary key,
    relation      regclass    not null,
    relation_name text        not null,
    collection    text        not null unique references pgsearch.collections (collection) on update cascade,
    id_columns    text[]      not null check (cardinality(id_columns) between 1 and 8),
    fields        jsonb       not null,
    metadata      text[]      not null default '{}',
    format        text        not null default 'text',
    split         boolean     not null default true,
    mode          text        not null default 'queued' check (mode in ('queued', 'immediate')),
    protected     boolean,
    loading       boolean     not null default true,
    loaded_to     text[],
    loaded_rows   bigint      not null default 0,
    error         text,
    created_at    timestamptz not null default now()
);

comment on table pgsearch.followed_tables is 'One row a table or view whose rows are kept as pages of a collection, and how.';
comment on column pgsearch.followed_tables.relation is 'What is read. A regclass is written into dumps by its name, and outlives a change of the name.';
comment on column pgsearch.followed_tables.fields is
'What title, content, chunks, tags and source are made of: an object each, {"columns": [...]} or {"expression", "form"}.';
comment on column pgsearch.followed_tables.protected is
'Whether the row level security of the table holds for its pages too; null: nobody said, since it had none.';
comment on column pgsearch.followed_tables.loaded_to is 'Key of the last row that was loaded; null: none, it begins.';
comment on column pgsearch.followed_tables.error is 'Why nothing could be read at the last attempt; null: it could.';

create table if not exists pgsearch.watched_tables (
    followed_id integer  not null references pgsearch.followed_tables (followed_id) on delete cascade,
    relation    regclass not null,
    key_columns text[]   not null,
    primary key (followed_id, relation)
);

comment on table pgsearch.watched_tables is 'One row a table whose changes are noticed for a followed one: itself, or those that a view reads.';
comment on column pgsearch.watched_tables.key_columns is 'The columns that hold the key of the followed row.';

-- Written by the transactions of others, so nothing is checked and one index is kept; the key orders it by time of writing.
create table if not exists pgsearch.follow_queue (
    followed_id integer     not null,
    change_id   bigserial   not null,
    key         text[],
    queued_at   timestamptz not null default now(),
    primary key (followed_id, change_id)
-- what was worked off is dead, and each look at the head of the queue would walk over it
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_insert_scale_factor = 0.2);

comment on table pgsearch.follow_queue is 'One row a change of a followed table that was not looked at yet; work empties it.';
comment on column pgsearch.follow_queue.key is 'Key of the row that was changed; null: every row has to be looked at, as after TRUNCATE.';

create table if not exists pgsearch.refused_rows (
    followed_id integer     not null references pgsearch.followed_tables (followed_id) on delete cascade,
    external_id text        not null,
    key         text[]      not null,
    reason      text        not null,
    attempts    integer     not null default 1,
    refused_at  timestamptz not null default now(),
    retry_at    timestamptz,
    primary key (followed_id, external_id)
);

comment on table pgsearch.refused_rows is 'One row a row of a followed table that could not be stored, and why.';
comment on column pgsearch.refused_rows.retry_at is 'When it is tried again by itself; null: when the row changes, or by retry_refused_rows.';

-- Read by those who may search for the policies below them, and by nobody else.
revoke all on pgsearch.followed_tables, pgsearch.watched_tables, pgsearch.follow_queue, pgsearch.refused_rows from public;

-- one more right is known
alter table pgsearch.granted_rights
-- squawk-ignore ban-drop-constraint
 drop constraint if exists granted_rights_right_name_check;

-- a handful of rows
alter table pgsearch.granted_rights
-- squawk-ignore constraint-missing-not-valid
  add constraint granted_rights_right_name_check check (right_name in ('search', 'log', 'read_log', 'read_conversations', 'work'));
