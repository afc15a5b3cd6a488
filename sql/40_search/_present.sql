-- From ranked ids to what people read. Contents and snippets come last, for the few rows that are shown.

create or replace function pgsearch._lap(stage text, since timestamptz)
returns jsonb
language sql volatile parallel safe
set search_path = pg_catalog, pg_temp
as $$
select jsonb_build_object(stage, round((extract(epoch from clock_timestamp() - since) * 1000)::numeric, 3));
$$;

comment on function pgsearch._lap(text, timestamptz) is 'A one-key JSON object: the milliseconds since then, to three decimals.';

create or replace function pgsearch._present(
    ranked         jsonb,
    lexemes        text[],
    words          text[],
    neighbours     integer,
    snippet_length integer
)
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    chunk_ids constant bigint[] := array(select (r ->> 'chunk_id')::bigint from jsonb_array_elements(ranked) as r);
    page_ids  constant bigint[] := array(select (r ->> 'page_id')::bigint from jsonb_array_elements(ranked) as r);
    display   constant float8[] := pgsearch.normalize_display_scores(array(select -r.at::float8 from jsonb_array_elements(ranked) with ordinality as r(hit, at)));
    pattern   constant text     := case when snippet_length > 0 then pgsearch._highlight_pattern(lexemes, words) end;
    presented jsonb;
begin
    select coalesce(jsonb_agg(
               jsonb_build_object(
                   'rank',          r.at,
                   'page_id',       c.page_id,
                   'chunk_id',      c.chunk_id,
                   'collection',    c.collection,
                   'external_id',   p.external_id,
                   'title',         p.title,
                   'heading',       c.heading,
                   'content',       c.content,
                   'context',       e.context,
                   'snippet',       pgsearch._marked_excerpt(c.content, pattern, snippet_length, '<mark>', '</mark>'),
                   'score',         coalesce(r.hit -> 'reranked', r.hit -> 'score'),
                   'display_score', display[r.at],
                   'match_reason',  r.hit -> 'match_reason',
                   'signals',       case when r.hit ? 'reranked'
                                         then (r.hit -> 'signals') || jsonb_build_object('fused', r.hit -> 'score', 'reranked', r.hit -> 'reranked')
                                         else r.hit -> 'signals' end,
                   'hit_chunks',    r.hit -> 'hit_chunks',
                   'tags',          to_jsonb(p.tags),
                   'source',        p.source,
                   'metadata',      p.metadata || c.metadata)
               order by r.at), '[]')
      into presented
      from jsonb_array_elements(ranked) with ordinality as r(hit, at)
           join pgsearch.chunks as c on c.page_id = page_ids[r.at]
                                    and c.chunk_id = chunk_ids[r.at]
           join pgsearch.pages as p on p.page_id = c.page_id
           left join (select x.chunk_id, x.context
                        from pgsearch.expand_window(chunk_ids, neighbours) as x
                       where neighbours > 0) as e on e.chunk_id = c.chunk_id;

    return presented;
end;
$$;

comment on function pgsearch._present(jsonb, text[], text[], integer, integer) is
'The hits as search_hybrid returns them, from the ranked candidates (objects with chunk_id, page_id, score, match_reason, signals, hit_chunks) and the parsed query.';
