-- The path of a query, the one place where it is walked: search_hybrid, search_pages and search all call it.
--
-- ask -> gather candidates by vectors, by titles, and by words, which score them all (and once more for what was
-- probably meant, if there are none) -> complete the other signals ->
-- fuse, boost (and go on below them where that far down is asked for) -> count -> arrange: rerank the head, one chunk a
-- page, diversity -> judge the relevance of what is shown -> present: window, snippet.
-- A stage takes the request and what was found so far, and gives back what was found. Between the stages travel arrays,
-- never joins of the big tables: each statement is flat, with its own index.

create or replace function pgsearch._search(
    query       text,
    embedding   vector,
    collections text[],
    search_mode text,
    top_k       integer,
    fusion      text,
    filter      jsonb,
    options     jsonb,
    wanted      text default 'outcome'
)
returns jsonb
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set jit = off
-- for all that a search asks: else each of the first five in a session plans every statement anew
set plan_cache_mode = force_generic_plan
set extra_float_digits = 1
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    asked      pgsearch.search_request;
    findings   pgsearch.search_findings;
    meant      text;
    used       text;
    nothing    boolean;
    corrected  pgsearch.search_request;
    further    pgsearch.search_request;
    found_then pgsearch.search_findings;
begin
    if search_mode is distinct from 'auto' then
        search_mode := pgsearch._search_mode(search_mode);
    end if;
    if search_mode = 'code' then
        return pgsearch._search_code(query, embedding, collections, top_k, filter, options, wanted);
    end if;

    asked := pgsearch._ask(query       => query,
                           embedding   => embedding,
                           collections => collections,
                           search_mode => search_mode,
                           top_k       => top_k,
                           fusion      => fusion,
                           filter      => filter,
                           options     => options,
                           wanted      => wanted);
    if pgsearch._is_listing(asked) then
        return pgsearch._outcome(asked, pgsearch._present(asked, pgsearch._listed(asked)));
    end if;
    findings := pgsearch._gather(asked);

    if findings.unknown_words <> '{}' then
        nothing := findings.chunk_ids = '{}';
        -- rows have no place to say what may have been meant, so for them it matters only where there are none
        meant   := case when nothing or wanted = 'outcome'
                        then pgsearch._did_you_mean(asked.query, findings.unknown_words, collections) end;
        -- and a word that the texts write with a sign is that word
        used    := case when nothing then meant
                        else (pgsearch._with_signs(asked.query, findings.unknown_words[1:4], collections)).meant end;
        if used <> asked.query then
            corrected := pgsearch._ask(query       => used,
                                       embedding   => embedding,
                                       collections => collections,
                                       search_mode => search_mode,
                                       top_k       => top_k,
                                       fusion      => fusion,
                                       filter      => filter,
                                       options     => options,
                                       wanted      => wanted);
            corrected.notes := corrected.notes || format(case when nothing then 'Nothing was found for "%s": these are the hits for "%s".'
                                                              else '"%s" was searched for as "%s".' end, asked.query, used);
            found_then      := pgsearch._gather(corrected);
            if found_then.chunk_ids <> '{}' then
                asked    := corrected;
                findings := found_then;
            end if;
        end if;
        findings.did_you_mean := meant;
    end if;

    findings := pgsearch._complete(asked, findings);
    if wanted = 'candidates' then
        return pgsearch._signals_before_fusion(asked, pgsearch._with_relevance(asked, findings));
    end if;

    findings := pgsearch._fuse_and_boost(asked, findings);
    if (asked.settings ->> 'distinct')::boolean then
        findings := pgsearch._each_text_once(findings);
    end if;
    if pgsearch._goes_on(asked, findings) then
        further    := pgsearch._asked_on(asked);
        found_then := pgsearch._fuse_and_boost(further, pgsearch._complete(further, pgsearch._gather(further)));
        findings   := pgsearch._with_further(
                        findings   => findings,
                        further    => found_then,
                        one_a_page => (asked.settings ->> 'group_by_page')::boolean,
                        once       => (asked.settings ->> 'distinct')::boolean);
    end if;
    return pgsearch._answered(asked, findings, further, found_then);
end;
$$;

comment on function pgsearch._search(text, vector, text[], text, integer, text, jsonb, jsonb, text) is
'The whole search as one JSON object: search_mode, signals (array of those that really ran), fusion, confidence (0 .. 1,
see compute_confidence_hybrid), approximate (whether the text ranking is), did_you_mean (see _did_you_mean; null where
nothing was misspelt), notes (array of sentences), timings
(milliseconds a stage), candidates (how many each signal found), total, total_exact and facets (see _counted), hits (see
search_hybrid). wanted: outcome, all of this;
hits, the same without confidence, for callers who give rows; candidates, every candidate with its signals before fusion
instead, as parallel arrays (see candidate_signals).';
