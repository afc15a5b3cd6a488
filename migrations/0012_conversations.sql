-- depends: 0011_composite_types
-- Conversations about the searches of the log: who said what, which search fed an answer, and what it cost.
--
-- A message is a row of figures; its text stands apart, so that texts can go after weeks while figures stay. A turn's search is a row of queries that
-- exists already (messages.query_id). Partitioned by day of the UUIDv7 in the key and without foreign keys, as the log is and for its reasons.

alter table pgsearch.log_settings
  add column if not exists keep_messages          interval not null default '90 days' check (keep_messages >= '1 day'),
  add column if not exists keep_contents          interval not null default '30 days' check (keep_contents >= '1 day'),
  add column if not exists keep_contents_high     interval not null default '90 days' check (keep_contents_high >= '1 day'),
  add column if not exists compress_archive_after interval not null default '7 days' check (compress_archive_after >= '0'),
  add column if not exists keep_archive           interval check (keep_archive >= '1 day'),
  add column if not exists require_archive        boolean  not null default false,
  add column if not exists require_consent        boolean  not null default false,
  add column if not exists chat                   jsonb    not null default '{}';

comment on column pgsearch.log_settings.keep_messages is 'How long messages (figures without texts) and conversations are kept.';
comment on column pgsearch.log_settings.keep_contents is 'How long the texts of messages are kept.';
comment on column pgsearch.log_settings.keep_contents_high is 'How long those of conversations with retention_priority high are.';
comment on column pgsearch.log_settings.compress_archive_after is 'When files of the archive are compressed.';
comment on column pgsearch.log_settings.keep_archive is 'How long files of the archive are kept; null: for ever.';
comment on column pgsearch.log_settings.require_archive is 'Whether a day of messages is dropped only after its archive was read back and agreed.';
comment on column pgsearch.log_settings.require_consent is 'Whether the texts of users who were never asked are left out too, not only of those who refused.';
comment on column pgsearch.log_settings.chat is 'Overrides of default_settings() -> chat, for every collection that does not override them itself.';

create table if not exists pgsearch.conversations (
    conversation_id    text        primary key check (conversation_id <> '' and char_length(conversation_id) <= 255),
    session_id         text,
    application        text,
    collection         text        not null default '',
    user_hash          text,
    consent            boolean,
    started_at         timestamptz not null,
    last_message_at    timestamptz not null,
    message_count      integer     not null default 0,
    total_turns        integer     not null default 0,
    error_count        integer     not null default 0,
    regeneration_count integer     not null default 0,
    min_score          float8,
    is_sampled         boolean,
    sampling_reason    text        check (sampling_reason in ('error', 'regeneration', 'turns', 'low_score', 'sample', 'not_sampled', 'no_consent')),
    sample_weight      float8      check (sample_weight >= 1),
    retention_priority text        not null default 'medium' check (retention_priority in ('high', 'medium', 'low')),
    summary            text,
    summary_method     text        check (summary_method in ('template', 'llm')),
    finalized_at       timestamptz
);

comment on table pgsearch.conversations is 'One row a conversation: its figures, and whether its texts are kept and why.';
comment on column pgsearch.conversations.collection is 'Of its first message; empty: all or several.';
comment on column pgsearch.conversations.user_hash is 'hash_user(user_id) of the first message that names a user: users stand here by no name.';
comment on column pgsearch.conversations.consent is 'What the user said about keeping texts; null: nothing.';
comment on column pgsearch.conversations.total_turns is 'Messages of the user.';
comment on column pgsearch.conversations.min_score is 'Least score (0 .. 1) of the searches that fed its answers, as of finalized_at.';
comment on column pgsearch.conversations.is_sampled is 'Whether texts are kept; null until it is finalized, and until then they are.';
comment on column pgsearch.conversations.sampling_reason is 'Why texts are kept or are not.';
comment on column pgsearch.conversations.sample_weight is 'How many conversations the texts stand for: 1 / probability of keeping them; null where they are not kept.';
comment on column pgsearch.conversations.finalized_at is 'When its end was seen; a later message makes it null again.';

create index if not exists conversations_collection
    on pgsearch.conversations (collection, started_at desc, conversation_id);

create index if not exists conversations_user
    on pgsearch.conversations (user_hash, last_message_at desc, conversation_id);

create index if not exists conversations_session
    on pgsearch.conversations (session_id);

