-- The head of the list in its last order, where that is not the one of the fusion: re-scored, unlike one another.

create or replace function pgsearch._arrange(asked pgsearch.search_request, findings pgsearch.search_findings)
returns pgsearch.search_findings
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    settings  constant jsonb  := asked.settings;
    diversity constant float8 := (settings ->> 'diversity')::float8;
    -- so many are compared with one another, whatever is shown
    compared  constant integer := 100;
    below     jsonb;
    rest      jsonb;
    ordered   bigint[];
begin
    -- what stands below the candidates is there only where so many hits are asked for: it is not chosen from
    select coalesce(jsonb_agg(h.hit order by h.at) filter (where h.chunk_id = any (findings.chunk_ids)), '[]'),
           coalesce(jsonb_agg(h.hit order by h.at) filter (where h.chunk_id <> all (findings.chunk_ids)), '[]')
      into findings.hits, below
      from (select j.hit, j.at, (j.hit ->> 'chunk_id')::bigint as chunk_id
              from jsonb_array_elements(findings.hits) with ordinality as j(hit, at)) as h;

    if settings ->> 'rerank' <> '' then
        rest          := jsonb_path_query_array(findings.hits, '$[$first to last]',
                                                jsonb_build_object('first', (settings ->> 'rerank_head')::integer));
        findings.hits := pgsearch._reranked(
                             jsonb_path_query_array(findings.hits, '$[0 to $last]',
                                                    jsonb_build_object('last', (settings ->> 'rerank_head')::integer - 1)),
                             asked.query, settings ->> 'rerank', (settings ->> 'group_by_page')::boolean);
        findings.hits := findings.hits || case when (settings ->> 'group_by_page')::boolean
                                               then pgsearch._pages_once(findings.hits, rest) else rest end;
        findings.laps := pgsearch._lap(findings.laps, 'rerank_ms');
    end if;

    if diversity > 0 and (asked.model).model_id is null and jsonb_array_length(findings.hits) > 1 then
        findings.notes := findings.notes || 'The collection has no embedding model: diversity has nothing to compare hits by.'::text;
    elsif diversity > 0 and (asked.model).model_id is not null and findings.hits <> '[]' then
        rest    := jsonb_path_query_array(findings.hits, '$[0 to $last]', jsonb_build_object('last', compared - 1));
        ordered := pgsearch.diversify(
                       page_ids  => array(select (h ->> 'page_id')::bigint from jsonb_array_elements(rest) as h),
                       chunk_ids => array(select (h ->> 'chunk_id')::bigint from jsonb_array_elements(rest) as h),
                       scores    => array(select (h ->> 'score')::float8 from jsonb_array_elements(rest) as h),
                       diversity => diversity,
                       top_k     => least(compared, asked.skip + asked.top_k),
                       model     => (asked.model).model);
        select coalesce(jsonb_agg(h.hit order by array_position(ordered, (h.hit ->> 'chunk_id')::bigint), h.at), '[]')
          into findings.hits
          from jsonb_array_elements(findings.hits) with ordinality as h(hit, at);
        findings.laps := pgsearch._lap(findings.laps, 'diversity_ms');
    end if;

    findings.hits := findings.hits || below;
    return findings;
end;
$$;

comment on function pgsearch._arrange(pgsearch.search_request, pgsearch.search_findings) is
'The hits after reranking and diversity of the candidates; what stands below them stays there.';

create or replace function pgsearch._last_rank()
returns integer
language sql immutable parallel safe
return 1000;

comment on function pgsearch._last_rank() is 'The rank at which every ranking ends.';

create or replace function pgsearch._pages_once(hits jsonb, others jsonb)
returns jsonb
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select coalesce(jsonb_agg(f.hit order by f.at), '[]')
  from (select distinct on (o.hit -> 'page_id') o.hit, o.at
          from jsonb_array_elements(others) with ordinality as o(hit, at)
         where o.hit -> 'page_id' not in (select h -> 'page_id' from jsonb_array_elements(hits) as h)
         order by o.hit -> 'page_id', o.at) as f;
$$;

comment on function pgsearch._pages_once(jsonb, jsonb) is 'Of the other hits the first of each page that the hits do not have.';
