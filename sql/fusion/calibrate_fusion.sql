-- A weak embedding model told from a good one without any judgment: whether it finds a text by a sentence or heading of
-- that text that it cannot see there, as well as the words do.
--
-- Over 20 pairs of collection and model the difference of the two logits foretells the best constant weight of the words
-- (correlation .77 for sentences, .89 for headings). A sentence shares its rare words with its neighbours and a question
-- does not, so the words look better than they are, by about what is tolerated; and 150 answers leave an error of .2.

create or replace function pgsearch._logit_of_ranks(reciprocal_rank float8, answers integer)
returns float8
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
-- two answers more of either kind (Agresti and Coull 1998): so few as 150 cannot tell all from nearly all
return ln(reciprocal_rank * answers + 2) - ln((1 - reciprocal_rank) * answers + 2);

comment on function pgsearch._logit_of_ranks(float8, integer) is
'ln(p / (1 - p)) of a mean reciprocal rank p over so many answers, with two right and two wrong answers more.';

create or replace function pgsearch._text_shift(
    sentences integer, sentence_words float8, sentence_vectors float8,
    headings  integer, heading_words  float8, heading_vectors  float8
)
returns float8
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select case when count(*) > 0
            then least(greatest(2 * avg(d.difference - k.tolerated), 0), 3)
            end
  from (values (sentences, sentence_words, sentence_vectors, 0.5::float8),
               (headings,  heading_words,  heading_vectors,  0.2::float8)) as k(answers, words, vectors, tolerated)
       cross join lateral (select pgsearch._logit_of_ranks(k.words, k.answers)
                                  - pgsearch._logit_of_ranks(k.vectors, k.answers) as difference) as d
 where k.answers >= 50;
$$;

comment on function pgsearch._text_shift(integer, float8, float8, integer, float8, float8) is
'What calibrate_fusion makes of the mean reciprocal ranks of words and vectors for sentences and headings: twice the
mean, over the kinds with 50 answers or more, of the difference of their logits beyond .5 and .2, within 0 .. 3. Null
without such a kind.';

create or replace function pgsearch.calibrate_fusion(collection text, model text)
returns float8
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen constant pgsearch.embedding_models := pgsearch._named_model(calibrate_fusion.model);
    -- a model fitted on the words of the collection errs where they err: it finds as much and adds less
    redundant constant float8 := case when starts_with(chosen.model, 'svd:') then 1 else 0 end;
    told   record;
    shift  float8;
begin
    perform pgsearch._check_collections(array[calibrate_fusion.collection]);

    select count(*) filter (where p.vector_rank is null) as waiting,
           count(*) filter (where p.kind = 'sentence')::integer as sentences,
           avg(w.reciprocal) filter (where p.kind = 'sentence') as sentence_words,
           avg(v.reciprocal) filter (where p.kind = 'sentence') as sentence_vectors,
           count(*) filter (where p.kind = 'heading')::integer as headings,
           avg(w.reciprocal) filter (where p.kind = 'heading') as heading_words,
           avg(v.reciprocal) filter (where p.kind = 'heading') as heading_vectors
      into told
      from pgsearch.fusion_probes as p
           cross join lateral (select coalesce(1 / nullif(p.word_rank, 0)::float8, 0) as reciprocal) as w
           cross join lateral (select coalesce(1 / nullif(p.vector_rank, 0)::float8, 0) as reciprocal) as v
     where p.collection = calibrate_fusion.collection
       and p.model_id = chosen.model_id;

    if told.waiting = 0 then
        shift := redundant + pgsearch._text_shift(told.sentences, told.sentence_words, told.sentence_vectors,
                                                  told.headings, told.heading_words, told.heading_vectors);
        shift := case when shift > 3 then 3 else shift end;
    end if;

    insert into pgsearch.fusion_calibrations (
        collection, model_id, text_shift, reason, sentences, sentence_words, sentence_vectors, headings, heading_words, heading_vectors,
        embeddings, last_chunk_id, calibrated_at)
    select calibrate_fusion.collection,
           chosen.model_id,
           coalesce(shift, 0),
           case when shift is not null then ''
                when told.waiting > 0 then 'The model could not be asked: it is known here by its vectors alone.'
                else 'Fewer than 50 chunks have a sentence or a heading that can be held out.'
           end,
           case when told.waiting = 0 then told.sentences else 0 end,
           case when told.waiting = 0 then told.sentence_words end,
           case when told.waiting = 0 then told.sentence_vectors end,
           case when told.waiting = 0 then told.headings else 0 end,
           case when told.waiting = 0 then told.heading_words end,
           case when told.waiting = 0 then told.heading_vectors end,
           count(*),
           coalesce(max(e.chunk_id), 0),
           now()
      from pgsearch.embeddings as e
     where e.model_id = chosen.model_id
       and e.collection = calibrate_fusion.collection
    on conflict (collection, model_id) do update
       set (text_shift, reason, sentences, sentence_words, sentence_vectors, headings, heading_words, heading_vectors,
            embeddings, last_chunk_id, calibrated_at)
           = (excluded.text_shift, excluded.reason, excluded.sentences, excluded.sentence_words, excluded.sentence_vectors,
              excluded.headings, excluded.heading_words, excluded.heading_vectors, excluded.embeddings, excluded.last_chunk_id,
              excluded.calibrated_at);

    delete from pgsearch.fusion_probes as p
     where p.collection = calibrate_fusion.collection
       and p.model_id = chosen.model_id;
    return coalesce(shift, 0);
end;
$$;

comment on function pgsearch.calibrate_fusion(text, text) is
'Finds, from what put_fusion_probes judged, how far the words of the collection are to be trusted beside the model, and
has searches do so from now on, unless their option calibrated is false.
Arguments:
- collection
- model
Returns the shift: 0 for a model that finds what it is asked for about as well as the words do, up to 3 for one that does
not, and 1 more (to 3) for one that is fitted on the collection (svd:), which errs where the words err; the weight of the
text signal is e^shift times as much in strategy adaptive. It is 0 too where nothing was judged,
because the model cannot be asked or the collection is too small: list_fusion_calibrations says why. What was judged is
forgotten; draw_fusion_probes begins anew. `pgsearch calibrate`, `pgsearch embed` and `pgsearch maintain` do all of it.
Errors: PS001 unknown collection, PS008 unknown model.';
