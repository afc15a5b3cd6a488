-- What passes a filter, where nothing else is asked: the pages themselves, the newest first.

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
    date_key constant text     := asked.settings ->> 'recency_key';
    findings pgsearch.search_findings;
    copies   bigint[];
    undated  bigint;
begin
    findings.notes       := asked.notes;
    findings.approximate := false;
    findings.signals     := '{}';
    findings.confidence  := case when cardinality(page_ids) > 0 then 1 else 0 end;
    findings.candidates  := jsonb_build_object('filter', cardinality(page_ids), 'union', cardinality(page_ids));
    findings.laps        := pgsearch._lap(asked.laps, 'analyse_ms');

    with listed as (
        select p.page_id,
               row_number() over (order by d.written desc nulls last, p.updated_at desc, p.page_id desc) as place,
               d.written
          from pgsearch.pages as p
               cross join lateral (select case when date_key <> ''
                                               then pgsearch._metadata_date(p.metadata, date_key) end as written) as d
         where p.page_id = any (page_ids)
    ),
    -- with copies told apart by the text of their first chunks
    kept as (
        select l.page_id, l.place, 1::bigint as copies
          from listed as l
         where not once
         union all
        select t.page_id, t.place, t.copies
          from (select f.page_id, f.place,
                       row_number() over (partition by f.content_hash order by f.place) as of_text,
                       count(*) over (partition by f.content_hash) as copies
                  from (select distinct on (l.page_id) l.page_id, l.place, c.content_hash
                          from listed as l
                               join pgsearch.chunks as c on c.page_id = l.page_id
                         where once
                         order by l.page_id, c.ordinal, c.chunk_id) as f) as t
         where t.of_text = 1
    ),
    shown as (
        select k.page_id, k.place, k.copies
          from kept as k
         order by k.place
         limit asked.top_k
        offset asked.skip
    )
    select (select count(*) from kept),
           (select count(*) from listed as l where l.written is null),
           array_agg(s.page_id order by s.place),
           array_agg(s.copies order by s.place)
      into findings.total, undated, findings.page_ids, copies
      from shown as s;
    if date_key <> '' and undated > 0 then
        findings.notes := findings.notes || format('Of the pages that were found %s %s no date under "%s": they come last.',
                                                   undated, case undated when 1 then 'has' else 'have' end, date_key);
    end if;
    findings.total_exact := true;

    select coalesce(jsonb_agg(jsonb_build_object(
                        'page_id', f.page_id, 'chunk_id', f.chunk_id, 'score', 1, 'relevance', 1, 'match_reason', 'filter',
                        'signals', '{}'::jsonb, 'hit_chunks', f.chunks)
                    || case when once
                            then jsonb_build_object('copies', copies[array_position(findings.page_ids, f.page_id)])
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
'The pages that pass the filter as hits, each by its first chunk, the newest first: by the date under the option recency_key,
where one is named (what has none comes last), then by when they were last
put (ties by page_id, greatest first); with total, and facets where they are asked for.';
