-- What is to be said of how a query was read: only what was left out of it, or what it left out of the answer.

create or replace function pgsearch._query_notes(asked pgsearch.search_request)
returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    -- counting stops here: the index is asked, and a note need not be exact
    most_counted constant integer               := 1000;
    parsed       constant pgsearch.parsed_query := asked.parsed;
    all_words    constant boolean               := asked.settings ->> 'operator' = 'and';
    notes        text[] := '{}';
    typed        text[];
    cost         record;
    chunks       text;
begin
    if parsed.truncated then
        notes := notes || format('The query was cut to its first %s characters.', to_char(pgsearch._most_typed(), 'FM999,999'));
    end if;

    typed := array(select l from unnest(parsed.loosened) as l where l like '"%');
    if typed <> '{}' then
        notes := notes || format('No chunk has %s word for word: the words count alone.', array_to_string(typed, ', '));
    end if;
    typed := array(select l from unnest(parsed.loosened) as l where l like '-%');
    if typed <> '{}' then
        notes := notes || format('%s stands so in chunks that may be meant: it was read as a word, not as an exclusion. '
                                 'In quotes it is one (-"%s").',
                                 array_to_string(typed, ', '), substr(typed[1], 2));
    end if;

    if cardinality(parsed.lexemes) >= pgsearch._most_lexemes() and parsed.different > cardinality(parsed.lexemes) then
        notes := notes || format('Of %s different words the %s that tell most were looked for; %s were left out.',
                                 parsed.different, cardinality(parsed.lexemes), parsed.different - cardinality(parsed.lexemes));
    end if;

    if parsed.any_of is not null and (strpos(' ' || parsed.asked, ' -') > 0 or strpos(' ' || parsed.asked, ' +') > 0) then
        typed := array(select q.sign || case when q.quoted then format('"%s"', q.phrase) else q.phrase end
                         from pgsearch._query_tokens(parsed.asked) as q
                        where q.sign in ('-', '+')
                          and not exists (select
                                            from (select distinct c.text_config
                                                    from pgsearch.collections as c
                                                   where (asked.scope).collections is null
                                                      or c.collection = any ((asked.scope).collections)) as t
                                           where pgsearch._phrase(t.text_config, left(q.phrase, 1000)) is not null)
                        order by q.at);
        if typed <> '{}' then
            notes := notes || format('Stop words exclude and require nothing: %s.', array_to_string(typed, ', '));
        end if;
    end if;

    if parsed.required is null and parsed.excluded is null then
        return notes;
    end if;
    for cost in
        select k.kind, k.typed,
               pgsearch._count_chunks(parsed.any_of && case k.kind when '-' then parsed.excluded else !! parsed.required end,
                                      (asked.scope).collections, most_counted, (asked.scope).page_ids) as chunks
          from (select 'all' as kind, '{}'::text[] as typed
                 where all_words
                 union all
                select t.kind, array_agg(t.typed order by t.at) as typed
                  from (select case when q.sign = '-' then '-' when q.quoted or q.sign = '+' then '+' end as kind,
                               q.at,
                               q.sign || case when q.quoted then format('"%s"', q.phrase) else q.phrase end as typed
                          from pgsearch._query_tokens(parsed.asked) as q) as t
                 group by t.kind) as k
         where k.kind = '-' and parsed.excluded is not null
            or k.kind in ('+', 'all') and parsed.required is not null and all_words = (k.kind = 'all')
         order by k.kind
    loop
        if cost.chunks > 0 then
            chunks := format(case cost.chunks
                             when 1 then '%s chunk is'
                             when most_counted then 'at least %s chunks are'
                             else '%s chunks are'
                             end, to_char(cost.chunks, 'FM999,999'));
            notes  := notes || case when cost.kind = 'all' then format('Every word was read as a requirement: %s left out.', chunks)
                                    else format(case
                                                when cost.kind = '-' and cardinality(cost.typed) = 1
                                                then '%s was read as an exclusion: %s left out.'
                                                when cost.kind = '-' then '%s were read as exclusions: %s left out.'
                                                when cardinality(cost.typed) = 1 then '%s was read as a requirement: %s left out.'
                                                else '%s were read as requirements: %s left out.'
                                                end, array_to_string(cost.typed, ', '), chunks) end;
        end if;
    end loop;
    return notes;
end;
$$;

comment on function pgsearch._query_notes(pgsearch.search_request) is
'What a reader of the hits has to know of how the query was read: that it was cut, that words were left out, that what looks
like syntax is none, and how many chunks its exclusions and requirements cost.';