create index if not exists conversations_started
    on pgsearch.conversations (started_at);

create index if not exists conversations_last_message
    on pgsearch.conversations (last_message_at desc, conversation_id);

create index if not exists conversations_open
    on pgsearch.conversations (last_message_at)
 where finalized_at is null;

do $$
begin
    if to_regtype('pgsearch.listed_conversation') is null then
        create type pgsearch.listed_conversation as (
            conversation_id    text,
            title              text,
            collection         text,
            user_hash          text,
            session_id         text,
            started_at         timestamptz,
            last_message_at    timestamptz,
            message_count      integer,
            total_turns        integer,
            error_count        integer,
            regeneration_count integer,
            min_score          float8,
            is_sampled         boolean,
            sampling_reason    text,
            retention_priority text,
            summary            text
        );
    end if;
end;
$$;

comment on type pgsearch.listed_conversation is 'A row of list_conversations: a conversation by its figures and its first question (title).';

create table if not exists pgsearch.messages (
    message_id         uuid        not null,
    ts                 timestamptz not null check (ts = pgsearch._uuid_time(message_id)),
    conversation_id    text        not null,
    external_id        text,
    session_id         text,
    application        text,
    collection         text        not null default '',
    user_hash          text,
    role               text        not null check (role in ('user', 'assistant', 'system', 'tool')),
    parent_message_id  uuid,
    query_id           uuid,
    reasoning_level    text,
    llm_model          text,
    temperature        float8,
    max_tokens         integer,
    top_p              float8,
    input_tokens       bigint,
    output_tokens      bigint,
    response_time_ms   float8,
    retrieval_time_ms  float8,
    first_token_ms     float8,
    retrieved_count    integer,
    reranking_used     boolean,
    top_scores         float8[],
    retrieval_score    float8      check (retrieval_score between 0 and 1),
    error_type         text,
    is_regeneration    boolean     not null default false,
    metadata           jsonb,
    primary key (message_id, ts)
) partition by range (ts);

comment on table pgsearch.messages is 'One row a message of a conversation: who, when, with which search and model, how fast, how many tokens. Texts stand in message_contents.';
comment on column pgsearch.messages.query_id is 'The search that fed the answer (queries.query_id): what it found, clicks and ratings hang on it.';
comment on column pgsearch.messages.retrieved_count is 'Where the search is not in queries; else it stands there. The same holds for the three columns after it.';
comment on column pgsearch.messages.retrieval_score is 'How good the best passage is, 0 .. 1; null: the confidence of the search.';

create index if not exists messages_conversation
    on pgsearch.messages (conversation_id, ts);

create index if not exists messages_collection
    on pgsearch.messages (collection, ts);

create index if not exists messages_ts
    on pgsearch.messages (ts);

create table if not exists pgsearch.message_contents (
    message_id      uuid        not null,
    ts              timestamptz not null check (ts = pgsearch._uuid_time(message_id)),
    conversation_id text        not null,
    content         text        not null,
    retrieval_query text,
    retrieved_docs  jsonb,
    primary key (message_id, ts)
) partition by range (ts);

comment on table pgsearch.message_contents is 'Texts of messages: what was said, what was searched for, and which passages an answer was made of.';
comment on column pgsearch.message_contents.retrieved_docs is 'Array of passages as the caller gave them; null: those of the search.';

create index if not exists message_contents_conversation
    on pgsearch.message_contents (conversation_id, ts);

-- Of long texts the first words are enough to find the conversation by.
create index if not exists message_contents_words
    on pgsearch.message_contents using gin (pgsearch._analyze('pg_catalog.simple', left(content, 2000)));

create table if not exists pgsearch.chat_consents (
    user_hash  text        primary key,
    granted    boolean     not null,
    changed_at timestamptz not null default now()
);

comment on table pgsearch.chat_consents is 'What users said about keeping the texts of their conversations; written by set_consent.';

create table if not exists pgsearch.conversation_reads (
    read_id         bigserial   primary key,
    ts              timestamptz not null default clock_timestamp(),
    reader          text        not null,
    role_name       text        not null,
    conversation_id text,
    filters         jsonb
);

