-- Who may what: the whole permission story on one page.
--
-- search: read pages and their statistics, call every search, look up and keep vectors of queries one by one. Nothing
-- else is readable: not what others searched. log: have searches and events stored, through two functions that run with
-- the rights of the owner and give nothing back but counts; for one user only where it is said. read_log: read
-- searches, events and failures, with their texts and users, and of conversations the figures. read_conversations: read
-- conversations through two functions that write down whose, when it is not the user's own. work: bring followed tables
-- up to date, by a function that reads them with the rights of the owner. hash_user stays with the
-- owner: who may call it can try names.
-- Everything else (putting pages, settings, partitions, forgetting users) is for the owner, and for whom the owner grants it by hand.

create or replace function pgsearch._privileges(right_name text)
returns text[]
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select case right_name
       when 'search' then array[
           'select on pgsearch.collections, pgsearch.pages, pgsearch.chunks, pgsearch.embedding_models, pgsearch.embeddings, pgsearch.embedding_centres',
           'select on pgsearch.fusion_calibrations',
           'select on pgsearch.lexeme_stats, pgsearch.collection_stats, pgsearch.confidence_breakpoints, pgsearch.reanalysis',
           -- whose row level security holds for its pages
           'select (collection, relation, id_columns) on pgsearch.followed_tables',
           'select on pgsearch.query_types, pgsearch.learned_models, pgsearch.semantic_nodes, pgsearch.experiments',
           'select on pgsearch.relevance_levels',
           'execute on function pgsearch._cached_query_embedding(integer, text), pgsearch._share_query_embedding(text, text, text)']
       when 'log' then array[
           'execute on function pgsearch._store_searches(jsonb, jsonb, boolean), pgsearch._store_events(jsonb)',
           'execute on function pgsearch._store_messages(jsonb), pgsearch._finish_conversations(jsonb)',
           'execute on function pgsearch._store_consent(text, boolean)']
       when 'work' then array[
           'execute on function pgsearch.work(integer, text)',
           'select on pgsearch.followed_tables, pgsearch.follow_queue, pgsearch.refused_rows']
       when 'read_conversations' then array[
           'execute on function pgsearch._read_conversation(text, text, text, text)',
           'execute on function pgsearch._list_conversations(text, text, text, text, timestamptz, timestamptz, text, text, integer, text,'
           || ' text, boolean, text)']
       when 'read_log' then array[
           'select on pgsearch.queries, pgsearch.events, pgsearch.search_failures, pgsearch.answered_queries',
           'select on pgsearch.search_logs, pgsearch.query_logs, pgsearch.search_failure_logs, pgsearch.ubi_queries, pgsearch.ubi_events',
           'select on pgsearch.gen_ai_retrieval, pgsearch.impressions',
           'select on pgsearch.search_stats_hourly, pgsearch.search_stats_daily, pgsearch.latency_hourly, pgsearch.unique_actors, pgsearch.top_queries_daily',
           'select on pgsearch.reformulations_daily',
           'select on pgsearch.object_stats_daily, pgsearch.position_stats_daily, pgsearch.weight_stats_daily, pgsearch.recent_nodes, pgsearch.search_stats_seen',
           'select on pgsearch.position_click_rates, pgsearch.node_stats_daily, pgsearch.node_popularity, pgsearch.training_readiness',
           -- figures of conversations without their texts
           'select on pgsearch.messages, pgsearch.log_archives, pgsearch.chat_stats_hourly, pgsearch.chat_stats_daily',
           'select on pgsearch.chat_usage_daily',
           'select on pgsearch.conversation_stats_daily, pgsearch.chat_sessions, pgsearch.chat_statistics, pgsearch.gen_ai_chat',
           'select (conversation_id, session_id, application, collection, user_hash, consent, started_at) on pgsearch.conversations',
           'select (last_message_at, message_count, total_turns, error_count, regeneration_count) on pgsearch.conversations',
           'select (min_score, is_sampled, sampling_reason, sample_weight) on pgsearch.conversations',
           'select (retention_priority, finalized_at) on pgsearch.conversations',
           -- whether the log is whole: not the texts, and not the salt
           'select (message_id, ts) on pgsearch.message_contents',
           'select (keep_queries, keep_events, keep_messages) on pgsearch.log_settings',
           'select (keep_contents, keep_contents_high, require_archive) on pgsearch.log_settings',
           -- node_stats_daily tells the collection of a chunk
           'select (chunk_id, collection) on pgsearch.chunks',
           -- and views of the log the node of a chunk
           'select (chunk_id, node_id, node_type) on pgsearch.semantic_nodes']
       end;
$$;

comment on function pgsearch._privileges(text) is 'What a right of grant_rights consists of, each as GRANT writes it.';

create or replace function pgsearch._grant_right(role_name text, right_name text)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
-- where another granted the same before, the server warns that there was nothing to grant
set client_min_messages = 'error'
as $$
declare
    privilege text;
    home      name;
