-- depends: 0010_trust
-- What travels together through a search, as records: a hit, the words of a query, where to look, and what the stages hand on.
--
-- No table has a column of these types, so a later migration may add an attribute to any of them.

do $$
begin
    if to_regtype('pgsearch.hit') is null then
        create type pgsearch.hit as (
            rank          integer,
            page_id       bigint,
            chunk_id      bigint,
            collection    text,
            external_id   text,
            title         text,
            heading       text,
            content       text,
            context       text,
            snippet       text,
            score         float8,
            display_score float8,
            match_reason  text,
            signals       jsonb,
            hit_chunks    integer,
            tags          text[],
            source        text,
            metadata      jsonb
        );
    end if;

    if to_regtype('pgsearch.code_hit') is null then
        -- a hit with what else is known of code
        execute format(
            'create type pgsearch.code_hit as (%s, node_id text, node_type text, summary text, classified_as text)',
            (select string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum)
               from pg_attribute as a
              where a.attrelid = 'pgsearch.hit'::regclass
                and a.attnum > 0));
    end if;

    if to_regtype('pgsearch.scope') is null then
        create type pgsearch.scope as (
            collections text[],
            page_ids    bigint[]
        );
    end if;

    if to_regtype('pgsearch.parsed_query') is null then
        create type pgsearch.parsed_query as (
            lexemes   text[],
            weights   float8[],
            any_of    tsquery,
            required  tsquery,
            excluded  tsquery,
            words     text[],
            truncated boolean,
            asked     text,
            loosened  text[]
        );
    end if;

    if to_regtype('pgsearch.bm25_words') is null then
        create type pgsearch.bm25_words as (
            terms          tsquery[],
            names          text[],
            gains          float8[],
            frequencies    float8[],
            chunks         float8,
            average_length float8,
            required       tsquery,
            excluded       tsquery
        );
    end if;

    if to_regtype('pgsearch.bm25_formula') is null then
        create type pgsearch.bm25_formula as (
            k1             float8,
            b              float8,
            heading_weight float8
        );
    end if;

    if to_regtype('pgsearch.scored_chunks') is null then
        create type pgsearch.scored_chunks as (
            chunk_ids bigint[],
            page_ids  bigint[],
            scores    float8[]
        );
    end if;

    if to_regtype('pgsearch.search_laps') is null then
        create type pgsearch.search_laps as (
            started timestamptz,
            last    timestamptz,
            timings jsonb
        );
    end if;

    if to_regtype('pgsearch.code_request') is null then
        create type pgsearch.code_request as (
            query_type      text,
            weights         jsonb,
            large_model     pgsearch.embedding_models,
            large_embedding vector
        );
    end if;

    if to_regtype('pgsearch.search_request') is null then
        create type pgsearch.search_request as (
            query       text,
            embedding   vector,
            search_mode text,
            top_k       integer,
            wanted      text,
            fusion      text,
            settings    jsonb,
            scope       pgsearch.scope,
            parsed      pgsearch.parsed_query,
            words       pgsearch.bm25_words,
            model       pgsearch.embedding_models,
            candidates  integer,
            use_text    boolean,
            use_vector  boolean,
            use_title   boolean,
            notes       text[],
            laps        pgsearch.search_laps,
            code        pgsearch.code_request
        );
    end if;

    if to_regtype('pgsearch.code_pairs') is null then
        create type pgsearch.code_pairs as (
            pair_ids    bigint[],
            chunk_ids   bigint[],
            page_ids    bigint[],
            repo_ids    text[],
            node_ids    text[],
            node_types  text[],
            summaries   text[],
            llm         boolean[],
            importance  float8[],
            named       float8[],
            whole_names boolean[],
            lexical     float8[],
            small_node  float8[],
            large_node  float8[],
            small_code  float8[],
            graph       float8[]
        );
    end if;

    if to_regtype('pgsearch.code_findings') is null then
        create type pgsearch.code_findings as (
            named_chunks bigint[],
            small_chunks bigint[],
            large_chunks bigint[],
            best_node    float8,
            pairs        pgsearch.code_pairs,
            weights      jsonb
        );
    end if;

    if to_regtype('pgsearch.search_findings') is null then
        create type pgsearch.search_findings as (
            by_text        pgsearch.scored_chunks,
            by_vector      pgsearch.scored_chunks,
            titled_pages   bigint[],
            titled_scores  float8[],
            approximate    boolean,
            sampled        text,
            chunk_ids      bigint[],
            page_ids       bigint[],
            text_scores    float8[],
            vector_scores  float8[],
            centred_scores float8[],
            title_scores   float8[],
            lexical_scores float8[],
            information    float8,
            confidence     float8,
            signals        text[],
            candidates     jsonb,
            hits           jsonb,
            notes          text[],
            laps           pgsearch.search_laps,
            code           pgsearch.code_findings
        );
    end if;
end;
$$;

comment on type pgsearch.hit is 'A row of search_hybrid and search_pages.';
comment on type pgsearch.code_hit is 'A row of search_code: a hit, the node that explains it, and the type of the question.';
comment on type pgsearch.scope is
'Where a search looks: collections (null: all) and page_ids (null: all; else those that pass the filter, each once).';
comment on type pgsearch.parsed_query is 'A query as _parse_for reads it for the collections.';
comment on type pgsearch.bm25_words is
'The words of a query with what BM25 needs to know of them, the rarest first (see _bm25_terms); required: what every hit
matches, excluded: what none matches (null: nothing).';
comment on type pgsearch.bm25_formula is
'The free numbers of BM25: k1 (>= 0), b (0 .. 1), heading_weight (>= 0: what an occurrence in the heading counts, in
occurrences in the content).';
comment on type pgsearch.scored_chunks is 'Chunks with their pages and scores, best first where they were ranked: parallel arrays.';
comment on type pgsearch.search_laps is 'When a search began, when its last stage ended, and the milliseconds of each stage so far.';
comment on type pgsearch.code_request is
'What only a search of code is asked: the type of the question, weights by signal, and the further model of the nodes
with the embedding of the query by it.';
comment on type pgsearch.search_request is
'What a search is asked, read once by _ask: settings are those of the collections with the options, model is null
without one, candidates is how many each signal is to find, use_text, use_vector and use_title are the signals that run,
wanted is what _search is to give.';
comment on type pgsearch.code_pairs is 'Chunks of code, each with a node that may explain it, as parallel arrays (see _code_fused).';
comment on type pgsearch.code_findings is
'What only a search of code has found: chunks by names and by the small and large vectors of nodes, the best cosine of a
node, the pairs with their scores, and the weights as they are applied.';
comment on type pgsearch.search_findings is
'What a search has found so far, filled stage by stage: by_text and by_vector (what the signals found, best first),
titled_pages; chunk_ids with page_ids and their scores on every signal (all candidates, by chunk_id, parallel); sampled
(the note on it, where BM25 ranked a sample), information (of the words), signals (that ran), candidates (how many each
found), hits (ranked objects), notes.';
