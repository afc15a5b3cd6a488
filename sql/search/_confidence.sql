-- How sure a search may be of its answer, from the signals before they are fused.

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
                      from pgsearch.legacy_scores(
                               words, text_pages[1:looked_at], text_chunks[1:looked_at], text_scores[1:looked_at], null) as s) as l
             group by l.chunk_id) as f
     order by f.score desc, f.chunk_id
     limit 1;

    return greatest(pgsearch.compute_confidence_hybrid(text_score, text_reason, best_cosine, coalesce(model, '')),
                    -- where words found something they are judged; else how the best title is spelt. One word has few
                    -- trigrams, and an error takes three or four of them
                    case when text_score is null
                         then pgsearch.compute_confidence(
                                  best_spelt + case when cardinality(words) = 1 then 0.06::float8 else 0 end, 'lexical', 'lexical') end);
end;
$$;

comment on function pgsearch._confidence(text[], bigint[], bigint[], float8[], bigint[], float8, text, float8) is
'Confidence of a search from its signals before fusion: the best of the first ten text hits by strategy legacy (where
words found none, the title spelt nearest to the query, a score of search_lexical), and the best cosine.';