comment on table pgsearch.conversation_reads is 'Who read conversations of others, a row a call of get_conversation or list_conversations without user_id.';
comment on column pgsearch.conversation_reads.reader is 'As the caller said; else the role that logged in.';
comment on column pgsearch.conversation_reads.role_name is 'The role that logged in.';
comment on column pgsearch.conversation_reads.filters is 'Of list_conversations: what was asked for.';

create index if not exists conversation_reads_conversation
    on pgsearch.conversation_reads (conversation_id, ts);

create table if not exists pgsearch.log_archives (
    day           date        not null,
    kind          text        not null check (kind in ('messages', 'conversations')),
    path          text        not null check (path <> ''),
    rows          bigint      not null check (rows >= 0),
    bytes         bigint      not null check (bytes >= 0),
    sha256        text        not null check (sha256 ~ '^[0-9a-f]{64}$'),
    written_at    timestamptz not null default now(),
    compressed_at timestamptz,
    verified_at   timestamptz,
    primary key (day, kind)
);

comment on table pgsearch.log_archives is 'Files of the archive, one a day (UTC) and kind: rows, bytes and sha256 of the text before it is compressed.';
comment on column pgsearch.log_archives.kind is 'messages: lines as in chat_logs; conversations: lines as in conversation_history.';
comment on column pgsearch.log_archives.verified_at is 'When the file was read back and agreed with rows and sha256.';

-- Roll-ups

create table if not exists pgsearch.chat_stats_hourly (
    hour               timestamptz not null,
    collection         text        not null,
    total_queries      bigint      not null default 0,
    message_count      bigint      not null default 0,
    answer_count       bigint      not null default 0,
    error_count        bigint      not null default 0,
    regeneration_count bigint      not null default 0,
    input_tokens       bigint      not null default 0,
    output_tokens      bigint      not null default 0,
    latency_count      bigint      not null default 0,
    sum_latency_ms     float8      not null default 0,
    latency_buckets    integer[]   not null default '{}',
    latency_counts     float8[]    not null default '{}',
    score_buckets      integer[]   not null default '{}',
    score_counts       float8[]    not null default '{}',
    primary key (hour, collection)
);

comment on table pgsearch.chat_stats_hourly is 'Messages of an hour by collection; written by refresh_chat_stats. Every message counts, whether its text is kept or not.';
comment on column pgsearch.chat_stats_hourly.total_queries is 'Messages of users.';
comment on column pgsearch.chat_stats_hourly.answer_count is 'Messages of the assistant.';
comment on column pgsearch.chat_stats_hourly.latency_buckets is 'Of response_time_ms, as in latency_hourly.';
comment on column pgsearch.chat_stats_hourly.score_buckets is 'Of the score of the search that fed an answer: bucket b holds scores from b / 20 up to (b + 1) / 20, 19 also 1.';

create index if not exists chat_stats_hourly_collection
    on pgsearch.chat_stats_hourly (collection, hour);

create table if not exists pgsearch.chat_stats_daily (
    day                date      not null,
    collection         text      not null,
    total_queries      bigint    not null default 0,
    message_count      bigint    not null default 0,
    answer_count       bigint    not null default 0,
    error_count        bigint    not null default 0,
    regeneration_count bigint    not null default 0,
    input_tokens       bigint    not null default 0,
    output_tokens      bigint    not null default 0,
    latency_count      bigint    not null default 0,
    sum_latency_ms     float8    not null default 0,
    latency_buckets    integer[] not null default '{}',
    latency_counts     float8[]  not null default '{}',
    score_buckets      integer[] not null default '{}',
    score_counts       float8[]  not null default '{}',
    primary key (day, collection)
);

comment on table pgsearch.chat_stats_daily is 'chat_stats_hourly added up by day and collection, columns as there.';

create index if not exists chat_stats_daily_collection
    on pgsearch.chat_stats_daily (collection, day);

create table if not exists pgsearch.chat_usage_daily (
    day                date      not null,
    dimension          text      not null check (dimension in ('user', 'model')),
    value              text      not null,
    collection         text      not null,
    total_queries      bigint    not null default 0,
    answer_count       bigint    not null default 0,
    error_count        bigint    not null default 0,
    regeneration_count bigint    not null default 0,
    input_tokens       bigint    not null default 0,
    output_tokens      bigint    not null default 0,
    latency_count      bigint    not null default 0,
    sum_latency_ms     float8    not null default 0,
    latency_buckets    integer[] not null default '{}',
    latency_counts     float8[]  not null default '{}',
    primary key (dimension, day, value, collection)
);

