-- Every candidate is scored on every signal, whoever found it.

create or replace function pgsearch._complete(asked pgsearch.search_request, findings pgsearch.search_findings)
returns pgsearch.search_findings
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    parsed   constant pgsearch.parsed_query := asked.parsed;
    -- strategy adaptive reads vectors itself, and titles, for what is shown, unless they count
    adaptive constant boolean := asked.wanted <> 'candidates' and asked.fusion = 'adaptive' and asked.use_text and asked.use_vector;
    alike    pgsearch.scored_chunks;
begin
    if asked.use_text then
        -- how telling the words of the query are: gains are weight × idf, and a word that no chunk has is as rare as can be,
        -- but the whole of a compound that none has says no more than its parts
        select sqrt(sum(coalesce(g.gain ^ 2 / l.weight,
                                 case when pgsearch._has_any(l.lexeme, 'ǀǁǂǃ') then 0
                                      else l.weight * ln(1 + (coalesce((asked.words).chunks, 0) + 0.5::float8) / 0.5::float8) ^ 2 end)))
          into findings.information
          from unnest(parsed.lexemes, parsed.weights) as l(lexeme, weight)
               left join unnest((asked.words).names, (asked.words).gains) as g(name, gain) on g.name = l.lexeme;
    end if;

    if parsed.lexemes <> '{}'
       and (asked.use_text or asked.use_title)
       and (not adaptive or (asked.settings #>> '{weights,title}')::float8 > 0) then
        select array_agg(p.page_id), array_agg(p.share)
          into alike.page_ids, alike.scores
          from (select p.page_id,
                       (length(p.title_tsv) - length(ts_delete(p.title_tsv, parsed.lexemes)))::float8
                       / (select count(distinct l) from unnest(parsed.lexemes) as l) as share
                  from pgsearch.pages as p
                 where p.page_id = any (findings.page_ids)) as p
         where p.share > 0;
    end if;
    if alike.page_ids is not null or findings.titled_pages is not null or findings.same_titled is not null then
        select array_agg(case when c.page_id = any (findings.same_titled) then 1
                              else alike.scores[array_position(alike.page_ids, c.page_id)] end order by c.at),
               array_agg(findings.titled_scores[array_position(findings.titled_pages, c.page_id)] order by c.at)
          into findings.title_scores, findings.lexical_scores
          from unnest(findings.page_ids) with ordinality as c(page_id, at);
    end if;

    if asked.use_vector and not adaptive then
        select n.similarities, n.centred
          into findings.vector_scores, findings.centred_scores
          from pgsearch._nearness(
                   embedding => asked.embedding,
                   model     => asked.model,
                   centre    => pgsearch._centre_beside(asked.embedding, asked.model, (asked.scope).collections),
                   page_ids  => findings.page_ids,
                   chunk_ids => findings.chunk_ids) as n;
    end if;

    findings.laps := pgsearch._lap(findings.laps, 'complete_ms');
    return findings;
end;
$$;

comment on function pgsearch._complete(pgsearch.search_request, pgsearch.search_findings) is
'Adds the scores that candidates lack by their own signal, and information of the words.';

create or replace function pgsearch._signals_before_fusion(asked pgsearch.search_request, findings pgsearch.search_findings)
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return jsonb_build_object(
        'model',       (asked.model).model,
        'words',       to_jsonb((asked.parsed).words),
        'lexemes',     to_jsonb((asked.parsed).lexemes),
        'weights',     to_jsonb((asked.parsed).weights),
        'information', findings.information,
        'confidence',  findings.confidence,
        'chunk_ids',   to_jsonb(findings.chunk_ids),
        'page_ids',    to_jsonb(findings.page_ids),
        'text',        to_jsonb(findings.text_scores),
        'vector',      to_jsonb(findings.vector_scores),
        'centred',     to_jsonb(findings.centred_scores),
        'title',       to_jsonb(findings.title_scores),
        'lexical',     to_jsonb(findings.lexical_scores));
end;
$$;

comment on function pgsearch._signals_before_fusion(pgsearch.search_request, pgsearch.search_findings) is
'What learning starts from: the signals as they are fused, of every candidate.';
