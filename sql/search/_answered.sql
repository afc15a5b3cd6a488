-- The end of every search, of pages and of code: what was fused is counted, arranged, judged and presented.

create or replace function pgsearch._told_of_the_end(asked pgsearch.search_request, findings pgsearch.search_findings)
returns pgsearch.search_findings
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    last constant integer := least(jsonb_array_length(findings.hits), pgsearch._last_rank());
begin
    if asked.skip >= last then
        findings.notes := findings.notes || format('There is no hit after the first %s: the last has rank %s.',
                                                   to_char(asked.skip, 'FM999,999,999'), to_char(last, 'FM999,999,999'));
    elsif last = pgsearch._last_rank() and asked.skip + asked.top_k > last and not (findings.total_exact and findings.total = last) then
        findings.notes := findings.notes || format('A ranking ends at rank %s.', to_char(last, 'FM999,999,999'));
    end if;
    return findings;
end;
$$;

comment on function pgsearch._told_of_the_end(pgsearch.search_request, pgsearch.search_findings) is
'The findings with a note where more hits were asked for than the ranking has, of some.';

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
    if asked.skip > 0 and asked.wanted = 'outcome' and findings.hits <> '[]' then
        findings := pgsearch._told_of_the_end(asked, findings);
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
