-- Where is it written? Chunks of code, each with the symbol, route or document that explains why it is a hit.

create or replace function pgsearch.search_code(
    query           text,
    embedding       vector  default null,
    large_embedding vector  default null,
    collections     text[]  default null,
    query_type      text    default null,
    top_k           integer default 8,
    filter          jsonb   default '{}',
    options         jsonb   default '{}'
)
returns setof pgsearch.code_hit
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    outcome jsonb;
begin
    if jsonb_typeof(options) <> 'object' then
        perform pgsearch._check_settings(options);
    end if;
    outcome := pgsearch._search_code(
                   query       => search_code.query,
                   embedding   => embedding,
                   collections => collections,
                   top_k       => top_k,
                   filter      => search_code.filter,
                   options     => coalesce(options, '{}')
                                  || jsonb_strip_nulls(jsonb_build_object('query_type', search_code.query_type,
                                                                          'large_embedding', large_embedding::text)),
                   wanted      => 'hits');

    if outcome -> 'hits' = '[]' then
        perform pgsearch._tell_notes(outcome);
    end if;

    return query
    select c.*
      from jsonb_array_elements(outcome -> 'hits') as h(hit)
           cross join jsonb_populate_record(
                          null::pgsearch.code_hit, h.hit || jsonb_build_object('classified_as', outcome -> 'query_type')) as c
     order by c.rank;
end;
$$;

comment on function pgsearch.search_code(text, vector, vector, text[], text, integer, jsonb, jsonb) is
'The best chunks of code for a question, each with the semantic node (symbol, route, document, issue) that explains it.
Arguments:
- query (words, identifiers, route paths, "phrases", +required, -excluded)
- embedding (of the query, by the collection''s model; null leaves the small signals out)
- large_embedding (of the query, by the further model of the nodes; null leaves the large signal out)
- collections (null: all)
- query_type (see query_types; null: classify_query decides)
- top_k (0 .. 1000)
- filter (as search_hybrid)
- options (as search_hybrid, of which fusion, diversity and recency take no part; and weights: object by signal, over
  those of the type; large_model: which model, when nodes have several)
Signals, each scaled to 0 .. 1 over the candidates: lexical (BM25 of the text over its greatest + 2 × score of the
node''s names and summary, see _node_score_expression; without a node that BM25 again, and 1 when the chunk defines a
name that is said), semantic_small_node and semantic_large_node (cosine of the summary), semantic_small_code (cosine of
the chunk; it stands in for the summary where there is no node), graph (0.5 × ln(1 + in-degree) / ln 101, at most 0.5, +
0.5 × importance). Score: sum of weight × signal, × (1 + 0.1 × importance), × 1.03 for a summary by a language model
(it says more than a template does). The weight of a signal that takes no part is shared by the others, all but graph, in proportion.
Returns the columns of search_hybrid (match_reason: name or words of the node, content, summary, code, joined by +),
node_id, node_type, summary (null: no node belongs to the chunk), classified_as (type of the question).
Errors: PS001 unknown collection, PS002 unknown query_type, option or filter key, PS003 value out of range, PS004 wrong
dimensions, PS008 unknown model.
Example:
select rank, title, node_id, summary from pgsearch.search_code(''where are words split?'');';