comment on table pgsearch.chat_usage_daily is 'Messages of a day by user (user_hash) and by model; columns as chat_stats_hourly.';

create index if not exists chat_usage_daily_value
    on pgsearch.chat_usage_daily (dimension, value);

create table if not exists pgsearch.conversation_stats_daily (
    day              date      not null,
    collection       text      not null,
    conversations    bigint    not null default 0,
    kept             bigint    not null default 0,
    sum_turns        bigint    not null default 0,
    turn_buckets     integer[] not null default '{}',
    turn_counts      float8[]  not null default '{}',
    duration_buckets integer[] not null default '{}',
    duration_counts  float8[]  not null default '{}',
    primary key (day, collection)
);

comment on table pgsearch.conversation_stats_daily is 'Conversations by the day they began on; written by refresh_chat_stats.';
comment on column pgsearch.conversation_stats_daily.kept is 'Those of them whose texts were kept.';
comment on column pgsearch.conversation_stats_daily.turn_buckets is 'Turns; 100 stands for 100 and more.';
comment on column pgsearch.conversation_stats_daily.duration_buckets is 'From the first message to the last, in milliseconds, as in latency_hourly.';

create index if not exists conversation_stats_daily_collection
    on pgsearch.conversation_stats_daily (collection, day);

-- Who searches and who chats is counted in one table.
alter table pgsearch.unique_actors
  add column if not exists source text not null default 'search' check (source in ('search', 'chat'));

alter table pgsearch.unique_actors
-- squawk-ignore ban-drop-constraint
 drop constraint if exists unique_actors_step_starts_at_collection_key;

alter table pgsearch.unique_actors
-- squawk-ignore ban-drop-constraint
 drop constraint if exists unique_actors_of_source;

alter table pgsearch.unique_actors
-- squawk-ignore constraint-missing-not-valid, disallowed-unique-constraint
  add constraint unique_actors_of_source unique nulls not distinct (step, starts_at, collection, source);

comment on column pgsearch.unique_actors.source is 'search: of queries; chat: of messages.';

alter table pgsearch.search_stats_seen
-- squawk-ignore ban-drop-constraint
 drop constraint if exists search_stats_seen_kind_check;

alter table pgsearch.search_stats_seen
-- squawk-ignore constraint-missing-not-valid
  add constraint search_stats_seen_kind_check check (kind in ('queries', 'events', 'links', 'messages', 'conversations'));

comment on table pgsearch.search_stats_seen is
'How many rows of the log the roll-ups have seen: a day whose count differs is rolled up again. queries: searches of a day; events: events of a day; links: events of source_day about searches of day; messages: messages of a day; conversations: messages of those that began on a day, and how many of them are finalized.';

alter table pgsearch.granted_rights
-- squawk-ignore ban-drop-constraint
 drop constraint if exists granted_rights_right_name_check;

alter table pgsearch.granted_rights
-- squawk-ignore constraint-missing-not-valid
  add constraint granted_rights_right_name_check check (right_name in ('search', 'log', 'read_log', 'read_conversations'));

revoke all on pgsearch.conversations, pgsearch.messages, pgsearch.message_contents, pgsearch.chat_consents, pgsearch.conversation_reads, pgsearch.log_archives from public;

-- Latencies as histograms. A view needs them, so they are schema; deploys made them until now, and the next one would
-- drop what it finds in no file of sql/.

do $$
begin
    if to_regclass('pgsearch.deployed_functions') is not null then
        delete from pgsearch.deployed_functions as d
         where d.name in ('_latency_bucket', '_latency_of', '_latency_percentiles');
    end if;
end;
$$;

-- Latencies as counts in logarithmic buckets: the only form of percentiles that adds up, over hours, collections and servers.
--
-- Bucket b holds (0.01 ms × 1.02^(b-1), 0.01 ms × 1.02^b], bucket 0 everything up to 0.01 ms. A bucket is told as the
-- value whose relative distance to both its ends is the same,
-- 0.01 ms × 2 × 1.02^b / 2.02, so that no percentile is off by more than 0.02 / 2.02, 1 % (DDSketch, Masson, Rim and Lee, VLDB 2019).

