-- What passes a filter, where nothing else is asked: the pages themselves, those put last first.

create or replace function pgsearch._listed(asked pgsearch.search_request)
returns pgsearch.search_findings
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    page_ids constant bigint[] := (asked.scope).page_ids;
    once     constant boolean  := (asked.settings ->> 'distinct')::boolean;
    findings pgsearch.search_findings;
begin
    findings.notes       := asked.notes;
    findings.approximate := false;
    findings.signals     := '{}';
    findings.confidence  := case when cardinality(page_ids) > 0 then 1 else 0 end;
    findings.candidates  := jsonb_build_object('filter', cardinality(page_ids), 'union', cardinality(page_ids));
    findings.laps        := pgsearch._lap(asked.laps, 'analyse_ms');

    if once then
        with first as (
            select distinct on (c.page_id) c.page_id, c.chunk_id, c.content_hash
              from pgsearch.chunks as c
             where c.page_id = any (page_ids)
             order by c.page_id, c.ordinal, c.chunk_id
        ),
        kept as (
            select f.page_id, f.chunk_id, p.updated_at,
                   row_number() over (partition by f.content_hash order by p.updated_at desc, p.page_id desc) as of_text,
                   count(*) over (partition by f.content_hash) as copies
              from first as f
                   join pgsearch.pages as p on p.page_id = f.page_id
        )
        select array_agg(k.page_id order by k.updated_at desc, k.page_id desc),
               array_agg(k.chunk_id order by k.updated_at desc, k.page_id desc),
               array_agg(k.copies::float8 order by k.updated_at desc, k.page_id desc)
          into findings.page_ids, findings.chunk_ids, findings.text_scores
          from kept as k
         where k.of_text = 1;
        findings.total := coalesce(cardinality(findings.page_ids), 0);
        findings.page_ids    := findings.page_ids[asked.skip + 1:asked.skip + asked.top_k];
        findings.chunk_ids   := findings.chunk_ids[asked.skip + 1:asked.skip + asked.top_k];
        findings.text_scores := findings.text_scores[asked.skip + 1:asked.skip + asked.top_k];
    else
        select array_agg(n.page_id order by n.updated_at desc, n.page_id desc)
          into findings.page_ids
          from (select p.page_id, p.updated_at
                  from pgsearch.pages as p
                 where p.page_id = any (page_ids)
                 order by p.updated_at desc, p.page_id desc
                 limit asked.top_k
                offset asked.skip) as n;
        findings.total := cardinality(page_ids);
    end if;
    findings.total_exact := true;

    select coalesce(jsonb_agg(jsonb_build_object(
                        'page_id', f.page_id, 'chunk_id', f.chunk_id, 'score', 1, 'match_reason', 'filter', 'signals', '{}'::jsonb,
                        'hit_chunks', f.chunks)
                    || case when once
                            then jsonb_build_object(
                                     'copies', findings.text_scores[array_position(findings.page_ids, f.page_id)]::bigint)
                            else '{}' end
                    order by array_position(findings.page_ids, f.page_id)), '[]')
      into findings.hits
      from (select distinct on (c.page_id) c.page_id, c.chunk_id, count(*) over (partition by c.page_id) as chunks
              from pgsearch.chunks as c
             where c.page_id = any (findings.page_ids)
             order by c.page_id, c.ordinal, c.chunk_id) as f;

    if asked.wanted = 'outcome' and asked.settings -> 'facets' <> '[]' then
        findings.facets := pgsearch._facets(asked.settings, page_ids, null, 1);
    end if;
    findings.laps := pgsearch._lap(findings.laps, 'listing_ms');
    return findings;
end;
$$;

comment on function pgsearch._listed(pgsearch.search_request) is
'The pages that pass the filter as hits, each by its first chunk, in the order in which they were last put, newest first
(ties by page_id, greatest first); with total, and facets where they are asked for.';
