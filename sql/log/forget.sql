-- A user who asks to be forgotten is: every row, and every text that this user typed. Counts stay.

create or replace function pgsearch.forget(user_id text)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    names     constant text[] := array[forget.user_id, pgsearch.hash_user(forget.user_id)];
    talks     constant text[] := array(select c.conversation_id from pgsearch.conversations as c where c.user_hash = any (names));
    asked     uuid[];
    texts     text[];
    number    bigint;
    forgotten jsonb := '{}';
begin
    if coalesce(forget.user_id, '') = '' then
        raise exception using
            errcode = 'PS003',
            message = 'nobody to forget: user_id is empty',
            hint    = 'Give the user_id that the searches were logged with.';
    end if;

    select coalesce(array_agg(q.query_id), '{}'), coalesce(array_agg(distinct q.query_normalized), '{}')
      into asked, texts
      from pgsearch.queries as q
     where q.user_id = any (names);

    delete from pgsearch.events as e
     where e.user_id = any (names)
        or e.query_id = any (asked);
    get diagnostics number = row_count;
    forgotten := forgotten || jsonb_build_object('events', number);

    select texts || coalesce(array_agg(distinct pgsearch.normalize_query(f.user_query)), '{}')
      into texts
      from pgsearch.search_failures as f
     where f.user_id = any (names);
    delete from pgsearch.search_failures as f
     where f.user_id = any (names)
        or f.query_id = any (asked);
    get diagnostics number = row_count;
    forgotten := forgotten || jsonb_build_object('search_failures', number);

    delete from pgsearch.queries as q
     where q.user_id = any (names);
    get diagnostics number = row_count;
    forgotten := forgotten || jsonb_build_object('queries', number);

    -- whoever else asked the same loses nothing but time
    delete from pgsearch.query_embeddings as c
     where c.query_normalized = any (texts);
    get diagnostics number = row_count;
    forgotten := forgotten || jsonb_build_object('query_embeddings', number);

    delete from pgsearch.message_contents as t
     where t.conversation_id = any (talks);
    delete from pgsearch.messages as m
     where m.conversation_id = any (talks);
    get diagnostics number = row_count;
    forgotten := forgotten || jsonb_build_object('messages', number);

    delete from pgsearch.conversation_reads as r
     where r.conversation_id = any (talks);
    delete from pgsearch.conversations as c
     where c.conversation_id = any (talks);
    get diagnostics number = row_count;
    forgotten := forgotten || jsonb_build_object('conversations', number);

    -- figures of a day and a user name one; what the user refused is remembered by nothing but the hash, and has to be
    delete from pgsearch.chat_usage_daily as u
     where u.dimension = 'user'
       and u.value = any (names);
    delete from pgsearch.chat_consents as g
     where g.user_hash = any (names)
       and g.granted;

    -- files are out of reach from here; an id that is a hash already is one of another system
    insert into pgsearch.archive_erasures as r (user_hash, whole_lines)
    select n.name, true
      from unnest(names) as n(name)
     where n.name ~ '^[0-9a-f]{64}$'
       and exists (select from pgsearch.log_archives)
        on conflict (user_hash) do update
       set whole_lines  = true,
           requested_at = excluded.requested_at;

    return forgotten;
end;
$$;

comment on function pgsearch.forget(text) is
'Removes every trace of a user, logged by user_id or by hash_user(user_id): searches, their events and failures, the cached
vectors of their texts, conversations with their messages and figures. Statistics, which name nobody, stay, and so does a refusal
of set_consent, as a hash. Where there is an archive, the next run of `pgsearch archive` erases the user from its files, and until then
their hash is kept for it (see list_archive_erasures).
Returns how many rows went: {"events", "search_failures", "queries", "query_embeddings", "messages", "conversations"}. What was
logged without user_id cannot be found by it.
Error: PS003 for an empty user_id.
Example:
select pgsearch.forget(''lee'');';