create or replace function pgsearch._latency_bucket(latency_ms float8)
returns integer
language sql immutable parallel safe strict
return case when latency_ms <= 0.01::float8 then 0 else ceil(ln(latency_ms / 0.01::float8) / ln(1.02::float8))::integer end;

comment on function pgsearch._latency_bucket(float8) is 'Number of the bucket that holds a latency of so many milliseconds, from 0.';

create or replace function pgsearch._latency_of(bucket integer)
returns float8
language sql immutable parallel safe strict
return case when bucket <= 0 then 0.01::float8 else 0.01::float8 * 2 * power(1.02::float8, bucket) / 2.02::float8 end;

comment on function pgsearch._latency_of(integer) is 'Milliseconds that stand for a bucket, within 1 % of everything in it.';

create or replace function pgsearch._latency_percentiles(buckets integer[], counts float8[], fractions float8[])
returns float8[]
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    total  float8 := 0;
    passed float8 := 0;
    at     integer := 0;
    found  float8[] := '{}';
    part   float8;
begin
    select pg_catalog.sum(c) into total from pg_catalog.unnest(counts) as c;
    if coalesce(total, 0) = 0 then
        return null;
    end if;

    foreach part in array fractions loop
        -- as percentile_disc: the first value at which so much of the total is reached; the slack is for sums of fractions of weights
        while at < pg_catalog.cardinality(buckets) and passed < part * total - 1e-9 * total loop
            at := at + 1;
            passed := passed + counts[at];
        end loop;

        found := found || pgsearch._latency_of(buckets[greatest(at, 1)]);
    end loop;

    return found;
end;
$$;

comment on function pgsearch._latency_percentiles(integer[], float8[], float8[]) is
'Milliseconds below which the fractions (ascending, 0 .. 1) of a histogram lie, each within 1 %; buckets ascending,
counts parallel to them. Null for an empty histogram.';

-- The figures of a chat as documents of JSON

create or replace function pgsearch._percentiles_in_seconds(buckets integer[], counts float8[])
returns jsonb
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    found constant float8[] := pgsearch._latency_percentiles(buckets, counts, '{0.5,0.95,0.99}');
begin
    return pg_catalog.jsonb_build_object('p50', found[1] / 1000::float8, 'p95', found[2] / 1000::float8, 'p99', found[3] / 1000::float8);
end;
$$;

comment on function pgsearch._percentiles_in_seconds(integer[], float8[]) is 'p50, p95 and p99 of a latency histogram, in seconds; null in each for an empty one.';

create or replace view pgsearch.chat_sessions with (security_invoker = true) as
select coalesce(c.session_id, c.conversation_id) as session_id,
       (array_agg(c.collection order by c.started_at, c.conversation_id))[1] as collection_name,
       min(c.started_at) as started_at,
       sum(c.message_count)::integer as message_count
  from pgsearch.conversations as c
 group by coalesce(c.session_id, c.conversation_id);

comment on view pgsearch.chat_sessions is 'A row a session: its first collection, when it began, how many messages. A conversation without a session is one.';

create or replace view pgsearch.chat_logs with (security_invoker = true) as
select coalesce(m.external_id, m.message_id::text) as log_id,
       m.session_id,
       m.collection as collection_name,
       m.role as message_type,
       t.content as message_content,
       m.reasoning_level,
       m.llm_model,
       jsonb_build_object('temperature', m.temperature, 'max_tokens', m.max_tokens, 'top_p', m.top_p) as llm_params,
       jsonb_build_object('query', coalesce(t.retrieval_query, q.user_query),
                          'retrieved_count', coalesce(m.retrieved_count, q.result_count),
                          'reranking_used', coalesce(m.reranking_used, q.reranking_used),
                          'top_scores', to_jsonb(coalesce(m.top_scores, q.hit_scores[1:3]))) as retrieval_info,
       jsonb_build_object('response_time_ms', m.response_time_ms,
                          'token_count', case when m.input_tokens is null and m.output_tokens is null then null
                                              else coalesce(m.input_tokens, 0) + coalesce(m.output_tokens, 0) end,
                          'retrieval_time_ms', coalesce(m.retrieval_time_ms, q.latency_ms)) as performance,
       m.ts as created_at
  from pgsearch.messages as m
       left join pgsearch.message_contents as t on t.message_id = m.message_id and t.ts = m.ts
       left join pgsearch.queries as q on q.query_id = m.query_id and q.ts = pgsearch._uuid_time(m.query_id);

