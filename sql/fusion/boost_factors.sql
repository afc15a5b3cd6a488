-- What fusion by rank flattens: an exact hit in the title, a tag, the statute article asked for, a text score far above the rest.
--
-- Why it is needed: reciprocal rank fusion treats rank 1 and rank 2 nearly alike, however far apart their scores are.

create or replace function pgsearch._named_articles(query text)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- 제12조, 제 12 조의 2, article 12, § 12; as a pattern for the text of the same article
select string_agg(format(E'(제\\s*%1$s\\s*조%2$s|article\\s+%1$s\\M|§\\s*%1$s\\M)',
                         coalesce(match[1], match[3], match[4]),
                         case when match[2] is null then E'(?!\\s*의\\s*\\d)' else format(E'\\s*의\\s*%s(?!\\d)', match[2]) end), '|')
  from regexp_matches(left(query, 1000), E'제\\s*(\\d+)\\s*조(?:\\s*의\\s*(\\d+))?|article\\s+(\\d+)|§\\s*(\\d+)', 'gi') as match
 where (strpos(query, '제') > 0 and strpos(query, '조') > 0 or strpos(query, '§') > 0 or strpos(lower(query), 'article') > 0)
   and query ~ E'\\d';
$$;

comment on function pgsearch._named_articles(text) is 'A regular expression for the statute articles that the query names; null for none.';

create or replace function pgsearch.boost_factors(
    query        text,
    words        text[],
    chunk_ids    bigint[],
    page_ids     bigint[],
    title_scores float8[],
    text_scores  float8[],
    boosts       jsonb default '{}'
)
returns table (chunk_id bigint, title float8, tags float8, article float8, text_score float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
set enable_hashjoin = off
as $$
declare
    boost    constant jsonb  := pgsearch.default_settings() -> 'boosts' || coalesce(boosts, '{}');
    articles constant text   := pgsearch._named_articles(query);
    titled   constant float8[] := pgsearch._finite_scores('title_scores', title_scores);
    texted   constant float8[] := pgsearch._finite_scores('text_scores', text_scores);
    best     constant float8 := (select max(s) from unnest(texted) as s);
begin
    perform pgsearch._check_range('the number of words', coalesce(cardinality(words), 0), 0, 1000);
    perform pgsearch._check_settings(jsonb_build_object('boosts', coalesce(boosts, '{}')));

    return query
    select c.chunk_id,
           coalesce((boost ->> 'title')::float8 * c.title_score, 0),
           case when p.tags && words then (boost ->> 'tags')::float8 else 0 end,
           case when concat_ws(' ', ch.heading, ch.content) ~* articles then (boost ->> 'article')::float8 else 0 end,
           case when c.text_score >= 0.9::float8 * best then (boost ->> 'text_score')::float8 else 0 end
      from unnest(chunk_ids, page_ids, titled, texted) as c(chunk_id, page_id, title_score, text_score)
           join pgsearch.pages as p on p.page_id = c.page_id
           left join pgsearch.chunks as ch on articles is not null
                                          and ch.page_id = c.page_id
                                          and ch.chunk_id = c.chunk_id;
end;
$$;

comment on function pgsearch.boost_factors(text, text[], bigint[], bigint[], float8[], float8[], jsonb) is
'By how much each candidate''s fused score is raised (0.10: by a tenth), reason by reason: title (× the share of the
query''s words in the title), tags (a tag is a word of the query), article (the statute article that the query names,
제12조 or "article 12", stands in the chunk), text_score (within a tenth of the best text score).
Arguments:
- query
- words (of the query, lower case, at most 1,000)
- chunk_ids, page_ids, title_scores (0 .. 1), text_scores (parallel arrays of the candidates)
- boosts (as in default_settings)
Errors: PS002 unknown boost, PS003 boost out of range, too many words, a score that is not finite.';
