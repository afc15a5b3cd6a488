-- Why is it not in the results, or at rank 37? The way of one chunk through every gate of the search.

create or replace function pgsearch.explain_hit(
    query       text,
    chunk_id    bigint  default null,
    page_id     bigint  default null,
    embedding   vector  default null,
    collections text[]  default null,
    search_mode text    default 'auto',
    top_k       integer default 8,
    fusion      text    default null,
    filter      jsonb   default '{}',
    options     jsonb   default '{}'
)
returns jsonb
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
set enable_seqscan = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
    -- how far down the ranking is followed
    depth    constant integer := 1000;
    parsed   pgsearch.parsed_query;
    words    pgsearch.bm25_words;
    fields   record;
    formula  pgsearch.bm25_formula;
    scope    pgsearch.scope;
    model    pgsearch.embedding_models;
    settings jsonb;
    shown    record;
    outcome  jsonb;
    deep     jsonb;
    hit      jsonb;
    reasons  text[] := '{}';
    missing  text[];
    text_at  record;
    distance float8;
    nearer   bigint;
    titled   record;
begin
    if (explain_hit.chunk_id is null) = (explain_hit.page_id is null) then
        raise exception using
            errcode = 'PS003',
            message = 'give either chunk_id or page_id',
            hint    = 'chunk_id explains one passage, page_id the best passage of a page.';
    end if;

    -- the search itself, as asked and as deep as it goes; refuses bad arguments
    outcome  := pgsearch._search(query, embedding, collections, search_mode, top_k, fusion, filter, options, 'hits');
    deep     := pgsearch._search(query, embedding, collections, search_mode, depth, fusion, filter,
                                 coalesce(options, '{}') || '{"offset": 0, "distinct": false, "snippet_length": 0, "window": 0, "group_by_page": false}'
                                 || '{"diversity": 0, "rerank": ""}'
                                 || case when coalesce(options, '{}') ? 'window' then jsonb_build_object('window', options -> 'window') else '{}' end, 'hits');
    settings := pgsearch._settings(collections, options);
    parsed   := pgsearch._parse_for(query, collections, settings ->> 'operator', (settings ->> 'prefix')::boolean);
    formula  := jsonb_populate_record(formula, settings -> 'bm25');
    words    := pgsearch._bm25_terms(parsed.lexemes, parsed.weights, collections, parsed.required, parsed.excluded);
    scope.collections := collections;
    scope.page_ids    := pgsearch._filter_page_ids(filter, collections);

    select h
      into hit
      from jsonb_array_elements(deep -> 'hits') as h
     where (h ->> 'chunk_id')::bigint = explain_hit.chunk_id
        or (h ->> 'page_id')::bigint = explain_hit.page_id
     order by (h ->> 'rank')::integer
     limit 1;

    select c.chunk_id, c.page_id, c.collection, c.content_tsv, p.title, p.fields_tsv, c.content_tsv || p.fields_tsv as all_tsv
      into shown
      from pgsearch.chunks as c
           join pgsearch.pages as p on p.page_id = c.page_id
     where c.chunk_id = coalesce((hit ->> 'chunk_id')::bigint, explain_hit.chunk_id)
        or hit is null and c.page_id = explain_hit.page_id
     order by ts_rank_cd(c.content_tsv, coalesce(parsed.any_of, ''::tsquery)) desc, c.chunk_id
     limit 1;
    if shown.chunk_id is null then
        return jsonb_build_object('found', false, 'reasons', jsonb_build_array('There is no such chunk or page.'));
    end if;

    -- gates
    if collections is not null and shown.collection <> all (collections) then
        reasons := reasons || format('It is in collection "%s", which is not searched.', shown.collection);
    end if;
    if shown.page_id <> all (coalesce(scope.page_ids, array[shown.page_id])) then
        reasons := reasons || 'Its page does not pass the filter.'::text;
    end if;
    if not shown.all_tsv @@ parsed.required then
        reasons := reasons || format('It does not meet the requirement %s.', pgsearch._shown_lexeme(parsed.required::text));
    end if;
    if shown.content_tsv @@ parsed.excluded then
        reasons := reasons || format('It matches the exclusion %s.', pgsearch._shown_lexeme(parsed.excluded::text));
    elsif shown.fields_tsv @@ parsed.excluded then
        reasons := reasons || format('The tags, note or summary of its page match the exclusion %s.',
                                     pgsearch._shown_lexeme(parsed.excluded::text));
    end if;
    if (settings ->> 'require_keywords')::boolean
       and not shown.chunk_id = any (pgsearch._with_all_keywords(parsed.asked, array[shown.chunk_id], (settings ->> 'window')::integer)) then
        reasons := reasons || 'Its window does not hold every word of the query.'::text;
    end if;
    missing := array(select l from unnest(parsed.lexemes) as l where not shown.all_tsv @@ pgsearch._any_of(array[l]));
    if cardinality(missing) = cardinality(parsed.lexemes) and cardinality(missing) > 0 then
        reasons := reasons || 'It holds none of the words of the query.'::text;
    end if;

    -- signals
    select s.score,
           (select t.at
              from pgsearch._bm25_best(words, formula, scope, top_n => depth, effort => 'exact', max_rows => null) as b
                   cross join unnest((b.best).chunk_ids) with ordinality as t(chunk_id, at)
             where t.chunk_id = shown.chunk_id) as rank
      into text_at
      from pgsearch._bm25_scores(pgsearch._bm25_terms(parsed.lexemes, parsed.weights, collections), formula,
                                 array[shown.page_id], array[shown.chunk_id]) as s;

    if embedding is not null then
        model := pgsearch._embedding_model(settings ->> 'model', collections, embedding);
    end if;
    if model.model_id is not null then
        select s.score into distance from pgsearch.similarity_for_chunk_ids(embedding, array[shown.page_id], array[shown.chunk_id], model.model) as s;
        if distance is null then
            reasons := reasons || format('It has no embedding of model "%s".', model.model);
        else
            select t.rank
              into nearer
              from pgsearch.search_vector(embedding, depth, collections, filter, model.model) as t
             where t.chunk_id = shown.chunk_id;
        end if;
    end if;

    scope.page_ids := array[shown.page_id];
    fields := pgsearch._field_pages(parsed, words, settings, scope, 1);

    select l.score, l.rank
      into titled
      from pgsearch.search_lexical(query, depth, collections, filter, 0) as l
     where l.page_id = shown.page_id;

    if hit is null and cardinality(reasons) = 0 then
        reasons := reasons || format('No signal ranks it among its first %s.', depth);
    elsif hit is not null and not exists (select from jsonb_array_elements(outcome -> 'hits') as h where (h ->> 'chunk_id')::bigint = shown.chunk_id) then
        reasons := reasons || format('It is at rank %s; %s are shown.', hit ->> 'rank', top_k);
    end if;

    return jsonb_build_object(
        'found',           hit is not null,
        'rank',            hit -> 'rank',
        'page_id',         shown.page_id,
        'chunk_id',        shown.chunk_id,
        'title',           shown.title,
        'match_reason',    hit -> 'match_reason',
        'score',           hit -> 'score',
        'reasons',         to_jsonb(reasons),
        'missing_lexemes', to_jsonb(array(select pgsearch._shown_lexeme(l) from unnest(missing) as l)),
        'matched_lexemes', to_jsonb(array(select pgsearch._shown_lexeme(l) from unnest(parsed.lexemes) as l where l <> all (missing))),
        'signals',         jsonb_build_object(
                               'text',    jsonb_build_object('score', text_at.score, 'rank', text_at.rank),
                               'vector',  jsonb_build_object('score', distance, 'rank', nearer),
                               'lexical', jsonb_build_object('score', titled.score, 'rank', titled.rank),
                               'fields',  jsonb_build_object('score', fields.scores[1], 'names', fields.names[1]),
                               'title',   jsonb_build_object(
                                              'same', pgsearch._title_key(shown.title)
                                                      = any (pgsearch._title_keys(query, parsed.words)))),
        'contributions',   hit -> 'signals');
end;
$$;

comment on function pgsearch.explain_hit(text, bigint, bigint, vector, text[], text, integer, text, jsonb, jsonb) is
'Why a chunk (or the best chunk of a page) is where it is for a query, or is not found.
Arguments:
- query
- chunk_id or page_id (exactly one)
- the others as search_hybrid
Returns one JSON object: found (among the first 1,000), rank, page_id, chunk_id, title, match_reason, score, reasons
(sentences: the gates it fails, or how far down it is), missing_lexemes and matched_lexemes of the query, signals (score
and rank in text, vector and lexical alone, within the first 1,000; null: beyond or absent; what fields, tags, note and
summary, add to text, and which have words of the query; whether the title is the same as the query), contributions (as signals
of search_hybrid).
Errors as search_hybrid, and PS003 unless exactly one id is given.
Example:
select pgsearch.explain_hit(''전기차 보조금'', page_id => (select min(page_id) from pgsearch.pages));';
