-- The row of a search whose hits the caller changed after search() had answered: a model outside the database put them in another order.
--
-- Call search() with context {"log": false}, change the hits, and give what came of it here: the row is made as search() makes its own.

create or replace function pgsearch.log_result(
    result      jsonb,
    query       text,
    collections text[]  default null,
    top_k       integer default 8,
    filter      jsonb   default '{}',
    options     jsonb   default '{}',
    context     jsonb   default '{}'
)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    if jsonb_typeof(result) is distinct from 'object' then
        raise exception using
            errcode = 'PS003',
            message = format('the result of a search must be a JSON object, not %s', coalesce(jsonb_typeof(result), 'null')),
            hint    = 'Give what search() returned, with its hits as they were shown.';
    end if;
    context := coalesce(context, '{}');
    perform pgsearch._check_context(context);
    if context ->> 'query_id' is null and result ->> 'query_id' is not null then
        context := context || jsonb_build_object('query_id', result -> 'query_id');
    end if;

    return pgsearch._log_quietly(query, collections, top_k, filter, options, context, result);
end;
$$;

comment on function pgsearch.log_result(jsonb, text, text[], integer, jsonb, jsonb, jsonb) is
'Stores the row of a search whose hits were changed after search() had answered, as search() stores its own.
Arguments:
- result (the object that search returned, called with context {"log": false}, with its hits as they were shown, best
  first; a hit with "reranked" among its signals says that they were reranked)
- query
- collections
- top_k
- filter
- options and context as search was given them
Returns {"query_id", "logged"} and, when something went wrong, "notes": those of result with a word on it. Like search
it never fails for the log.
Errors: PS002 unknown key of context; PS003 result or context that is no object.';
