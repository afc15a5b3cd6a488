-- How sure a search may be of its first hit: below 0.5 it counts as a failure worth learning from.
--
-- The steps were set by hand, on the scores of strategy legacy and on raw cosines, never on fused scores, which mean
-- something else in every strategy.

create or replace function pgsearch.compute_confidence(
    score        float8,
    match_reason text,
    mode         text,
    model        text default ''
)
returns float8
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    reason constant text   := lower(coalesce(match_reason, ''));
    boost  constant float8 := case when strpos(reason, '+vector') > 0 then 0.10 else 0 end;
begin
    return case
           when score is null                                            then 0
           when mode = 'vector'                                          then pgsearch._cosine_confidence(score, model)
           -- of titles with a typing error .8 (Korean names) to .99 (long English titles) find theirs at .5 or more, of
           -- absent ones .04 to .25 find another
           when mode = 'lexical'                                         then case when score >= 0.99 then 0.95
                                                                                   when score >= 0.7  then 0.8
                                                                                   when score >= 0.5  then 0.55
                                                                                   when score >= 0.4  then 0.3
                                                                                   else 0.1 end
           when strpos(reason, 'title') > 0 and score >= 3.5             then least(1, 0.95::float8 + boost)
           when (strpos(reason, 'tags') > 0 or strpos(reason, 'note') > 0)
                and score >= 2.5                                         then least(1, 0.85::float8 + boost)
           when strpos(reason, 'summary') > 0 and score >= 2.0           then 0.75::float8 + boost
           when strpos(reason, 'content') > 0 and score >= 1.5           then 0.65::float8 + boost
           when strpos(reason, 'fts') > 0 and score >= 1.0               then 0.55::float8 + boost
           when reason = 'vector'                                        then pgsearch._cosine_confidence(score, model)
           else 0.3
           end;
end;
$$;

comment on function pgsearch.compute_confidence(float8, text, text, text) is
'Confidence (0 .. 1) in the first hit.
Arguments:
- score (of strategy legacy; the cosine when mode is vector or the reason is exactly vector; of search_lexical when mode
  is lexical; null: no hit, 0)
- match_reason (fields joined by +, such as title+vector)
- mode (vector, lexical, or anything else for text)
- model (a cosine is worth what its rows in confidence_breakpoints say, else those of model '''': .85 -> .95, .75 -> .80,
  .65 -> .65, .55 -> .50, .45 -> .35, .35 -> .20, below -> .10)
Title with a score from 3.5 on .95, tags or note from 2.5 .85, summary from 2.0 .75, content from 1.5 .65, fts from 1.0
.55; each .10 more with +vector, at most 1; anything else .3. Spelling of a title: from .99 on .95,
.7 .8, .5 .55, .4 .3, below .1.';
