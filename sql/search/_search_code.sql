-- The path of a question about code: search_code walks it, and so does search in mode "code".
--
-- classify -> candidates of each signal -> nodes of the candidate chunks, every pair scored on every signal -> weights
-- of the question's type -> boosts -> the best pair of each chunk.
-- What competes is a chunk together with a node that explains it: two symbols of one chunk are two chances for it, not two hits.

create or replace function pgsearch._code_signals()
returns text[]
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select array['graph', 'lexical', 'semantic_large_node', 'semantic_small_code', 'semantic_small_node'];
$$;

comment on function pgsearch._code_signals() is 'The signals of search_code, by name.';

create or replace function pgsearch._code_weights(query text, options jsonb, out query_type text, out weights jsonb)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    given constant jsonb := nullif(options -> 'weights', 'null');
    entry record;
begin
    if coalesce(jsonb_typeof(options -> 'query_type'), 'null') <> 'null' then
        select t.query_type, t.weights
          into query_type, weights
          from pgsearch.query_types as t
         where t.query_type = options ->> 'query_type';
        if not found then
            raise exception using
                errcode = 'PS002',
                message = format('unknown query_type %s', quote_literal(options ->> 'query_type')),
                hint    = format('Known types: %s.', (select string_agg(t.query_type, ', ' order by t.priority) from pgsearch.query_types as t));
        end if;
    else
        select t.query_type, t.weights
          into query_type, weights
          from pgsearch.query_types as t
         where t.query_type = pgsearch._query_type(_code_weights.query);
    end if;

    if given is not null then
        if jsonb_typeof(given) <> 'object' then
            raise exception using
                errcode = 'PS003',
                message = format('option "weights" must be an object, not %s', given),
                hint    = 'Write it as ''{"lexical": 0.5, "graph": 0}''.';
        end if;
        for entry in select key, value from jsonb_each(given) loop
            if entry.key <> all (pgsearch._code_signals()) then
                raise exception using
                    errcode = 'PS002',
                    message = format('unknown key "%s" in option "weights"', entry.key),
                    hint    = format('Known signals: %s.', array_to_string(pgsearch._code_signals(), ', '));
            end if;
            if jsonb_typeof(entry.value) <> 'number' or entry.value::numeric not between 0 and 1000000 then
                raise exception using
                    errcode = 'PS003',
                    message = format('option "weights.%s" is out of range: %s', entry.key, entry.value),
                    hint    = 'It must be a number from 0 to 1000000.';
            end if;
        end loop;
        weights := coalesce(weights, '{}') || given;
    end if;
end;
$$;

comment on function pgsearch._code_weights(text, jsonb) is
'Type of a question and the weights of its signals: options "query_type" and "weights" (by signal, over those of the
type) where given, else classify_query. Errors: PS002 unknown type or signal, PS003 a weight that is none.';

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

create or replace function pgsearch._large_model(
    model       text,
    small       text,
    collections text[],
    embedding   vector
)
returns pgsearch.embedding_models
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    found_names text[];
    dimensions  integer := pgsearch._dimensions(embedding);
begin
    if coalesce(model, '') <> '' then
        return pgsearch._embedding_model(model, collections, embedding);
    end if;

    select array_agg(m.model order by m.model)
      into found_names
      from pgsearch.embedding_models as m
     where m.model is distinct from small
       and exists (select
                     from pgsearch.semantic_nodes as n
                    where n.model = m.model
                      and (collections is null or n.repo_id = any (collections)));

    if cardinality(found_names) > 1 then
        raise exception using
            errcode = 'PS008',
            message = format('the nodes have several further embedding models: %s', array_to_string(found_names, ', ')),
            hint    = 'Name one with the option "large_model".';
    end if;
    if found_names is null then
        return null;
    end if;

    return pgsearch._embedding_model(found_names[1], collections, embedding);
end;
$$;

