-- Where the words and the vectors each find a chunk by what was held out of it, and without it.
--
-- The chunk itself, which still holds it, and its page, which may say it again, do not compete; nor does, for a heading, a
-- chunk of the same heading. Beyond the first hundred a rank hardly counts, so that the ways of a search itself serve.

create or replace function pgsearch._rank_of_rest(
    chunk_ids   bigint[],
    page_ids    bigint[],
    scores      float8[],
    own_page    bigint,
    own_heading text,
    own_score   float8,
    looked_at   integer
)
returns integer
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
begin
    -- a full list whose last one is better leaves the place open
    if own_score is null or cardinality(scores) >= looked_at and own_score < scores[cardinality(scores)] then
        return 0;
    end if;
    return (select 1 + count(*)
              from unnest(page_ids, chunk_ids, scores) as r(page_id, chunk_id, score)
                   join pgsearch.chunks as c on c.page_id = r.page_id
                                            and c.chunk_id = r.chunk_id
             where r.score > own_score
               and r.page_id <> own_page
               and c.heading is distinct from own_heading);
end;
$$;

comment on function pgsearch._rank_of_rest(bigint[], bigint[], float8[], bigint, text, float8, integer) is
'The place that a score (null: none) would take among the looked_at best, given best first in parallel arrays, without
those of its page and of its heading (null: any): 1 is the first, 0 lies beyond them.';

create or replace function pgsearch._held_out_word_rank(
    settings     jsonb,
    collection   text,
    kind         text,
    page_id      bigint,
    text_config  text,
    heading      text,
    held_out     text,
    rest_heading text,
    rest_content text
)
returns integer
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    looked_at constant integer := 100;
    formula   constant pgsearch.bm25_formula := jsonb_populate_record(null::pgsearch.bm25_formula, settings -> 'bm25');
    rest      constant tsvector := pgsearch._analyze_chunk(text_config, rest_heading, rest_content);
    scope     pgsearch.scope;
    words     pgsearch.bm25_words;
    best      pgsearch.scored_chunks;
    norm      float8;
    own       float8;
begin
    scope.collections := array[collection];
    words := (select pgsearch._bm25_terms(q.lexemes, q.weights, scope.collections)
                from pgsearch._query_lexemes(text_config, held_out) as q);
    norm := pgsearch._length_norm((select coalesce(sum(cardinality(l.positions)), 0) from unnest(rest) as l),
                                  words.average_length, formula.k1, formula.b);
    select nullif(sum(pgsearch._bm25_part(
                          t.gain * (formula.k1 + 1),
                          pgsearch._term_frequency(pgsearch._term_rank(rest, t.term), rest, t.term, formula.heading_weight),
                          norm)), 0)
      into own
      from unnest(words.terms, words.gains) as t(term, gain);
    best := (pgsearch._bm25_best(words, formula, scope, looked_at, 'fast', (settings ->> 'max_rows')::integer)).best;
    return pgsearch._rank_of_rest(best.chunk_ids, best.page_ids, best.scores, page_id,
                                  case kind when 'heading' then heading end, own, looked_at);
end;
$$;

comment on function pgsearch._held_out_word_rank(jsonb, text, text, bigint, text, text, text, text, text) is
'Where BM25 finds the rest of a chunk by what was held out of it (see _held_out), its counts being those of the rest.
Returns as _rank_of_rest.';

create or replace function pgsearch._held_out_vector_rank(
    model      pgsearch.embedding_models,
    collection text,
    kind       text,
    page_id    bigint,
    heading    text,
    held_out   vector,
    rest       vector
)
returns integer
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    looked_at constant integer := 100;
    own       float8;
    best      record;
begin
    own := nullif(pgsearch._similarity(model.distance, rest,
                                       case model.distance when 'cosine' then pgsearch._unit(held_out) else held_out end), 'NaN');
    select array_agg(v.chunk_id) as chunk_ids, array_agg(v.page_id) as page_ids, array_agg(v.score) as scores
      into best
      from pgsearch._vector_top_n(held_out, model, array[collection], null, looked_at) as v;
    return pgsearch._rank_of_rest(best.chunk_ids, best.page_ids, best.scores, page_id,
                                  case kind when 'heading' then heading end, own, looked_at);
end;
$$;

comment on function pgsearch._held_out_vector_rank(pgsearch.embedding_models, text, text, bigint, text, vector, vector) is
'Where the model finds the rest of a chunk by what was held out of it, from the embeddings of the two. Returns as
_rank_of_rest.';

create or replace function pgsearch.put_fusion_probes(
    collection          text,
    model               text,
    kinds               text[],
    chunk_ids           bigint[],
    held_out_embeddings text[]    default null,
    rest_embeddings     text[]    default null,
    vector_ranks        integer[] default null
)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen   constant pgsearch.embedding_models := pgsearch._named_model(put_fusion_probes.model);
    n        constant integer := cardinality(chunk_ids);
    ranked   constant boolean := vector_ranks is not null;
    settings jsonb;
    wrong    bigint;
    judged   integer := 0;
    probe    record;
