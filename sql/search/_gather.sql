-- The candidates of a search: what each signal finds, and their union.

create or replace function pgsearch._gather(asked pgsearch.search_request)
returns pgsearch.search_findings
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    parsed   constant pgsearch.parsed_query := asked.parsed;
    scope    constant pgsearch.scope        := asked.scope;
    findings pgsearch.search_findings       := pgsearch._begun(asked);
    near     pgsearch.scored_chunks;
    titled   pgsearch.scored_chunks;
    others   pgsearch.scored_chunks;
    sought   text[];
begin
    if asked.use_vector then
        select array_agg(v.chunk_id), array_agg(v.page_id), array_agg(v.score)
          into near.chunk_ids, near.page_ids, near.scores
          from pgsearch._vector_top_n(
                   embedding   => asked.embedding,
                   model       => asked.model,
                   collections => scope.collections,
                   page_ids    => scope.page_ids,
                   top_n       => case asked.fusion
                                  when 'weighted' then greatest(asked.candidates,
                                                                 least(1000, 8 * (asked.settings ->> 'rerank_oversample')::integer))
                                  else asked.candidates
                                  end) as v;
        select near, pgsearch._lap(findings.laps, 'vector_ms') into findings.by_vector, findings.laps;
    end if;

    if asked.title_keys <> '{}' then
        select t.pages, t.sameness
          into findings.same_titled, findings.sameness
          from pgsearch._same_titled(
                   keys        => asked.title_keys,
                   typed       => lower(btrim(asked.query)),
                   collections => scope.collections,
                   page_ids    => scope.page_ids,
                   most        => asked.candidates) as t;
    end if;
    if asked.use_text then
        select f.pages, f.scores, f.names, pgsearch._lap(findings.laps, 'fields_ms')
          into findings.field_pages, findings.field_scores, findings.field_names, findings.laps
          from pgsearch._field_pages(
                   parsed   => parsed,
                   words    => asked.words,
                   settings => asked.settings,
                   scope    => scope,
                   top_n    => asked.candidates) as f;
    end if;

    if asked.use_text and not coalesce(parsed.lexemes <@ (asked.words).names, false) then
        findings.unknown_words := pgsearch._unknown_words(parsed.words, scope.collections);
    end if;
    if asked.use_title then
        -- beside the text signal only words that it cannot find are looked up by their spelling
        sought := case when asked.use_text then coalesce(findings.unknown_words, '{}') else parsed.words end;
        if sought <> '{}' then
            select array_agg(l.page_id), array_agg(l.score)
              into findings.titled_pages, findings.titled_scores
              from pgsearch._lexical_top_n(
                       words       => parsed.words,
                       looked_up   => sought,
                       collections => scope.collections,
                       page_ids    => scope.page_ids,
                       threshold   => (asked.settings ->> 'lexical_threshold')::float8,
                       top_n       => asked.candidates) as l;
        end if;

        if findings.titled_pages is null and pgsearch._has_any(asked.query, 'ㄱㄲㄳㄴㄵㄶㄷㄸㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅃㅄㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ') then
            select array_agg(i.page_id), array_agg(i.score)
              into findings.titled_pages, findings.titled_scores
              from pgsearch._pages_by_initials(asked.query, scope.collections, scope.page_ids, asked.candidates) as i;
        end if;
        findings.laps := pgsearch._lap(findings.laps, 'lexical_ms');
    end if;

    -- a page found by its title or its fields alone is shown by its first chunk that the query allows
    if findings.titled_pages is not null or findings.same_titled is not null or findings.field_pages is not null then
        titled := pgsearch._first_chunks(
                      page_ids => array(select unnest(findings.titled_pages || findings.same_titled || findings.field_pages)
                                        except
                                        select unnest(near.page_ids)),
                      required => parsed.required,
                      excluded => parsed.excluded);
    end if;

    -- the text signal comes last and completes itself: it scores what the others found in the scan that finds its own
    select near.chunk_ids || titled.chunk_ids, near.page_ids || titled.page_ids into others.chunk_ids, others.page_ids;
    findings := pgsearch._gather_text(
                 asked        => asked,
                 findings     => findings,
                 others       => others,
                 first_chunks => titled.chunk_ids,
                 -- where vectors have brought all the candidates asked for, nothing is gained by the last of the
                 -- words' own; not so where some may be refused
                 effort       => case
                                 when cardinality(near.chunk_ids) >= asked.candidates
                                      and parsed.required is null
                                      and parsed.excluded is null then 'shared'
                                 else 'exact'
                                 end);

    select jsonb_build_object(
               'text',    coalesce(cardinality((findings.by_text).chunk_ids), 0),
               'vector',  coalesce(cardinality(near.chunk_ids), 0),
               'lexical', coalesce(cardinality(findings.titled_pages), 0),
               'fields',  coalesce(cardinality(findings.field_pages), 0),
               'union',   cardinality(findings.chunk_ids)),
           array_remove(array[case when asked.use_text then 'text' end,
                              case when asked.use_vector then 'vector' end,
                              case when asked.use_title then 'lexical' end], null)
      into findings.candidates, findings.signals;
    return findings;
