-- What people, or another system, think of documents for a query.

create or replace function pgsearch.put_judgments(
    judgment_list text,
    judgments     jsonb,
    judgment_type text default 'manual',
    collection    text default ''
)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    list  pgsearch.judgment_lists;
    stored integer;
    wrong jsonb;
begin
    perform pgsearch._check_name('a judgment list', put_judgments.judgment_list);

    if put_judgments.judgment_type is null or put_judgments.judgment_type not in ('manual', 'imported', 'llm') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown judgment_type %s', coalesce(quote_literal(put_judgments.judgment_type), 'null')),
            hint    = 'Known types: manual, imported, llm. Those from clicks are made by judgments_from_clicks.';
    end if;

    if put_judgments.collection <> '' then
        perform pgsearch._check_collections(array[put_judgments.collection]);
    end if;

    if jsonb_typeof(judgments) is distinct from 'array' then
        raise exception using
            errcode = 'PS003',
            message = 'judgments is no array',
            hint    = 'Give an array of objects: [{"query": "...", "doc_id": "...", "rating": 1}].';
    end if;

    select j into wrong
      from jsonb_array_elements(judgments) as j
     where jsonb_typeof(j) <> 'object'
        or jsonb_typeof(j -> 'query') is distinct from 'string'
        or btrim(j ->> 'query') = ''
        or jsonb_typeof(j -> 'doc_id') is distinct from 'string'
        or j ->> 'doc_id' = ''
        or jsonb_typeof(j -> 'rating') is distinct from 'number'
        or abs((j ->> 'rating')::numeric) > 1000000
        or (j ->> 'rating')::numeric <> 0 and abs((j ->> 'rating')::numeric) < 1e-50
        or octet_length(j ->> 'query') > 1600
        or octet_length(j ->> 'doc_id') > 1000
     limit 1;
    if found then
        raise exception using
            errcode = 'PS003',
            message = format('%s is no judgment', left(wrong::text, 200)),
            hint    = 'A judgment has query (a text of at most 1600 bytes), doc_id (a text of at most 1000) and rating (a number within ±1000000, above 0 for relevant), and may have judge and explanation.';
    end if;

    insert into pgsearch.judgment_lists (name, judgment_type, collection)
    values (put_judgments.judgment_list, put_judgments.judgment_type, coalesce(put_judgments.collection, ''))
    on conflict (name) do nothing;
    select l.* into list from pgsearch.judgment_lists as l where l.name = put_judgments.judgment_list;
    if list.judgment_type <> put_judgments.judgment_type then
        raise exception using
            errcode = 'PS003',
            message = format('judgment list "%s" holds judgments of type %s', list.name, list.judgment_type),
            hint    = 'Give those of another type another list.';
    end if;

    insert into pgsearch.judgments (judgment_list_id, query, doc_id, rating, judge, explanation)
    select distinct on (j.value ->> 'query', j.value ->> 'doc_id')
           list.judgment_list_id, j.value ->> 'query', j.value ->> 'doc_id', (j.value ->> 'rating')::float8, j.value ->> 'judge', j.value ->> 'explanation'
      from jsonb_array_elements(judgments) with ordinality as j(value, place)
     order by j.value ->> 'query', j.value ->> 'doc_id', j.place desc
    on conflict (judgment_list_id, query, doc_id) do update
       set rating      = excluded.rating,
           judge       = excluded.judge,
           explanation = excluded.explanation,
           created_at  = now();
    get diagnostics stored = row_count;

    return stored;
end;
$$;

comment on function pgsearch.put_judgments(text, jsonb, text, text) is
'Stores judgments in a list, which is made when it is new, and returns how many; a later judgment of the same query and
document replaces the earlier.
Arguments:
- judgment_list (its name)
- judgments (array of {"query", "doc_id": external_id of a page, "rating": above 0 for relevant, "judge",
  "explanation"})
- judgment_type (manual, imported, llm)
- collection (that they are about; empty: any)
Errors: PS001 unknown collection, PS002 unknown type, PS003 something that is no judgment, a list of another type.
Example:
select pgsearch.put_judgments(''by hand'', ''[{"query": "roses", "doc_id": "1", "rating": 3}]'');';
