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
    notes        text[] := '{}';
    typed        text[];
    cost         record;
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

    if parsed.required is null and parsed.excluded is null then
        return notes;
    end if;
    for cost in
        select k.kind, k.typed,
               pgsearch._count_chunks(parsed.any_of && case k.kind when '-' then parsed.excluded else !! parsed.required end,
                                      (asked.scope).collections, most_counted, (asked.scope).page_ids) as chunks
          from (select t.kind, array_agg(t.typed order by t.at) as typed
                  from (select case when q.sign = '-' then '-' when q.quoted or q.sign = '+' then '+' end as kind,
                               q.at,
                               q.sign || case when q.quoted then format('"%s"', q.phrase) else q.phrase end as typed
                          from pgsearch._query_tokens(parsed.asked) as q) as t
                 group by t.kind) as k
         where k.kind = '-' and parsed.excluded is not null
            or k.kind = '+' and parsed.required is not null
         order by k.kind
    loop
        if cost.chunks > 0 then
            notes := notes || format(case
                                     when cost.kind = '-' and cardinality(cost.typed) = 1 then '%s was read as an exclusion: %s left out.'
                                     when cost.kind = '-' then '%s were read as exclusions: %s left out.'
                                     when cardinality(cost.typed) = 1 then '%s was read as a requirement: %s left out.'
                                     else '%s were read as requirements: %s left out.'
                                     end,
                                     array_to_string(cost.typed, ', '),
                                     format(case cost.chunks
                                            when 1 then '%s chunk is'
                                            when most_counted then 'at least %s chunks are'
                                            else '%s chunks are'
                                            end, to_char(cost.chunks, 'FM999,999')));
        end if;
    end loop;
    return notes;
end;
$$;

comment on function pgsearch._query_notes(pgsearch.search_request) is
'What a reader of the hits has to know of how the query was read: that it was cut, that words were left out, that what looks
like syntax is none, and how many chunks its exclusions and requirements cost.';
