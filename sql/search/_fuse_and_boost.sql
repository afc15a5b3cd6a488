-- One order out of the signals, with boosts and recency, cut to what is looked at further.

create or replace function pgsearch._chosen_from(asked pgsearch.search_request)
returns integer
language sql immutable parallel safe
-- what a stage chooses from is the same whatever is shown, so that the order is
return case
       when ((asked).settings ->> 'distinct')::boolean
            or (asked).settings ->> 'rerank' <> '' and ((asked).settings ->> 'group_by_page')::boolean then 10000
       else greatest((asked).skip + (asked).top_k,
                     case when (asked).settings ->> 'rerank' <> '' then ((asked).settings ->> 'rerank_head')::integer end,
                     case when ((asked).settings ->> 'diversity')::float8 > 0 then 100 end)
       end;

comment on function pgsearch._chosen_from(pgsearch.search_request) is
'How many hits the stages after fusion choose from: as many as are shown, or as what comes after needs.';

create or replace function pgsearch._fuse_and_boost(asked pgsearch.search_request, findings pgsearch.search_findings)
returns pgsearch.search_findings
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    settings   jsonb;
    parsed     constant pgsearch.parsed_query := asked.parsed;
    one_a_page boolean;
    half       float8;
    lowest     float8;
    enough     integer;
    shown      integer;
    article_boosts float8[];
    ages           float8[];
    undated        integer;
begin
    select s.settings,
           -- a reranker chooses the chunk of a page itself
           (s.settings ->> 'group_by_page')::boolean and not s.reranks,
           (s.settings ->> 'recency_half_life_days')::float8, s.lowest, s.enough,
           case when s.lowest > 0 then 10000 else s.enough end
      into settings, one_a_page, half, lowest, enough, shown
      from (select k.settings,
                   k.settings ->> 'rerank' <> '' as reranks,
                   (k.settings ->> 'min_relevance')::float8 as lowest,
                   pgsearch._chosen_from(asked) as enough
              from (select case when asked.use_text and asked.use_vector
                                then pgsearch._calibrated(asked.settings, asked.model, (asked.scope).collections)
                                else asked.settings end as settings
                    offset 0) as k) as s;
    if half > 0 and settings ->> 'recency_key' <> '' and asked.wanted = 'outcome' then
        select count(*)
          into undated
          from pgsearch._page_ages(findings.page_ids, half, settings ->> 'recency_key') as a
         where not a.dated;
        if undated > 0 then
            findings.notes := findings.notes || format('Of the pages that were found %s %s no date under "%s": neither new nor old.',
                                                       undated, case undated when 1 then 'has' else 'have' end, settings ->> 'recency_key');
        end if;
    end if;
    if asked.fusion = 'adaptive' and asked.use_text and asked.use_vector then
        if pgsearch._named_articles(asked.query) is not null then
            select array_agg(b.article order by b.chunk_id)
              into article_boosts
              from pgsearch.boost_factors(
                       asked.query, parsed.words, findings.chunk_ids, findings.page_ids, findings.title_scores, findings.text_scores,
                       settings -> 'boosts') as b;
        end if;
        if half > 0 then
            select array_agg(a.days order by c.chunk_id)
              into ages
              from unnest(findings.chunk_ids, findings.page_ids) as c(chunk_id, page_id)
                   join pgsearch._page_ages(findings.page_ids, half, settings ->> 'recency_key') as a on a.page_id = c.page_id;
        end if;
        select coalesce(jsonb_agg(to_jsonb(f) order by f.score desc, f.chunk_id), '[]')
          into findings.hits
          from pgsearch._fused_adaptive(
                   settings       => settings,
                   information    => findings.information,
                   embedding      => asked.embedding,
                   model          => asked.model,
                   centre         => pgsearch._centre_beside(asked.embedding, asked.model, (asked.scope).collections),
                   chunk_ids      => findings.chunk_ids,
                   page_ids       => findings.page_ids,
                   text_scores    => findings.text_scores,
                   title_scores   => findings.title_scores,
                   lexical_scores => findings.lexical_scores,
                   article_boosts => article_boosts,
                   ages           => ages,
                   vector_found   => (findings.by_vector).chunk_ids,
                   same_titled    => findings.same_titled,
                   sameness       => findings.sameness,
                   words          => parsed.words,
                   lexemes        => parsed.lexemes,
                   one_a_page     => one_a_page,
                   shown          => shown) as f;
    else
        select coalesce(jsonb_agg(to_jsonb(f) order by f.score desc, f.chunk_id), '[]')
          into findings.hits
          from pgsearch._fused(
                   fusion         => asked.fusion,
                   settings       => settings,
                   query          => asked.query,
                   words          => parsed.words,
                   information    => findings.information,
                   chunk_ids      => findings.chunk_ids,
                   page_ids       => findings.page_ids,
                   text_scores    => findings.text_scores,
                   vector_scores  => findings.vector_scores,
                   title_scores   => findings.title_scores,
                   lexical_scores => findings.lexical_scores,
                   vector_found   => (findings.by_vector).chunk_ids,
                   same_titled    => findings.same_titled,
                   sameness       => findings.sameness,
                   one_a_page     => one_a_page,
                   shown          => shown) as f;
    end if;
    if lowest > 0 then
        findings := pgsearch._above(lowest, case asked.wanted when 'hits' then enough end, asked, findings);
    end if;
    if findings.field_pages is not null then
        findings.hits := pgsearch._hits_with_fields(findings);
    end if;
    findings.laps := pgsearch._lap(findings.laps, 'fusion_ms');
    return findings;
