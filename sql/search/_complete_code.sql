-- The nodes of the candidate chunks, every pair scored on every signal.
--
-- What competes is a chunk together with a node that explains it: two symbols of one chunk are two chances for it, not two hits.

create or replace function pgsearch._complete_code(asked pgsearch.search_request, findings pgsearch.search_findings)
returns pgsearch.search_findings
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    -- what the words of a node count beside BM25 of the text, whose best is 1
    names_part constant float8 := 2;
    code       constant pgsearch.code_request     := asked.code;
    model      constant pgsearch.embedding_models := asked.model;
    large      constant pgsearch.embedding_models := code.large_model;
    said       constant text[] := array(select regexp_replace(n.name, E'^.*\\.', '')
                                          from pgsearch._query_names(coalesce(asked.query, '')) as n);
    in_code    pgsearch.code_findings := findings.code;
    pairs      pgsearch.code_pairs;
begin
    if asked.use_vector then
        findings.vector_scores := (pgsearch._nearness(asked.embedding, model, null, findings.page_ids, findings.chunk_ids)).similarities;
    end if;

    with candidate as (
        select c.chunk_id, c.page_id, c.code_score,
               coalesce(c.text_score / nullif(max(c.text_score) over (), 0), 0) as text_share,
               -- the definition that a chunk was cut at has a name, with or without a node
               coalesce(lower(regexp_replace(h.metadata ->> 'symbol', E'^.*\\.', '')) = any (said), false) as defines
          from unnest(findings.chunk_ids, findings.page_ids, findings.text_scores, findings.vector_scores)
                   as c(chunk_id, page_id, text_score, code_score)
               join pgsearch.chunks as h on h.page_id = c.page_id
                                        and h.chunk_id = c.chunk_id
    ),
    words as materialized (
        select w.*
          from pgsearch._node_words_scores(
                   query       => case when asked.use_text then asked.query end,
                   collections => (asked.scope).collections,
                   page_ids    => findings.page_ids,
                   chunk_ids   => findings.chunk_ids) as w
    ),
    node as (
        select w.chunk_id, w.page_id, w.repo_id, w.node_id, w.node_type, w.score, w.whole_name,
               max(pgsearch._node_similarity(n.embedding, asked.embedding, model.distance))
                   filter (where asked.use_vector and n.model = model.model) as small,
               max(pgsearch._node_similarity(n.embedding, code.large_embedding, large.distance))
                   filter (where n.model = large.model) as large,
               bool_or(n.summary_method = 'llm') as llm,
               (array_agg(n.summary order by n.summary_method, n.model))[1] as summary,
               max(case when jsonb_typeof(n.metadata -> 'importance_score') = 'number'
                        then (n.metadata ->> 'importance_score')::float8 end) as importance,
               max(case when jsonb_typeof(n.metadata -> 'in_degree') = 'number'
                        then (n.metadata ->> 'in_degree')::float8 end) as in_degree
          from words as w
               join pgsearch.semantic_nodes as n on n.repo_id = w.repo_id
                                                and n.node_id = w.node_id
                                                and n.node_type = w.node_type
         group by w.chunk_id, w.page_id, w.repo_id, w.node_id, w.node_type, w.score, w.whole_name
    ),
    -- made once: the planner expects one row of what comes before, and would make this anew for each candidate (3 s)
    explaining as materialized (
        select x.* from node as x
        union all
        -- the chunk alone, where only documents would explain it: a summary of the whole page lifts one chunk of it, not all
        select x.chunk_id, min(x.page_id), null, null, '', 0::float8, null::boolean, null::float8, null::float8, null::boolean,
               null, null::float8, null::float8
          from node as x
         group by x.chunk_id
        having not bool_or(x.node_type in ('symbol', 'route'))
    ),
    pair as (
        select row_number() over (order by c.chunk_id, nullif(n.node_type, ''), n.node_id, n.repo_id) as pair_id,
               c.chunk_id, c.page_id, n.repo_id, n.node_id, n.node_type, n.summary, n.llm, n.importance, n.score as named, n.whole_name,
               case when asked.use_text
                    then c.text_share + names_part * coalesce(n.score, c.text_share + case when c.defines then 1 else 0 end)
               end as lexical,
               n.small, n.large, c.code_score,
               case when n.node_id is not null
                    then 0.5::float8 * least(1, ln(1 + greatest(coalesce(n.in_degree, 0), 0)) / ln(101))
                         + 0.5::float8 * coalesce(n.importance, 0)
               end as graph
          from candidate as c
               left join explaining as n
                      on n.chunk_id = c.chunk_id
    )
    select array_agg(p.pair_id order by p.pair_id), array_agg(p.chunk_id order by p.pair_id), array_agg(p.page_id order by p.pair_id),
           array_agg(p.repo_id order by p.pair_id), array_agg(p.node_id order by p.pair_id), array_agg(p.node_type order by p.pair_id),
           array_agg(p.summary order by p.pair_id), array_agg(p.llm order by p.pair_id), array_agg(p.importance order by p.pair_id),
           array_agg(p.named order by p.pair_id), array_agg(p.whole_name order by p.pair_id), array_agg(p.lexical order by p.pair_id),
           array_agg(p.small order by p.pair_id), array_agg(p.large order by p.pair_id), array_agg(p.code_score order by p.pair_id),
           array_agg(p.graph order by p.pair_id)
      into pairs.pair_ids, pairs.chunk_ids, pairs.page_ids, pairs.repo_ids, pairs.node_ids, pairs.node_types,
           pairs.summaries, pairs.llm, pairs.importance, pairs.named, pairs.whole_names, pairs.lexical,
           pairs.small_node, pairs.large_node, pairs.small_code, pairs.graph
      from pair as p;
    in_code.pairs := pairs;
    findings.code := in_code;
    findings.laps := pgsearch._lap(findings.laps, 'complete_ms');
    return findings;
end;
$$;

comment on function pgsearch._complete_code(pgsearch.search_request, pgsearch.search_findings) is
'Adds vector_scores, and the pairs of chunk and node with their scores.';

create or replace function pgsearch._node_similarity(embedding vector, query vector, distance text)
returns float8
language plpgsql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
begin
    return nullif(pgsearch._similarity(distance, embedding, case distance when 'cosine' then pgsearch._unit(query) else query end), 'NaN');
end;
$$;

comment on function pgsearch._node_similarity(vector, vector, text) is
'Similarity of two vectors as search_vector scores it, by the distance of their model; null for a zero vector.';