comment on function pgsearch._large_model(text, text, text[], vector) is
'The model of the large embedding: the one that is named, else the only one besides small that has nodes in the
collections; null when there is none. Errors: PS004 wrong dimensions, PS008 unknown model or several.';

create or replace function pgsearch._code_fused(
    weights    jsonb,
    pair_ids   bigint[],
    chunk_ids  bigint[],
    page_ids   bigint[],
    node_ids   text[],
    node_types text[],
    llm        boolean[],
    importance float8[],
    lexical    float8[],
    small_node float8[],
    large_node float8[],
    small_code float8[],
    graph      float8[]
)
returns table (pair_id bigint, score float8, signals jsonb, hit_chunks bigint)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
-- from the sixth call on a generic plan would be made for arrays of unknown length: seconds instead of milliseconds
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
    n constant integer := cardinality(pair_ids);
begin
    return query
    with scaled as materialized (
        select c.chunk_id as pair_id, c.signal, c.score, c.rank, c.contribution as value
          from pgsearch._contributions(
                   'convex',
                   pair_ids || pair_ids || pair_ids || pair_ids || pair_ids,
                   array_fill('lexical'::text, array[n]) || array_fill('semantic_small_node'::text, array[n]) || array_fill('semantic_large_node'::text, array[n])
                   || array_fill('semantic_small_code'::text, array[n]) || array_fill('graph'::text, array[n]),
                   lexical || small_node || large_node || small_code || graph,
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
           and s.pair_id not in (select p.pair_id from unnest(pair_ids, node_types) as p(pair_id, node_type) where p.node_type = '')
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
                   'score', w.score, 'rank', w.rank, 'weight', w.weight, 'contribution', w.contribution, 'stands_in', w.stands_in))) as signals
          from weighed as w
         group by w.pair_id
    ),
    boosted as (
        select p.pair_id, p.chunk_id, p.page_id, p.node_id, p.node_type, s.fused, s.signals,
               1::float8 + 0.1::float8 * coalesce(p.importance, 0) as importance_boost,
               case when p.llm then 1.03::float8 else 1 end as llm_boost
          from unnest(pair_ids, chunk_ids, page_ids, node_ids, node_types, llm, importance) as p(pair_id, chunk_id, page_id, node_id, node_type, llm, importance)
               join summed as s on s.pair_id = p.pair_id
    ),
    -- a document explains one chunk of its page, the best one
    placed as (
        select b.*,
               row_number() over (partition by b.page_id, b.node_id, b.node_type order by b.fused * b.importance_boost * b.llm_boost desc, b.pair_id) as of_node
          from boosted as b
    ),
    best as (
        select p.*,
               row_number() over (partition by p.chunk_id order by p.fused * p.importance_boost * p.llm_boost desc, p.pair_id) as of_chunk
          from placed as p
         where p.of_node = 1
            or p.node_type is null
            or p.node_type not in ('doc', 'issue')
    )
    select b.pair_id,
           b.fused * b.importance_boost * b.llm_boost,
           b.signals
           || case when b.importance_boost * b.llm_boost > 1
                   then jsonb_build_object('boosts', jsonb_strip_nulls(jsonb_build_object(
                            'importance', nullif(b.importance_boost, 1), 'llm_summary', nullif(b.llm_boost, 1))))
                   else '{}'
              end,
           count(*) over (partition by b.page_id)
      from best as b
     where b.of_chunk = 1
     order by 2 desc, b.pair_id;
end;
$$;

