-- Hybrid search in one call, from any client: select * from pgsearch.search_hybrid('전기차 보조금').

create or replace function pgsearch._tell_notes(outcome jsonb)
returns void
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    note text;
begin
    -- a result of no rows has no place for its reason; every client shows notices
    for note in select jsonb_array_elements_text(outcome -> 'notes') loop
        raise notice using message = note;
    end loop;
end;
$$;

comment on function pgsearch._tell_notes(jsonb) is 'The notes of a search as notices.';

create or replace function pgsearch._hits(outcome jsonb)
returns setof pgsearch.hit
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if outcome -> 'hits' = '[]' then
        perform pgsearch._tell_notes(outcome);
    end if;

    return query
    select h.*
      from jsonb_populate_recordset(null::pgsearch.hit, outcome -> 'hits') as h
     order by h.rank;
end;
$$;

comment on function pgsearch._hits(jsonb) is 'The hits of a search as rows; when there are none, its notes as notices.';

create or replace function pgsearch.search_hybrid(
    query       text,
    embedding   vector  default null,
    collections text[]  default null,
    search_mode text    default 'auto',
    top_k       integer default 8,
    fusion      text    default null,
    filter      jsonb   default '{}',
    options     jsonb   default '{}'
)
returns setof pgsearch.hit
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select h.*
      from pgsearch._hits(pgsearch._search(query, embedding, collections, search_mode, top_k, fusion, filter, options, 'hits')) as h;
end;
$$;

comment on function pgsearch.search_hybrid(text, vector, text[], text, integer, text, jsonb, jsonb) is
'The best chunks for a query by words, meaning and titles together.
Arguments:
- query (words, "phrases", +required, -excluded)
- embedding (of the query, for the vector signal; null leaves it out)
- collections (null: all)
- search_mode (auto or hybrid: every signal there is; fts: words; vector: meaning; lexical or trgm: spelling of titles;
  code: see search_code)
- top_k (0 .. 1000)
- fusion (strategy; null: the setting)
- filter (what pages have to meet, in every signal: tags, any_tags, source, metadata, created_at, updated_at, external_ids,
  page_ids; operators eq, ne, gt, gte, lt, lte, in, not_in, any_of, contains, exists, not; and, or, not. Such as {"tags":
  "howto", "metadata": {"year": {"gte": 2023}, "authors": "lee"}}, or {"or": [{"source": "wiki"}, {"updated_at": {"gte":
  "2026-01-01"}}]}; _filter_page_ids tells the whole language. With an empty query the pages that pass are listed, each
  by its first chunk, the newest first: by the date under the option recency_key, else those put last first)
- options (see default_settings; offset: hits to leave out before the first, such as {"offset": 20}; distinct: each text
  once)
Returns rank from 1, the page and the chunk with their texts, context (with the neighbouring chunks, when option window
> 0), snippet (HTML-escaped, <mark>ed), score (on the scale of the fusion), display_score (0 .. 1 by rank),
relevance (0 .. 1, how likely it answers the query, whatever the other hits are), match_reason, signals (each
signal''s score, rank, weight, contribution, and the boosts), hit_chunks (candidates of the same page),
tags, source, metadata (of page and chunk), copies (with option distinct: how many candidates have the same text). The
order is one list, whatever part of it is shown, and ends at rank 1000.
No rows for a query without words; a notice then says why.
Errors: PS001 unknown collection, PS002 unknown mode, fusion, option or filter key, PS003 value out of range, PS004
wrong dimensions, PS008 unknown model.
Example:
select rank, title, snippet, match_reason from pgsearch.search_hybrid(''전기차 보조금'', top_k => 5);';
