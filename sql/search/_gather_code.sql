-- The candidates of a search of code: what names, vectors of nodes and of code, and words find, and their union.

create or replace function pgsearch._gather_code(asked pgsearch.search_request)
returns pgsearch.search_findings
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    scope    constant pgsearch.scope        := asked.scope;
    code     constant pgsearch.code_request := asked.code;
    findings pgsearch.search_findings       := pgsearch._begun(asked);
    in_code  pgsearch.code_findings;
    near     pgsearch.scored_chunks;
    others   pgsearch.scored_chunks;
    overview bigint[];
begin
    if asked.use_text then
        select array_agg(w.chunk_id)
          into in_code.named_chunks
          from pgsearch._node_words_top_n(asked.query, scope.collections, scope.page_ids, asked.candidates) as w;
        findings.laps := pgsearch._lap(findings.laps, 'names_ms');
    end if;

    if asked.use_vector then
        select array_agg(v.chunk_id), max(v.score)
          into in_code.small_chunks, in_code.best_node
          from pgsearch._node_vector_top_n(asked.embedding, asked.model, scope.collections, scope.page_ids, asked.candidates) as v;
        select array_agg(v.chunk_id), array_agg(v.page_id), array_agg(v.score)
          into near.chunk_ids, near.page_ids, near.scores
          from pgsearch._vector_top_n(asked.embedding, asked.model, scope.collections, scope.page_ids, asked.candidates) as v;
        findings.by_vector := near;
    end if;
    if (code.large_model).model_id is not null then
        select array_agg(v.chunk_id)
          into in_code.large_chunks
          from pgsearch._node_vector_top_n(
                   code.large_embedding, code.large_model, scope.collections, scope.page_ids, asked.candidates) as v;
    end if;
    findings.laps := pgsearch._lap(findings.laps, 'vector_ms');

    -- a question about the whole need not have a word of what answers it
    if code.query_type = 'STRUCTURE' then
        select array_agg(distinct o.chunk_id)
          into overview
          from pgsearch._overview_nodes(scope.collections, scope.page_ids, 20) as o;
    end if;

    select array_agg(c.chunk_id), array_agg(c.page_id)
      into others.chunk_ids, others.page_ids
      from pgsearch.chunks as c
     where c.chunk_id = any (in_code.named_chunks || in_code.small_chunks || in_code.large_chunks || near.chunk_ids || overview);
    -- the best text is the measure of the others, so it is sought exactly, whatever the vectors brought
    findings := pgsearch._gather_text(asked, findings, others, first_chunks => null, effort => 'exact');

    findings.code       := in_code;
    findings.candidates := jsonb_build_object(
                            'text',                coalesce(cardinality((findings.by_text).chunk_ids), 0),
                            'names',               coalesce(cardinality(in_code.named_chunks), 0),
                            'semantic_small_node', coalesce(cardinality(in_code.small_chunks), 0),
                            'semantic_large_node', coalesce(cardinality(in_code.large_chunks), 0),
                            'semantic_small_code', coalesce(cardinality(near.chunk_ids), 0),
                            'union',               coalesce(cardinality(findings.chunk_ids), 0));
    return findings;
end;
$$;

comment on function pgsearch._gather_code(pgsearch.search_request) is
'What names, vectors and words find in code, and all of it as candidates with their text_scores.';
