-- What the wanted words of a query weigh: a whole more than its parts, and parts of one character nothing.
--
-- A compound is asked for by its whole and, for texts that write it otherwise, by its parts, which alone say less than a
-- word does (all of them with weight 1: cisi -.016 nDCG@10, cacm -.006; as here level). The one character of e.g. or U.S.
-- says nothing beside any longer word. `benchmarks/analysis_weights.py` chooses the weights.

create or replace function pgsearch._query_lexemes(text_config text, wanted text, out lexemes text[], out weights float8[])
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
-- planned once, else each plan asks the expressions that it can
set plan_cache_mode = force_generic_plan
-- a text of thousands of words is joined with what its words weigh, of which the planner expects ten
set enable_nestloop = off
as $$
declare
    of_joined   constant float8 := 0.5;
    of_humped   constant float8 := 0.3;
    of_spelling constant float8 := 0.5;
    -- 제 and 조 of 제15조, and 원 of 10억 원, say little beside the number: 제60조 has them too
    of_counter  constant float8 := 0.3;
    config      constant regconfig := text_config::regconfig;
    normalized  constant text := pgsearch._normalized(wanted);
    wholes      constant text := pgsearch._wholes(normalized);
    spellings   constant text := pgsearch._spellings(normalized);
    -- every digit a 0: where a number stands is told without an expression
    zeros       constant text := translate(normalized, '123456789', '000000000');
    amounts     constant text := ' ' || translate(zeros, '십백천만억조', '000000') || ' ';
    plain       text;
    joined      text;
    former      tsvector := '';
    korean      text[];
    of_korean   float8[];
begin
    if wholes is not null then
        select string_agg(w.word, ' ') filter (where w.kind = 'plain'),
               string_agg(w.word, ' ') filter (where w.kind = 'joined')
          into plain, joined
          from (select t.word,
                       case
                       when t.word ~ E'[A-Za-z0-9\\u00C0-\\u1FFF][-._:&]:?[A-Za-z0-9\\u00C0-\\u1FFF]' then 'joined'
                       when t.word ~ (E'[a-z][A-Z0-9]|[A-Z][0-9]|[0-9][A-Za-z]|[A-Z]{2}[a-z]{2}'
                                      '|[A-Za-z][+#]|(?:^|[^A-Za-z0-9])\\.[A-Za-z]') then 'humped'
                       else 'plain'
                       end as kind
                  from regexp_split_to_table(normalized, E'\\s+') as t(word)) as w;
    end if;
    -- only here, because what it takes to read a question is planned for in every session that asks
    if not pgsearch._is_ascii(wanted) then
        select array_agg(k.lexeme), array_agg(k.weight) into korean, of_korean from pgsearch._korean_weights(wanted) as k;
    end if;
    if pgsearch._is_reanalyzing() then
        former := to_tsvector(config, pgsearch._former_segment(wanted));
    end if;

    with words as (
        select a.lexeme,
               a.positions[1] as at,
               cardinality(a.positions) as times,
               case
               when length(a.lexeme) = 1 and a.lexeme collate "C" between '가' and '힣'
                    and (strpos(zeros, a.lexeme || '0') > 0 or strpos(zeros, '0' || a.lexeme) > 0
                         or strpos(amounts, '0 ' || a.lexeme || ' ') > 0 or strpos(amounts, ' ' || a.lexeme || ' 0') > 0) then of_counter
               when wholes is null or p.lexeme is not null then 1
               when j.lexeme is not null then of_joined
               else of_humped
               end as weight,
               -- the units of a date are no words
               length(a.lexeme) = 1 and (wholes is not null and p.lexeme is null
                                         or a.lexeme in ('년', '월', '일') and normalized ~ '[0-9][년월일]') as is_little
          from unnest(to_tsvector(config, pgsearch._words(normalized))) as a
               left join unnest(to_tsvector(config, pgsearch._words(plain))) as p on wholes is not null and p.lexeme = a.lexeme
               left join unnest(to_tsvector(config, pgsearch._words(joined))) as j on wholes is not null and j.lexeme = a.lexeme
    ),
    asked as (
        select w.lexeme,
               w.at,
               w.times,
               case when not w.is_little then w.weight when bool_and(w.is_little) over () then of_humped else 0 end as weight
          from words as w
         union all
        select a.lexeme, 100000 + a.positions[1], cardinality(a.positions), 1 from unnest(to_tsvector(config, wholes)) as a
         union all
        select a.lexeme, 200000 + a.positions[1], cardinality(a.positions), of_spelling from unnest(to_tsvector(config, spellings)) as a
         union all
        select a.lexeme, 300000 + a.positions[1], cardinality(a.positions), 1
          from unnest(former) as a
         where not exists (select from words as w where w.lexeme = a.lexeme)
    ),
    -- a word asked for twice counts more than once, but not twice as much: (k3 + 1) qtf / (k3 + qtf) with k3 = 8
    -- (Robertson and Walker 1994); what only asks (무엇인가요) is dropped, unless that is all there is
    weighted as (
        select a.lexeme,
               min(a.at) as at,
               max(9::float8 * a.times / (8 + a.times) * a.weight) as weight,
               case when max(coalesce(max(k.weight), 1)) over () = 0 then 1 else coalesce(max(k.weight), 1) end as asking
          from asked as a
               left join unnest(korean, of_korean) as k(lexeme, weight) on k.lexeme = a.lexeme
         group by a.lexeme
    )
    select coalesce(array_agg(w.lexeme order by w.at, w.lexeme), '{}'),
           coalesce(array_agg(w.weight * w.asking order by w.at, w.lexeme), '{}')
      into lexemes, weights
      from weighted as w
     where w.weight * w.asking > 0;
end;
$$;

comment on function pgsearch._query_lexemes(text, text) is
'The lexemes of the wanted words of a query, in order, each once, and parallel to them what each counts in ranking: 1 for
a word or a whole asked for once, 0.5 for a part of a joined word and for an accented spelling beside its word, 0.3 for a
part of a word with humps or digits and for the one Hangul character at a number (제 and 조 of 제15조, 원 of 10억 원), none for a
part of one character, and as _korean_weights says for bigrams. While rows are being analysed anew, the lexemes of the
former analysis too.';
