-- What a score is worth here: measured with questions that the collection itself gives, without a judgment.
--
-- For words: eight of them from eight chunks are a question that nothing answers; the best score it finds is what chance
-- gives. For vectors: the nearest other chunk of a chunk is related to it, and a vector whose numbers are shuffled means
-- nothing; between the two lies what a question has to reach.

create or replace function pgsearch._chance_of_words(collection text)
returns float8[]
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
    draws    constant integer := 32;
    together constant integer := 8;
    settings constant jsonb   := pgsearch._settings(array[collection], '{}');
    among    pgsearch.scope;
    drawn    text[];
    words    pgsearch.bm25_words;
    best     float8;
    levels   float8[] := '{}';
begin
    select array_agg(l.lexeme order by c.place)
      into drawn
      from (select s.content_tsv, s.chunk_id, row_number() over (order by hashint8(s.chunk_id), s.chunk_id) as place
              from pgsearch.chunks as s
             where s.collection = _chance_of_words.collection
             order by hashint8(s.chunk_id), s.chunk_id
             limit draws * together) as c
           cross join lateral (select u.lexeme
                                 from unnest(c.content_tsv) as u
                                where u.lexeme !~ '[ǀǁǂǃ]'
                                order by hashtextextended(u.lexeme, c.chunk_id)
                                limit 1) as l;

    among.collections := array[collection];
    -- of fewer chunks any eight hold much of what there is
    if coalesce(cardinality(drawn), 0) < 4 * together then
        return levels;
    end if;
    for i in 0 .. cardinality(drawn) / together - 1 loop
        words := pgsearch._bm25_terms(drawn[i * together + 1 : (i + 1) * together], null, among.collections);
        continue when words.terms is null;
        best := (select (b.best).scores[1]
                   from pgsearch._bm25_best(
                            words    => words,
                            formula  => jsonb_populate_record(null::pgsearch.bm25_formula, settings -> 'bm25'),
                            scope    => among,
                            top_n    => 1,
                            effort   => 'fast',
                            max_rows => (settings ->> 'max_rows')::integer) as b);
        levels := levels || ln(nullif(best, 0) / (select sum(g) from unnest(words.gains) as g));
    end loop;
    return levels;
end;
$$;

comment on function pgsearch._chance_of_words(text) is
'Of questions made of eight words of eight chunks: the logarithm of the best score by the weight of the words. Empty where
the collection is too small for them.';

create or replace function pgsearch._nearness_of_chunks(
    collection text,
    model      pgsearch.embedding_models,
    out related   float8[],
    out unrelated float8[]
)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
    sampled constant integer := 64;
    -- a variable cannot be declared as vector, whose schema is not on the path
    centre   constant pgsearch.embedding_centres.centre%type := pgsearch._centre(model, array[collection]);
    -- a subject gives its texts three tenths in common at most; what there is beyond is the model's, which gives all texts
    -- high cosines, so that what means nothing has it as well
    in_common constant real := least(1, greatest(0, (pgsearch._inner_product(centre, centre) - 0.3) / 0.3));
    shuffled pgsearch.embedding_centres.centre%type;
    kept     record;
    nearest  float8;
begin
    related   := '{}';
    unrelated := '{}';
    for kept in
        select e.chunk_id, e.embedding
          from pgsearch.embeddings as e
         where e.model_id = model.model_id
           and e.collection = _nearness_of_chunks.collection
         order by hashint8(e.chunk_id), e.chunk_id
         limit sampled
    loop
        -- a copy of a text is no other text
        nearest := (select max(v.score)
                      from pgsearch._vector_top_n(kept.embedding, model, array[collection], null, 8) as v
                     where v.chunk_id <> kept.chunk_id
                       and (model.distance <> 'cosine' or v.score < 0.999999));
        continue when nearest is null;
        related   := related || pgsearch._nearness_to(nearest, kept.embedding, centre, model.distance);

        shuffled  := array(select s.number + in_common * c.number
                             from (select row_number() over (order by hashint8extended(x.place, kept.chunk_id)) as place,
                                          x.number - x.common as number
                                     from unnest(pgsearch._unit(kept.embedding)::real[], centre::real[]) with ordinality
                                              as x(number, common, place)) as s
                                  join unnest(centre::real[]) with ordinality as c(number, place) on c.place = s.place
                            order by s.place);
        nearest   := (select max(v.score) from pgsearch._vector_top_n(shuffled, model, array[collection], null, 1) as v);
        unrelated := unrelated || pgsearch._nearness_to(nearest, shuffled, centre, model.distance);
    end loop;