end;
$$;

comment on function pgsearch._gather(pgsearch.search_request) is
'What vectors, titles and words find, and all of it as candidates with their text_scores.';

create or replace function pgsearch._gather_text(
    asked        pgsearch.search_request,
    findings     pgsearch.search_findings,
    others       pgsearch.scored_chunks,
    first_chunks bigint[],
    effort       text
)
returns pgsearch.search_findings
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    settings constant jsonb                 := asked.settings;
    parsed   constant pgsearch.parsed_query := asked.parsed;
    told     record;
    best     pgsearch.scored_chunks;
    kept     bigint[];
begin
    if asked.use_text then
        told := pgsearch._bm25_best(
                    words    => asked.words,
                    formula  => jsonb_populate_record(null::pgsearch.bm25_formula, settings -> 'bm25'),
                    scope    => asked.scope,
                    top_n    => asked.candidates,
                    effort   => case (settings ->> 'exact')::boolean when true then 'exact' when false then 'fast' else effort end,
                    max_rows => (settings ->> 'max_rows')::integer,
                    given    => others);
        select told.best, told.approximate into findings.by_text, findings.approximate;
        best   := told.best;
        others := told.also;
        if told.sampled then
            findings.sampled := format('The words are so common that BM25 ranked a sample of the chunks that have them (%s were read; '
                                       'the option max_rows bounds it): the text ranking is approximate.', told.rows_scored);
            findings.notes   := findings.notes || findings.sampled;
        elsif told.shortlisted then
            findings.notes := findings.notes || 'Of so many words those that tell most chose the chunks that all of them ranked: '
                                                'the text ranking is approximate.'::text;
        elsif not (settings ->> 'exact')::boolean then
            findings.notes := findings.notes || 'The text ranking is approximate, as asked.'::text;
        end if;

        select coalesce(array_agg(u.chunk_id order by u.chunk_id), '{}'),
               coalesce(array_agg(u.page_id order by u.chunk_id), '{}'),
               array_agg(u.score order by u.chunk_id)
          into findings.chunk_ids, findings.page_ids, findings.text_scores
          from (select t.chunk_id, t.page_id, t.score from unnest(best.chunk_ids, best.page_ids, best.scores) as t(chunk_id, page_id, score)
                 union all
                select a.chunk_id, a.page_id, a.score
                  from unnest(others.chunk_ids, others.page_ids, others.scores) as a(chunk_id, page_id, score)
                 where a.chunk_id <> all (best.chunk_ids)
                   -- the words found a better chunk of the page
                   and (first_chunks is null or a.chunk_id <> all (first_chunks) or a.page_id <> all (best.page_ids))) as u;
        if parsed.required is not null or findings.field_pages is not null then
            findings := pgsearch._with_fields(asked, findings);
        end if;
        -- names of letters and digits, and options of commands: that the rest stands side by side is told by its whole, or by its
        -- bigrams
        if findings.chunk_ids <> '{}'
           and (pgsearch._has_any(asked.query, '0123456789') or (' ' || (asked.parsed).asked) ~ '[ (]-') then
            findings := pgsearch._with_sequences(asked, findings);
        end if;
        findings.laps := pgsearch._lap(findings.laps, 'text_ms');
    elsif parsed.required is null and parsed.excluded is null then
        select coalesce(array_agg(u.chunk_id order by u.chunk_id), '{}'), coalesce(array_agg(u.page_id order by u.chunk_id), '{}')
          into findings.chunk_ids, findings.page_ids
          from unnest(others.chunk_ids, others.page_ids) as u(chunk_id, page_id);
    else
        -- what has no words to find it by still has to meet the query's requirements
        select coalesce(array_agg(c.chunk_id order by c.chunk_id), '{}'), coalesce(array_agg(c.page_id order by c.chunk_id), '{}')
          into findings.chunk_ids, findings.page_ids
          from unnest(others.page_ids, others.chunk_ids) as u(page_id, chunk_id)
               join pgsearch.chunks as c on c.page_id = u.page_id
                                        and c.chunk_id = u.chunk_id
         where (parsed.required is null or c.content_tsv @@ parsed.required)
           and (parsed.excluded is null or not c.content_tsv @@ parsed.excluded);
    end if;

    if (settings ->> 'require_keywords')::boolean then
        kept := pgsearch._with_all_keywords(parsed.asked, findings.chunk_ids, (settings ->> 'window')::integer);
        if cardinality(kept) < cardinality(findings.chunk_ids) then
            findings.notes := findings.notes || format('Of %s candidates %s lack a word of the query: they are left out.',
                                                       cardinality(findings.chunk_ids),
                                                       cardinality(findings.chunk_ids) - cardinality(kept));
        end if;
        select coalesce(array_agg(c.chunk_id order by c.chunk_id), '{}'),
               coalesce(array_agg(c.page_id order by c.chunk_id), '{}'),
               array_agg(c.score order by c.chunk_id)
          into findings.chunk_ids, findings.page_ids, findings.text_scores
          from unnest(findings.chunk_ids, findings.page_ids, findings.text_scores) as c(chunk_id, page_id, score)
         where c.chunk_id = any (kept);
        findings.laps := pgsearch._lap(findings.laps, 'keywords_ms');
    end if;
    return findings;