comment on function pgsearch._code_fused(jsonb, bigint[], bigint[], bigint[], text[], text[], boolean[], float8[], float8[], float8[], float8[], float8[], float8[]) is
'The best pair of each chunk, best first. Arguments: weights (of the signals that take part, summing to 1), and parallel
arrays of the pairs: pair_ids, chunk_ids, page_ids, node_ids and node_types (null: a chunk without a node; type '''': a
chunk of a document, alone), llm (summary by a language model), importance (0 .. 1), and the scores by lexical,
small_node, large_node, small_code and graph (null: none). Score: sum of weight × signal scaled to 0 .. 1 between its
least and its greatest, × (1 + 0.1 × importance) × (1.03 for llm).
A node without a large vector counts in the large signal what it counts in the small one, a chunk without a node in both
what its own vector counts. Returns pair_id, score, signals (score, rank, weight, contribution of each, and boosts),
hit_chunks (chunks of the same page).';

create or replace function pgsearch._search_code(
    query       text,
    embedding   vector,
    collections text[],
    top_k       integer,
    filter      jsonb,
    options     jsonb
)
returns jsonb
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set jit = off
set extra_float_digits = 1
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    started    constant timestamptz := clock_timestamp();
    own_keys   constant text[] := array['query_type', 'large_embedding', 'large_model', 'weights'];
    -- what the words of a node count beside BM25 of the text, whose best is 1
    names_part constant float8 := 2;
    lap        timestamptz := started;
    timings    jsonb  := '{}';
    notes      text[] := '{}';
    settings   jsonb;
    parsed     record;
    kind       record;
    weights    jsonb;
    model      pgsearch.embedding_models;
    large      pgsearch.embedding_models;
    large_embedding pgsearch.embeddings.embedding%type;
    only_pages bigint[];
    candidates integer;
    use_text   boolean;
    said       constant text[] := array(select regexp_replace(n.name, E'^.*\\.', '') from pgsearch._query_names(coalesce(query, '')) as n);
    -- what the signals found, best first
    text_chunks   bigint[];
    text_pages    bigint[];
    found_scores  float8[];
    approximate   boolean := false;
    named_chunks  bigint[];
    small_chunks  bigint[];
    large_chunks  bigint[];
    code_chunks   bigint[];
    best_cosine   float8;
    best_node     float8;
    -- the union of it
    chunk_ids     bigint[];
    page_ids      bigint[];
    text_scores   float8[];
    code_scores   float8[];
    -- chunks with the nodes that may explain them
    pair_ids      bigint[];
    pair_chunks   bigint[];
    pair_pages    bigint[];
    repo_ids      text[];
    node_ids      text[];
    node_types    text[];
    summaries     text[];
    llm           boolean[];
    importance    float8[];
    named         float8[];
    whole_names   boolean[];
    lexical       float8[];
    small_node    float8[];
    large_node    float8[];
    small_code    float8[];
    graph         float8[];
    present       text[];
    hits          jsonb;
    confidence    float8;
begin
    -- analyse
    perform pgsearch._check_range('top_k', top_k, 0, 1000);
    perform pgsearch._check_collections(collections);
    if jsonb_typeof(coalesce(options, '{}')) <> 'object' then
        perform pgsearch._check_settings(options);
    end if;
    options    := coalesce(options, '{}');
    settings   := pgsearch._settings(collections, options - own_keys);
    kind       := pgsearch._code_weights(query, options);
    weights    := kind.weights;
    parsed     := pgsearch._parse_for(query, collections, settings ->> 'operator');
    only_pages := pgsearch._filter_page_ids(filter, collections);
    candidates := greatest((settings ->> 'candidates')::integer, top_k);
    use_text   := parsed.any_of is not null;

    if embedding is null then
        notes := notes || 'No embedding of the query was given: semantic_small_node and semantic_small_code are left out.'::text;
    else
        model := pgsearch._embedding_model(settings ->> 'model', collections, embedding);
        if model.model_id is null then
            notes := notes || 'The collection has no embedding model: semantic_small_node and semantic_small_code are left out.'::text;
        elsif model.distance = 'cosine' and pgsearch._vector_norm(embedding) = 0 then
            model := null;
            notes := notes || 'The embedding of the query is a zero vector: semantic_small_node and semantic_small_code are left out.'::text;
        end if;
    end if;

    if coalesce(options ->> 'large_embedding', '') <> '' then
        if options ->> 'large_embedding' !~ E'^\\s*\\[\\s*[-+0-9.eE]+(\\s*,\\s*[-+0-9.eE]+)*\\s*\\]\\s*$' then
            raise exception using
                errcode = 'PS003',
                message = format('large_embedding is no list of finite numbers: %s', left(options ->> 'large_embedding', 60)),
                hint    = 'Give it as ''[0.1,0.2]''.';
        end if;
        large_embedding := pgsearch._to_vector(options ->> 'large_embedding');
        large           := pgsearch._large_model(options ->> 'large_model', coalesce(model.model, (pgsearch._embedding_model(settings ->> 'model', collections)).model), collections, large_embedding);
        if large.model_id is null then
            notes := notes || 'No node has an embedding of a further model: semantic_large_node is left out.'::text;
        elsif large.distance = 'cosine' and pgsearch._vector_norm(large_embedding) = 0 then
            large := null;
            notes := notes || 'The large embedding of the query is a zero vector: semantic_large_node is left out.'::text;
        end if;
    end if;

    if (settings ->> 'diversity')::float8 > 0 or (settings ->> 'recency_half_life_days')::float8 > 0 then
        notes := notes || 'The options diversity and recency_half_life_days do not take part in a search of code.'::text;
    end if;
    if parsed.truncated then
        notes := notes || 'The query was cut to its first 1,000 characters.'::text;
    end if;
    if not exists (select from pgsearch.collections) then
        notes := notes || 'There is no collection yet.'::text;
    elsif not use_text and model.model_id is null and large.model_id is null then
        notes := notes || case
                          when coalesce(btrim(query), '') = '' then 'The query is empty.'::text
                          else 'The query has no words to search for: only stop words, punctuation or exclusions.'
                          end;
    end if;
    timings := timings || pgsearch._lap('analyse_ms', lap);
    lap     := clock_timestamp();

    -- candidates
    if use_text then
        select t.chunk_ids, t.chunk_pages, t.scores, t.approximate
          into text_chunks, text_pages, found_scores, approximate
          from pgsearch._bm25_top_n(
                   parsed.lexemes, parsed.required, parsed.excluded, collections, only_pages, candidates, parsed.weights,
                   coalesce((settings ->> 'exact')::boolean, true), (settings #>> '{bm25,k1}')::float8, (settings #>> '{bm25,b}')::float8,
                   (settings #>> '{bm25,heading_weight}')::float8, (settings ->> 'max_rows')::integer) as t;
        if approximate then
            notes := notes || 'The text ranking is approximate.'::text;
        end if;
        timings := timings || pgsearch._lap('text_ms', lap);
        lap     := clock_timestamp();

        select array_agg(w.chunk_id) into named_chunks from pgsearch._node_words_top_n(query, collections, only_pages, candidates) as w;
        timings := timings || pgsearch._lap('names_ms', lap);
        lap     := clock_timestamp();
    end if;

    if model.model_id is not null then
        select array_agg(v.chunk_id), max(v.score) into small_chunks, best_node from pgsearch._node_vector_top_n(embedding, model, collections, only_pages, candidates) as v;
        select array_agg(v.chunk_id), max(v.score) into code_chunks, best_cosine from pgsearch._vector_top_n(embedding, model, collections, only_pages, candidates) as v;
    end if;
    if large.model_id is not null then
        select array_agg(v.chunk_id) into large_chunks from pgsearch._node_vector_top_n(large_embedding, large, collections, only_pages, candidates) as v;
    end if;
    timings := timings || pgsearch._lap('vector_ms', lap);
    lap     := clock_timestamp();

    -- complete: every candidate is scored on every signal, whoever found it
    select coalesce(array_agg(c.chunk_id order by c.chunk_id), '{}'), coalesce(array_agg(c.page_id order by c.chunk_id), '{}')
      into chunk_ids, page_ids
      from pgsearch.chunks as c
     where c.chunk_id = any (coalesce(text_chunks, '{}') || coalesce(named_chunks, '{}') || coalesce(small_chunks, '{}')
                             || coalesce(large_chunks, '{}') || coalesce(code_chunks, '{}'))
       -- what only nodes or vectors found still has to meet the query's requirements
       and (parsed.required is null or c.content_tsv @@ parsed.required)
       and (parsed.excluded is null or not c.content_tsv @@ parsed.excluded);

    if (settings ->> 'require_keywords')::boolean then
        select coalesce(array_agg(c.chunk_id order by c.chunk_id), '{}'), coalesce(array_agg(c.page_id order by c.chunk_id), '{}')
          into chunk_ids, page_ids
          from unnest(chunk_ids, page_ids) as c(chunk_id, page_id)
         where c.chunk_id = any (pgsearch._with_all_keywords(query, chunk_ids, (settings ->> 'window')::integer));
    end if;

    if use_text then
        select array_agg(coalesce(t.score, s.score) order by c.chunk_id)
          into text_scores
          from unnest(chunk_ids) as c(chunk_id)
               left join unnest(text_chunks, found_scores) as t(chunk_id, score) on t.chunk_id = c.chunk_id
               left join (select b.*
                            from (select array_agg(m.page_id) as page_ids, array_agg(m.chunk_id) as chunk_ids
                                    from unnest(page_ids, chunk_ids) as m(page_id, chunk_id)
                                   where m.chunk_id <> all (coalesce(text_chunks, '{}'))) as g
                                 cross join lateral pgsearch._bm25_scores(
                                     parsed.lexemes, parsed.weights, collections, g.page_ids, g.chunk_ids,
                                     (settings #>> '{bm25,k1}')::float8, (settings #>> '{bm25,b}')::float8, (settings #>> '{bm25,heading_weight}')::float8) as b) as s
                      on s.chunk_id = c.chunk_id;
    end if;
    if model.model_id is not null then
        code_scores := (pgsearch._nearness(embedding, model, null, page_ids, chunk_ids)).similarities;
    end if;

    with candidate as (
        select c.chunk_id, c.page_id, c.code_score,
               coalesce(c.text_score / max(c.text_score) over (), 0) as text_share,
               -- the definition that a chunk was cut at has a name, with or without a node
               coalesce(lower(regexp_replace(h.metadata ->> 'symbol', E'^.*\\.', '')) = any (said), false) as defines
          from unnest(chunk_ids, page_ids, text_scores, code_scores) as c(chunk_id, page_id, text_score, code_score)
               join pgsearch.chunks as h on h.page_id = c.page_id
                                        and h.chunk_id = c.chunk_id
    ),
    words as materialized (
        select w.*
          from pgsearch._node_words_scores(case when use_text then query end, collections, page_ids, chunk_ids) as w
    ),
    node as (
        select w.chunk_id, w.page_id, w.repo_id, w.node_id, w.node_type, w.score, w.whole_name,
               max(pgsearch._node_similarity(n.embedding, _search_code.embedding, model.distance)) filter (where n.model = model.model) as small,
               max(pgsearch._node_similarity(n.embedding, large_embedding, large.distance)) filter (where n.model = large.model) as large,
               bool_or(n.summary_method = 'llm') as llm,
               (array_agg(n.summary order by n.summary_method, n.model))[1] as summary,
               max(case when jsonb_typeof(n.metadata -> 'importance_score') = 'number' then (n.metadata ->> 'importance_score')::float8 end) as importance,
               max(case when jsonb_typeof(n.metadata -> 'in_degree') = 'number' then (n.metadata ->> 'in_degree')::float8 end) as in_degree
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
        select x.chunk_id, min(x.page_id), null, null, '', 0::float8, null::boolean, null::float8, null::float8, null::boolean, null, null::float8, null::float8
          from node as x
         group by x.chunk_id
        having not bool_or(x.node_type in ('symbol', 'route'))
    ),
    pair as (
        select row_number() over (order by c.chunk_id, nullif(n.node_type, ''), n.node_id, n.repo_id) as pair_id,
               c.chunk_id, c.page_id, n.repo_id, n.node_id, n.node_type, n.summary, n.llm, n.importance, n.score as named, n.whole_name,
               case when use_text
                    then c.text_share + names_part * coalesce(n.score, c.text_share + case when c.defines then 1 else 0 end)
               end as lexical,
               n.small, n.large, c.code_score,
               case when n.node_id is not null
                    then 0.5::float8 * least(1, ln(1 + greatest(coalesce(n.in_degree, 0), 0)) / ln(101)) + 0.5::float8 * coalesce(n.importance, 0)
               end as graph
          from candidate as c
               left join explaining as n
                      on n.chunk_id = c.chunk_id
    )
    select array_agg(p.pair_id order by p.pair_id), array_agg(p.chunk_id order by p.pair_id), array_agg(p.page_id order by p.pair_id),
           array_agg(p.repo_id order by p.pair_id), array_agg(p.node_id order by p.pair_id), array_agg(p.node_type order by p.pair_id),
           array_agg(p.summary order by p.pair_id), array_agg(p.llm order by p.pair_id), array_agg(p.importance order by p.pair_id),
           array_agg(p.named order by p.pair_id), array_agg(p.whole_name order by p.pair_id), array_agg(p.lexical order by p.pair_id),
           array_agg(p.small order by p.pair_id), array_agg(p.large order by p.pair_id), array_agg(p.code_score order by p.pair_id), array_agg(p.graph order by p.pair_id)
      into pair_ids, pair_chunks, pair_pages, repo_ids, node_ids, node_types, summaries, llm, importance, named, whole_names, lexical, small_node, large_node, small_code, graph
      from pair as p;
    timings := timings || pgsearch._lap('complete_ms', lap);
    lap     := clock_timestamp();

    -- weights: a signal that nobody has gives its own to the others
    present := array_remove(array[
        case when exists (select from unnest(graph) as s where s is not null) then 'graph' end,
        case when use_text and pair_ids is not null then 'lexical' end,
        case when exists (select from unnest(large_node) as s where s is not null) then 'semantic_large_node' end,
        case when exists (select from unnest(small_code) as s where s is not null) then 'semantic_small_code' end,
        case when exists (select from unnest(small_node) as s where s is not null) then 'semantic_small_node' end], null);
    weights := pgsearch._shared_weights(weights, present);

    -- fuse, boost, cut
    select jsonb_agg(h.hit order by h.score desc, h.chunk_id)
      into hits
      from (select f.score,
                   p.chunk_id,
                   row_number() over (partition by p.page_id order by f.score desc, p.chunk_id) as of_page,
                   jsonb_build_object(
                       'chunk_id', p.chunk_id, 'page_id', p.page_id, 'score', f.score, 'signals', f.signals, 'hit_chunks', f.hit_chunks,
                       'match_reason', coalesce(nullif(concat_ws('+',
                           case when p.whole_name then 'name' when p.named > 0 then 'words' end,
                           case when p.chunk_id = any (text_chunks) then 'content' end,
                           case when p.chunk_id = any (small_chunks || large_chunks) then 'summary' end,
                           case when p.chunk_id = any (code_chunks) then 'code' end), ''), 'graph'),
                       'node', jsonb_build_object('node_id', p.node_id, 'node_type', nullif(p.node_type, ''), 'summary', p.summary),
                       'whole_name', coalesce(p.whole_name, false)) as hit
              from pgsearch._code_fused(weights, pair_ids, pair_chunks, pair_pages, node_ids, node_types, llm, importance,
                                        lexical, small_node, large_node, small_code, graph) as f
                   join unnest(pair_ids, pair_chunks, pair_pages, node_ids, node_types, summaries, named, whole_names)
                        as p(pair_id, chunk_id, page_id, node_id, node_type, summary, named, whole_name) on p.pair_id = f.pair_id
             where pair_ids is not null) as h
     where h.of_page = 1
        or not (settings ->> 'group_by_page')::boolean;
    hits       := coalesce(hits, '[]');
    confidence := greatest(pgsearch._confidence(parsed.words, text_pages, text_chunks, found_scores, code_chunks, greatest(best_cosine, best_node), model.model),
                           -- the name was said in full, and the first hit bears it
                           case when (hits #>> '{0,whole_name}')::boolean then 0.95::float8 end,
                           -- no text has the words, but a name has half of them, or a summary (worth .42 at most, see
                           -- _node_score_expression) nearly all
                           case when coalesce(text_chunks, '{}') = '{}' and (select max(n) from unnest(named) as n) >= 0.35 then 0.55::float8 end);
    timings := timings || pgsearch._lap('fusion_ms', lap);
    lap     := clock_timestamp();

    if settings ->> 'rerank' <> '' then
        hits    := pgsearch._reranked(jsonb_path_query_array(hits, '$[0 to $last]',
                                                             jsonb_build_object('last', greatest(top_k, (settings ->> 'rerank_head')::integer) - 1)),
                                      query, settings ->> 'rerank', (settings ->> 'group_by_page')::boolean);
        timings := timings || pgsearch._lap('rerank_ms', lap);
        lap     := clock_timestamp();
    end if;

    hits := jsonb_path_query_array(hits, '$[0 to $last]', jsonb_build_object('last', top_k - 1));
    select coalesce(jsonb_agg(p.hit || coalesce(r.hit -> 'node', '{}') || jsonb_build_object('query_type', kind.query_type) order by p.at), '[]')
      into hits
      from jsonb_array_elements(pgsearch._present(hits, parsed.lexemes, parsed.words, (settings ->> 'window')::integer, (settings ->> 'snippet_length')::integer))
               with ordinality as p(hit, at)
           join jsonb_array_elements(hits) as r(hit) on r.hit -> 'chunk_id' = p.hit -> 'chunk_id';
    timings := timings || pgsearch._lap('present_ms', lap) || pgsearch._lap('total_ms', started);

    return jsonb_build_object(
        'search_mode', 'code',
        'query_type',  kind.query_type,
        'weights',     weights,
        'signals',     to_jsonb(present),
        'fusion',      'convex',
        'confidence',  confidence,
        'approximate', approximate,
        'notes',       to_jsonb(notes),
        'timings',     timings,
        'candidates',  jsonb_build_object('text', coalesce(cardinality(text_chunks), 0), 'names', coalesce(cardinality(named_chunks), 0),
                                          'semantic_small_node', coalesce(cardinality(small_chunks), 0), 'semantic_large_node', coalesce(cardinality(large_chunks), 0),
                                          'semantic_small_code', coalesce(cardinality(code_chunks), 0), 'union', coalesce(cardinality(chunk_ids), 0)),
        'hits',        hits);
end;
$$;

comment on function pgsearch._search_code(text, vector, text[], integer, jsonb, jsonb) is
'A whole search of code as one JSON object, shaped as that of _search: search_mode (code), query_type, weights (applied,
by signal, summing to 1), signals (array of those that took part), fusion, confidence (0 .. 1), approximate, notes,
timings (milliseconds a stage), candidates (how many each signal found), hits (objects with the columns of search_code).
Arguments as search_code, but for query_type, large_embedding (text of a vector), large_model and weights, which stand
in options.';

create or replace function pgsearch._node_similarity(embedding vector, query vector, distance text)
returns float8
language plpgsql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
begin
    return nullif(pgsearch._similarity(distance, embedding, case distance when 'cosine' then pgsearch._unit(query) else query end), 'NaN');
end;
$$;

comment on function pgsearch._node_similarity(vector, vector, text) is 'Similarity of two vectors as search_vector scores it, by the distance of their model; null for a zero vector.';
