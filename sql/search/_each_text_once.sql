-- Copies of a text under several ids: the best of them is shown, and how many there are.

create or replace function pgsearch._each_text_once(findings pgsearch.search_findings)
returns pgsearch.search_findings
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
begin
    with text as materialized (
        select u.chunk_id, c.content_hash
          from (select distinct i.page_id, i.chunk_id
                  from unnest(findings.page_ids, findings.chunk_ids) as i(page_id, chunk_id)) as u
               join pgsearch.chunks as c on c.page_id = u.page_id
                                        and c.chunk_id = u.chunk_id
    ),
    copies as materialized (
        select t.content_hash, count(*) as copies
          from text as t
         group by t.content_hash
    )
    select coalesce(jsonb_agg(f.hit || jsonb_build_object('copies', f.copies) order by f.at), '[]')
      into findings.hits
      from (select h.hit, h.at, k.copies,
                   row_number() over (partition by t.content_hash order by h.at) as of_text
              from jsonb_array_elements(findings.hits) with ordinality as h(hit, at)
                   join text as t on t.chunk_id = (h.hit ->> 'chunk_id')::bigint
                   join copies as k on k.content_hash = t.content_hash) as f
     where f.of_text = 1;
    return findings;
end;
$$;

comment on function pgsearch._each_text_once(pgsearch.search_findings) is
'The findings with only the first hit of each text (heading and content), which gets copies: how many of the candidates
have that text, itself among them.';
