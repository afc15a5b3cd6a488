-- The path of a query, the one place where it is walked: search_hybrid, search_pages and search all call it.
--
-- analyse -> candidates by vectors, by titles, and by words, which score them all -> keyword rule -> complete the other
-- signals -> fuse, boost -> rerank the head -> one chunk a page, diversity -> window, snippet.
-- Between the stages travel arrays, never joins of the big tables: each stage is one flat statement with its own index.

create or replace function pgsearch._search(
    query       text,
    embedding   vector,
    collections text[],
    search_mode text,
    top_k       integer,
    fusion      text,
    filter      jsonb,
    options     jsonb,
    wanted      text default 'outcome'
)
returns jsonb
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set jit = off
set extra_float_digits = 1
set enable_seqscan = off
set enable_mergejoin = off
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
    -- what the signals found, each best first
    terms          record;
    text_chunks    bigint[];
    text_pages     bigint[];
    found_scores   float8[];
    also_chunks    bigint[];
    also_pages     bigint[];
    also_scores    float8[];
    approximate    boolean := false;
    rows_scored    integer;
    sampled        boolean := false;
    vector_chunks  bigint[];
    vector_pages   bigint[];
    best_cosine    float8;
    sought         text[] := '{}';
    titled_pages   bigint[];
    titled_scores  float8[];
    titled_chunks  bigint[];
    shown_pages    bigint[];
    -- the union of it, as parallel arrays
    chunk_ids      bigint[];
    page_ids       bigint[];
    text_scores    float8[];
    vector_scores  float8[];
    centred_scores float8[];
    alike_pages    bigint[];
    alike_scores   float8[];
    title_scores   float8[];
    lexical_scores float8[];
    article_boosts float8[];
    ages           float8[];
    information    float8;
    adaptive       boolean;
    one_a_page     boolean;
    shown          integer;
    kept           bigint[];
    ordered        bigint[];
    hits           jsonb;
    confidence     float8;
