-- What is syntax in a query, and what is punctuation: a sign is syntax where somebody meant it.
--
-- The same signs stand in texts that are pasted and in questions that are written as prose. Read as syntax there, they
-- require what was only quoted and exclude what was only set off: CACM's questions as typed had nDCG@10 .557, their
-- words alone .574.

create or replace function pgsearch._most_typed()
returns integer
language sql immutable parallel safe
return 32000;

comment on function pgsearch._most_typed() is 'How many characters of a query count.';

create or replace function pgsearch._typed(query text)
returns text
language sql immutable parallel safe
-- typographic quotes and signs are what phones type, but nobody types a long dash for a minus; NFKC may shorten
return left(
           translate(normalize(left(coalesce(query, ''), 4 * pgsearch._most_typed()), NFKC),
                     '“”„‟«»「」『』❝❞〝〞−–—', '""""""""""""""-- '),
           pgsearch._most_typed());

comment on function pgsearch._typed(text) is 'As much of the query as counts, in NFKC with plain quotes and signs.';

create or replace function pgsearch._is_prose(typed text)
returns boolean
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- more words than somebody gives a search box; several lines; several sentences, or a question with its mark
select char_length(typed) > 32 and regexp_count(typed, E'\\S+') > 16
       or pgsearch._has_any(btrim(typed, E' \t\r\n'), E'\r\n')
       or pgsearch._has_any(typed, '.!?。')
          and typed ~ E'(?:\\m[[:lower:]]{3,}[.]|[가-힣][.])\\s+"?[[:upper:]가-힣]|[!?]\\s+[[:alnum:]]|。\\s*[[:alnum:]]|[?]\\s*$';
$$;

comment on function pgsearch._is_prose(text) is 'Whether a query, as _typed gives it, is a text, in which signs are punctuation.';

create or replace function pgsearch._folded(typed text)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select string_agg(case
                  when l.nth = 1 then l.line
                  else (select string_agg(m[1], ' ') from regexp_matches(l.line, '[[:alnum:]]*[0-9][[:alnum:]]*', 'g') as m)
                  end, E'\n' order by l.at)
  from (select s.line, s.at, row_number() over (partition by regexp_replace(s.line, '[0-9]+', '0', 'g') order by s.at) as nth
          from string_to_table(typed, E'\n') with ordinality as s(line, at)) as l;
$$;

comment on function pgsearch._folded(text) is
'A text in which of lines that differ in their numbers alone the first is kept, and of the others what has numbers: the frames
of a trace say once what they say.';

create or replace function pgsearch._has_letters(content text)
returns boolean
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- emoji are words
select case
       when pgsearch._has_any(content, '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ') then true
       else content ~ (E'[0-9A-Za-z\\u00C0-\\u1FFF\\u2300-\\u23FF\\u2600-\\u27BF\\u2B00-\\u2DFF'
                       '\\u3005-\\uDFFF\\uF900-\\uFDFF\\U00010000-\\U000323AF]')
       end;
$$;

comment on function pgsearch._has_letters(text) is 'Whether there is something to search for in it: letters, digits or emoji.';

