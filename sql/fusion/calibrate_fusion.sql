-- A weak embedding model told from a good one without any judgment: whether it finds a text by a sentence or heading of
-- that text that it cannot see there, as well as the words do; and a redundant one, which errs where the words err, by how
-- much it agrees with them on which texts are alike.
--
-- A sentence shares its rare words with its neighbours and a question does not, so the words look better than they are, by
-- about what is tolerated; and 150 answers leave an error of .2. The constants were chosen on pairs of 4 judged collections
-- with 10 models, good, projected, noisy, static, hashed and fitted ones, and hold on two other collections.

create or replace function pgsearch._logit_of_ranks(reciprocal_rank float8, answers integer)
returns float8
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
-- two answers more of either kind (Agresti and Coull 1998): so few as 150 cannot tell all from nearly all
return ln(reciprocal_rank * answers + 2) - ln((1 - reciprocal_rank) * answers + 2);

comment on function pgsearch._logit_of_ranks(float8, integer) is
'ln(p / (1 - p)) of a mean reciprocal rank p over so many answers, with two right and two wrong answers more.';

create or replace function pgsearch._shift_of(advantage float8)
returns float8
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
-- a weak model still adds something; one that knows next to nothing is to be silent
return least(least(greatest(4 * advantage, 0), 2) + greatest(5 * (advantage - 2.5), 0), 8);

comment on function pgsearch._shift_of(float8) is
'The shift for what words have more than a model, as a difference of logits beyond what is tolerated: 4 times as much
within 0 .. 2, and from 2.5 on 5 times the rest more, up to 8.';

create or replace function pgsearch._text_shift(
    sentences integer, sentence_words float8, sentence_vectors float8,
    headings  integer, heading_words  float8, heading_vectors  float8
)
returns float8
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select case when count(*) > 0 then pgsearch._shift_of(avg(d.difference - k.tolerated)) end
  from (values (sentences, sentence_words, sentence_vectors, 0.5::float8),
               (headings,  heading_words,  heading_vectors,  0.1::float8)) as k(answers, words, vectors, tolerated)
       cross join lateral (select pgsearch._logit_of_ranks(k.words, k.answers)
                                  - pgsearch._logit_of_ranks(k.vectors, k.answers) as difference) as d
 where k.answers >= 50;
$$;

comment on function pgsearch._text_shift(integer, float8, float8, integer, float8, float8) is
'What calibrate_fusion makes of the mean reciprocal ranks of words and vectors for sentences and headings: _shift_of the
mean, over the kinds with 50 answers or more, of the difference of their logits beyond .5 and .1. Null without such a kind.';

create or replace function pgsearch._sample_of_embedded(collection text, model pgsearch.embedding_models, sampled integer)
returns table (page_id bigint, content_hash bytea, embedding vector, telling text[])
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
    content_tsv tsvector;
    words       pgsearch.bm25_words;
begin
    for page_id, content_hash, embedding, content_tsv in
        select e.page_id, e.content_hash, e.embedding, c.content_tsv
          from (select v.page_id, v.chunk_id, v.embedding, v.content_hash
                  from pgsearch.embeddings as v
                 where v.model_id = model.model_id
                   and v.collection = _sample_of_embedded.collection
                 order by hashint8extended(v.chunk_id, 1), v.chunk_id
                 limit sampled) as e
               join pgsearch.chunks as c on c.page_id = e.page_id
                                        and c.chunk_id = e.chunk_id
                                        and c.content_hash = e.content_hash
         order by hashint8extended(e.chunk_id, 1), e.chunk_id
    loop
        words   := pgsearch._bm25_terms(tsvector_to_array(content_tsv), null, array[collection]);
        telling := array(select t.name
                           from unnest(words.names, words.gains) as t(name, gain)
                          where translate(t.name, 'ǀǁǂǃ', '') = t.name
                          order by t.gain desc, t.name
                          limit pgsearch._most_lexemes());
        return next;
    end loop;
end;
$$;

comment on function pgsearch._sample_of_embedded(text, pgsearch.embedding_models, integer) is
'So many chunks of the collection that the model has embedded as they are, the same ones each time, each with its vector and
its most telling lexemes, the most telling first.';

create or replace function pgsearch._least_likeness()
returns float8
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
return 0.2;

comment on function pgsearch._least_likeness() is
'Of the weight of the words of a text: what has less of them in common with every other text is like none.';

