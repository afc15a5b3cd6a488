-- Every setting of a search and of a collection, with its default: the one home of tunable numbers.
--
-- A collection overrides them in collections.settings, a search overrides both in its options. Nothing else holds a tunable number.

create or replace function pgsearch.default_settings()
returns jsonb
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select jsonb_build_object(
    'chunk_size',        1500,
    'operator',          'or',
    'candidates',        200,
    'model',             '',
    'fusion',            'rrf_boost',
    'rrf_k',             60,
    'weights',           jsonb_build_object('text', 1.0, 'vector', 1.0, 'title', 0.5, 'lexical', 0.5),
    'boosts',            jsonb_build_object('title', 0.10, 'tags', 0.05, 'article', 0.10, 'text_score', 0.05),
    'lexical_threshold', 0.3,
    'group_by_page',     false,
    'window',            0,
    'require_keywords',  false,
    'snippet_length',    240
);
$$;

comment on function pgsearch.default_settings() is
'The settings that collections.settings and the options of a search may override, with their defaults:
chunk_size (characters, 100 .. 16000: most that split_content puts into a chunk), operator (''or'' ranks every page that has any word, ''and'' wants all words),
candidates (1 .. 1000: how many each signal contributes), model (embedding model; empty: the collection''s default_model), fusion (strategy name), rrf_k (>= 0: rank constant of reciprocal rank fusion),
weights and boosts (>= 0 each), lexical_threshold (0 .. 1: least trigram similarity of a title), group_by_page (best chunk of each page only),
window (0 .. 10: neighbouring chunks shown on each side), require_keywords (keep only hits whose window has every word), snippet_length (0 .. 2000 characters, 0 for none).';