create or replace function pgsearch._signed_tokens(typed text)
returns table (sign text, quoted boolean, phrase text, at bigint)
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
with typed as materialized (
    select case when strpos(t.typed, E'\n') > 0 then pgsearch._folded(t.typed) else t.typed end as typed,
           pgsearch._is_prose(t.typed) as prose,
           -- by range, whatever the collation takes for one
           E'0-9A-Za-z\\u00C0-\\u1FFF\\u2C00-\\u2DFF\\u3005-\\uDFFF\\uF900-\\uFDFF\\U00010000-\\U000323AF' as letters,
           -- a dash that closes what another opened, and a command with its options
           strpos(t.typed, '-') > 0 and t.typed ~ E'[[:alnum:]]-(?:\\s|$)|(?:^|\\s)--[[:alnum:]]' as dashes
      from (select _signed_tokens.typed as typed) as t
),
tokens as materialized (
    -- what is glued to a quote from outside ("서양"이라는) quotes a word in a sentence
    select m.part, m.at
      from typed as t
           cross join lateral regexp_matches(
               t.typed,
               case when t.prose or strpos(t.typed, '"') = 0 then E'()()(\\S+)'
                    else E'([-+]?)"([^"]*)(?<![,;:]|[[:lower:]]{3}[.])"(?![' || t.letters || E'])|(\\S+)' end,
               'g') with ordinality as m(part, at)
),
around as (
    select k.part,
           k.at,
           k.part[3] is null as quoted,
           k.part[3] as word,
           lag(k.part[3]) over (order by k.at) as before,
           lead(k.part[3]) over (order by k.at) as after,
           k.at = 1 or lead(k.at) over (order by k.at) is null as outermost
      from tokens as k
),
signed as (
    select a.*,
           case
           when a.quoted then a.part[1]
           when t.prose then ''
           when a.word = 'OR' and not a.outermost then 'OR'
           when left(a.word, 1) not in ('-', '+') then ''
           -- a sign counts before a name, which may begin with a sign itself (.net, #tag), and no list of options (-Wl,-z)
           when a.word !~ ('^.(?:[.@#_]|[$][{]?)?[' || t.letters || ']')
                or a.word ~ '^-.*[=,][[:alnum:]]'
                or a.word ~ '^-' and t.dashes then ''
           when a.word !~ '^.[0-9]' then left(a.word, 1)
           -- an address or a date (-10.0.12.7), and a code (-3f2a1bc) are no measures
           when a.word ~ E'^-\\d+(?:[.]\\d+){2}' or a.word ~ '^.[0-9]+[A-Za-z]+[0-9]' and a.word !~* '^.[0-9]+e[0-9]+$' then left(a.word, 1)
           -- a number is a measure if it is a fraction, has a unit, or follows a number or a word that leads to one; and
           -- one digit, or the first three of a telephone number, is not worth a requirement
           when a.word ~ E'^[-+]\\d+[.,]\\d'
                or a.word ~ E'^(?:-\\d|[+]\\d{1,3})(?:\\D|$)'
                or a.word ~* (E'^.\\d+(?:' || u.unit || ')') and a.word !~* E'^.\\d+[a-z]{5,}'
                or a.after ~* ('^(?:' || u.unit || E')(?:[^[:alnum:]]|$)')
                or a.before ~ E'^[^-+]?\\d[^[:alpha:]]*$'
                or a.before ~* '^(?:below|under|above|over|at|to|from|than|of|is|between|and|minus|기온|온도|영하|영상|최저|최고)$|[=<>~:(]$' then ''
           else left(a.word, 1)
           end as sign
      from around as a
           cross join typed as t
           cross join (
               select E'°[cfk]?|%|도|degrees?|celsius|fahrenheit|kelvin|퍼센트|점|원|만원|억|배'
                      '|[ckf]\\M|[kmcnµμ]?[mgvwal]\\M|[kmgt]?(?:b|hz|pa|bar|ohm)\\M|db[mv]?\\M'
                      '|[munµμ]?s\\M|min\\M|h\\M|[$€£₩]|pp\\M|bps\\M|px\\M|mmhg\\M|ev\\M|kcal\\M' as unit
           ) as u
)
select s.sign,
       s.quoted,
       case when s.quoted then s.part[2] when s.sign in ('-', '+') then substr(s.word, 2) else s.word end,
       s.at
  from signed as s
 where pgsearch._has_letters(coalesce(s.part[2], '') || coalesce(s.word, ''));
$$;

comment on function pgsearch._signed_tokens(text) is
'_query_tokens of what may hold syntax. Argument: the query as _typed gives it.';

create or replace function pgsearch._query_tokens(query text)
returns table (sign text, quoted boolean, phrase text, at bigint)
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    typed constant text := pgsearch._typed(query);
begin
    -- most queries have nothing that could be syntax, nor lines of a log, and the expressions that tell take milliseconds
    -- to compile in each session; among them what a locale may take for space, or not
    if pgsearch._has_any(typed, E'"-+\n\x1C\x1D\x1E\x1F\u0085\u1680\u2028\u2029') or strpos(typed, 'OR') > 0 then
        return query select s.* from pgsearch._signed_tokens(typed) as s;
        return;
    end if;

    return query
    select '', false, w.word, w.at
      from string_to_table(translate(typed, E'\t\x0B\f\r', '    '), ' ') with ordinality as w(word, at)
     where pgsearch._has_letters(w.word);
end;
$$;

comment on function pgsearch._query_tokens(text) is
'The words and quoted phrases of a query in order, each with the sign that counts: - excluded, + required, OR (between two
of them), or none. Signs that are punctuation are left in the phrase, where the analysis passes them over.';

create or replace function pgsearch._begun_words(query text, typing boolean)
returns text[]
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- each is a look at the statistics, and so many are more than anybody types
select case
       when typing or strpos(query, '*') > 0
       then array(select t.phrase
                    from (select k.*, k.at = max(k.at) over () as is_last from pgsearch._query_tokens(query) as k) as t
                   where not t.quoted
                     and t.sign in ('', '+')
                     and (t.phrase ~ '^[^*]+[*]$' or typing and t.is_last and query !~ E'[[:space:]]$')
                   order by t.at
                   limit 8)
       else '{}'
       end;
$$;

comment on function pgsearch._begun_words(text, boolean) is
'The words of a query of which the beginning was typed: those that end with *, and the last one while it is being typed.';
