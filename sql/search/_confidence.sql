-- How likely chunks are to answer the query: read from words and vectors as they were before they were fused, since fused
-- scores have no scale of their own. It looks at texts, so it comes last, for what is shown and what heads each signal.

create or replace function pgsearch._levels_of_relevance(
    model       pgsearch.embedding_models,
    collections text[],
    out chance      float8,
    out unrelated   float8,
    out related     float8,
    out deviation   float8,
    out by_steps    boolean,
    out cosines     float8[],
    out confidences float8[]
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    select avg(l.unrelated order by l.collection) filter (where l.model_id = 0),
           avg(l.unrelated order by l.collection) filter (where l.model_id > 0),
           avg(l.related order by l.collection) filter (where l.model_id > 0),
           avg(l.deviation order by l.collection) filter (where l.model_id > 0)
      into chance, unrelated, related, deviation
      from pgsearch.relevance_levels as l
     where (collections is null or l.collection = any (collections))
       and l.model_id in (0, model.model_id);
    by_steps := related is null
                or exists (select from pgsearch.confidence_breakpoints as b where b.model = (_levels_of_relevance.model).model);
    if by_steps then
        select s.cosines, s.confidences
          into cosines, confidences
          from pgsearch._steps_of_confidence((_levels_of_relevance.model).model) as s;
    end if;
end;
$$;

comment on function pgsearch._levels_of_relevance(pgsearch.embedding_models, text[]) is
'The levels that relevance is read from in the collections (null: all), as relevance_levels has them on average: chance of
the words, and those of the model; null where nothing was measured. by_steps: whether cosines are read from
confidence_breakpoints instead, since the model has some of its own or was not measured; cosines and confidences are these.';

create or replace function pgsearch._relevance(
    asked     pgsearch.search_request,
    findings  pgsearch.search_findings,
    page_ids  bigint[],
    chunk_ids bigint[]
)
returns table (
    at        bigint,
    relevance float8,
    coverage  float8,
    share     float8,
    by_words  float8,
    nearness  float8,
    by_vector float8,
    title     float8,
    spelling  float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set jit = off
set enable_seqscan = off
set enable_mergejoin = off
-- chunks and pages are looked up by their ids
set gin_fuzzy_search_limit = 0
as $$
#variable_conflict use_column
declare
    words    constant pgsearch.bm25_words       := asked.words;
    model    constant pgsearch.embedding_models := asked.model;
    centre   constant pgsearch.embedding_centres.centre%type
                      := case when asked.use_vector then pgsearch._centre(model, (asked.scope).collections) end;
    levels   constant record                    := pgsearch._levels_of_relevance(model, (asked.scope).collections);
    -- an embedder that was fitted on the texts is made of their words, and places any question among them
    told_by_words constant boolean := asked.use_text and starts_with(model.model, 'svd:');
    -- words that are nowhere say nothing against a meaning that is near
    words_found   constant boolean := cardinality((findings.by_text).chunk_ids) > 0;
    -- a word that many texts do not have is rare; that a few do not have it says little, and it may stand in the next one
    few      constant float8 := 20;
    texts    constant float8 := coalesce(words.chunks, 0);
    unknown  constant float8 := (texts * ln(1 + (texts + 0.5) / 0.5) + few * ln(1 + greatest(texts - 0.5, 0.5) / 1.5)) / (texts + few);
    -- what the words of the query could give, by the analysis of the texts
    analyses text[];
    possible float8[];
    lexemes  integer[];
    near     float8[];
begin
    if coalesce(cardinality(chunk_ids), 0) = 0 then
        return;
    end if;

    select array_agg(p.text_config), array_agg(p.possible), array_agg(p.lexemes)
      into analyses, possible, lexemes
      from (select t.text_config,
                   sum(coalesce(g.gain, l.weight * unknown)
                       order by l.lexeme) as possible,
                   count(*)::integer as lexemes
              from (select k.text_config,
                           -- the forms that other languages give a word are no further words
                           case when count(*) over () > 1
                                then (pgsearch.parse_query((asked.parsed).asked, k.text_config)).lexemes end as own
                      from pgsearch.collections as k
                     where (asked.scope).collections is null
                        or k.collection = any ((asked.scope).collections)
                     group by k.text_config) as t
                   cross join unnest((asked.parsed).lexemes, (asked.parsed).weights) as l(lexeme, weight)
                   left join unnest(words.names, words.gains) as g(name, gain) on g.name = l.lexeme
             where (t.own is null or l.lexeme = any (t.own))
               -- the whole of a compound that no chunk has says no more than its parts
               and (g.name is not null or translate(l.lexeme, 'ǀǁǂǃ', '') = l.lexeme)
             group by t.text_config) as p;

    if asked.use_vector then
        near := (pgsearch._nearness(asked.embedding, model, null, _relevance.page_ids, _relevance.chunk_ids)).similarities;
    end if;

    return query
    select r.at,
           greatest(
               r.title,
               pgsearch._probability(
                   case when r.by_vector is null or told_by_words and words_found then r.by_words
                        when r.by_words is null or not coalesce(words_found, false) then r.by_vector
                        else greatest(r.by_words, -1.5) + r.by_vector end),
               r.spelling),
           r.coverage, r.share, r.by_words, r.nearness, r.by_vector, r.title, r.spelling
      from (select w.*,
                   case when asked.use_text
                        then pgsearch._text_evidence(w.coverage, w.share, w.lexemes, levels.chance) end as by_words,
                   case when w.nearness is null then null
                        when levels.by_steps then ln(b.confidence / (1 - b.confidence))
                        else pgsearch._vector_evidence(w.nearness, levels.unrelated, levels.related, levels.deviation) end as by_vector
              from (select c.at,
                           a.lexemes,
                           s.score / a.possible as share,
                           case when c.page_id = any (findings.same_titled) then 0.95::float8 end as title,
                           case when coalesce(s.score, 0) = 0
                                then pgsearch.compute_confidence(
                                         -- one word has few trigrams, and an error takes three or four of them
                                         s.spelling + case when cardinality((asked.parsed).words) = 1 then 0.06::float8 else 0 end,
                                         'lexical', 'lexical') end as spelling,
                           case when asked.use_text
                                -- in one order, so that the plan does not show in the last place
                                then (select least(1, coalesce(sum(t.gain order by t.gain), 0) / a.possible)
                                        from unnest(words.terms, words.gains) as t(term, gain)
                                       where h.content_tsv @@ t.term
                                          or p.fields_tsv @@ t.term) end as coverage,
                           case when levels.by_steps then near[c.at]
                                else pgsearch._nearness_to(near[c.at], asked.embedding, centre, model.distance) end as nearness
                      from unnest(_relevance.page_ids, _relevance.chunk_ids) with ordinality as c(page_id, chunk_id, at)
                           join pgsearch.chunks as h on h.page_id = c.page_id
                                                    and h.chunk_id = c.chunk_id
                           join pgsearch.pages as p on p.page_id = c.page_id
                           left join unnest(analyses, possible, lexemes) as a(text_config, possible, lexemes)
                                  on a.text_config = h.text_config
                           left join lateral (select findings.text_scores[array_position(findings.chunk_ids, c.chunk_id)] as score,
                                                     findings.lexical_scores[array_position(findings.chunk_ids, c.chunk_id)]
                                                         as spelling) as s
                                  on true
                    offset 0) as w
                   left join lateral (select least(0.99, greatest(0.01, pgsearch._confidence_at(
                                                                            w.nearness, levels.cosines, levels.confidences))))
                                  as b(confidence)
                          on levels.by_steps) as r;
end;
$$;

comment on function pgsearch._relevance(pgsearch.search_request, pgsearch.search_findings, bigint[], bigint[]) is
'How likely each of the chunks (parallel arrays of pages and chunks; at: its place in them) is to answer the query, 0 .. 1,
and what that is read from: its words (coverage and share give by_words, see _text_evidence) and its vector (nearness gives
by_vector, see _vector_evidence; where cosines are read by steps, nearness is the cosine) together; at least title, .95
where its page is called as the query is; where its text has no word of the query at least spelling, by how its title is
spelt. Null is what says nothing.';

create or replace function pgsearch._with_relevance(asked pgsearch.search_request, findings pgsearch.search_findings)
returns pgsearch.search_findings
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
as $$
declare
    -- the head of each signal, so that confidence does not depend on how many hits are shown
    looked_at constant integer := 10;
    heads     pgsearch.scored_chunks;
    judged    pgsearch.scored_chunks;
begin
    -- rows have no place for confidence
    if asked.wanted <> 'hits' then
        select array_agg(h.chunk_id), array_agg(h.page_id)
          into heads.chunk_ids, heads.page_ids
          from (select t.page_id, t.chunk_id
                  from unnest((findings.by_text).page_ids[1:looked_at], (findings.by_text).chunk_ids[1:looked_at]) as t(page_id, chunk_id)
                 union
                select v.page_id, v.chunk_id
                  from unnest((findings.by_vector).page_ids[1:looked_at], (findings.by_vector).chunk_ids[1:looked_at])
                           as v(page_id, chunk_id)
                 union
                (select c.page_id, c.chunk_id
                   from unnest(findings.page_ids, findings.chunk_ids, findings.lexical_scores) as c(page_id, chunk_id, spelling)
                  where c.spelling > 0
                     or c.page_id = any (findings.same_titled)
                  order by c.page_id = any (findings.same_titled) desc nulls last, c.spelling desc nulls last, c.chunk_id
                  limit looked_at)) as h;
    end if;

    select array_agg(u.page_id), array_agg(u.chunk_id)
      into judged.page_ids, judged.chunk_ids
      from (select h.page_id, h.chunk_id
              from unnest(heads.page_ids, heads.chunk_ids) as h(page_id, chunk_id)
             union
            select (h ->> 'page_id')::bigint, (h ->> 'chunk_id')::bigint
              from jsonb_array_elements(findings.hits) as h
             where not h ? 'relevance'
               and (h ->> 'chunk_id')::bigint = any (findings.chunk_ids)) as u;
    judged.scores := array(select r.relevance
                             from pgsearch._relevance(asked, findings, judged.page_ids, judged.chunk_ids) as r
                            order by r.at);

    if asked.wanted <> 'hits' then
        findings.confidence := greatest(0, findings.confidence,
                                        (select max(j.score)
                                           from unnest(judged.chunk_ids, judged.scores) as j(chunk_id, score)
                                          where j.chunk_id = any (heads.chunk_ids)));
    end if;
    select coalesce(jsonb_agg(case when j.at is null then h.hit
                                   else h.hit || jsonb_build_object(
                                            'relevance', greatest(
                                                judged.scores[j.at],
                                                -- what explains a chunk of code speaks for it: its name in full, or its summary
                                                case when (h.hit ->> 'whole_name')::boolean then 0.95::float8 end,
                                                case when h.hit -> 'summarised' <> 'null'
                                                     then pgsearch._cosine_confidence((h.hit ->> 'summarised')::float8,
                                                                                      (asked.model).model) end))
                              end order by h.at), '[]')
      into findings.hits
      from jsonb_array_elements(findings.hits) with ordinality as h(hit, at)
           left join unnest(judged.chunk_ids) with ordinality as j(chunk_id, at) on j.chunk_id = (h.hit ->> 'chunk_id')::bigint
                                                                                and not h.hit ? 'relevance';
    findings.laps := pgsearch._lap(findings.laps, 'relevance_ms');
    return findings;
end;
$$;

comment on function pgsearch._with_relevance(pgsearch.search_request, pgsearch.search_findings) is
'The findings with the relevance (see _relevance) of those of their hits that are candidates of theirs and have none yet,
and with confidence, where it is wanted: the greatest relevance among the first ten chunks of each signal, unless they have
a greater one already; 0 where there are none. Each chunk is judged once.';
