-- depends: 0012_conversations
-- A conversation that its application calls finished ends without half an hour of silence.

alter table pgsearch.conversations
  add column if not exists finished_at timestamptz;

comment on column pgsearch.conversations.finished_at is 'When its application said that it is over; a message after that opens it again.';
