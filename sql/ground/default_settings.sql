-- Every setting of a search and of a collection, with its default: the one home of tunable numbers.
--
-- A collection overrides them in collections.settings, a search overrides both in its options.

create or replace function pgsearch.default_settings()
returns jsonb
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select '{
    "chunk_size":             1500,
    "operator":               "or",
    "prefix":                 false,
    "candidates":             null,
    "model":                  "",
    "exact":                  null,
    "max_rows":               50000,
    "bm25":                   {"k1": 1.2, "b": 0.75, "heading_weight": 2},
    "fusion":                 "adaptive",
    "rrf_k":                  60,
    "rerank_oversample":      25,
    "weights":                {"text": null, "vector": null, "title": null, "lexical": null, "neighbours": null,
                               "tags": null, "note": null, "summary": null, "content": null},
    "adaptive":               {"information": 1.2, "typical_information": 20, "skewness": 0.5, "least_exponent": -1.5, "most_exponent": 2,
                               "text_shift": 0, "least_deviation": 1e-6, "heads": 5, "boost": 10},
    "calibrated":             true,
    "boosts":                 {"title": 0.10, "tags": 0.05, "article": 0.10, "text_score": 0.05, "same_title": 1},
    "lexical_threshold":      0.3,
    "min_relevance":          0,
    "recency_half_life_days": 0,
    "recency_key":            "",
    "diversity":              0,
    "rerank":                 "",
    "rerank_head":            50,
    "group_by_page":          false,
    "distinct":               false,
    "offset":                 0,
    "count_up_to":            0,
    "facets":                 [],
    "facet_values":           20,
    "window":                 0,
    "require_keywords":       false,
    "snippet_length":         240,
    "log":                    {"sample_rate": 1, "signals_of": 10, "low_confidence_threshold": 0.5, "reformulation_window_s": 60,
                               "typeahead_pause_s": 4, "min_impressions": 10, "popularity_days": 7},
    "chat":                   {"sample_rate": 1, "min_score": 0.5, "long_turns": 5, "idle_minutes": 30}
}'::jsonb;
$$;

comment on function pgsearch.default_settings() is
'The settings that collections.settings and the options of a search may override, with their defaults.
Ingest: chunk_size (100 .. 16000 characters: most that split_content puts into a chunk).
Candidates: operator (''or'' ranks every chunk that has any word, ''and'' wants all words), prefix (true: the last word of
the query is the beginning of one, to search while it is being typed; word* says so of any word), candidates (1 .. 1000: how many
each signal contributes; null: 120 where words and vectors are fused by strategy adaptive, else 200), model (embedding
model; empty: the collection''s default_model), exact (true: BM25 finds the very best by words; false: faster, marked
approximate; null: exact by words alone, faster still beside vectors, which bring candidates too: every candidate is
scored on both anyway), max_rows (1 .. 10000000: most chunks BM25 scores before it stops and marks the result
approximate; of more than sixteen words as many fewer as there are more), bm25 (k1 0 .. 10, b 0 .. 1, heading_weight 0
.. 10), lexical_threshold (0 .. 1: least trigram similarity of a title).
Fusion: fusion (strategy, see fuse), rrf_k (0 .. 1000000), weights (0 .. 1000000 by signal; null: as the strategy has
it), adaptive (constants of strategy adaptive, see fuse: information 0 .. 10, typical_information 0.001 .. 1000000,
skewness 0 .. 10, least_exponent -10 .. 0, most_exponent 0 .. 10: how far words are trusted beside vectors;
text_shift -10 .. 10: added to that exponent, beyond its bounds;
least_deviation 1e-9 .. 1: scores that deviate less are taken as alike, in strategy distribution too; heads 1 .. 1000:
candidates that the others are compared with as their neighbours; boost 0 .. 1000000: by how much a boost of 1 lifts
the score), calibrated (true: what calibrate_fusion found is added to adaptive.text_shift, unless weights of text or
vector are given; false: it is not, and embedding the collection calibrates nothing), boosts (0 .. 1000000, see
boost_factors; same_title: by how much the page that is called as the query is lifted, 1: above all others, 0: not at
all), rerank_oversample (1 .. 1000: strategy weighted re-scores 8 × this many vector hits, and at least candidates),
min_relevance (0 .. 1: hits of less relevance are left out; 0: none), recency_half_life_days (0 .. 100000: a page so old
counts half; 0: age counts nothing), recency_key (key of the page''s metadata that holds its date, in any usual form;
what has none counts as old as the middle of the others; empty: when the page was last put).
Presentation: diversity (0 .. 1: how much likeness to better hits counts against a hit), rerank (name of a SQL function
(text, bigint[]) that returns chunk_id and score, applied to the head, or learned:NAME for a learned reranker; empty:
none), rerank_head (1 .. 1000 candidates it gets), group_by_page (best chunk of each page only), distinct
(each text once: of chunks with the same heading and content the best), offset (0 .. 1000000: hits left out before the
first that is shown; a ranking ends at rank 1000, a listing at its last page), count_up_to (0 .. 1000000: how far total
is counted where it is not known anyway), facets (array of "tags", "source", "collection" and "metadata.KEY": search counts
the matches by each of their values), facet_values (1 .. 1000: most values of a facet), window (0 .. 10
neighbouring chunks shown on each side), require_keywords (keep only hits whose window has every word), snippet_length
(0 .. 2000 characters, 0 for none).
The log of searches: log (sample_rate 0 .. 1: share of searches that are kept, failed ones are kept all; signals_of 0 ..
1000: hits whose signals are stored; low_confidence_threshold 0 .. 1: below it a search counts as failed;
reformulation_window_s 0 .. 3600 and typeahead_pause_s 0 .. 60 seconds: asked again in other words within the one is a
failure, unless it is typing on within the other; min_impressions 0 .. 1000000 and popularity_days 1 .. 3650: for
statistics of clicks).
Conversations: chat (sample_rate 0 .. 1: share of conversations whose texts are kept; all are kept that have an error, a
regeneration, at least long_turns (1 .. 100000) turns or a search with a score below min_score (0 .. 1); idle_minutes 1 ..
525600: after so much silence a conversation has ended). See set_chat_settings.
Example:
select jsonb_pretty(pgsearch.default_settings());';