end;
$$;

comment on function pgsearch._fuse_and_boost(pgsearch.search_request, pgsearch.search_findings) is
'Adds hits: the first candidates by the fusion, best first, as objects of chunk_id, page_id, score, match_reason, signals
and hit_chunks; as many as are shown, or as reranking, diversity and a least relevance choose from.';

create or replace function pgsearch._above(
    lowest   float8,
    enough   integer,
    asked    pgsearch.search_request,
    findings pgsearch.search_findings
)
returns pgsearch.search_findings
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    hits   constant jsonb   := findings.hits;
    fused  constant integer := jsonb_array_length(hits);
    block  integer := case when enough is null then fused else greatest(enough, 20) end;
    kept   jsonb   := '[]';
    judged integer := 0;
begin
    loop
        findings.hits := jsonb_path_query_array(hits, '$[$first to $last]',
                                                jsonb_build_object('first', judged, 'last', judged + block - 1));
        findings := pgsearch._with_relevance(asked, findings);
        kept     := kept || coalesce((select jsonb_agg(h.hit order by h.at)
                                        from jsonb_array_elements(findings.hits) with ordinality as h(hit, at)
                                       where (h.hit ->> 'relevance')::float8 >= lowest), '[]');
        judged   := judged + block;
        -- few pass: then it takes many, and not many looks
        block    := 2 * block;
        exit when judged >= fused or jsonb_array_length(kept) >= enough;
    end loop;
    findings.hits := kept;

    if judged >= fused and jsonb_array_length(kept) < fused then
        findings.notes := findings.notes || format('Of %s candidates %s are below the relevance of %s: they are left out.',
                                                   fused, fused - jsonb_array_length(kept), lowest);
    end if;
    return findings;
end;
$$;

comment on function pgsearch._above(float8, integer, pgsearch.search_request, pgsearch.search_findings) is
'The findings without the hits whose relevance is below the least, and with a note on how many were left out. They are
judged best first, until enough are kept (null: all are, since they are to be counted).';

create or replace function pgsearch._hits_with_fields(findings pgsearch.search_findings)
returns jsonb
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
as $$
-- a chunk that has no more than what its page's fields are worth has no word of the query itself
select coalesce(jsonb_agg(case when f.name is null then h.hit
                      else jsonb_set(h.hit, '{signals,text,fields}', to_jsonb(f.score))
                           || jsonb_build_object('match_reason', regexp_replace(
                                  h.hit ->> 'match_reason',
                                  '^content',
                                  case when (h.hit #>> '{signals,text,score}')::float8 > f.score + 1e-9 then 'content+' else '' end
                                  || f.name))
                 end order by h.at), '[]')
  from jsonb_array_elements(findings.hits) with ordinality as h(hit, at)
       cross join lateral (select array_position(findings.field_pages, (h.hit ->> 'page_id')::bigint) as at) as p
       cross join lateral (select findings.field_names[p.at] as name, findings.field_scores[p.at] as score) as f;
$$;

comment on function pgsearch._hits_with_fields(pgsearch.search_findings) is
'The hits, where the fields of their page have words of the query: with the names of the fields in match_reason, and what
they are worth in the signal text.';
