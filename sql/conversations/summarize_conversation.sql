-- What a conversation was about, in a line or two: it stays when the texts have gone.

create or replace function pgsearch.summarize_conversation(
    conversation_id text,
    summary         text default null,
    method          text default null
)
returns text
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set plan_cache_mode = 'force_custom_plan'
as $$
#variable_conflict use_column
declare
    made_by constant text := coalesce(method, case when summarize_conversation.summary is null then 'template' else 'llm' end);
    one     pgsearch.conversations;
    told    record;
    written text;
begin
    if made_by not in ('template', 'llm') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown method %s', quote_literal(made_by)),
            hint    = 'Known methods: template, llm.';
    end if;
    if (made_by = 'llm') <> (summarize_conversation.summary is not null)
       or btrim(summarize_conversation.summary) = ''
       or char_length(summarize_conversation.summary) > 10000 then
        raise exception using
            errcode = 'PS003',
            message = case when made_by = 'template' then 'a summary by template is made here, and one was given'
                           when summarize_conversation.summary is null then 'a summary by a language model was not given'
                           else format('a summary of %s characters cannot be stored', char_length(summarize_conversation.summary)) end,
            hint    = 'Give summary (1 to 10000 characters) for method llm, none for template.';
    end if;

    select * into one from pgsearch.conversations as c where c.conversation_id = summarize_conversation.conversation_id for update;
    if not found or not coalesce(one.consent, true) then
        return null;
    end if;

    written := btrim(summarize_conversation.summary);
    if made_by = 'template' then
        select (array_agg(t.content order by t.ts, t.message_id) filter (where m.role = 'user'))[1] as first_question,
               (array_agg(t.content order by t.ts desc, t.message_id desc) filter (where m.role = 'user'))[1] as last_question,
               count(*) filter (where m.role = 'user') as questions
          into told
          from pgsearch.messages as m
               join pgsearch.message_contents as t on t.message_id = m.message_id
                                                  and t.ts = m.ts
                                                  and t.ts between one.started_at and one.last_message_at
         where m.conversation_id = one.conversation_id
           and m.ts between one.started_at and one.last_message_at;
        if told.first_question is null then
            return one.summary;
        end if;
        written := pgsearch._excerpt(told.first_question)
                   || case when told.questions > 1 then ' … ' || pgsearch._excerpt(told.last_question) else '' end
                   || format(' (%s)', concat_ws(', ', nullif(one.collection, ''),
                                                format('turns: %s', one.total_turns),
                                                case when one.error_count > 0 then format('errors: %s', one.error_count) end,
                                                case when one.regeneration_count > 0 then
                                                     format('regenerations: %s', one.regeneration_count)
                                                end));
    end if;

    update pgsearch.conversations as c
       set summary        = written,
           summary_method = made_by
     where c.conversation_id = one.conversation_id;
    return written;
end;
$$;

comment on function pgsearch.summarize_conversation(text, text, text) is
'Stores a summary of a conversation, which stays as long as its messages do, longer than their texts. For the owner.
Arguments:
- conversation_id
- summary: as a language model wrote it, 1 to 10000 characters (null: one is made here of the first and the last question and the
  figures)
- method (template or llm; null: by whether summary is given)
Returns the summary; null when there is no such conversation or its user refused, what stood there before when its texts are gone.
Errors: PS002 unknown method; PS003 summary empty, too long, or not fitting method.
Example:
select pgsearch.summarize_conversation(pgsearch.log_turn(''How do roses grow?'', ''In the sun.'') ->> ''conversation_id'');';

create or replace function pgsearch._excerpt(content text)
returns text
language sql immutable parallel safe strict
return case when char_length(content) <= 120 then content else left(content, 119) || '…' end;

comment on function pgsearch._excerpt(text) is 'The first 120 characters of a text, marked where more follow.';
