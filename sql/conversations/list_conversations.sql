-- The conversations of a user, latest first; or, on record, those of everybody.

create or replace function pgsearch.list_conversations(
    user_id         text        default null,
    session_id      text        default null,
    reader          text        default null,
    collection      text        default null,
    since           timestamptz default null,
    until           timestamptz default null,
    query           text        default null,
    sampling_reason text        default null,
    top_n           integer     default 20,
    after           text        default null,
    application     text        default null,
    unhappy         boolean     default false,
    model           text        default null
)
returns setof pgsearch.listed_conversation
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    known constant text[] := '{error,regeneration,turns,low_score,sample,not_sampled,no_consent}';
begin
    perform pgsearch._check_reader(list_conversations.user_id, list_conversations.session_id, list_conversations.reader);
    perform pgsearch._check_times(since, until);
    perform pgsearch._check_range('top_n', top_n, 0, 1000);
    if list_conversations.sampling_reason <> all (known) then
        raise exception using
            errcode = 'PS002',
            message = format('unknown sampling_reason %s', quote_literal(list_conversations.sampling_reason)),
            hint    = format('Known ones: %s.', array_to_string(known, ', '));
    end if;

    return query
    select l.*
      from pgsearch._list_conversations(list_conversations.user_id, list_conversations.session_id, list_conversations.reader,
                                        list_conversations.collection, since, until,
                                        query, list_conversations.sampling_reason, top_n, after, list_conversations.application,
                                        unhappy, list_conversations.model) as l;
end;
$$;

comment on function pgsearch.list_conversations(text, text, text, text, timestamptz, timestamptz, text, text, integer, text, text,
                                                boolean, text) is
'Conversations, those with the latest message first.
Arguments:
- user_id: of this user
- session_id: of this session
- reader: of everybody, read by so-called (at most 255 characters): it is written into conversation_reads. One of the three must be
  given
- collection (null: all)
- since and until (times of the last message, from since up to but not including until; null: no bound)
- query: words that a message must have, all of them, among its first 2,000 characters; quotes and minus as in a search (null or
  without words: any)
- sampling_reason (as should_save_conversation gives it; null: any)
- top_n (0 .. 1000 rows)
- after: the conversation_id of the last row of the page before
- application (null: all)
- unhappy: only those in which something went wrong: an error, an answer that was made once more, or passages that
  hardly fit (a score below 0.3)
- model: only those with an answer of this model (as it is logged; null: all), looked for among the 20,000 latest of the others
Returns conversation_id, title (its first question, at most 200 characters; null where it is not kept), collection, user_hash,
session_id, started_at, last_message_at, message_count, total_turns, error_count, regeneration_count, min_score, is_sampled
(null: not ended), sampling_reason, retention_priority, summary, consent (what the user said about keeping texts; null: nothing),
texts_until (when the texts of its last message go; null: they are not kept).
Errors: PS002 unknown sampling_reason; PS003 nobody named, top_n or a time out of range.
Example:
select conversation_id, title from pgsearch.list_conversations(user_id => ''lee'');';

create or replace function pgsearch._list_conversations(
    user_id         text,
    session_id      text,
    reader          text,
    collection      text,
    since           timestamptz,
    until           timestamptz,
    query           text,
    sampling_reason text,
    top_n           integer,
    after           text,
    application     text,
    unhappy         boolean,
    model           text
)
returns setof pgsearch.listed_conversation
language plpgsql volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
set enable_seqscan = off
set gin_fuzzy_search_limit = 0
set plan_cache_mode = 'force_custom_plan'
as $$
#variable_conflict use_column
declare
    low_score constant float8  := 0.3;
    -- of a model that hardly ever answers not all of the log
    most_seen constant integer := 20000;
    all_words constant tsquery := case when query <> '' then
                                      (select coalesce(p.required && !!p.excluded, p.required)
                                         from pgsearch.parse_query(left(query, 1000), 'pg_catalog.simple', 'and') as p) end;
    -- null stays null
    of_user   constant text    := pgsearch.hash_user(_list_conversations.user_id);
    last_time timestamptz;
    last_id   text;
    from_time timestamptz;
    to_time   timestamptz;
    one       pgsearch.listed_conversation;
    page      pgsearch.listed_conversation[] := '{}';
    begun     record;
    asked     record;
    titles    jsonb := '{}';
