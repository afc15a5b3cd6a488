-- How likely chunks are to answer the query: read from words and vectors before they are fused, since fused scores have no
-- scale of their own.

create or replace function pgsearch._relevance(
    asked     pgsearch.search_request,
    findings  pgsearch.search_findings,
    page_ids  bigint[],
    chunk_ids bigint[]
)
returns float8[]
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set jit = off
set enable_seqscan = off
set enable_mergejoin = off
-- chunks and pages are looked up by their ids
set gin_fuzzy_search_limit = 0
as $$
declare
    words    constant pgsearch.bm25_words       := asked.words;
    model    constant pgsearch.embedding_models := asked.model;
    centre   constant pgsearch.embedding_centres.centre%type
                      := case when asked.use_vector then pgsearch._centre(model, (asked.scope).collections) end;
    -- an embedder that was fitted on the texts is made of their words, and places any question among them
    told_by_words constant boolean := asked.use_text and starts_with(model.model, 'svd:');
    -- words that are nowhere say nothing against a meaning that is near
    words_found   constant boolean := cardinality((findings.by_text).chunk_ids) > 0;
    -- what the words of the query could give, by the analysis of the texts
    analyses text[];
    possible float8[];
    lexemes  integer[];
    near     float8[];
    levels   record;
    by_words float8;
    worth    float8[];
begin
    if coalesce(cardinality(chunk_ids), 0) = 0 then
        return '{}';
    end if;

    select array_agg(p.text_config), array_agg(p.possible), array_agg(p.lexemes)
      into analyses, possible, lexemes
      from (select t.text_config,
                   sum(coalesce(g.gain, l.weight * ln(1 + (coalesce(words.chunks, 0) + 0.5::float8) / 0.5::float8))
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

    select avg(l.unrelated order by l.collection) filter (where l.model_id = 0) as chance,
           avg(l.unrelated order by l.collection) filter (where l.model_id > 0) as unrelated,
           avg(l.related order by l.collection) filter (where l.model_id > 0) as related,
           avg(l.deviation order by l.collection) filter (where l.model_id > 0) as deviation,
           exists (select from pgsearch.confidence_breakpoints as b where b.model = (_relevance.asked).model.model) as has_breakpoints
      into levels
      from pgsearch.relevance_levels as l
     where ((asked.scope).collections is null or l.collection = any ((asked.scope).collections))
       and l.model_id in (0, model.model_id);

    if asked.use_vector then
        select n.similarities
          into near
          from pgsearch._nearness(asked.embedding, model, null, _relevance.page_ids, _relevance.chunk_ids) as n;
    end if;

    select array_agg(
               greatest(
                   case when r.title then 0.95::float8 end,
                   pgsearch._probability(
                       case when r.by_vector is null or told_by_words and words_found then r.by_words
                            when r.by_words is null or not coalesce(words_found, false) then r.by_vector
                            else greatest(r.by_words, -1.5) + r.by_vector end),
                   case when coalesce(r.score, 0) = 0 then r.spelling end)
               order by r.at)
      into worth
      from (select c.at,
                   s.score,
                   c.page_id = any (findings.same_titled) as title,
                   pgsearch.compute_confidence(
                       -- one word has few trigrams, and an error takes three or four of them
                       s.spelling + case when cardinality((asked.parsed).words) = 1 then 0.06::float8 else 0 end,
                       'lexical', 'lexical') as spelling,
                   case when asked.use_text
                        then pgsearch._text_evidence(
                                 -- in one order, so that the plan does not show in the last place
                                 (select least(1, coalesce(sum(t.gain order by t.gain), 0) / a.possible)
                                    from unnest(words.terms, words.gains) as t(term, gain)
                                   where h.content_tsv @@ t.term
                                      or p.fields_tsv @@ t.term),
                                 s.score / a.possible, a.lexemes, levels.chance) end as by_words,
                   case when near[c.at] is null then null
                        when levels.has_breakpoints or levels.related is null
                        then ln(b.confidence / (1 - b.confidence))
                        else pgsearch._vector_evidence(
                                 pgsearch._nearness_to(near[c.at], asked.embedding, centre, model.distance),
                                 levels.unrelated, levels.related, levels.deviation) end as by_vector
              from unnest(_relevance.page_ids, _relevance.chunk_ids) with ordinality as c(page_id, chunk_id, at)
                   join pgsearch.chunks as h on h.page_id = c.page_id
                                            and h.chunk_id = c.chunk_id
                   join pgsearch.pages as p on p.page_id = c.page_id
                   left join unnest(analyses, possible, lexemes) as a(text_config, possible, lexemes) on a.text_config = h.text_config
                   left join lateral (select findings.text_scores[array_position(findings.chunk_ids, c.chunk_id)] as score,
                                             findings.lexical_scores[array_position(findings.chunk_ids, c.chunk_id)] as spelling) as s
                          on true
                   left join lateral (select least(0.99, greatest(0.01, pgsearch._cosine_confidence(near[c.at], model.model))))
                                  as b(confidence)
                          on true) as r;
    return worth;
end;
$$;

comment on function pgsearch._relevance(pgsearch.search_request, pgsearch.search_findings, bigint[], bigint[]) is
'How likely each of the chunks (parallel arrays of pages and chunks) is to answer the query, 0 .. 1: by its words
(_text_evidence) and its vector (_vector_evidence, or the breakpoints of its model where it has some of its own or is not
calibrated) together; at least .95 where its page is called as the query is; where its text has no word of the query, by
how its title is spelt.';

create or replace function pgsearch._confidence(asked pgsearch.search_request, findings pgsearch.search_findings)
returns float8
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    -- the head of each signal, so that it does not depend on how many hits are shown
    looked_at constant integer := 10;
    heads     record;
begin
    select array_agg(h.page_id) as page_ids, array_agg(h.chunk_id) as chunk_ids
      into heads
      from (select t.page_id, t.chunk_id
              from unnest((findings.by_text).page_ids[1:looked_at], (findings.by_text).chunk_ids[1:looked_at]) as t(page_id, chunk_id)
             union
            select v.page_id, v.chunk_id
              from unnest((findings.by_vector).page_ids[1:looked_at], (findings.by_vector).chunk_ids[1:looked_at]) as v(page_id, chunk_id)
             union
            (select c.page_id, c.chunk_id
               from unnest(findings.page_ids, findings.chunk_ids, findings.lexical_scores) as c(page_id, chunk_id, spelling)
              where c.spelling > 0
                 or c.page_id = any (findings.same_titled)
              order by c.page_id = any (findings.same_titled) desc nulls last, c.spelling desc nulls last, c.chunk_id
              limit looked_at)) as h;

    return coalesce((select max(r) from unnest(pgsearch._relevance(asked, findings, heads.page_ids, heads.chunk_ids)) as r), 0);
end;
$$;

comment on function pgsearch._confidence(pgsearch.search_request, pgsearch.search_findings) is
'Confidence of a search: the greatest relevance among the first ten chunks of each of its signals, 0 where there are none.';