create or replace function pgsearch._likeness_of_chunks(
    collection text,
    model      pgsearch.embedding_models,
    out texts     integer,
    out agreement float8
)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
    sampled   constant integer := 64;
    looked_at constant integer := 100;
    settings  constant jsonb   := pgsearch._settings(array[collection], '{}');
    formula   constant pgsearch.bm25_formula := jsonb_populate_record(null::pgsearch.bm25_formula, settings -> 'bm25');
    centre    constant pgsearch.embedding_centres.centre%type := pgsearch._centre(model, array[collection]);
    among     pgsearch.scope;
    words     pgsearch.bm25_words;
    near      pgsearch.scored_chunks;
    either    pgsearch.scored_chunks;
    kept      record;
    told      record;
    found     record;
begin
    among.collections := array[collection];
    texts := 0;
    for kept in
        select s.page_id, s.content_hash, s.embedding, s.telling
          from pgsearch._sample_of_embedded(collection, model, sampled) as s
    loop
        words := pgsearch._bm25_terms(kept.telling, null, among.collections);
        continue when words.terms is null;
        select array_agg(v.chunk_id), array_agg(v.page_id)
          into near.chunk_ids, near.page_ids
          from pgsearch._vector_top_n(kept.embedding, model, among.collections, null, looked_at) as v;
        continue when near.chunk_ids is null;
        told := pgsearch._bm25_best(words    => words,
                                    formula  => formula,
                                    scope    => among,
                                    top_n    => looked_at,
                                    effort   => 'fast',
                                    max_rows => (settings ->> 'max_rows')::integer,
                                    given    => near);
        -- neither the page itself nor a copy
        select array_agg(u.chunk_id order by u.chunk_id), array_agg(u.page_id order by u.chunk_id), array_agg(u.score order by u.chunk_id)
          into either.chunk_ids, either.page_ids, either.scores
          from (select distinct on (r.chunk_id) r.chunk_id, r.page_id, r.score
                  from unnest((told.best).chunk_ids || (told.also).chunk_ids,
                              (told.best).page_ids || (told.also).page_ids,
                              (told.best).scores || (told.also).scores) as r(chunk_id, page_id, score)
                 order by r.chunk_id, r.score desc) as u
               join pgsearch.chunks as c on c.page_id = u.page_id
                                        and c.chunk_id = u.chunk_id
         where u.page_id <> kept.page_id
           and c.content_hash <> kept.content_hash;
        continue when (select max(s) from unnest(either.scores) as s)
                      >= pgsearch._least_likeness() * (select sum(g) from unnest(words.gains) as g) is not true;
        select corr(n.score, n.nearness) as agreement, count(n.nearness) as compared
          into found
          from unnest(either.scores, (pgsearch._nearness(kept.embedding, model, centre, either.page_ids, either.chunk_ids)).centred)
                   as n(score, nearness);
        continue when found.compared = 0;
        texts     := texts + 1;
        agreement := coalesce(agreement, 0) + coalesce(found.agreement, 0);
    end loop;
    agreement := agreement / nullif(texts, 0);
end;
$$;

comment on function pgsearch._likeness_of_chunks(text, pgsearch.embedding_models) is
'Whether a model and the words agree on which texts are alike, of a sample of chunks: texts (how many), agreement (mean
correlation of BM25, asked for the most telling words of the chunk, with the centred cosine, over the hundred best of
either). The page itself and copies do not take part, nor chunks that no other is like. No text is embedded for it.';

