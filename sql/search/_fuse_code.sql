-- One order of the chunks: weights of the question's type, boosts, the best pair of each chunk.

create or replace function pgsearch._shared_weights(weights jsonb, present text[])
returns jsonb
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- graph knows nothing of the question: it never gets more than its own share, unless nothing else is there
select coalesce(jsonb_object_agg(p.signal, round((case
           when p.total = 0           then 1::float8 / p.signals
           when p.others = 0          then p.weight / p.total
           when p.signal = 'graph'    then p.weight / p.whole
           else p.weight / p.others * (1::float8 - p.graph / p.whole)
           end)::numeric, 6)), '{}')
  from (select s.signal,
               coalesce((weights ->> s.signal)::float8, 0) as weight,
               sum(coalesce((weights ->> s.signal)::float8, 0)) over () as total,
               coalesce(sum((weights ->> s.signal)::float8) filter (where s.signal <> 'graph') over (), 0) as others,
               coalesce(sum((weights ->> s.signal)::float8) filter (where s.signal = 'graph') over (), 0) as graph,
               count(*) over () as signals,
               (select sum(w.value::float8) from jsonb_each_text(weights) as w(signal, value)) as whole
          from unnest(present) as s(signal)) as p;
$$;

comment on function pgsearch._shared_weights(jsonb, text[]) is
'The weights of the signals that take part, summing to 1: what the others would have had is shared in proportion by those
that know the question (all but graph).';

create or replace function pgsearch._code_fused(
    weights jsonb,
    pairs   pgsearch.code_pairs,
    worths  float8[]
)
returns table (pair_id bigint, score float8, signals jsonb, hit_chunks bigint)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
-- from the sixth call on a generic plan would be made for arrays of unknown length: seconds instead of milliseconds
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
    pair_ids constant bigint[] := pairs.pair_ids;
    n        constant integer  := cardinality(pair_ids);
