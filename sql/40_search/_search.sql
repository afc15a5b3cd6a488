-- The path of a query, the one place where it is walked: search_hybrid, search_pages, search and explain_search all call it.
--
-- analyse -> candidates of each signal -> complete the missing signals -> fuse -> boost -> one chunk a page if asked -> keyword rule -> window, snippet.
-- Between the stages travel arrays, never joins of the big tables: each stage is one flat statement with its own index.

create or replace function pgsearch._search(
    query       text,
    embedding   vector,
    collections text[],
    search_mode text,
    top_k       integer,
    fusion      text,
    filter      jsonb,
    options     jsonb
)
returns jsonb
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    started    constant timestamptz := clock_timestamp();
    lap        timestamptz := started;
    timings    jsonb  := '{}';
    notes      text[] := '{}';
    settings   jsonb;
    parsed     record;
    model      pgsearch.embedding_models;
    only_pages bigint[];
    use_text   boolean;
    use_vector boolean;
    use_title  boolean;
    candidates integer;
    -- what the signals found
    text_chunks   bigint[];
    text_pages    bigint[];
    vector_chunks bigint[];
    vector_pages  bigint[];
    titled_pages  bigint[];
    titled_scores float8[];
    titled_chunks bigint[];
    -- the union of it, as parallel arrays
    chunk_ids      bigint[];
    page_ids       bigint[];
    text_scores    float8[];
    vector_scores  float8[];
    title_scores   float8[];
    lexical_scores float8[];
    kept           bigint[];
    hits           jsonb;