end;
$$;

comment on function pgsearch._gather_text(pgsearch.search_request, pgsearch.search_findings, pgsearch.scored_chunks, bigint[], text) is
'Adds what the words find, and makes the candidates of it and of what others found (each once), as far as they meet the
query''s requirements and keywords. first_chunks: those of the others that stand for their pages, where the words found
none. effort: as _bm25_best, where the option exact leaves it open.';

create or replace function pgsearch._with_fields(asked pgsearch.search_request, findings pgsearch.search_findings)
returns pgsearch.search_findings
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    parsed constant pgsearch.parsed_query := asked.parsed;
    scope  pgsearch.scope                 := asked.scope;
    words  pgsearch.bm25_words            := asked.words;
    told   record;
begin
    -- what is required may stand in the fields of a page, or some of it there and the rest in the text
    if parsed.required is not null and asked.search_mode <> 'code' then
        scope.page_ids := pgsearch._pages_with_fields(
                              pgsearch._lexemes_of(parsed.required), scope, (asked.settings ->> 'max_rows')::integer);
        if scope.page_ids is not null then
            words.required := null;
            told := pgsearch._bm25_best(
                        words    => words,
                        formula  => jsonb_populate_record(null::pgsearch.bm25_formula, asked.settings -> 'bm25'),
                        scope    => scope,
                        top_n    => asked.candidates,
                        effort   => 'exact',
                        max_rows => (asked.settings ->> 'max_rows')::integer,
                        given    => pgsearch._first_chunks(findings.field_pages, null, parsed.excluded));
            select coalesce(array_agg(u.chunk_id order by u.chunk_id), '{}'),
                   coalesce(array_agg(u.page_id order by u.chunk_id), '{}'),
                   array_agg(u.score order by u.chunk_id)
              into findings.chunk_ids, findings.page_ids, findings.text_scores
              from (select t.chunk_id, t.page_id, t.score
                      from unnest(findings.chunk_ids, findings.page_ids, findings.text_scores) as t(chunk_id, page_id, score)
                     union
                    select t.chunk_id, t.page_id, t.score
                      from unnest((told.best).chunk_ids || (told.also).chunk_ids,
                                  (told.best).page_ids || (told.also).page_ids,
                                  (told.best).scores || (told.also).scores) as t(chunk_id, page_id, score)
                           join pgsearch.chunks as c on c.page_id = t.page_id
                                                    and c.chunk_id = t.chunk_id
                           join pgsearch.pages as p on p.page_id = t.page_id
                     where t.chunk_id <> all (findings.chunk_ids)
                       and (c.content_tsv || p.fields_tsv) @@ parsed.required) as u;
        end if;
    end if;

    if findings.field_pages is null then
        return findings;
    end if;
    return pgsearch._with_text_scores(
               findings,
               array(select c.score + coalesce(findings.field_scores[array_position(findings.field_pages, c.page_id)], 0)
                       from unnest(findings.page_ids, findings.text_scores) with ordinality as c(page_id, score, at)
                      order by c.at));
end;
$$;

comment on function pgsearch._with_fields(pgsearch.search_request, pgsearch.search_findings) is
'The findings with what the fields of the candidates'' pages are worth added to their text_scores, and so in by_text; and
with candidates that meet what the query requires only together with the fields of their pages.';

create or replace function pgsearch._with_sequences(asked pgsearch.search_request, findings pgsearch.search_findings)
returns pgsearch.search_findings
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
set gin_fuzzy_search_limit = 0
as $$
declare
    most_words constant integer := 4;
    typed      text[];
    options    text[] := '{}';
    sequences  tsquery[];
    gains      float8[];
