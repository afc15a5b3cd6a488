-- What many people ask the chat, with the answer that served them best: drafts for a page of frequent questions.
--
-- Read from the texts that are kept, not from roll-ups: a count of texts cannot be added up without them. Texts of a sampled
-- conversation stand for sample_weight conversations.

create or replace function pgsearch.faq_candidates(
    collection   text        default null,
    since        timestamptz default null,
    until        timestamptz default null,
    min_sessions integer     default 3,
    top_n        integer     default 20,
    application  text        default null
)
returns table (
    question      text,
    variants      text[],
    sessions      float8,
    answer        text,
    query_id      uuid,
    helpful       bigint,
    unhelpful     bigint,
    last_asked_at timestamptz
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set jit = off
set plan_cache_mode = 'force_custom_plan'
as $$
#variable_conflict use_column
declare
    most_read   constant integer := 20000;
    most_groups constant integer := 300;
    alike       constant float8  := 0.5;
    days        constant daterange := pgsearch._period(since, until);
    starts_at   timestamptz := lower(days)::timestamp at time zone 'UTC';
    ends_at     constant timestamptz := upper(days)::timestamp at time zone 'UTC';
    questions   record;
    groups      record;
    head        integer;
    heads       integer[] := '{}';
    of_group    integer[] := '{}';
begin
    perform pgsearch._check_range('min_sessions', min_sessions, 1, 1000000);
    perform pgsearch._check_range('top_n', top_n, 0, 1000);

    -- of a log of millions the latest questions
    starts_at := coalesce((select min(l.ts)
                             from (select m.ts
                                     from pgsearch.messages as m
                                    where m.role = 'user'
                                      and m.ts >= starts_at
                                      and m.ts < ends_at
                                      and (faq_candidates.collection is null or m.collection = faq_candidates.collection)
                                      and (faq_candidates.application is null or m.application = faq_candidates.application)
                                    order by m.ts desc
                                    limit most_read) as l), starts_at);

    -- each question is normalized once
    select array_agg(q.message_id) as ids, array_agg(q.ts) as times, array_agg(q.normalized) as texts,
           array_agg(q.conversation_id) as conversations, array_agg(q.session) as sessions, array_agg(q.weight) as weights
      into questions
      from (select m.message_id, m.ts, m.conversation_id, pgsearch.normalize_query(left(t.content, 500)) as normalized,
                   coalesce(m.session_id, m.conversation_id) as session, coalesce(c.sample_weight, 1) as weight
              from pgsearch.messages as m
                   -- the id has the time in it: named once more it would have the planner expect one row, and look each up
                   join pgsearch.message_contents as t on t.message_id = m.message_id
                                                      and t.ts >= starts_at
                                                      and t.ts < ends_at
                   left join pgsearch.conversations as c on c.conversation_id = m.conversation_id
             where m.role = 'user'
               and m.ts >= starts_at
               and m.ts < ends_at
               and (faq_candidates.collection is null or m.collection = faq_candidates.collection)
               and (faq_candidates.application is null or m.application = faq_candidates.application)
            offset 0) as q
     where q.normalized <> '';

    -- the most frequent spellings, most frequent first
    select array_agg(g.normalized order by g.at) as texts, array_agg(normalize(g.normalized, NFD) order by g.at) as letters
      into groups
      from (select a.normalized, row_number() over (order by sum(a.weight) desc, a.normalized) as at
              from (select q.normalized, q.session, max(q.weight) as weight
                      from unnest(questions.texts, questions.sessions, questions.weights) as q(normalized, session, weight)
                     group by q.normalized, q.session) as a
             group by a.normalized
             order by 2
             limit most_groups) as g;
    if groups.texts is null then
        return;
    end if;

    -- each joins the most frequent one that it is like
    for number in 1 .. cardinality(groups.texts) loop
        select h.head
          into head
          from unnest(heads) with ordinality as h(head, at)
         where pgsearch._trigram_similarity(groups.letters[number], groups.letters[h.head]) >= alike
         order by h.at
         limit 1;
        if head is null then
            heads := heads || number;
            head  := number;
        end if;
        of_group := of_group || head;
    end loop;

    return query
    with chosen as materialized (
        select g.head, q.*
          from unnest(questions.ids, questions.times, questions.texts, questions.conversations, questions.sessions, questions.weights)
                   as q(message_id, ts, normalized, conversation_id, session, weight)
               join unnest(groups.texts, of_group) as g(normalized, head) on g.normalized = q.normalized
    ),
    asked as materialized (
        select q.head, q.normalized, t.content, q.message_id, q.conversation_id, q.ts, q.session, q.weight
          from chosen as q
               join pgsearch.message_contents as t on t.message_id = q.message_id
                                                  and t.ts = q.ts
                                                  and t.ts >= starts_at
                                                  and t.ts < ends_at
    ),
    counted as (
        select s.head, sum(s.weight) as sessions
          from (select a.head, a.session, max(a.weight) as weight from asked as a group by a.head, a.session) as s
         group by s.head
        having sum(s.weight) >= faq_candidates.min_sessions
         order by 2 desc, 1
         limit faq_candidates.top_n
    ),
    answered as materialized (
        select a.head, t.content, m.query_id, m.ts, m.is_regeneration, m.error_type,
               (select count(*) from pgsearch.events as e where e.query_id = m.query_id and e.action_name = 'feedback'
                       and e.value > 0) as helpful,
               (select count(*) from pgsearch.events as e where e.query_id = m.query_id and e.action_name = 'feedback'
                       and e.value <= 0) as unhelpful
          from asked as a
               join counted as n on n.head = a.head
               join pgsearch.messages as m on m.conversation_id = a.conversation_id
                                          and m.parent_message_id = a.message_id
                                          and m.ts >= starts_at
                                          and m.ts < ends_at
               join pgsearch.message_contents as t on t.message_id = m.message_id
                                                  and t.ts = m.ts
                                                  and t.ts >= starts_at
                                                  and t.ts < ends_at
         where m.role = 'assistant'
    )
    select v.question, v.variants, n.sessions, b.content, b.query_id, b.helpful, b.unhelpful, v.last_asked_at
      from counted as n
           cross join lateral (select (array_agg(f.content order by f.asked desc, f.content))[1] as question,
                                      array_agg(f.content order by f.asked desc, f.content) as variants,
                                      max(f.last_at) as last_asked_at
                                 from (select min(a.content) as content, count(*) as asked, max(a.ts) as last_at
                                         from asked as a
                                        where a.head = n.head
                                        group by a.normalized) as f) as v
           left join lateral (select r.*
                                from answered as r
                               where r.head = n.head
                                 and r.error_type is null
                               order by r.helpful - r.unhelpful desc, r.ts desc
                               limit 1) as b on true
     order by n.sessions desc, v.question;
end;
$$;

comment on function pgsearch.faq_candidates(text, timestamptz, timestamptz, integer, integer, text) is
'Questions that several sessions asked, in one spelling or another, with the best answer they got. Reads texts: for the owner.
Arguments:
- collection (null: all)
- since and until (whole days in UTC; null: the last 30 days)
- min_sessions (1 .. 1000000 that must have asked it)
- top_n (0 .. 1000 rows)
- application (as it is logged, see application_usage; null: all)
Returns question (its most frequent spelling), variants (its spellings; those are put together that share half of their trigrams),
sessions (weighted by sample_weight), answer (without an error, best rated, then latest; null when none is kept), query_id (of the
search that fed it), helpful, unhelpful (opinions about that search), last_asked_at. The 300 most frequent spellings
among the latest 20,000 questions are looked at.
Error: PS003 min_sessions or top_n out of range, until not after since.
Example:
select question, sessions, answer from pgsearch.faq_candidates(min_sessions => 2);';