begin
    -- analyse
    if search_mode is null or search_mode not in ('auto', 'fts', 'vector', 'lexical') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown search_mode %s', coalesce(quote_literal(search_mode), 'null')),
            hint    = 'Known modes: auto (all signals), fts, vector, lexical.';
    end if;

    if top_k is null or top_k not between 0 and 1000 then
        raise exception using
            errcode = 'PS003',
            message = format('top_k is out of range: %s', coalesce(top_k::text, 'null')),
            hint    = 'It must be a number from 0 to 1000.';
    end if;

    perform pgsearch._check_collections(collections);
    settings   := pgsearch._settings(collections, options);
    fusion     := coalesce(fusion, settings ->> 'fusion');
    perform pgsearch._check_fusion(fusion);
    parsed     := pgsearch._parse_for(query, collections, settings ->> 'operator');
    only_pages := pgsearch._filter_page_ids(filter, collections);
    candidates := greatest((settings ->> 'candidates')::integer, top_k);
    if embedding is not null or search_mode = 'vector' then
        model := pgsearch._embedding_model(settings ->> 'model', collections, embedding);
    end if;

    use_text   := search_mode in ('auto', 'fts') and parsed.any_of is not null;
    use_vector := search_mode in ('auto', 'vector') and embedding is not null and model.model_id is not null;
    use_title  := search_mode in ('auto', 'lexical') and cardinality(parsed.words) > 0;

    if parsed.truncated then
        notes := notes || 'The query was cut to its first 1,000 characters.'::text;
    end if;
    if parsed.any_of is null and search_mode <> 'vector' and not use_vector then
        notes := notes || case when coalesce(btrim(query), '') = '' then 'The query is empty.'::text
                               else 'The query has no words to search for: only stop words, punctuation or exclusions.' end;
    end if;
    if search_mode in ('auto', 'vector') and not use_vector then
        notes := notes || case
                          when embedding is null then 'No embedding of the query was given: the vector signal is left out.'::text
                          else 'The collection has no embedding model: the vector signal is left out.'
                          end;
    elsif use_vector and model.distance = 'cosine' and pgsearch._vector_norm(embedding) = 0 then
        use_vector := false;
        notes := notes || 'The embedding of the query is a zero vector: the vector signal is left out.'::text;
    end if;
    timings := timings || pgsearch._lap('analyse_ms', lap);
    lap     := clock_timestamp();

    -- candidates
    if use_text then
        select array_agg(t.chunk_id), array_agg(t.page_id)
          into text_chunks, text_pages
          from pgsearch._fts_top_n(parsed.any_of, parsed.required, parsed.excluded, collections, only_pages, candidates) as t;
        timings := timings || pgsearch._lap('text_ms', lap);
        lap     := clock_timestamp();
    end if;

    if use_vector then
        select array_agg(v.chunk_id), array_agg(v.page_id)
          into vector_chunks, vector_pages
          from pgsearch._vector_top_n(embedding, model, collections, only_pages, candidates) as v;
        timings := timings || pgsearch._lap('vector_ms', lap);
        lap     := clock_timestamp();
    end if;

    if use_title then
        select array_agg(l.page_id), array_agg(l.score)
          into titled_pages, titled_scores
          from pgsearch._lexical_top_n(parsed.words, collections, only_pages, (settings ->> 'lexical_threshold')::float8, candidates) as l;

        -- a page found by its title alone is shown by its first chunk
        select array_agg(f.chunk_id)
          into titled_chunks
          from (select distinct on (c.page_id) c.chunk_id
                  from pgsearch.chunks as c
                 where c.page_id = any (titled_pages)
                   and c.page_id <> all (coalesce(text_pages, '{}') || coalesce(vector_pages, '{}'))
                 order by c.page_id, c.ordinal, c.chunk_id) as f;
        timings := timings || pgsearch._lap('lexical_ms', lap);
        lap     := clock_timestamp();
    end if;

    -- complete: every candidate is scored on every signal, whoever found it
    select array_agg(c.chunk_id order by c.chunk_id), array_agg(c.page_id order by c.chunk_id)
      into chunk_ids, page_ids
      from pgsearch.chunks as c
     where c.chunk_id = any (coalesce(text_chunks, '{}') || coalesce(vector_chunks, '{}') || coalesce(titled_chunks, '{}'))
       -- what only the vectors or titles found still has to meet the query's requirements
       and (parsed.required is null or c.content_tsv @@ parsed.required)
       and (parsed.excluded is null or not c.content_tsv @@ parsed.excluded);

    if use_text then
        select array_agg(nullif(r.fts_rank, 0) order by r.chunk_id)
          into text_scores
          from pgsearch._fts_rank(parsed.any_of, chunk_ids) as r;
    end if;
    if use_vector then
        select array_agg(s.score order by c.chunk_id)
          into vector_scores
          from unnest(chunk_ids) as c(chunk_id)
               left join pgsearch.similarity_for_chunk_ids(embedding, page_ids, chunk_ids, model.model) as s on s.chunk_id = c.chunk_id;
    end if;
    if search_mode in ('auto', 'lexical') then
        select array_agg(nullif(length(p.title_tsv) - length(ts_delete(p.title_tsv, parsed.lexemes)), 0)::float8
                         / (select count(distinct l) from unnest(parsed.lexemes) as l) order by c.chunk_id),
               array_agg(t.score order by c.chunk_id)
          into title_scores, lexical_scores
          from unnest(chunk_ids, page_ids) as c(chunk_id, page_id)
               join pgsearch.pages as p on p.page_id = c.page_id
               left join unnest(titled_pages, titled_scores) as t(page_id, score) on t.page_id = c.page_id;
    end if;
    timings := timings || pgsearch._lap('complete_ms', lap);
    lap     := clock_timestamp();

    if (settings ->> 'require_keywords')::boolean then
        kept    := pgsearch._with_all_keywords(query, chunk_ids, (settings ->> 'window')::integer);
        timings := timings || pgsearch._lap('keywords_ms', lap);
        lap     := clock_timestamp();
    end if;

    -- fuse, boost, cut
    select jsonb_agg(to_jsonb(r) order by r.rank)
      into hits
      from (select row_number() over (order by g.score desc, g.chunk_id) as rank, g.*
              from (select f.*,
                           row_number() over (partition by f.page_id order by f.score desc, f.chunk_id) as of_page,
                           count(*) over (partition by f.page_id) as hit_chunks
                      from pgsearch._fused(fusion, settings, parsed.words, chunk_ids, page_ids, text_scores, vector_scores, title_scores, lexical_scores,
                                           text_chunks, vector_chunks) as f
                     where kept is null or f.chunk_id = any (kept)) as g
             where g.of_page = 1 or not (settings ->> 'group_by_page')::boolean
             order by g.score desc, g.chunk_id
             limit top_k) as r;
    timings := timings || pgsearch._lap('fusion_ms', lap);
    lap     := clock_timestamp();

    hits    := pgsearch._present(coalesce(hits, '[]'), parsed.lexemes, parsed.words, (settings ->> 'window')::integer, (settings ->> 'snippet_length')::integer);
    timings := timings || pgsearch._lap('present_ms', lap) || pgsearch._lap('total_ms', started);

    return jsonb_build_object(
        'search_mode', search_mode,
        'signals',     to_jsonb(array_remove(array[case when use_text then 'text' end, case when use_vector then 'vector' end, case when use_title then 'lexical' end], null)),
        'fusion',      fusion,
        'notes',       to_jsonb(notes),
        'timings',     timings,
        'candidates',  jsonb_build_object('text', coalesce(cardinality(text_chunks), 0), 'vector', coalesce(cardinality(vector_chunks), 0),
                                          'lexical', coalesce(cardinality(titled_pages), 0), 'union', coalesce(cardinality(chunk_ids), 0)),
        'hits',        hits);
end;
$$;

comment on function pgsearch._search(text, vector, text[], text, integer, text, jsonb, jsonb) is
'The whole search as one JSON object: search_mode, signals (array of those that really ran), fusion, notes (array of sentences), timings (milliseconds a stage), candidates (how many each signal found), hits (see search_hybrid).';
