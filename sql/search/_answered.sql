-- The end of every search, of pages and of code: what was fused is counted, arranged, judged and presented.

create or replace function pgsearch._answered(
    asked    pgsearch.search_request,
    findings pgsearch.search_findings,
    asked_on pgsearch.search_request,
    found_on pgsearch.search_findings
)
returns jsonb
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    -- what few searches ask for is not even compiled for the others
    if asked.wanted = 'outcome' then
        findings := pgsearch._counted(asked, findings);
    end if;
    if asked.settings ->> 'rerank' <> '' or (asked.settings ->> 'diversity')::float8 > 0 then
        findings := pgsearch._arrange(asked, findings);
    end if;
    findings.hits := jsonb_path_query_array(
                         findings.hits, '$[$first to $last]',
                         jsonb_build_object('first', asked.skip, 'last', least(asked.skip + asked.top_k, pgsearch._last_rank()) - 1));

    -- where there is a least relevance, all hits have theirs
    if (asked.settings ->> 'min_relevance')::float8 = 0 then
        findings := pgsearch._with_relevance(asked, findings);
        if asked_on.candidates is not null then
            found_on.hits := findings.hits;
            findings.hits := (pgsearch._with_relevance(asked_on, found_on)).hits;
        end if;
    end if;
    return pgsearch._outcome(asked, pgsearch._present(asked, findings));
end;
$$;

comment on function
pgsearch._answered(pgsearch.search_request, pgsearch.search_findings, pgsearch.search_request, pgsearch.search_findings) is
'The answer of _search from what was fused: as many hits as are asked for, each with its relevance. asked_on and found_on:
the request for the most candidates and what it found, where hits stand below the candidates (null: none does), since only
that knows their scores.';