begin
    return query
    with scaled as materialized (
        select c.chunk_id as pair_id, c.signal, c.score, c.rank, c.contribution as value
          from pgsearch._contributions(
                   'convex',
                   pair_ids || pair_ids || pair_ids || pair_ids || pair_ids,
                   array_fill('lexical'::text, array[n]) || array_fill('semantic_small_node'::text, array[n])
                   || array_fill('semantic_large_node'::text, array[n])
                   || array_fill('semantic_small_code'::text, array[n]) || array_fill('graph'::text, array[n]),
                   pairs.lexical || pairs.small_node || pairs.large_node || pairs.small_code || pairs.graph,
                   '{"lexical": 1, "semantic_small_node": 1, "semantic_large_node": 1, "semantic_small_code": 1, "graph": 1}', 60, 20) as c
         where weights ? c.signal
    ),
    -- Only some nodes may have the large vector. The best of them is then worth what the small model says it is, and
    -- the others are judged by the small model alone.
    anchor as (
        select coalesce(max(s.value), 1) as most
          from scaled as s
         where s.signal = 'semantic_small_node'
           and s.pair_id in (select l.pair_id from scaled as l where l.signal = 'semantic_large_node')
    ),
    -- Many chunks have no node (what is private, statements of a module): their code is judged where a summary would be.
    small as (
        select s.pair_id, s.score, s.rank, s.value, null::text as stands_in
          from scaled as s
         where s.signal = 'semantic_small_node'
         union all
        select s.pair_id, null, null, s.value, 'semantic_small_code'
          from scaled as s
         where weights ? 'semantic_small_node'
           and s.signal = 'semantic_small_code'
           and s.pair_id not in (select l.pair_id from scaled as l where l.signal = 'semantic_small_node')
           and s.pair_id not in (select p.pair_id from unnest(pair_ids, pairs.node_types) as p(pair_id, node_type) where p.node_type = '')
    ),
    valued as (
        select s.pair_id, s.signal, s.score, s.rank, null::text as stands_in,
               case s.signal when 'semantic_large_node' then s.value * a.most else s.value end as value
          from scaled as s
               cross join anchor as a
         where s.signal <> 'semantic_small_node'
         union all
        select s.pair_id, 'semantic_small_node', s.score, s.rank, s.stands_in, s.value
          from small as s
         union all
        select s.pair_id, 'semantic_large_node', null, null, coalesce(s.stands_in, 'semantic_small_node'), s.value
          from small as s
         where weights ? 'semantic_large_node'
           and s.pair_id not in (select l.pair_id from scaled as l where l.signal = 'semantic_large_node')
    ),
    weighed as materialized (
        select v.*, (weights ->> v.signal)::float8 as weight, (weights ->> v.signal)::float8 * v.value as contribution
          from valued as v
    ),
    summed as (
        select w.pair_id,
               sum(w.contribution) as fused,
               jsonb_object_agg(w.signal, jsonb_strip_nulls(jsonb_build_object(
                   'score', w.score, 'rank', w.rank, 'weight', w.weight, 'contribution', w.contribution,
                   'stands_in', w.stands_in))) as signals
          from weighed as w
         group by w.pair_id
    ),
    boosted as (
        select p.pair_id, p.chunk_id, p.page_id, p.node_id, p.node_type, s.fused, s.signals,
               1::float8 + 0.1::float8 * coalesce(p.importance, 0) as importance_boost,
               case when p.llm then 1.03::float8 else 1 end as llm_boost,
               -- more than all signals give
               coalesce(1.2::float8 * p.worth, 0) as document_boost
          from unnest(pair_ids, pairs.chunk_ids, pairs.page_ids, pairs.node_ids, pairs.node_types, pairs.llm, pairs.importance, worths)
                    as p(pair_id, chunk_id, page_id, node_id, node_type, llm, importance, worth)
               join summed as s on s.pair_id = p.pair_id
    ),
    -- a document explains one chunk of its page, the best one
    placed as (
        select b.*,
               row_number() over (partition by b.page_id, b.node_id, b.node_type
                                  order by b.fused * b.importance_boost * b.llm_boost desc, b.pair_id) as of_node
          from boosted as b
    ),
    best as (
        select p.*,
               row_number() over (partition by p.chunk_id
                                  order by p.fused * p.importance_boost * p.llm_boost + p.document_boost desc, p.pair_id) as of_chunk
          from placed as p
         where p.of_node = 1
            or p.node_type is null
            or p.node_type not in ('doc', 'issue')
    )
    select b.pair_id,
           b.fused * b.importance_boost * b.llm_boost + b.document_boost,
           b.signals
           || case when b.importance_boost * b.llm_boost > 1 or b.document_boost > 0
                   then jsonb_build_object('boosts', jsonb_strip_nulls(jsonb_build_object(
                            'importance', nullif(b.importance_boost, 1), 'llm_summary', nullif(b.llm_boost, 1),
                            'document', nullif(b.document_boost, 0))))
                   else '{}'
              end,
           count(*) over (partition by b.page_id)
      from best as b
     where b.of_chunk = 1
     order by 2 desc, b.pair_id;
end;
$$;

