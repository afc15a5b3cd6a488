-- The path of a question about code: search_code walks it, and so does search in mode "code".
--
-- It is the path of _search with stages of its own where nodes differ: ask (which also tells the type of the question),
-- gather, complete, fuse. What the words find, arranging, judging, presenting and the outcome are the same.

create or replace function pgsearch._search_code(
    query       text,
    embedding   vector,
    collections text[],
    top_k       integer,
    filter      jsonb,
    options     jsonb,
    wanted      text default 'outcome'
)
returns jsonb
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set jit = off
set extra_float_digits = 1
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    asked      pgsearch.search_request;
    further    pgsearch.search_request;
    findings   pgsearch.search_findings;
    found_then pgsearch.search_findings;
begin
    asked := pgsearch._ask_code(query       => query,
                                embedding   => embedding,
                                collections => collections,
                                top_k       => top_k,
                                filter      => filter,
                                options     => options,
                                wanted      => wanted);
    findings := pgsearch._gather_code(asked);
    findings := pgsearch._complete_code(asked, findings);
    findings := pgsearch._fuse_code(asked, findings);
    if (asked.settings ->> 'min_relevance')::float8 > 0 then
        findings := pgsearch._above(
                        lowest   => (asked.settings ->> 'min_relevance')::float8,
                        enough   => case asked.wanted when 'hits' then pgsearch._chosen_from(asked) end,
                        asked    => asked,
                        findings => findings);
    end if;
    if (asked.settings ->> 'distinct')::boolean then
        findings := pgsearch._each_text_once(findings);
    end if;
    if pgsearch._goes_on(asked, findings) then
        further    := pgsearch._asked_on(asked);
        found_then := pgsearch._fuse_code(further, pgsearch._complete_code(further, pgsearch._gather_code(further)));
        findings   := pgsearch._with_further(
                        findings   => findings,
                        further    => found_then,
                        one_a_page => (asked.settings ->> 'group_by_page')::boolean,
                        once       => (asked.settings ->> 'distinct')::boolean);
    end if;
    return pgsearch._answered(asked, findings, further, found_then)
           || jsonb_build_object('query_type', (asked.code).query_type, 'weights', (findings.code).weights);
end;
$$;

comment on function pgsearch._search_code(text, vector, text[], integer, jsonb, jsonb, text) is
'A whole search of code as one JSON object, shaped as that of _search: search_mode (code), query_type, weights (applied,
by signal, summing to 1), signals (array of those that took part), fusion, confidence (0 .. 1), approximate, notes,
timings (milliseconds a stage), candidates (how many each signal found), hits (objects with the columns of search_code).
Arguments as search_code, but for query_type, large_embedding (text of a vector), large_model and weights, which stand
in options; wanted: outcome, or hits, the same without confidence.';
