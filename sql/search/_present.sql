-- From ranked ids to what people read. Contents and snippets come last, for the few rows that are shown.

create or replace function pgsearch._present(asked pgsearch.search_request, findings pgsearch.search_findings)
returns pgsearch.search_findings
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    ranked         jsonb;
    shown          integer;
    neighbours     integer;
    snippet_length integer;
    lexemes        text[];
    gains          float8[];
    excerpts       text[];
    widened        bigint[];
    contexts       text[];
begin
    select findings.hits, jsonb_array_length(findings.hits),
           (asked.settings ->> 'window')::integer, (asked.settings ->> 'snippet_length')::integer,
           -- with what each word is worth, where words were searched for
           coalesce((asked.words).names, (asked.parsed).lexemes), case when (asked.words).names is not null then (asked.words).gains end
      into ranked, shown, neighbours, snippet_length, lexemes, gains;
    if neighbours > 0 then
        select array_agg(x.chunk_id), array_agg(x.context)
          into widened, contexts
          from pgsearch.expand_window(array(select (r ->> 'chunk_id')::bigint from jsonb_array_elements(ranked) as r), neighbours) as x;
    end if;

    if snippet_length > 0 then
        select pgsearch._excerpts(array_agg(c.content order by r.at), array_agg(c.text_config order by r.at), lexemes, gains, snippet_length, '<mark>', '</mark>')
          into excerpts
          from jsonb_array_elements(ranked) with ordinality as r(hit, at)
               join pgsearch.chunks as c on c.page_id = (r.hit ->> 'page_id')::bigint
                                        and c.chunk_id = (r.hit ->> 'chunk_id')::bigint;
    end if;

    select coalesce(jsonb_agg(
               jsonb_build_object(
                   'rank',          asked.skip + r.at,
                   'page_id',       c.page_id,
                   'chunk_id',      c.chunk_id,
                   'collection',    c.collection,
                   'external_id',   p.external_id,
                   'title',         p.title,
                   'heading',       c.heading,
                   'content',       c.content,
                   'context',       contexts[array_position(widened, c.chunk_id)],
                   'snippet',       coalesce(excerpts[r.at], ''),
                   'score',         coalesce(r.hit -> 'reranked', r.hit -> 'score'),
                   -- normalize_display_scores of scores that all differ
                   'display_score', 1::float8 - (asked.skip + r.at - 1)::float8 / (asked.skip + shown),
                   'match_reason',  r.hit -> 'match_reason',
                   'relevance',     r.hit -> 'relevance',
                   'signals',       case when r.hit ? 'reranked'
                                         then (r.hit -> 'signals') || jsonb_build_object('fused', r.hit -> 'score', 'reranked', r.hit -> 'reranked')
                                         else r.hit -> 'signals' end,
                   'hit_chunks',    r.hit -> 'hit_chunks',
                   'copies',        r.hit -> 'copies',
                   'tags',          to_jsonb(p.tags),
                   'source',        p.source,
                   'metadata',      p.metadata || c.metadata)
               -- what only a search of code knows
               || coalesce(r.hit -> 'node', '{}')
               order by r.at), '[]')
      into findings.hits
      from jsonb_array_elements(ranked) with ordinality as r(hit, at)
           join pgsearch.chunks as c on c.page_id = (r.hit ->> 'page_id')::bigint
                                    and c.chunk_id = (r.hit ->> 'chunk_id')::bigint
           join pgsearch.pages as p on p.page_id = c.page_id;

    findings.laps := pgsearch._lap(findings.laps, 'present_ms');
    return findings;
end;
$$;

comment on function pgsearch._present(pgsearch.search_request, pgsearch.search_findings) is
'The hits as search_hybrid returns them, from the ranked ones (objects with chunk_id, page_id, score, match_reason,
signals, hit_chunks, relevance; and node, whose keys are added).';