comment on function pgsearch._code_fused(jsonb, pgsearch.code_pairs, float8[]) is
'The best pair of each chunk, best first. Arguments: weights (of the signals that take part, summing to 1), and pairs:
pair_ids, chunk_ids, page_ids, node_ids and node_types (null: a chunk without a node; type '''': a chunk of a document,
alone), llm (summary by a language model), importance (0 .. 1), and the scores by lexical, small_node, large_node,
small_code and graph (null: none); worths (of each pair, null: none; see _overview_nodes). Score: sum of weight × signal
scaled to 0 .. 1 between its least and its greatest, × (1 + 0.1 × importance) × (1.03 for llm), + 1.2 × worth.
A node without a large vector counts in the large signal what it counts in the small one, a chunk without a node in both
what its own vector counts. Returns pair_id, score, signals (score, rank, weight, contribution of each, and boosts),
hit_chunks (chunks of the same page).';

create or replace function pgsearch._fuse_code(asked pgsearch.search_request, findings pgsearch.search_findings)
returns pgsearch.search_findings
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    in_code     pgsearch.code_findings := findings.code;
    pairs       constant pgsearch.code_pairs := in_code.pairs;
    worths      float8[];
    text_chunks constant bigint[] := (findings.by_text).chunk_ids;
    code_chunks constant bigint[] := (findings.by_vector).chunk_ids;
    node_chunks constant bigint[] := in_code.small_chunks || in_code.large_chunks;
    reranks     constant boolean  := asked.settings ->> 'rerank' <> '';
    -- a reranker chooses the chunk of a page itself
    one_a_page  constant boolean  := (asked.settings ->> 'group_by_page')::boolean and not reranks;
begin
    -- a signal that nobody has gives its own weight to the others
    findings.signals := array_remove(array[
        case when exists (select from unnest(pairs.graph) as s where s is not null) then 'graph' end,
        case when asked.use_text and pairs.pair_ids is not null then 'lexical' end,
        case when exists (select from unnest(pairs.large_node) as s where s is not null) then 'semantic_large_node' end,
        case when exists (select from unnest(pairs.small_code) as s where s is not null) then 'semantic_small_code' end,
        case when exists (select from unnest(pairs.small_node) as s where s is not null) then 'semantic_small_node' end], null);
    -- a question about the whole prefers the documents about it
    if (asked.code).query_type = 'STRUCTURE' and pairs.pair_ids is not null then
        select array_agg(o.worth order by p.pair_id)
          into worths
          from unnest(pairs.pair_ids, pairs.repo_ids, pairs.node_ids, pairs.node_types) as p(pair_id, repo_id, node_id, node_type)
               left join pgsearch._overview_nodes((asked.scope).collections, (asked.scope).page_ids, 20) as o
                      on (o.repo_id, o.node_id, o.node_type) = (p.repo_id, p.node_id, p.node_type);
    end if;
    in_code.weights := pgsearch._shared_weights((asked.code).weights, findings.signals);
    findings.code   := in_code;

    select jsonb_agg(h.hit order by h.score desc, h.chunk_id)
      into findings.hits
      from (select f.score,
                   p.chunk_id,
                   row_number() over (partition by p.page_id order by f.score desc, p.chunk_id) as of_page,
                   jsonb_build_object(
                       'chunk_id', p.chunk_id, 'page_id', p.page_id, 'score', f.score, 'signals', f.signals, 'hit_chunks', f.hit_chunks,
                       'match_reason', coalesce(nullif(concat_ws('+',
                           case when p.whole_name then 'name' when p.named > 0 then 'words' end,
                           case when p.chunk_id = any (text_chunks) then 'content' end,
                           case when p.chunk_id = any (node_chunks) then 'summary' end,
                           case when p.chunk_id = any (code_chunks) then 'code' end), ''),
                                                case when f.signals #> '{boosts,document}' is not null then 'document' else 'graph' end),
                       'node', jsonb_build_object('node_id', p.node_id, 'node_type', nullif(p.node_type, ''), 'summary', p.summary,
                                                  'query_type', (asked.code).query_type),
                       'whole_name', coalesce(p.whole_name, false),
                       'summarised', p.small_node) as hit
              from pgsearch._code_fused(in_code.weights, pairs, worths) as f
                   join unnest(pairs.pair_ids, pairs.chunk_ids, pairs.page_ids, pairs.node_ids, pairs.node_types, pairs.summaries,
                               pairs.named, pairs.whole_names, pairs.small_node)
                        as p(pair_id, chunk_id, page_id, node_id, node_type, summary, named, whole_name, small_node)
                     on p.pair_id = f.pair_id
             where pairs.pair_ids is not null) as h
     where h.of_page = 1
        or not one_a_page;
    findings.hits := coalesce(findings.hits, '[]');

    -- what texts and vectors of chunks say comes to it (see _with_relevance)
    if asked.wanted <> 'hits' then
        findings.confidence := greatest(
            case when in_code.best_node is not null then pgsearch._cosine_confidence(in_code.best_node, (asked.model).model) end,
            -- the name was said in full, and the first hit bears it
            case when (findings.hits #>> '{0,whole_name}')::boolean then 0.95::float8 end,
            -- no text has the words, but a name has half of them, or a summary (worth .42 at most, see
            -- _node_score_expression) nearly all
            case when coalesce(text_chunks, '{}') = '{}' and (select max(n) from unnest(pairs.named) as n) >= 0.35 then 0.55::float8 end);
    end if;

    findings.laps := pgsearch._lap(findings.laps, 'fusion_ms');
    return findings;
end;
$$;

comment on function pgsearch._fuse_code(pgsearch.search_request, pgsearch.search_findings) is
'Adds signals, the weights as they are applied, the confidence that names and summaries give, where it is wanted, and
hits: objects as _fuse_and_boost makes them, with the node that explains each.';
