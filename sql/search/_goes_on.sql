-- Below the candidates. A ranking is one list, whatever part of it is shown: first all candidates of the setting in the
-- order of their fusion, then those that a search for the most candidates finds besides, in the order of theirs.
--
-- Were more candidates fused only because more hits were asked for, every standard score, and so the first ten, would be
-- others.

create or replace function pgsearch._most_candidates()
returns integer
language sql immutable parallel safe
return 1000;

comment on function pgsearch._most_candidates() is 'The most candidates that a signal brings.';

create or replace function pgsearch._all_found(asked pgsearch.search_request, findings pgsearch.search_findings)
returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return not findings.approximate
           and not exists (select
                             from jsonb_each(findings.candidates - 'union') as c
                            where c.value::integer >= asked.candidates)
           and coalesce(cardinality(findings.same_titled), 0) < asked.candidates;
end;
$$;

comment on function pgsearch._all_found(pgsearch.search_request, pgsearch.search_findings) is
'Whether no signal can have found more than it brought.';

create or replace function pgsearch._goes_on(asked pgsearch.search_request, findings pgsearch.search_findings)
returns boolean
language sql immutable parallel safe
return (least((asked).skip + (asked).top_k, pgsearch._last_rank()) > jsonb_array_length((findings).hits)
        -- copies crowd the candidates, and are to be counted
        or ((asked).settings ->> 'distinct')::boolean
           and 2 * jsonb_array_length((findings).hits) < cardinality((findings).chunk_ids))
       -- what is farther down is less relevant still
       and ((asked).settings ->> 'min_relevance')::float8 = 0
       and (asked).candidates < pgsearch._most_candidates()
       and not pgsearch._all_found(asked, findings);

comment on function pgsearch._goes_on(pgsearch.search_request, pgsearch.search_findings) is
'Whether hits are asked for that stand below all candidates, and there may be some; or most candidates are copies.';

create or replace function pgsearch._asked_on(asked pgsearch.search_request)
returns pgsearch.search_request
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    asked.candidates := pgsearch._most_candidates();
    asked.skip       := 0;
    asked.top_k      := pgsearch._last_rank();
    -- without notes and confidence, which the first candidates have told
    asked.wanted     := 'hits';
    asked.settings   := asked.settings || '{"exact": null}';
    return asked;
end;
$$;

comment on function pgsearch._asked_on(pgsearch.search_request) is 'The request for the most candidates.';

create or replace function pgsearch._with_further(
    findings   pgsearch.search_findings,
    further    pgsearch.search_findings,
    one_a_page boolean,
    once       boolean
)
returns pgsearch.search_findings
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
as $$
declare
    -- a score is never above that of a better hit
    worst   constant float8 := (findings.hits #>> '{-1,score}')::float8;
    hits    jsonb;
    best    float8;
    beyond  jsonb;
begin
    select coalesce(jsonb_agg(h.hit order by h.at), '[]'), max((h.hit ->> 'score')::float8)
      into beyond, best
      from jsonb_array_elements(further.hits) with ordinality as h(hit, at)
     where case when one_a_page then (h.hit ->> 'page_id')::bigint <> all (findings.page_ids)
                else (h.hit ->> 'chunk_id')::bigint <> all (findings.chunk_ids) end;

    -- nor below nothing
    select coalesce(jsonb_agg(h.hit || jsonb_build_object(
                                  'score',   l.score,
                                  'signals', (h.hit -> 'signals') || jsonb_build_object(
                                                 'beyond_candidates',
                                                 jsonb_build_object('contribution', l.score - (h.hit ->> 'score')::float8)))
                              order by h.at), '[]')
      into hits
      from jsonb_array_elements(beyond) with ordinality as h(hit, at)
           -- sums may round differently
           cross join lateral (select least(worst, worst * ((h.hit ->> 'score')::float8 / best)) as score) as l
     where best > worst;

    findings.hits := findings.hits || case when best > worst then hits else beyond end;
    if once then
        further.hits      := findings.hits;
        further.page_ids  := findings.page_ids || further.page_ids;
        further.chunk_ids := findings.chunk_ids || further.chunk_ids;
        findings.hits     := (pgsearch._each_text_once(further)).hits;
    end if;
    findings.laps := pgsearch._lap(findings.laps, 'further_ms');
    return findings;
end;
$$;

comment on function pgsearch._with_further(pgsearch.search_findings, pgsearch.search_findings, boolean, boolean) is
'The findings with the hits of further ones that are no candidates of theirs after their own, the scores of these scaled
down to the last one''s where they are above it: they come of another comparison.';
