-- Confidence of a hybrid search: the surer of its two sides, each judged before fusion.

create or replace function pgsearch.compute_confidence_hybrid(
    text_score   float8,
    text_reason  text,
    vector_score float8,
    model        text default ''
)
returns float8
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return greatest(pgsearch.compute_confidence(text_score, text_reason, 'fts', model),
                    pgsearch.compute_confidence(vector_score, 'vector', 'vector', model));
end;
$$;

comment on function pgsearch.compute_confidence_hybrid(float8, text, float8, text) is
'Greater of the confidence of the best text hit (text_score of strategy legacy, text_reason) and of the best vector hit
(vector_score: its cosine, worth what the breakpoints of model say); null scores stand for an empty side and give 0.';
