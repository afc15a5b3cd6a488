-- depends: 0031_answered_queries
-- What need not be done again: vectors of a text that stands elsewhere now, files that are what they were.

-- Small (a few bytes a row beside a vector), and made in seconds; only writes of vectors wait meanwhile.
-- squawk-ignore require-concurrent-index-creation
create index if not exists embeddings_content_hash
    on pgsearch.embeddings using hash (content_hash);

create table if not exists pgsearch.read_files (
    page_id      bigint primary key references pgsearch.pages (page_id) on delete cascade,
    file_hash    bytea  not null,
    content_hash bytea  not null,
    split        text   not null
);

comment on table pgsearch.read_files is 'One row a page that was read from a file of its own, and what the file was then.';
comment on column pgsearch.read_files.file_hash is
'SHA-256 of the bytes of the file, and of how it was read: an equal hash means that reading it again would give the same page.';
comment on column pgsearch.read_files.content_hash is 'content_hash of the page that the file gave; another one now means that somebody else wrote it.';
comment on column pgsearch.read_files.split is 'How the text of the page was split.';

revoke all on pgsearch.read_files from public;
