-- depends: 0013_finished_conversations
-- What has to be known of the archive's files so that a run may end at any moment and the next goes on, and who is yet to be erased from them.

alter table pgsearch.log_archives
  add column if not exists contents    bigint not null default 0 check (contents >= 0),
  add column if not exists next_sha256 text   check (next_sha256 ~ '^[0-9a-f]{64}$');

comment on table pgsearch.log_archives is 'Files of the archive, one a day (UTC) and kind: rows, bytes and sha256 of the text before it is compressed.';
comment on column pgsearch.log_archives.kind is
'messages: lines as in chat_logs, of the day of the message; conversations: lines as in conversation_history, of the day on which they ended.';
comment on column pgsearch.log_archives.path is 'Below the folder of the archive.';
comment on column pgsearch.log_archives.contents is 'How many of its messages have a text.';
comment on column pgsearch.log_archives.next_sha256 is 'Of a file that is about to take its place: until it is recorded, either of the two agrees.';

create table if not exists pgsearch.archive_erasures (
    user_hash    text        primary key,
    whole_lines  boolean     not null,
    requested_at timestamptz not null default clock_timestamp()
);

comment on table pgsearch.archive_erasures is 'Who is to be erased from the files of the archive; written by forget and set_consent, done by `pgsearch archive`.';
comment on column pgsearch.archive_erasures.whole_lines is 'true: everything of that user (forget); false: the texts alone (a refusal of set_consent).';

revoke all on pgsearch.archive_erasures from public;

-- A row a conversation, so that writers wait for a moment only.
-- squawk-ignore require-concurrent-index-creation
create index if not exists conversations_finalized
    on pgsearch.conversations (finalized_at, conversation_id collate "C")
 where finalized_at is not null;