begin
    -- -jar, --no-verify
    if (' ' || (asked.parsed).asked) ~ '[ (]-' then
        options := array(select distinct ltrim(t.phrase, '(')
                           from pgsearch._query_tokens((asked.parsed).asked) as t
                          where not t.quoted
                            and t.sign = ''
                            and t.phrase ~ '^[(]?--?[[:alnum:]]'
                          limit most_words);
    end if;
    typed := array(select w.word
                     from unnest((asked.parsed).words) with ordinality as w(word, at)
                    where pgsearch._has_any(w.word, '0123456789')
                      and btrim(w.word, '0123456789') <> ''
                    order by w.at
                    limit most_words);
    if typed = '{}' and options = '{}' then
        return findings;
    end if;

    select array_agg(s.sequence order by s.at), array_agg(s.gain order by s.at), array_agg(s.pattern order by s.at)
      into sequences, gains, options
      from (select w.at,
                   w.pattern,
                   pgsearch._phrase(t.text_config, w.word) as sequence,
                   (select max(g.gain)
                      from unnest((asked.words).names, (asked.words).gains) as g(name, gain)
                     where g.name = any (a.lexemes)) as gain
              from (select t.word, null as pattern, t.at from unnest(typed) with ordinality as t(word, at)
                     union all
                    select o.word, pgsearch._pattern_with_sign(o.word), most_words + o.at
                      from unnest(options) with ordinality as o(word, at)) as w
                   cross join (select c.text_config
                                 from pgsearch.collections as c
                                where (asked.scope).collections is null
                                   or c.collection = any ((asked.scope).collections)
                                order by c.collection
                                limit 1) as t
                   -- once for each word, not for each lexeme of the query
                   cross join lateral (select tsvector_to_array(pgsearch._analyze(t.text_config, w.word)) as lexemes offset 0) as a) as s
     where (s.pattern is not null or strpos(s.sequence::text, '<->') > 0)
       and s.gain is not null;
    if sequences is null then
        return findings;
    end if;

    return pgsearch._with_text_scores(
               findings,
               array(select f.score + coalesce((select sum(s.gain order by s.gain)
                                                  from unnest(sequences, gains, options) as s(sequence, gain, pattern)
                                                 where c.content_tsv @@ s.sequence
                                                   and (s.pattern is null or concat_ws(' ', c.heading, c.content) ~ s.pattern)), 0)
                       from unnest(findings.page_ids, findings.chunk_ids, findings.text_scores)
                                with ordinality as f(page_id, chunk_id, score, at)
                            join pgsearch.chunks as c on c.page_id = f.page_id
                                                     and c.chunk_id = f.chunk_id
                      order by f.at));
end;
$$;

comment on function pgsearch._with_sequences(pgsearch.search_request, pgsearch.search_findings) is
'The findings with what it is worth that the parts of a word of letters and digits stand side by side, as they were typed:
제15조 is not any 15 in a text with 제60조, and 3.11 is part of 3.11.4; and that an option of a command (-jar, --name) stands
with its sign. Where they do, the most telling of them counts once more. Up to four words and four options of a query are
looked for, among the candidates.';

create or replace function pgsearch._with_text_scores(findings pgsearch.search_findings, text_scores float8[])
returns pgsearch.search_findings
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    best pgsearch.scored_chunks;
begin
    findings.text_scores := text_scores;
    select array_agg(c.chunk_id order by c.score desc, c.chunk_id), array_agg(c.page_id order by c.score desc, c.chunk_id),
           array_agg(c.score order by c.score desc, c.chunk_id)
      into best.chunk_ids, best.page_ids, best.scores
      from unnest(findings.chunk_ids, findings.page_ids, findings.text_scores) as c(chunk_id, page_id, score)
     where c.score > 0;
    findings.by_text := best;
    return findings;
end;
$$;

comment on function pgsearch._with_text_scores(pgsearch.search_findings, float8[]) is
'The findings with other text_scores, and by_text in their order.';

create or replace function pgsearch._first_chunks(page_ids bigint[], required tsquery, excluded tsquery)
returns pgsearch.scored_chunks
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    firsts pgsearch.scored_chunks;
begin
    select array_agg(f.chunk_id), array_agg(f.page_id)
      into firsts.chunk_ids, firsts.page_ids
      from (select distinct on (c.page_id) c.chunk_id, c.page_id
              from pgsearch.chunks as c
             where c.page_id = any (_first_chunks.page_ids)
               and (required is null or c.content_tsv @@ required)
               and (excluded is null or not c.content_tsv @@ excluded)
             order by c.page_id, c.ordinal, c.chunk_id) as f;
    return firsts;
end;
$$;

comment on function pgsearch._first_chunks(bigint[], tsquery, tsquery) is
'Of each page its first chunk that has what is required and not what is excluded (null: nothing).';