begin
    perform pgsearch._check_reader(_list_conversations.user_id, _list_conversations.session_id, _list_conversations.reader);
    if _list_conversations.user_id is null and _list_conversations.session_id is null then
        insert into pgsearch.conversation_reads (reader, role_name, filters)
        values (_list_conversations.reader, session_user,
                jsonb_strip_nulls(jsonb_build_object('collection', left(_list_conversations.collection, 255),
                                                     'since', since, 'until', until,
                                                     'query', left(query, 1000),
                                                     'sampling_reason', _list_conversations.sampling_reason, 'top_n', top_n,
                                                     'application', left(_list_conversations.application, 255),
                                                     'unhappy', nullif(unhappy, false),
                                                     'model', left(_list_conversations.model, 255),
                                                     'after', left(after, 255))));
    end if;

    if after is not null then
        select c.last_message_at, c.conversation_id
          into last_time, last_id
          from pgsearch.conversations as c
         where c.conversation_id = after
           and (of_user is null or c.user_hash = of_user)
           and (_list_conversations.session_id is null or c.session_id = _list_conversations.session_id);
        if not found then
            return;
        end if;
    end if;

    if all_words is not null and coalesce(of_user, _list_conversations.session_id, since::text) is not null then
        -- known times leave days out of the plan
        select min(c.started_at), max(c.last_message_at)
          into from_time, to_time
          from pgsearch.conversations as c
         where (of_user is null or c.user_hash = of_user)
           and (_list_conversations.session_id is null or c.session_id = _list_conversations.session_id)
           and (since is null or c.last_message_at >= since);
    end if;

    for one in execute format($statement$
        select l.*
          from (select c.conversation_id, null::text as title, c.collection, c.user_hash, c.session_id, c.started_at, c.last_message_at,
                       c.message_count, c.total_turns, c.error_count, c.regeneration_count, c.min_score, c.is_sampled, c.sampling_reason,
                       c.retention_priority, c.summary, c.consent
                  from pgsearch.conversations as c
                 where %s
                 order by c.last_message_at desc, c.conversation_id
                 limit %s) as l
         where %s
         order by l.last_message_at desc, l.conversation_id
         limit $9$statement$,
        concat_ws(' and ',
                  'true',
                  case when of_user is not null then 'c.user_hash = $1' end,
                  case when _list_conversations.session_id is not null then 'c.session_id = $2' end,
                  case when _list_conversations.collection is not null then 'c.collection = $3' end,
                  case when _list_conversations.application is not null then 'c.application = $13' end,
                  case when unhappy then '(c.error_count > 0 or c.regeneration_count > 0 or c.min_score < $14)' end,
                  case when since is not null then 'c.last_message_at >= $4' end,
                  case when until is not null then 'c.last_message_at < $5' end,
                  case when _list_conversations.sampling_reason is not null then 'c.sampling_reason = $6' end,
                  case when after is not null then 'c.last_message_at <= $7 and (c.last_message_at < $7 or c.conversation_id > $8)' end,
                  case
                  when all_words is null then null
                  -- the texts of one person are few, those of everybody are found by their words
                  when of_user is null and _list_conversations.session_id is null then
                      'c.conversation_id in (select t.conversation_id from pgsearch.message_contents as t'
                      ' where pgsearch._analyze(''pg_catalog.simple'', left(t.content, 2000)) @@ $10'
                      || case when from_time is not null then ' and t.ts between $11 and $12)' else ')' end
                  else
                      'exists (select from pgsearch.message_contents as t where t.conversation_id = c.conversation_id'
                      ' and t.ts between $11 and $12'
                      ' and pgsearch._analyze(''pg_catalog.simple'', left(t.content, 2000)) @@ $10)'
                  end),
        case when _list_conversations.model is null then '$9' else '$15' end,
        case
        when _list_conversations.model is null then 'true'
        else 'exists (select from pgsearch.messages as m where m.conversation_id = l.conversation_id'
             ' and m.ts between l.started_at and l.last_message_at and m.llm_model = $16)'
        end)
      using of_user, _list_conversations.session_id, _list_conversations.collection, since, until,
            _list_conversations.sampling_reason, last_time, last_id, top_n, all_words, from_time, to_time,
            _list_conversations.application, low_score, most_seen, _list_conversations.model
    loop
        page := page || one;
    end loop;

    -- day by day, and one table after the other, because only known times leave other days out of a plan, and a plan of two
    -- tables costs more than both
    for begun in
        select array_agg(p.conversation_id) as ids,
               min(p.started_at) as first_ts,
               max(least(p.last_message_at, p.started_at + interval '1 day')) as last_ts
          from unnest(page) as p
         group by date_trunc('day', p.started_at, 'UTC')
    loop
        select array_agg(q.message_id) as ids, min(q.ts) as first_ts, max(q.ts) as last_ts
          into asked
          from (select distinct on (m.conversation_id) m.message_id, m.ts
                  from pgsearch.messages as m
                 where m.conversation_id = any (begun.ids)
                   and m.ts between begun.first_ts and begun.last_ts
                   and m.role = 'user'
                 order by m.conversation_id, m.ts, m.message_id) as q;
        select titles || coalesce(jsonb_object_agg(t.conversation_id, left(t.content, 200)), '{}')
          into titles
          from pgsearch.message_contents as t
         where t.message_id = any (asked.ids)
           and t.ts between asked.first_ts and asked.last_ts;
    end loop;

    foreach one in array page loop
        one.title := titles ->> one.conversation_id;
        one.texts_until := pgsearch._texts_until(one.last_message_at, one.is_sampled, one.retention_priority);
        return next one;
    end loop;
end;
$$;

comment on function pgsearch._list_conversations(text, text, text, text, timestamptz, timestamptz, text, text, integer, text, text,
                                                 boolean, text) is
'list_conversations, with the rights of the owner: whoever may call it reads nothing unrecorded.';

revoke execute on function pgsearch._list_conversations(text, text, text, text, timestamptz, timestamptz, text, text, integer, text, text,
                                                       boolean, text)
  from public;