begin
    execute format('grant usage on schema pgsearch to %I', role_name);
    foreach privilege in array pgsearch._privileges(right_name) loop
        execute format('grant %s to %I', privilege, role_name);
    end loop;

    for home in
        select distinct n.nspname
          from pg_extension as e
               join pg_namespace as n on n.oid = e.extnamespace
         where right_name = 'search'
           and e.extname in ('vector', 'pg_trgm')
           and not has_schema_privilege(role_name, n.oid, 'usage')
    loop
        begin
            execute format('grant usage on schema %I to %I', home, role_name);
        exception
            when insufficient_privilege then
                null;
        end;
        if not has_schema_privilege(role_name, home::text, 'usage') then
            raise exception using
                errcode = 'PS003',
                message = format('role "%s" may not use schema "%s", where an extension lives that searches need, and %s may not grant it', role_name, home, current_user),
                hint    = format('As the owner of that schema: grant usage on schema %I to %I; then call this again.', home, role_name);
        end if;
    end loop;
end;
$$;

comment on function pgsearch._grant_right(text, text) is 'Grants a role what a right consists of. Error: PS003 when the schema of an extension is not the owner''s to grant.';

create or replace function pgsearch.grant_rights(role_name text, rights text[], user_id text default null)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    known constant text[] := '{search,log,read_log,read_conversations,work}';
    given text;
begin
    if rights is null or cardinality(rights) = 0 or not rights <@ known then
        raise exception using
            errcode = 'PS002',
            message = format('unknown right %s', coalesce((select quote_literal(r) from unnest(rights) as r where r <> all (known) limit 1), 'null')),
            hint    = 'Known rights: search, log, read_log, read_conversations, work; give an array, such as ''{search,log}''.';
    end if;
    if not exists (select from pg_roles as r where r.rolname = grant_rights.role_name) then
        raise exception using
            errcode = 'PS003',
            message = format('there is no role %s', coalesce(quote_literal(grant_rights.role_name), 'null')),
            hint    = 'Make it with CREATE ROLE first.';
    end if;
    if grant_rights.user_id is not null and ('log' <> all (rights) or char_length(grant_rights.user_id) > 255) then
        raise exception using
            errcode = 'PS003',
            message = case when 'log' <> all (rights) then 'user_id says for whom a role logs, and the right log is not among those given'
                           else format('a user_id of %s characters cannot be logged', char_length(grant_rights.user_id)) end,
            hint    = 'Give ''{log}'' or ''{search,log}'' with it, and at most 255 characters.';
    end if;

    -- two grants on one object at the same time fail: the catalog row of an object has one writer
    perform pg_advisory_xact_lock(hashtextextended('pgsearch.rights', 0));
    foreach given in array rights loop
        perform pgsearch._grant_right(grant_rights.role_name, given);
        insert into pgsearch.granted_rights as g (role_name, right_name, user_id)
        values (grant_rights.role_name, given, case given when 'log' then nullif(grant_rights.user_id, '') end)
            on conflict (role_name, right_name) do update
           set user_id = excluded.user_id
         where given = 'log'
           and grant_rights.user_id is not null;
    end loop;
end;
$$;

comment on function pgsearch.grant_rights(text, text[], text) is
'Grants a role rights: search (search, and read pages), log (have searches, events and messages stored, without reading
any), read_log (read searches, events and failures, and the figures of conversations without their texts),
read_conversations (get_conversation and list_conversations, which write down whose they read), work (call work(), and
see what is followed). Give an application
''{search,log}'', with read_conversations if it shows users what they said, and who looks at its statistics ''{read_log}''.
Arguments:
- role_name: an existing role
- rights: array of the names
- user_id: the one user whom the role, and every member of it, may log for (with the right log; null: as it is, at first
  anybody; empty: anybody)
Again does no harm, also by several at once; a deploy keeps what was granted, and adds what newer functions need. Only
the owner of the schema may call it.
Errors: PS002 unknown right; PS003 unknown role, user_id without the right log or too long, schema of an extension that
is not the owner''s to grant.';

create or replace function pgsearch._renew_rights()
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    given record;
begin
    -- what the owner took back by hand stays taken
    for given in
        select g.role_name, g.right_name
          from pgsearch.granted_rights as g
               join pg_roles as r on r.rolname = g.role_name
         where case g.right_name
               when 'search'   then has_table_privilege(r.oid, 'pgsearch.chunks', 'select')
               when 'log'      then has_function_privilege(r.oid, 'pgsearch._store_searches(jsonb, jsonb, boolean)', 'execute')
               when 'read_log' then has_table_privilege(r.oid, 'pgsearch.queries', 'select')
               when 'work'     then has_function_privilege(r.oid, 'pgsearch.work(integer, text)', 'execute')
               when 'read_conversations' then
                   has_function_privilege(r.oid, 'pgsearch._read_conversation(text, text, text, text)', 'execute')
               end
         order by g.role_name, g.right_name
    loop
        perform pgsearch._grant_right(given.role_name, given.right_name);
    end loop;
end;
$$;

comment on function pgsearch._renew_rights() is 'Grants those who have a right what it consists of in this version; a deploy calls it.';