end;
$$;

comment on function pgsearch._nearness_of_chunks(text, pgsearch.embedding_models) is
'How near (see _nearness_to) a sample of chunks comes to the nearest other text (related), and the same vectors with what
sets them apart from the centre shuffled to any (unrelated).';

create or replace function pgsearch.calibrate_relevance(collection text default null, changed_only boolean default false)
returns table (name text, model text, unrelated float8, related float8, deviation float8, sampled integer)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    -- below, a median says little
    least_sampled constant integer := 20;
    given   constant text := calibrate_relevance.collection;
    kept    record;
    near    record;
    chances float8[];
begin
    if given is not null then
        perform pgsearch._check_collections(array[given]);
    end if;

    for kept in
        select c.collection, 0 as model_id, null::pgsearch.embedding_models as of_model, coalesce(s.chunks, 0) as texts, l.texts as former
          from pgsearch.collections as c
               left join pgsearch.collection_stats as s on s.collection = c.collection
               left join pgsearch.relevance_levels as l on l.collection = c.collection and l.model_id = 0
         where given is null
            or c.collection = given
         union all
        select k.collection, k.model_id, m, e.texts, l.texts
          from pgsearch.embedding_centres as k
               join pgsearch.collections as c on c.collection = k.collection
               join pgsearch.embedding_models as m on m.model_id = k.model_id
               left join pgsearch.relevance_levels as l on l.collection = k.collection and l.model_id = k.model_id
               cross join lateral (select count(*) as texts
                                     from pgsearch.embeddings as v
                                    where v.model_id = k.model_id
                                      and v.collection = k.collection) as e
         where given is null
            or k.collection = given
    loop
        continue when changed_only and abs(kept.texts - kept.former) <= 0.1 * kept.former;
        delete from pgsearch.relevance_levels as l
         where l.collection = kept.collection
           and l.model_id = kept.model_id;

        if kept.model_id > 0 then
            near := pgsearch._nearness_of_chunks(kept.collection, kept.of_model);
            insert into pgsearch.relevance_levels (collection, model_id, unrelated, related, deviation, sampled, texts, calibrated_at)
            select kept.collection, kept.model_id, s.unrelated, s.related, s.deviation, s.sampled, kept.texts, now()
              from (select percentile_cont(0.5) within group (order by v.unrelated) as unrelated,
                           percentile_cont(0.5) within group (order by v.related) as related,
                           sqrt((var_pop(v.unrelated) + var_pop(v.related)) / 2) as deviation,
                           count(*) as sampled
                      from unnest(near.unrelated, near.related) as v(unrelated, related)) as s
             where s.sampled >= least_sampled
                on conflict do nothing;
        else
            chances := pgsearch._chance_of_words(kept.collection);
            insert into pgsearch.relevance_levels (collection, model_id, unrelated, sampled, texts, calibrated_at)
            select kept.collection, 0, percentile_cont(0.5) within group (order by c), count(c), kept.texts, now()
              from unnest(chances) as c
            having count(c) > 0
                on conflict do nothing;
        end if;
    end loop;

    delete from pgsearch.relevance_levels as l
     where l.model_id > 0
       and not exists (select
                         from pgsearch.embedding_centres as k
                        where k.collection = l.collection
                          and k.model_id = l.model_id);

    return query
    select l.collection, m.model, l.unrelated, l.related, l.deviation, l.sampled
      from pgsearch.relevance_levels as l
           left join pgsearch.embedding_models as m on m.model_id = l.model_id
     where given is null
        or l.collection = given
     order by l.collection, m.model nulls first;
end;
$$;

comment on function pgsearch.calibrate_relevance(text, boolean) is
'Measures what scores are worth in a collection, for relevance and confidence: with questions made of its own words and
vectors, without a judgment. Run by maintenance and after embedding.
Arguments:
- collection (null: all)
- changed_only (true: only where a tenth of the texts came or went since)
Returns a row for the words of each collection (model null) and one for each of its models: name (the collection), model,
unrelated, related and deviation (the levels, see relevance_levels), sampled (how many questions they come from). Of a
collection that is too small for them there is none: then the usual levels hold, and confidence_breakpoints for vectors.
Takes some hundred short searches a collection.
Error: PS001 unknown collection.
Example:
select name, model, unrelated, related from pgsearch.calibrate_relevance(''korean'');';
