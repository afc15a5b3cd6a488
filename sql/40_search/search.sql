-- One search with everything around its hits, in one value: what the clients call.

create or replace function pgsearch.search(
    query       text,
    embedding   vector  default null,
    collections text[]  default null,
    search_mode text    default 'auto',
    top_k       integer default 8,
    fusion      text    default null,
    filter      jsonb   default '{}',
    options     jsonb   default '{}'
)
returns jsonb
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    return pgsearch._search(query, embedding, collections, search_mode, top_k, fusion, filter, options);
end;
$$;

comment on function pgsearch.search(text, vector, text[], text, integer, text, jsonb, jsonb) is
'search_hybrid with what rows cannot carry, as one JSON object: search_mode, signals (array of those that really ran), fusion, notes (why a signal was left out, why there are no hits), timings (milliseconds a stage),
candidates (how many each signal found), hits (array of objects with the columns of search_hybrid). Arguments and errors as search_hybrid.';