create or replace function pgsearch._others_of(
    kept_page bigint,
    kept_hash bytea,
    model     pgsearch.embedding_models,
    page_ids  bigint[],
    chunk_ids bigint[],
    scores    float8[],
    out others     bigint[],
    out best_score float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
begin
    select array_agg(l.chunk_id order by l.at), (array_agg(l.score order by l.at))[1]
      into others, best_score
      from unnest(page_ids, chunk_ids, scores) with ordinality as l(page_id, chunk_id, score, at)
           join pgsearch.chunks as c on c.page_id = l.page_id
                                    and c.chunk_id = l.chunk_id
           join pgsearch.embeddings as e on e.page_id = l.page_id
                                        and e.chunk_id = l.chunk_id
                                        and e.model_id = model.model_id
     where l.page_id <> kept_page
       and c.content_hash <> kept_hash;
end;
$$;

comment on function pgsearch._others_of(bigint, bytea, pgsearch.embedding_models, bigint[], bigint[], float8[]) is
'Of a list, best first in parallel arrays, the chunks that the model has embedded and that are neither of the page nor copies
of the text with the hash, in their order (null: none); and the score of the best of them.';

create or replace function pgsearch._found_by_half(
    collection text,
    model      pgsearch.embedding_models,
    out asked      integer,
    out by_words   float8,
    out by_vectors float8,
    out by_chance  float8
)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
    sampled    constant integer := 128;
    looked_at  constant integer := 100;
    settings   constant jsonb   := pgsearch._settings(array[collection], '{}');
    formula    constant pgsearch.bm25_formula := jsonb_populate_record(null::pgsearch.bm25_formula, settings -> 'bm25');
    among      pgsearch.scope;
    words      pgsearch.bm25_words;
    best       pgsearch.scored_chunks;
    near       bigint[];
    -- of either half: the others that it finds, best first, and whether the best is like the text
    lists      jsonb[];
    likeness   float8[];
    listed     record;
    kept       record;
    word_rank  integer;
    label      bigint;
begin
    among.collections := array[collection];
    asked      := 0;
    by_words   := 0;
    by_vectors := 0;
    for kept in
        select s.page_id, s.content_hash, s.embedding, s.telling
          from pgsearch._sample_of_embedded(collection, model, sampled) as s
    loop
        near := (select o.others
                   from (select array_agg(v.page_id) as page_ids, array_agg(v.chunk_id) as chunk_ids
                           from pgsearch._vector_top_n(kept.embedding, model, among.collections, null, looked_at) as v) as n
                        cross join pgsearch._others_of(kept.page_id, kept.content_hash, model, n.page_ids, n.chunk_ids, null) as o);
        lists    := '{}';
        likeness := '{}';
        for half in 0 .. 1 loop
            words := pgsearch._bm25_terms(array(select t.name
                                                  from unnest(kept.telling) with ordinality as t(name, at)
                                                 where t.at % 2 = half
                                                 order by t.at), null, among.collections);
            exit when words.terms is null;
            best     := (pgsearch._bm25_best(words, formula, among, looked_at, 'fast', (settings ->> 'max_rows')::integer)).best;
            listed   := pgsearch._others_of(kept.page_id, kept.content_hash, model, best.page_ids, best.chunk_ids, best.scores);
            lists    := lists || to_jsonb(listed.others);
            likeness := likeness || listed.best_score / (select sum(g) from unnest(words.gains) as g);
        end loop;
        for half in 1 .. case cardinality(likeness) when 2 then 2 else 0 end loop
            -- the other half says what is to be found
            continue when likeness[3 - half] >= pgsearch._least_likeness() is not true;
            label      := (lists[3 - half] -> 0)::bigint;
            word_rank  := (select o.at
                             from jsonb_array_elements(lists[half]) with ordinality as o(chunk_id, at)
                            where o.chunk_id::bigint = label);
            asked      := asked + 1;
            by_words   := by_words + coalesce(1 / word_rank::float8, 0);
            by_vectors := by_vectors + coalesce(1 / array_position(near, label)::float8, 0);
        end loop;
    end loop;
    by_words   := by_words / nullif(asked, 0);
    by_vectors := by_vectors / nullif(asked, 0);
    -- any place of n is as likely: the harmonic number by n
    by_chance  := (select (ln(k.texts) + 0.577::float8) / k.texts
                     from (select greatest(count(*), 2)::float8 as texts
                             from pgsearch.embeddings as v
                            where v.model_id = model.model_id
                              and v.collection = _found_by_half.collection) as k);
end;
$$;

comment on function pgsearch._found_by_half(text, pgsearch.embedding_models) is
'Whether words and vectors find what is like a text, without asking the model: of a sample of chunks the most telling words
are dealt into two halves; the other text that is best by one half is looked for by the other half and by the vector. Returns
asked (how many could be; two a chunk at most), by_words and by_vectors (the mean reciprocal ranks among the first hundred),
by_chance (what chance would give).
The page itself and copies do not take part, nor what has no embedding, nor halves that no other text is like.';

create or replace function pgsearch._shift_of_unasked(asked integer, by_words float8, by_vectors float8)
returns float8
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- the vector is of the whole text, the words are half of them: a good model is ahead by as much as is added, unless all is found
select least(8, least(greatest(4 * m.advantage, 0), 2) + greatest(3 * (m.advantage - 1), 0))
  from (select pgsearch._logit_of_ranks(by_words, asked) - pgsearch._logit_of_ranks(by_vectors, asked)
               + 0.43::float8 * (1 - by_vectors) as advantage) as m;
$$;

comment on function pgsearch._shift_of_unasked(integer, float8, float8) is
'The shift for what _found_by_half found: with m what the words have more than the model, as a difference of logits, and 0.43
times what the model does not find more, 4 times m within 0 .. 2, and from 1 on 3 times the rest more, up to 8.';

create or replace function pgsearch._not_asked()
returns text
language sql immutable parallel safe
return 'The model could not be asked: it is judged by its vectors alone.';

comment on function pgsearch._not_asked() is 'The reason of a calibration for which nothing was embedded.';

create or replace function pgsearch.calibrate_fusion(collection text, model text)
returns float8
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen constant pgsearch.embedding_models := pgsearch._named_model(calibrate_fusion.model);
    -- of fewer texts a mean says little
    enough constant integer := 20;
    like_words record;
    by_half    record;
    told       record;
    shift      float8;
    redundant  float8;
    reason     text;
begin
    perform pgsearch._check_collections(array[calibrate_fusion.collection]);
    -- else nobody knows whether there was nothing to ask, or nobody who asked
    if not exists (select
                     from pgsearch.fusion_probes as p
                    where p.collection = calibrate_fusion.collection
                      and p.model_id = chosen.model_id) then
        perform pgsearch.draw_fusion_probes(calibrate_fusion.collection, calibrate_fusion.model);
    end if;

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

    like_words := pgsearch._likeness_of_chunks(calibrate_fusion.collection, chosen);
    if told.waiting = 0 then
        shift := pgsearch._text_shift(told.sentences, told.sentence_words, told.sentence_vectors,
                                      told.headings, told.heading_words, told.heading_vectors);
    end if;
    reason := case when shift is not null then ''
                   when told.waiting > 0 then pgsearch._not_asked()
                   else 'Fewer than 50 chunks have a sentence or a heading that can be held out.'
              end;
    if shift is null then
        by_half := pgsearch._found_by_half(calibrate_fusion.collection, chosen);
        -- where words find nothing that is like a text, nothing is
        if by_half.asked >= 2 * enough and by_half.by_words > 3 * by_half.by_chance then
            shift := pgsearch._shift_of_unasked(by_half.asked, by_half.by_words, by_half.by_vectors);
        end if;
    end if;
    -- what takes the same texts for alike as the words do errs where they err: it finds as much and adds less
    redundant := case when like_words.texts >= enough then least(1, greatest(0, 4 * (like_words.agreement - 0.2))) else 0 end;
    -- of null and a number the least is the number
    shift := case when shift + redundant > 8 then 8 else shift + redundant end;
    -- What was fitted on the collection knows a question by the words that BM25 reads too, so that what it finds is said twice.
    -- Of six judged collections the best shift is 1 or more on four, .5 on one, and 0 on one, where 1.25 costs .009.
    shift := greatest(shift, case when starts_with(chosen.model, 'svd:') then 1.25 end);

    insert into pgsearch.fusion_calibrations (
        collection, model_id, text_shift, reason, sentences, sentence_words, sentence_vectors, headings, heading_words, heading_vectors,
        embeddings, last_chunk_id, calibrated_at)
    select calibrate_fusion.collection,
           chosen.model_id,
           coalesce(shift, 0),
           reason,
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
Returns the shift: 0 for a model that finds what it is asked for about as well as the words do, 2 for a weak one, up to
8 for one that knows nothing, and up to 1 more for one that takes the same texts for alike as the words do: it errs where
they err. For a model that was fitted on the collection (svd:) it is 1.25 at least. The weight of the text signal is
e^shift times as much in strategies adaptive and weighted. Where nothing was judged, because the model cannot be asked
or the collection is too small, it is told by its vectors how well the model finds what is like a text, beside half of
the words of that text, and list_fusion_calibrations says so; where hardly any text is like another it is 0. What was
judged is forgotten; draw_fusion_probes begins anew. `pgsearch calibrate`, `pgsearch embed` and `pgsearch maintain` do
all of it.
Errors: PS001 unknown collection, PS008 unknown model.';

create or replace function pgsearch._calibrate_unasked(model text default null)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    calibrated integer := 0;
    due        record;
begin
    for due in
        select k.collection_name, k.model_name
          from pgsearch.list_fusion_calibrations(model => _calibrate_unasked.model) as k
               join pgsearch.embedding_models as m on m.model = k.model_name
         where k.stale
           and not k.asked
           and (pgsearch.collection_settings(k.collection_name) ->> 'calibrated')::boolean
           -- somebody is asking just now
           and not exists (select
                             from pgsearch.fusion_probes as p
                            where p.collection = k.collection_name
                              and p.model_id = m.model_id)
    loop
        perform pgsearch.calibrate_fusion(due.collection_name, due.model_name);
        calibrated := calibrated + 1;
    end loop;
    return calibrated;
end;
$$;

comment on function pgsearch._calibrate_unasked(text) is
'Calibrates the fusion of the model (null: of all) by its vectors alone where it never was, or was so and a tenth of the
collection changed since; what was found by asking a model stays, until it is asked again. Returns for how many
collections and models.';
