-- What is said of a page beside its text: tags, and note and summary of its metadata, searched through their own index.
--
-- A word in them counts as an occurrence in the text does that is worth as many as the weight of its field (BM25F,
-- Robertson, Zaragoza and Taylor 2004), whatever the length of the field. The weights are those of strategy legacy.

create or replace function pgsearch._fields_statement(has_collections boolean, has_page_ids boolean)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select concat_ws(
    E'\n',
    'select p.page_id, p.fields_tsv',
    '  from pgsearch.pages as p',
    ' where p.fields_tsv @@ $1',
    -- as the index says it
    '   and p.fields_tsv <> ''''::tsvector',
    case when has_collections then '   and p.collection = any ($4)' end,
    case when has_page_ids then '   and p.page_id = any ($5)' end,
    ' order by ts_rank(p.fields_tsv, $1) desc, p.page_id',
    ' limit $6');
$$;

comment on function pgsearch._fields_statement(boolean, boolean) is
'Text of the search of tags, notes and summaries. Parameters, numbered as in _fts_statement: $1 tsquery, $4 collections
text[], $5 page ids bigint[], $6 limit.';

create or replace function pgsearch._field_pages(
    parsed   pgsearch.parsed_query,
    words    pgsearch.bm25_words,
    settings jsonb,
    scope    pgsearch.scope,
    top_n    integer,
    out pages  bigint[],
    out scores float8[],
    out names  text[]
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_indexscan = off
set jit = off
set gin_fuzzy_search_limit = 0
as $$
declare
    most_scored constant integer := 1000;
    collections constant text[]   := scope.collections;
    page_ids    constant bigint[] := scope.page_ids;
    weights     jsonb;
    k1          float8;
    gains       float8[];
    quoted      text[];
    driving     tsquery;
begin
    -- nearly always there is nothing, and that is told by the index alone
    if not exists (select
                     from pgsearch.pages as p
                    where p.fields_tsv @@ parsed.any_of
                      and p.fields_tsv <> ''::tsvector
                      and (collections is null or p.collection = any (collections))
                      and (page_ids is null or p.page_id = any (page_ids))) then
        return;
    end if;

    weights := pgsearch._field_weights(settings);
    k1      := (settings #>> '{bm25,k1}')::float8;

    -- as telling as in the text; what no chunk has is as rare as can be
    with worth as (
        select l.lexeme,
               coalesce(g.gain, l.weight * ln(1 + (coalesce(words.chunks, 0) + 0.5::float8) / 0.5::float8)) as gain
          from unnest(parsed.lexemes, parsed.weights) as l(lexeme, weight)
               left join unnest(words.names, words.gains) as g(name, gain) on g.name = l.lexeme
         where octet_length(l.lexeme) between 1 and 2046
    ),
    cumulated as (
        select w.lexeme, w.gain, array_to_tsvector(array[w.lexeme])::text as quoted,
               sum(w.gain) over (order by w.gain desc, w.lexeme) - w.gain as before,
               sum(w.gain) over () as total
          from worth as w
    )
    select array_agg(c.gain order by c.gain desc, c.lexeme),
           array_agg(c.quoted order by c.gain desc, c.lexeme),
           -- fields with none of the words that make up seven tenths of the query are not looked at
           (string_agg(c.quoted, ' | ') filter (where c.before < 0.7::float8 * c.total))::tsquery
      into gains, quoted, driving
      from cumulated as c;

    execute 'with matching as materialized (' || pgsearch._fields_statement(collections is not null, page_ids is not null) || $statement$),
    field as (
        select f.name, f.label, ($7 ->> f.name)::float8 as weight
          from (values ('tags', ':A'), ('note', ':B'), ('summary', ':C')) as f(name, label)
    ),
    found as (
        select m.page_id, t.at, f.name,
               t.gain * ($8 + 1) * f.weight / ($8 + f.weight) as part
          from unnest($9, $10) with ordinality as t(gain, quoted, at)
               cross join field as f
               join matching as m on m.fields_tsv @@ (t.quoted || f.label)::tsquery
         where f.weight > 0
    ),
    -- a word in several fields counts where it counts most
    scored as (
        select n.page_id, sum(n.part) as score, string_agg(n.name, '+' order by n.part desc, n.name) as name
          from (select f.page_id, f.name, sum(f.part) as part
                  from (select distinct on (w.page_id, w.at) w.page_id, w.at, w.name, w.part
                          from found as w
                         order by w.page_id, w.at, w.part desc, w.name) as f
                 group by f.page_id, f.name) as n
         group by n.page_id
    ),
    best as (
        select s.*
          from scored as s
         order by s.score desc, s.page_id
         limit $11
    )
    select array_agg(b.page_id), array_agg(b.score), array_agg(b.name)
      from best as b$statement$
       into pages, scores, names
      using driving, null::tsquery, null::tsquery, collections, page_ids, most_scored, weights, k1, gains, quoted, top_n;
end;
$$;

comment on function pgsearch._field_pages(pgsearch.parsed_query, pgsearch.bm25_words, jsonb, pgsearch.scope, integer) is
'The top_n pages whose fields have words of the query: tags, and note and summary of the metadata.
Arguments: parsed and words of the query, settings (weights of tags, note and summary, and k1), scope, top_n.
Returns parallel arrays, null for none, best first: pages, scores (sum over the words of weight × idf × (k1 + 1) × w / (k1 +
w), w the greatest weight of a field that has the word), names (of those fields, joined by +). Of more than a thousand
pages that have one of the words that make up seven tenths of the query, those that ts_rank puts first are scored.';

create or replace function pgsearch._field_weights(settings jsonb)
returns jsonb
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
return (pgsearch._signal_weights('legacy') || jsonb_strip_nulls(settings -> 'weights'));

comment on function pgsearch._field_weights(jsonb) is
'What a word in tags, note and summary counts, in occurrences in the text: the weights of strategy legacy, unless the
settings say otherwise.';

create or replace function pgsearch._lexemes_of(query tsquery)
returns tsquery
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
-- lexemes stand in quotes, with quotes inside them doubled
return (select string_agg(distinct m[1], ' | ')::tsquery
          from regexp_matches(query::text, $re$('(?:[^']|'')*')$re$, 'g') as m);

comment on function pgsearch._lexemes_of(tsquery) is 'A tsquery that matches whatever has any lexeme of the query.';

create or replace function pgsearch._pages_with_fields(fields tsquery, scope pgsearch.scope, most integer)
returns bigint[]
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_indexscan = off
set gin_fuzzy_search_limit = 0
as $$
declare
    collections constant text[]   := scope.collections;
    page_ids    constant bigint[] := scope.page_ids;
begin
    return (select array_agg(m.page_id order by m.page_id)
              from (select p.page_id
                      from pgsearch.pages as p
                     where p.fields_tsv @@ fields
                       and p.fields_tsv <> ''::tsvector
                       and (collections is null or p.collection = any (collections))
                       and (page_ids is null or p.page_id = any (page_ids))
                     order by hashint8extended(p.page_id, 0)
                     limit most) as m);
end;
$$;

comment on function pgsearch._pages_with_fields(tsquery, pgsearch.scope, integer) is
'The pages of the scope whose fields match; of more than most of them those with the least hashes. Null for none.';

create or replace function pgsearch._without_excluded(scope pgsearch.scope, excluded tsquery)
returns pgsearch.scope
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
    collections constant text[]   := scope.collections;
    page_ids    constant bigint[] := scope.page_ids;
begin
    if excluded is null or pgsearch._pages_with_fields(excluded, scope, 1) is null then
        return scope;
    end if;

    -- as a filter does, so that it holds alike in every signal and no result comes back short
    scope.page_ids := array(select p.page_id
                              from pgsearch.pages as p
                             where (collections is null or p.collection = any (collections))
                               and (page_ids is null or p.page_id = any (page_ids))
                               and not p.fields_tsv @@ excluded);
    return scope;
end;
$$;

comment on function pgsearch._without_excluded(pgsearch.scope, tsquery) is
'The scope without the pages whose tags, note or summary match what the query excludes (null: nothing).';