begin
    perform pgsearch._check_collections(array[put_fusion_probes.collection]);
    settings := pgsearch._settings(array[put_fusion_probes.collection], '{}');
    if n is null
       or n is distinct from cardinality(kinds)
       or ranked and (n is distinct from cardinality(vector_ranks) or coalesce(held_out_embeddings, rest_embeddings) is not null)
       or not ranked and (n is distinct from cardinality(held_out_embeddings) or n is distinct from cardinality(rest_embeddings)) then
        raise exception using
            errcode = 'PS003',
            message = format('%s chunk_ids, %s kinds, %s held_out_embeddings, %s rest_embeddings and %s vector_ranks do not go together',
                             coalesce(n::text, 'no'), coalesce(cardinality(kinds)::text, 'no'),
                             coalesce(cardinality(held_out_embeddings)::text, 'no'), coalesce(cardinality(rest_embeddings)::text, 'no'),
                             coalesce(cardinality(vector_ranks)::text, 'no')),
            hint    = 'Give for each chunk_id and kind of list_fusion_probes either its two embeddings or its vector_rank.';
    end if;
    if -1 >= any (vector_ranks) then
        raise exception using
            errcode = 'PS003',
            message = format('a rank is negative: %s', (select min(r) from unnest(vector_ranks) as r)),
            hint    = 'The first has rank 1; 0 is for what was not found.';
    end if;
    select g.chunk_id
      into wrong
      from unnest(chunk_ids || chunk_ids, held_out_embeddings || rest_embeddings) as g(chunk_id, embedding)
     where g.embedding !~ E'^\\s*\\[\\s*[-+0-9.eE]+(\\s*,\\s*[-+0-9.eE]+)*\\s*\\]\\s*$'
     limit 1;
    if found then
        raise exception using
            errcode = 'PS003',
            message = format('an embedding for chunk %s is none', coalesce(wrong::text, 'null')),
            hint    = 'Give finite numbers as ''[0.1,0.2]'', or null for a text that cannot be embedded.';
    end if;
    select pgsearch._dimensions(pgsearch._to_vector(g.embedding))
      into wrong
      from unnest(held_out_embeddings || rest_embeddings) as g(embedding)
     where pgsearch._dimensions(pgsearch._to_vector(g.embedding)) <> chosen.dimensions
     limit 1;
    if found then
        raise exception using
            errcode = 'PS004',
            message = format('an embedding has %s dimensions, model "%s" has %s', wrong, chosen.model, chosen.dimensions),
            hint    = 'Embed with the model that the embeddings of the collection are of.';
    end if;

    for probe in
        select distinct on (p.kind, p.chunk_id)
               p.kind, p.page_id, p.chunk_id, c.text_config, c.heading, h.held_out, h.rest_heading, h.rest_content,
               g.embedding, g.rest_embedding, g.rank
          from unnest(kinds, chunk_ids, held_out_embeddings, rest_embeddings, vector_ranks)
                   as g(kind, chunk_id, embedding, rest_embedding, rank)
               join pgsearch.fusion_probes as p on p.collection = put_fusion_probes.collection
                                               and p.model_id = chosen.model_id
                                               and p.kind = g.kind
                                               and p.chunk_id = g.chunk_id
               join pgsearch.chunks as c on c.page_id = p.page_id
                                        and c.chunk_id = p.chunk_id
               cross join lateral pgsearch._held_out(p.kind, c.chunk_id, c.heading, c.content) as h
         order by p.kind, p.chunk_id
    loop
        if probe.held_out is null or probe.rank is null and (probe.embedding is null or probe.rest_embedding is null) then
            -- the chunk has changed, or its text cannot be embedded
            delete from pgsearch.fusion_probes as p
             where p.collection = put_fusion_probes.collection
               and p.model_id = chosen.model_id
               and p.kind = probe.kind
               and p.chunk_id = probe.chunk_id;
            continue;
        end if;
        update pgsearch.fusion_probes as p
           set word_rank   = pgsearch._held_out_word_rank(
                                 settings, put_fusion_probes.collection, probe.kind, probe.page_id, probe.text_config,
                                 probe.heading, probe.held_out, probe.rest_heading, probe.rest_content),
               vector_rank = case when ranked then probe.rank
                                  else pgsearch._held_out_vector_rank(
                                           chosen, put_fusion_probes.collection, probe.kind, probe.page_id, probe.heading,
                                           pgsearch._to_vector(probe.embedding), pgsearch._to_vector(probe.rest_embedding)) end
         where p.collection = put_fusion_probes.collection
           and p.model_id = chosen.model_id
           and p.kind = probe.kind
           and p.chunk_id = probe.chunk_id;
        judged := judged + 1;
    end loop;
    return judged;
end;
$$;

comment on function pgsearch.put_fusion_probes(text, text, text[], bigint[], text[], text[], integer[]) is
'Judges what list_fusion_probes gave: where the words and where the model each find a chunk by what was held out of it.
Arguments:
- collection
- model
- kinds and chunk_ids (parallel, as list_fusion_probes gave them)
- held_out_embeddings and rest_embeddings (parallel to them, in the text form of vectors; null for a text that cannot be
  embedded: it is asked for no more)
- vector_ranks (in place of the embeddings, for a model that was fitted on the collection and has to be judged by a fit
  that has not seen what was held out: 1 for the first, 0 for what is not among the first hundred)
Returns how many were judged; what is no longer among those chosen is left out.
Errors: PS001 unknown collection, PS003 arrays that do not go together, a negative rank or no vector, PS004 wrong
dimensions, PS008 unknown model.';