begin
    -- analyse
    if search_mode = 'code' then
        return pgsearch._search_code(query, embedding, collections, top_k, filter, options);
    end if;

    if search_mode is null or search_mode not in ('auto', 'fts', 'vector', 'lexical') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown search_mode %s', coalesce(quote_literal(search_mode), 'null')),
            hint    = 'Known modes: auto (all signals), fts, vector, lexical, code (see search_code).';
    end if;

    perform pgsearch._check_range('top_k', top_k, 0, 1000);
    perform pgsearch._check_collections(collections);
    settings   := pgsearch._settings(collections, options);
    fusion     := coalesce(fusion, settings ->> 'fusion');
    perform pgsearch._check_fusion(fusion);
    parsed     := pgsearch._parse_for(query, collections, settings ->> 'operator');
    only_pages := pgsearch._filter_page_ids(filter, collections);
    candidates := greatest((settings ->> 'candidates')::integer, top_k);
    if embedding is not null or search_mode = 'vector' or (settings ->> 'diversity')::float8 > 0 then
        model := pgsearch._embedding_model(settings ->> 'model', collections, embedding);
    end if;

    use_text   := search_mode in ('auto', 'fts') and parsed.any_of is not null;
    use_vector := search_mode in ('auto', 'vector') and embedding is not null and model.model_id is not null;
    use_title  := search_mode in ('auto', 'lexical') and parsed.any_of is not null;
    if use_vector and model.distance = 'cosine' and pgsearch._vector_norm(embedding) = 0 then
        use_vector := false;
        notes      := notes || 'The embedding of the query is a zero vector: the vector signal is left out.'::text;
    elsif search_mode in ('auto', 'vector') and not use_vector then
        notes := notes || case
                          when embedding is null then 'No embedding of the query was given: the vector signal is left out.'::text
                          else 'The collection has no embedding model: the vector signal is left out.'
                          end;
    end if;
    if parsed.truncated then
        notes := notes || 'The query was cut to its first 1,000 characters.'::text;
    end if;
    if parsed.loosened <> '{}' then
        notes := notes || format('No chunk has %s word for word: the words count alone.', (select string_agg(format('"%s"', l), ', ') from unnest(parsed.loosened) as l));
    end if;
    if not exists (select from pgsearch.collections) then
        notes := notes || 'There is no collection yet.'::text;
    elsif search_mode <> 'vector' and not use_text and not use_vector and not use_title then
        notes := notes || case
                          when coalesce(btrim(query), '') = '' then 'The query is empty.'::text
                          else 'The query has no words to search for: only stop words, punctuation or exclusions.'
                          end;
    end if;
    if use_text then
        terms := pgsearch._bm25_terms(parsed.lexemes, parsed.weights, collections);
    end if;
    timings := timings || pgsearch._lap('analyse_ms', lap);
    lap     := clock_timestamp();

    -- candidates
    if use_vector then
        select array_agg(v.chunk_id), array_agg(v.page_id), max(v.score)
          into vector_chunks, vector_pages, best_cosine
          from pgsearch._vector_top_n(
                   embedding, model, collections, only_pages,
                   case fusion when 'weighted' then least(1000, greatest(1, top_k) * (settings ->> 'rerank_oversample')::integer) else candidates end) as v;
        timings := timings || pgsearch._lap('vector_ms', lap);
        lap     := clock_timestamp();
    end if;

    if use_title then
        -- beside the text signal only words that it cannot find are looked up by their spelling
        if not use_text then
            sought := parsed.words;
        elsif not coalesce(parsed.lexemes <@ terms.names, false) then
            sought := pgsearch._unknown_words(parsed.words, collections);
        end if;
    end if;
    if sought <> '{}' then
        select array_agg(l.page_id), array_agg(l.score)
          into titled_pages, titled_scores
          from pgsearch._lexical_top_n(parsed.words, sought, collections, only_pages, (settings ->> 'lexical_threshold')::float8, candidates) as l;

        -- a page found by its title alone is shown by its first chunk that the query allows
        if titled_pages is not null then
            select array_agg(f.chunk_id), array_agg(f.page_id)
              into titled_chunks, shown_pages
              from (select distinct on (c.page_id) c.chunk_id, c.page_id
                      from pgsearch.chunks as c
                     where c.page_id = any (titled_pages)
                       and c.page_id <> all (coalesce(vector_pages, '{}'))
                       and (parsed.required is null or c.content_tsv @@ parsed.required)
                       and (parsed.excluded is null or not c.content_tsv @@ parsed.excluded)
                     order by c.page_id, c.ordinal, c.chunk_id) as f;
        end if;
    end if;
    if use_title then
        timings := timings || pgsearch._lap('lexical_ms', lap);
        lap     := clock_timestamp();
    end if;

    -- the text signal comes last and completes itself: it scores what the others found in the scan that finds its own
    if use_text then
        select t.chunk_ids, t.chunk_pages, t.scores, t.approximate, t.rows_scored, t.sampled, t.also_chunks, t.also_pages, t.also_scores
          into text_chunks, text_pages, found_scores, approximate, rows_scored, sampled, also_chunks, also_pages, also_scores
          from pgsearch._bm25_best(
                   terms.terms, terms.gains, terms.frequencies, terms.average_length, parsed.required, parsed.excluded, collections, only_pages, candidates,
                   -- where vectors have brought all the candidates asked for, nothing is gained by the last of the
                   -- words' own; not so where some may be refused
                   case when (settings ->> 'exact')::boolean then 'exact'
                        when not (settings ->> 'exact')::boolean then 'fast'
                        when cardinality(vector_chunks) >= candidates and parsed.required is null and parsed.excluded is null then 'shared'
                        else 'exact' end,
                   (settings #>> '{bm25,k1}')::float8, (settings #>> '{bm25,b}')::float8,
                   (settings #>> '{bm25,heading_weight}')::float8, (settings ->> 'max_rows')::integer,
                   coalesce(vector_chunks || titled_chunks, '{}'), coalesce(vector_pages || shown_pages, '{}')) as t;
        if sampled then
            notes := notes || format('The words are so common that BM25 ranked a sample of the chunks that have them (%s were read; the option max_rows bounds it): the text ranking is approximate.', rows_scored);
        elsif not (settings ->> 'exact')::boolean then
            notes := notes || 'The text ranking is approximate, as asked.'::text;
        end if;

        select coalesce(array_agg(u.chunk_id order by u.chunk_id), '{}'), coalesce(array_agg(u.page_id order by u.chunk_id), '{}'), array_agg(u.score order by u.chunk_id)
          into chunk_ids, page_ids, text_scores
          from (select t.chunk_id, t.page_id, t.score from unnest(text_chunks, text_pages, found_scores) as t(chunk_id, page_id, score)
                 union all
                select a.chunk_id, a.page_id, a.score
                  from unnest(also_chunks, also_pages, also_scores) as a(chunk_id, page_id, score)
                 where a.chunk_id <> all (text_chunks)
                   -- the words found a better chunk of the page
                   and (titled_chunks is null or a.chunk_id <> all (titled_chunks) or a.page_id <> all (text_pages))) as u;
        timings := timings || pgsearch._lap('text_ms', lap);
        lap     := clock_timestamp();
    else
        select coalesce(array_agg(u.chunk_id order by u.chunk_id), '{}'), coalesce(array_agg(u.page_id order by u.chunk_id), '{}')
          into chunk_ids, page_ids
          from unnest(vector_chunks || titled_chunks, vector_pages || shown_pages) as u(chunk_id, page_id);
        -- what has no words to find it by still has to meet the query's requirements
        if parsed.required is not null or parsed.excluded is not null then
            select coalesce(array_agg(c.chunk_id order by c.chunk_id), '{}'), coalesce(array_agg(c.page_id order by c.chunk_id), '{}')
              into chunk_ids, page_ids
              from unnest(page_ids, chunk_ids) as u(page_id, chunk_id)
                   join pgsearch.chunks as c on c.page_id = u.page_id
                                            and c.chunk_id = u.chunk_id
             where (parsed.required is null or c.content_tsv @@ parsed.required)
               and (parsed.excluded is null or not c.content_tsv @@ parsed.excluded);
        end if;
    end if;

    if (settings ->> 'require_keywords')::boolean then
        kept := pgsearch._with_all_keywords(parsed.asked, chunk_ids, (settings ->> 'window')::integer);
        select coalesce(array_agg(c.chunk_id order by c.chunk_id), '{}'), coalesce(array_agg(c.page_id order by c.chunk_id), '{}'), array_agg(c.score order by c.chunk_id)
          into chunk_ids, page_ids, text_scores
          from unnest(chunk_ids, page_ids, text_scores) as c(chunk_id, page_id, score)
         where c.chunk_id = any (kept);
        timings := timings || pgsearch._lap('keywords_ms', lap);
        lap     := clock_timestamp();
    end if;

    if use_text then
        -- how telling the words of the query are: gains are weight × idf, and a word that no chunk has is as rare as can be
        select sqrt(sum(coalesce(g.gain ^ 2 / l.weight, l.weight * ln(1 + (coalesce(terms.chunks, 0) + 0.5::float8) / 0.5::float8) ^ 2)))
          into information
          from unnest(parsed.lexemes, parsed.weights) as l(lexeme, weight)
               left join unnest(terms.names, terms.gains) as g(name, gain) on g.name = l.lexeme;

        if fusion = 'weighted' then
            select array_agg(r.fts_rank order by r.chunk_id)
              into text_scores
              from pgsearch._fts_rank(parsed.any_of, chunk_ids) as r;
        end if;
    end if;
    adaptive := fusion = 'adaptive' and use_text and use_vector;
    -- strategy adaptive reads titles itself, for what is shown, unless they count
    if (use_text or use_title) and (wanted = 'candidates' or not adaptive or (settings #>> '{weights,title}')::float8 > 0) then
        select array_agg(p.page_id), array_agg(p.share)
          into alike_pages, alike_scores
          from (select p.page_id,
                       (length(p.title_tsv) - length(ts_delete(p.title_tsv, parsed.lexemes)))::float8 / (select count(distinct l) from unnest(parsed.lexemes) as l) as share
                  from pgsearch.pages as p
                 where p.page_id = any (page_ids)) as p
         where p.share > 0;
    end if;
    if alike_pages is not null or titled_pages is not null then
        select array_agg(alike_scores[array_position(alike_pages, c.page_id)] order by c.at),
               array_agg(titled_scores[array_position(titled_pages, c.page_id)] order by c.at)
          into title_scores, lexical_scores
          from unnest(page_ids) with ordinality as c(page_id, at);
    end if;
    if use_vector and (wanted = 'candidates' or not adaptive) then
        select n.similarities, n.centred
          into vector_scores, centred_scores
          from pgsearch._nearness(embedding, model, pgsearch._centre(model, collections), page_ids, chunk_ids) as n;
    end if;
    -- it looks at texts, and rows have no place for it
    if wanted <> 'hits' then
        confidence := pgsearch._confidence(parsed.words, text_pages, text_chunks, found_scores, vector_chunks, best_cosine, model.model,
                                           (select max(s) from unnest(lexical_scores) as s));
    end if;
    timings := timings || pgsearch._lap('complete_ms', lap);
    lap     := clock_timestamp();

    -- what learning starts from: the signals as they are fused, of every candidate
    if wanted = 'candidates' then
        return jsonb_build_object(
            'model', model.model, 'words', to_jsonb(parsed.words), 'lexemes', to_jsonb(parsed.lexemes), 'weights', to_jsonb(parsed.weights),
            'information', information, 'confidence', confidence, 'chunk_ids', to_jsonb(chunk_ids), 'page_ids', to_jsonb(page_ids),
            'text', to_jsonb(text_scores), 'vector', to_jsonb(vector_scores), 'centred', to_jsonb(centred_scores),
            'title', to_jsonb(title_scores), 'lexical', to_jsonb(lexical_scores));
    end if;

    -- fuse, boost, cut
    one_a_page := (settings ->> 'group_by_page')::boolean and settings ->> 'rerank' = '';
    shown      := case when settings ->> 'rerank' <> '' then greatest(top_k, (settings ->> 'rerank_head')::integer)
                       when (settings ->> 'diversity')::float8 > 0 then greatest(top_k, least(100, 5 * top_k))
                       else top_k end;
    if adaptive then
        if pgsearch._named_articles(query) is not null then
            select array_agg(b.article order by b.chunk_id)
              into article_boosts
              from pgsearch.boost_factors(query, parsed.words, chunk_ids, page_ids, title_scores, text_scores, settings -> 'boosts') as b;
        end if;
        if (settings ->> 'recency_half_life_days')::float8 > 0 then
            select array_agg(a.days order by c.chunk_id)
              into ages
              from unnest(chunk_ids, page_ids) as c(chunk_id, page_id)
                   join pgsearch._page_ages(page_ids, true, settings ->> 'recency_key') as a on a.page_id = c.page_id;
        end if;
        select jsonb_agg(to_jsonb(f) order by f.score desc, f.chunk_id)
          into hits
          from pgsearch._fused_adaptive(settings, information, embedding, model, pgsearch._centre(model, collections), chunk_ids, page_ids, text_scores, title_scores, lexical_scores,
                                        article_boosts, ages, vector_chunks, parsed.words, parsed.lexemes, one_a_page, shown) as f;
    else
        select jsonb_agg(to_jsonb(f) order by f.score desc, f.chunk_id)
          into hits
          from pgsearch._fused(fusion, settings, query, parsed.words, information, chunk_ids, page_ids, text_scores, vector_scores,
                               title_scores, lexical_scores, vector_chunks, one_a_page, shown) as f;
    end if;
    hits    := coalesce(hits, '[]');
    timings := timings || pgsearch._lap('fusion_ms', lap);
    lap     := clock_timestamp();

    if settings ->> 'rerank' <> '' then
        hits    := pgsearch._reranked(hits, query, settings ->> 'rerank', (settings ->> 'group_by_page')::boolean);
        timings := timings || pgsearch._lap('rerank_ms', lap);
        lap     := clock_timestamp();
    end if;

    if (settings ->> 'diversity')::float8 > 0 and hits <> '[]' then
        ordered := pgsearch.diversify(array(select (h ->> 'page_id')::bigint from jsonb_array_elements(hits) as h),
                                      array(select (h ->> 'chunk_id')::bigint from jsonb_array_elements(hits) as h),
                                      array(select (h ->> 'score')::float8 from jsonb_array_elements(hits) as h),
                                      (settings ->> 'diversity')::float8, top_k, model.model);
        select jsonb_agg(h order by array_position(ordered, (h ->> 'chunk_id')::bigint))
          into hits
          from jsonb_array_elements(hits) as h
         where (h ->> 'chunk_id')::bigint = any (ordered);
        if model.model_id is null then
            notes := notes || 'The collection has no embedding model: diversity has nothing to compare hits by.'::text;
        end if;
        timings := timings || pgsearch._lap('diversity_ms', lap);
        lap     := clock_timestamp();
    end if;

    hits    := pgsearch._present(jsonb_path_query_array(coalesce(hits, '[]'), '$[0 to $last]', jsonb_build_object('last', top_k - 1)),
                                 parsed.lexemes, parsed.words, (settings ->> 'window')::integer, (settings ->> 'snippet_length')::integer);
    timings := timings || pgsearch._lap('present_ms', lap) || pgsearch._lap('total_ms', started);

    -- rows have no column for it, and a ranking that left chunks out must say so
    if wanted = 'hits' and sampled and hits <> '[]' then
        raise notice using message = notes[array_length(notes, 1)];
    end if;

    return jsonb_build_object(
        'search_mode', search_mode,
        'signals',     to_jsonb(array_remove(array[case when use_text then 'text' end, case when use_vector then 'vector' end, case when use_title then 'lexical' end], null)),
        'fusion',      fusion,
        'confidence',  confidence,
        'approximate', approximate,
        'notes',       to_jsonb(notes),
        'timings',     timings,
        'candidates',  jsonb_build_object('text', coalesce(cardinality(text_chunks), 0), 'vector', coalesce(cardinality(vector_chunks), 0),
                                          'lexical', coalesce(cardinality(titled_pages), 0), 'union', cardinality(chunk_ids)),
        'hits',        hits);
end;
$$;

comment on function pgsearch._search(text, vector, text[], text, integer, text, jsonb, jsonb, text) is
'The whole search as one JSON object: search_mode, signals (array of those that really ran), fusion, confidence (0 .. 1,
see compute_confidence_hybrid), approximate (whether the text ranking is), notes (array of sentences), timings
(milliseconds a stage), candidates (how many each signal found), hits (see search_hybrid). wanted: outcome, all of this;
hits, the same without confidence, for callers who give rows; candidates, every candidate with its signals before fusion
instead, as parallel arrays (see candidate_signals).';

create or replace function pgsearch._confidence(
    words        text[],
    text_pages   bigint[],
    text_chunks  bigint[],
    text_scores  float8[],
    vector_found bigint[],
    best_cosine  float8,
    model        text,
    best_spelt   float8 default null
)
returns float8
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    -- the field scores cost a look at the texts, so they are computed for the first few text hits
    looked_at   constant integer := 10;
    weights     constant jsonb   := pgsearch._signal_weights('legacy');
    text_score  float8;
    text_reason text;
begin
    select f.score, f.reason
      into text_score, text_reason
      from (select l.chunk_id,
                   sum(l.part) as score,
                   string_agg(case l.signal when 'text' then 'fts' else l.signal end, '+' order by l.part desc, l.signal)
                   || case when l.chunk_id = any (vector_found) then '+vector' else '' end as reason
              from (select s.chunk_id, s.signal, (weights ->> s.signal)::float8 * s.score as part
                      from pgsearch.legacy_scores(words, text_pages[1:looked_at], text_chunks[1:looked_at], text_scores[1:looked_at], null) as s) as l
             group by l.chunk_id) as f
     order by f.score desc, f.chunk_id
     limit 1;

    return greatest(pgsearch.compute_confidence_hybrid(text_score, text_reason, best_cosine, coalesce(model, '')),
                    -- where words found something they are judged; else how the best title is spelt. One word has few
                    -- trigrams, and an error takes three or four of them
                    case when text_score is null
                         then pgsearch.compute_confidence(best_spelt + case when cardinality(words) = 1 then 0.06::float8 else 0 end, 'lexical', 'lexical') end);
end;
$$;

comment on function pgsearch._confidence(text[], bigint[], bigint[], float8[], bigint[], float8, text, float8) is
'Confidence of a search from its signals before fusion: the best of the first ten text hits by strategy legacy (where
words found none, the title spelt nearest to the query, a score of search_lexical), and the best cosine.';
