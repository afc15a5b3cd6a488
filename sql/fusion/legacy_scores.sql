-- The weighted sum of fields that came before rank fusion; kept to be compared with, and because the steps of
-- compute_confidence were set on it.

create or replace function pgsearch.legacy_scores(
    words         text[],
    page_ids      bigint[],
    chunk_ids     bigint[],
    text_scores   float8[],
    vector_scores float8[]
)
returns table (chunk_id bigint, signal text, score float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    texted   constant float8[] := pgsearch._finite_scores('text_scores', text_scores);
    vectored constant float8[] := pgsearch._finite_scores('vector_scores', vector_scores);
    best     constant float8   := (select nullif(max(s), 0) from unnest(texted) as s);
begin
    -- each word is looked for in each field of each candidate
    perform pgsearch._check_range('the number of words', coalesce(cardinality(words), 0), 0, 1000);

    return query
    with fields as materialized (
        select c.chunk_id,
               c.text_score,
               c.vector_score,
               f.signal,
               -- the share of the query's words that stand in the field
               (select count(*) from unnest(words) as w(word) where strpos(f.content, w.word) > 0)::float8 / nullif(cardinality(words), 0) as share
          from unnest(chunk_ids, page_ids, texted, vectored) as c(chunk_id, page_id, text_score, vector_score)
               join pgsearch.pages as p on p.page_id = c.page_id
               join pgsearch.chunks as h on h.page_id = c.page_id
                                        and h.chunk_id = c.chunk_id
               cross join lateral (values ('title',   lower(p.title)),
                                          ('tags',    lower(array_to_string(p.tags, ' '))),
                                          ('note',    lower(p.metadata ->> 'note')),
                                          ('summary', lower(p.metadata ->> 'summary')),
                                          ('content', lower(h.content))) as f(signal, content)
    )
    select f.chunk_id, f.signal, f.share
      from fields as f
     where f.share > 0
     union all
    select c.chunk_id, 'text', c.text_score / best
      from unnest(chunk_ids, texted) as c(chunk_id, text_score)
     where c.text_score > 0
     union all
    select c.chunk_id,
           'vector',
           -- beside text half a cosine; alone the raw cosine, not amplified
           c.vector_score * case when c.text_score > 0 or exists (select from fields as f where f.chunk_id = c.chunk_id and f.share > 0) then 0.5::float8 else 1 end
      from unnest(chunk_ids, texted, vectored) as c(chunk_id, text_score, vector_score)
     where c.vector_score is not null;
end;
$$;

comment on function pgsearch.legacy_scores(text[], bigint[], bigint[], float8[], float8[]) is
'The signals of strategy legacy, for fuse: for each chunk the share of the query''s words in its title, tags, note,
summary (both in the page''s metadata) and content, 0 .. 1; text: the text score over the best one, 0 .. 1; vector: half
the cosine beside any text match, the cosine itself without. Arguments: words (lower case, at most 1,000), parallel
arrays of the candidates (page_ids, chunk_ids, text_scores, vector_scores; null: none).
Returns chunk_id, signal, score, only where there is something. Weights, set by hand: title 3.0, tags 2.5, note 2.0,
summary 1.5, content 1.0, text 2.0.
Errors: PS003 too many words, a score that is not finite.';
