-- What a search answers, hits and all that is to be said of them.

create or replace function pgsearch._outcome(asked pgsearch.search_request, findings pgsearch.search_findings)
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    total_ms constant numeric := round(extract(epoch from clock_timestamp() - (findings.laps).started) * 1000, 3);
begin
    -- rows have no column for it, and a ranking that left chunks out must say so
    if asked.wanted = 'hits' and findings.hits <> '[]' and findings.sampled is not null then
        raise notice using message = findings.sampled;
    end if;

    return jsonb_build_object(
        'search_mode', asked.search_mode,
        'signals',     to_jsonb(findings.signals),
        'fusion',      asked.fusion,
        'confidence',  findings.confidence,
        'approximate', findings.approximate,
        'did_you_mean', findings.did_you_mean,
        'notes',       to_jsonb(findings.notes),
        'timings',     (findings.laps).timings || jsonb_build_object('total_ms', total_ms),
        'candidates',  findings.candidates,
        'total',       findings.total,
        'total_exact', findings.total_exact,
        'facets',      findings.facets,
        'hits',        findings.hits);
end;
$$;

comment on function pgsearch._outcome(pgsearch.search_request, pgsearch.search_findings) is
'The answer of _search as one JSON object; for callers who give rows, what a sampled ranking is said of as a notice.';
