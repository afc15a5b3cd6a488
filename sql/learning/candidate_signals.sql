-- Every candidate with its signals as they stand before fusion: what weights are tuned on and rerankers are trained on.
--
-- It is the search itself, stopped before it fuses, so what is learned from is what a search will see. The counts of
-- words come along, because with them
-- BM25 can be computed under any k1, b and heading_weight without asking the database again.

create or replace function pgsearch._candidates(
    query       text,
    embedding   vector,
    collections text[],
    options     jsonb,
    out model          text,
    out information    float8,
    out confidence     float8,
    out average_length float8,
    out gains          float8[],
    out chunk_ids      bigint[],
    out page_ids       bigint[],
    out external_ids   text[],
    out text_scores    float8[],
    out vector_scores  float8[],
    out centred_scores float8[],
    out title_scores   float8[],
    out lexical_scores float8[],
    out tags           float8[],
    out article        float8[],
    out ordinals       float8[],
    out lengths        float8[],
    out count_of       integer[],
    out count_term     integer[],
    out in_content     float8[],
    out in_heading     float8[]
)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    found constant jsonb := pgsearch._search(query, embedding, collections, 'auto', 1, 'adaptive', '{}', options, 'candidates');
    n     constant integer := jsonb_array_length(found -> 'chunk_ids');
    names text[];