comment on view pgsearch.chat_logs is 'A row a message with its text, the parameters of its model, the search that fed it, and what it cost.';

create or replace view pgsearch.conversation_history with (security_invoker = true) as
select c.conversation_id,
       c.collection as collection_name,
       c.user_hash,
       (select coalesce(jsonb_agg(jsonb_build_object(
                                      'role', m.role,
                                      'content', t.content,
                                      'retrieved_docs', coalesce(t.retrieved_docs,
                                                                 (select jsonb_agg(jsonb_build_object('id', h.id, 'page', q.hit_pages[h.at], 'score', q.hit_scores[h.at])
                                                                                   order by h.at)
                                                                    from unnest(q.hit_ids) with ordinality as h(id, at)),
                                                                 '[]'),
                                      'timestamp', m.ts) order by m.ts, m.message_id), '[]')
          from pgsearch.messages as m
               left join pgsearch.message_contents as t on t.message_id = m.message_id and t.ts = m.ts
               left join pgsearch.queries as q on q.query_id = m.query_id and q.ts = pgsearch._uuid_time(m.query_id)
         where m.conversation_id = c.conversation_id
           and m.ts >= c.started_at
           and m.ts <= c.last_message_at) as messages,
       jsonb_build_object('total_turns', c.total_turns, 'is_sampled', coalesce(c.is_sampled, true), 'retention_priority', c.retention_priority, 'summary', c.summary)
           as metadata
  from pgsearch.conversations as c;

comment on view pgsearch.conversation_history is 'A row a conversation with its messages in the order of time, and what is known of it as a whole.';

create or replace view pgsearch.chat_statistics with (security_invoker = true) as
select md5(s.collection || ' ' || extract(epoch from s.hour)::bigint)::uuid as stat_id,
       s.collection as collection_name,
       (s.hour at time zone 'UTC')::date as date,
       extract(hour from s.hour at time zone 'UTC')::integer as hour,
       jsonb_build_object('total_queries', s.total_queries,
                          'unique_sessions', coalesce(u.sessions, 0),
                          'avg_response_time', s.sum_latency_ms / nullif(s.latency_count, 0) / 1000,
                          'total_tokens', s.input_tokens + s.output_tokens,
                          'error_count', s.error_count,
                          'regeneration_count', s.regeneration_count) as metrics,
       (select coalesce(jsonb_agg(t.user_query order by t.query_count desc, t.query_normalized), '[]')
          from (select k.user_query, k.query_count, k.query_normalized
                  from pgsearch.top_queries_daily as k
                 where k.day = (s.hour at time zone 'UTC')::date
                   and k.collection = s.collection
                 order by k.query_count desc, k.query_normalized
                 limit 10) as t) as top_queries,
       pgsearch._percentiles_in_seconds(s.latency_buckets, s.latency_counts) as performance_percentiles
  from pgsearch.chat_stats_hourly as s
       left join pgsearch.unique_actors as u
              on u.step = 'hour'
             and u.starts_at = s.hour
             and u.collection = s.collection
             and u.source = 'chat';

comment on view pgsearch.chat_statistics is 'A row an hour (UTC) and collection: times in seconds; top_queries are the ten most frequent searches of that day.';

create or replace view pgsearch.gen_ai_chat with (security_invoker = true) as
select m.message_id,
       m.ts,
       m.response_time_ms as latency_ms,
       jsonb_strip_nulls(jsonb_build_object(
           'gen_ai.operation.name', 'chat',
           'gen_ai.conversation.id', m.conversation_id,
           'gen_ai.data_source.id', nullif(m.collection, ''),
           'gen_ai.request.model', m.llm_model,
           'gen_ai.request.temperature', m.temperature,
           'gen_ai.request.max_tokens', m.max_tokens,
           'gen_ai.request.top_p', m.top_p,
           'gen_ai.usage.input_tokens', m.input_tokens,
           'gen_ai.usage.output_tokens', m.output_tokens,
           'gen_ai.response.time_to_first_chunk', m.first_token_ms / 1000,
           'error.type', m.error_type,
           'session.id', m.session_id)) as attributes
  from pgsearch.messages as m
 where m.role = 'assistant';

comment on view pgsearch.gen_ai_chat is 'Answers as spans "chat" with the attributes of the OpenTelemetry conventions for generative AI.';
