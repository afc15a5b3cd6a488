-- The head of the list in its last order: re-scored, unlike one another, cut to what is shown.

create or replace function pgsearch._arrange(asked pgsearch.search_request, findings pgsearch.search_findings)
returns pgsearch.search_findings
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    settings  constant jsonb  := asked.settings;
    diversity constant float8 := (settings ->> 'diversity')::float8;
    ordered   bigint[];
begin
    if settings ->> 'rerank' <> '' then
        findings.hits := pgsearch._reranked(findings.hits, asked.query, settings ->> 'rerank', (settings ->> 'group_by_page')::boolean);
        findings.laps := pgsearch._lap(findings.laps, 'rerank_ms');
    end if;

    if diversity > 0 and (asked.model).model_id is null and jsonb_array_length(findings.hits) > 1 then
        findings.notes := findings.notes || 'The collection has no embedding model: diversity has nothing to compare hits by.'::text;
    elsif diversity > 0 and (asked.model).model_id is not null and findings.hits <> '[]' then
        ordered := pgsearch.diversify(
                       page_ids  => array(select (h ->> 'page_id')::bigint from jsonb_array_elements(findings.hits) as h),
                       chunk_ids => array(select (h ->> 'chunk_id')::bigint from jsonb_array_elements(findings.hits) as h),
                       scores    => array(select (h ->> 'score')::float8 from jsonb_array_elements(findings.hits) as h),
                       diversity => diversity,
                       top_k     => asked.top_k,
                       model     => (asked.model).model);
        select coalesce(jsonb_agg(h order by array_position(ordered, (h ->> 'chunk_id')::bigint)), '[]')
          into findings.hits
          from jsonb_array_elements(findings.hits) as h
         where (h ->> 'chunk_id')::bigint = any (ordered);
        findings.laps := pgsearch._lap(findings.laps, 'diversity_ms');
    end if;

    findings.hits := jsonb_path_query_array(findings.hits, '$[0 to $last]', jsonb_build_object('last', asked.top_k - 1));
    return findings;
end;
$$;

comment on function pgsearch._arrange(pgsearch.search_request, pgsearch.search_findings) is
'The hits after reranking and diversity, as many as are asked for.';