begin
    model       := found ->> 'model';
    information := (found ->> 'information')::float8;
    confidence  := (found ->> 'confidence')::float8;

    select array_agg((c.id #>> '{}')::bigint order by c.at), array_agg((found -> 'page_ids' ->> (c.at - 1)::integer)::bigint order by c.at)
      into chunk_ids, page_ids
      from jsonb_array_elements(found -> 'chunk_ids') with ordinality as c(id, at);
    chunk_ids      := coalesce(chunk_ids, '{}');
    page_ids       := coalesce(page_ids, '{}');
    text_scores    := pgsearch._float8_array(found -> 'text', n);
    vector_scores  := pgsearch._float8_array(found -> 'vector', n);
    centred_scores := pgsearch._float8_array(found -> 'centred', n);
    title_scores   := pgsearch._float8_array(found -> 'title', n);
    lexical_scores := pgsearch._float8_array(found -> 'lexical', n);

    select array_agg(b.tags order by b.chunk_id), array_agg(b.article order by b.chunk_id)
      into tags, article
      from pgsearch.boost_factors(query, array(select jsonb_array_elements_text(nullif(found -> 'words', 'null'))), chunk_ids, page_ids, title_scores, text_scores,
                                  '{"tags": 1, "article": 1}') as b;

    select t.names, t.gains, t.average_length
      into names, gains, average_length
      from pgsearch._bm25_terms(array(select jsonb_array_elements_text(nullif(found -> 'lexemes', 'null'))), pgsearch._float8_array(found -> 'weights', 0), collections) as t;

    with counted as materialized (
        select c.at, p.external_id, h.ordinal, l.length, l.terms, l.totals, l.headings
          from unnest(chunk_ids, page_ids) with ordinality as c(chunk_id, page_id, at)
               join pgsearch.pages as p on p.page_id = c.page_id
               join pgsearch.chunks as h on h.page_id = c.page_id
                                        and h.chunk_id = c.chunk_id
               cross join lateral (select coalesce(sum(cardinality(w.positions)), 0) as length,
                                          array_agg(t.term) filter (where t.term is not null) as terms,
                                          array_agg(cardinality(w.positions)) filter (where t.term is not null) as totals,
                                          array_agg(cardinality(array_positions(w.weights, 'A'))) filter (where t.term is not null) as headings
                                     from unnest(h.content_tsv) as w
                                          left join unnest(names) with ordinality as t(lexeme, term) on t.lexeme = w.lexeme) as l
    ),
    counts as materialized (
        select k.at, t.term, t.total, t.heading
          from counted as k
               cross join unnest(k.terms, k.totals, k.headings) as t(term, total, heading)
    )
    select (select array_agg(k.external_id order by k.at) from counted as k),
           (select array_agg(k.ordinal::float8 order by k.at) from counted as k),
           (select array_agg(k.length::float8 order by k.at) from counted as k),
           (select array_agg(k.at::integer order by k.at, k.term) from counts as k),
           (select array_agg(k.term::integer order by k.at, k.term) from counts as k),
           (select array_agg((k.total - k.heading)::float8 order by k.at, k.term) from counts as k),
           (select array_agg(k.heading::float8 order by k.at, k.term) from counts as k)
      into external_ids, ordinals, lengths, count_of, count_term, in_content, in_heading;
end;
$$;

comment on function pgsearch._candidates(text, vector, text[], jsonb) is
'The candidates of a search as parallel arrays in order of chunk_id, with their signals before fusion, and the counts
that BM25 is made of. Arguments as candidate_signals. model, information, confidence, average_length and gains (weight *
idf of each word, the rarest first) are of the query; count_of (place of the candidate, from 1), count_term (place of
the word in gains, from 1), in_content and in_heading (occurrences) are parallel, an element for each word that stands
in a candidate.';

create or replace function pgsearch._float8_array(numbers jsonb, n integer)
returns float8[]
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select case jsonb_typeof(numbers)
       when 'array' then (select coalesce(array_agg((e.number #>> '{}')::float8 order by e.at), '{}') from jsonb_array_elements(numbers) with ordinality as e(number, at))
       else array_fill(null::float8, array[n])
       end;
$$;

comment on function pgsearch._float8_array(jsonb, integer) is 'A JSON array of numbers as float8[]; n nulls for anything else.';

create or replace function pgsearch.candidate_signals(
    query       text,
    embedding   vector default null,
    collections text[] default null,
    options     jsonb  default '{}'
)
returns table (
    chunk_id         bigint,
    page_id          bigint,
    external_id      text,
    text_score       float8,
    vector_score     float8,
    centred_score    float8,
    title_score      float8,
    lexical_score    float8,
    tags             float8,
    article          float8,
    ordinal          float8,
    length           float8,
    coverage         float8,
    word_information float8,
    confidence       float8
)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    found record;
begin
    found := pgsearch._candidates(candidate_signals.query, candidate_signals.embedding, candidate_signals.collections, candidate_signals.options);

    return query
    with covered as (
        select t.at, sum(found.gains[t.term]) / nullif((select sum(g) from unnest(found.gains) as g), 0) as share
          from unnest(found.count_of, found.count_term) as t(at, term)
         group by t.at
    )
    select c.chunk_id, c.page_id, c.external_id, c.text_score, c.vector_score, c.centred_score, c.title_score, c.lexical_score, c.tags, c.article, c.ordinal, c.length,
           coalesce(v.share, 0), found.information, found.confidence
      from unnest(found.chunk_ids, found.page_ids, found.external_ids, found.text_scores, found.vector_scores, found.centred_scores, found.title_scores,
                  found.lexical_scores, found.tags, found.article, found.ordinals, found.lengths)
                  with ordinality as c(chunk_id, page_id, external_id, text_score, vector_score, centred_score, title_score, lexical_score, tags, article, ordinal, length, at)
           left join covered as v on v.at = c.at
     order by c.chunk_id;
end;
$$;

comment on function pgsearch.candidate_signals(text, vector, text[], jsonb) is
'Every candidate of a search with its signals as they stand before fusion, by chunk_id: the raw material of tuning and of
learned rerankers.
Arguments:
- query
- embedding
- collections and options as search_hybrid
Returns text_score (BM25), vector_score (similarity as the model measures it), centred_score (cosine without the
collection''s centre, which strategy adaptive fuses), title_score (share of the query''s words in the title),
lexical_score (trigram similarity of the title), tags and article (1 where the query names a tag of the page or the
statute article in the chunk, else 0), ordinal (place of the chunk in its page), length (tokens), coverage (share of the
query''s weight * idf that stands in the chunk, 0 .. 1), and for the query, the same in every row: word_information (see
fuse) and confidence (0 .. 1).
Errors as search_hybrid.';

create or replace function pgsearch._centred_embeddings(model text, collections text[], page_ids bigint[], chunk_ids bigint[])
returns table (chunk_id bigint, embedding vector)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen constant pgsearch.embedding_models := pgsearch._embedding_model(model, collections);
    common constant pgsearch.embedding_centres.centre%type := pgsearch._centre(chosen, collections);
begin
    return query
    select e.chunk_id, pgsearch._without(e.embedding, common)
      from unnest(page_ids, chunk_ids) as c(page_id, chunk_id)
           join pgsearch.embeddings as e on e.page_id = c.page_id
                                        and e.chunk_id = c.chunk_id
                                        and e.model_id = chosen.model_id;
end;
$$;

comment on function pgsearch._centred_embeddings(text, text[], bigint[], bigint[]) is
'The embeddings of chosen chunks as neighbour_scores compares them: at unit length, without the centre of the
collections. page_ids and chunk_ids are parallel.';
