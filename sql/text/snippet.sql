-- The part of a passage that shows why it is a hit, with the words marked, safe to put into a page.
--
-- ts_headline knows nothing of bigrams and lets <img onerror=...> through; here the text is escaped first and marked afterwards.

create or replace function pgsearch._highlight(lexemes text[], words text[], out pattern text, out stems text[])
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- a stem marks the words that begin with it (run: runs, running), a bigram marks itself wherever it stands
with terms as (
    select t.term, t.term ~ '^[[:alnum:]_]+$' and t.term ~ E'[\\u0020-\\u024F\\u0370-\\u052F]' as begins
      from (select distinct unnest(array(select unnest(lexemes) union all select unnest(words))) as term) as t
     where length(t.term) between 2 and 64
        or t.term ~ E'[\\u3041-\\u30FF\\u3400-\\u9FFF\\uAC00-\\uD7FF]' and length(t.term) <= 1000
),
shortest as (
    select t.term
      from terms as t
     where t.begins
       -- what a shorter stem marks anyway would only be one more branch to try at every letter
       and t.term not in (select l.term
                            from terms as l
                                 cross join generate_series(1, length(l.term) - 1) as g(characters)
                                 join terms as o on o.term = left(l.term, g.characters)
                           where l.begins
                             and o.begins)
),
-- one \m and one \w* for all stems: the expression is tried at every letter. With many of them that takes letters times
-- stems, and words are looked up instead
few as (
    select count(*) <= 60 as stems from shortest
)
select nullif(concat_ws('|', (select E'\\m(?:' || string_agg(t.term, '|' order by length(t.term) desc, t.term) || E')\\w*' from shortest as t where few.stems),
                             (select string_agg(regexp_replace(t.term, E'([^[:alnum:]\\s_])', E'\\\\\\1', 'g'), '|' order by length(t.term) desc, t.term) from terms as t where not t.begins)), ''),
       case when not few.stems then array(select lower(t.term) from shortest as t) end
  from few;
$$;

comment on function pgsearch._highlight(text[], text[]) is
'What a snippet marks: pattern, a regular expression (null for none), and stems, that words are looked up in by their
beginnings (lower case; null where they are few, and then in the pattern).';

create or replace function pgsearch._marked_words(content text, stems text[], opens text, closes text)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
with pieces as materialized (
    -- what is marked already is one piece, and no word
    select p.piece[1] as piece, p.at
      from regexp_matches(content, format(E'(%1$s[^%2$s]*%2$s|\\w+|[^\\w%1$s]+)', opens, closes), 'g') with ordinality as p(piece, at)
),
beginnings as materialized (
    select w.piece, lower(left(w.piece, s.characters)) as beginning
      from (select distinct piece from pieces where piece ~ E'^\\w') as w
           join (select distinct length(t) as characters from unnest(stems) as t) as s on s.characters <= length(w.piece)
),
marked as (
    select distinct b.piece
      from beginnings as b
     where b.beginning in (select unnest(stems))
)
select string_agg(case when m.piece is null then p.piece else opens || p.piece || closes end, '' order by p.at)
  from pieces as p
       left join marked as m on m.piece = p.piece;
$$;

comment on function pgsearch._marked_words(text, text[], text, text) is
'The content with each word that begins with one of the stems between opens and closes; what stands between them already
is left as it is.';

create or replace function pgsearch._marked_excerpt(
    content         text,
    pattern         text,
    stems           text[],
    most_characters integer,
    mark_open       text,
    mark_close      text
)
returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    -- private-use characters stand for the marks while the text is escaped; they cannot come from the text, which loses them first
    opens   constant text := E'\uE000';
    closes  constant text := E'\uE001';
    flat    text := btrim(regexp_replace(translate(content, opens || closes, ''), E'\\s{2,}|(?! )\\s', ' ', 'g'));
    cut_at  integer := 1;
    ends    integer;
    shown   text;
begin
    if most_characters <= 0 then
        return '';
    end if;

    if pattern is not null then
        flat := regexp_replace(flat, '(' || pattern || ')', opens || E'\\1' || closes, 'gi');
    end if;
    if stems is not null then
        flat := coalesce(pgsearch._marked_words(flat, stems, opens, closes), flat);
    end if;
    flat := replace(flat, closes || opens, '');

    if length(flat) > most_characters and strpos(flat, opens) > 0 then
        -- begin where the most marks follow within the length shown: at the first one, when all do
        cut_at := strpos(flat, opens);
        if strpos(substr(flat, cut_at + most_characters + 1), opens) > 0 then
            select m.at
              into cut_at
              from (select s.at, count(*) over (order by s.at range between current row and most_characters following) as marks
                      from (select sum(length(piece) + 1) over (order by n) as at, n
                              from unnest(string_to_array(flat, opens)) with ordinality as p(piece, n)) as s
                     where s.n <= 200) as m
             where m.at <= length(flat)
             order by m.marks desc, m.at
             limit 1;
        end if;

        -- some words before the first mark, from a space on where one is near
        cut_at := greatest(1, cut_at - 40);
        if cut_at > 1 then
            cut_at := cut_at + coalesce(nullif(strpos(substr(flat, cut_at, 40), ' '), 0), 0);
        end if;
    end if;

    shown := substr(flat, cut_at, most_characters);
    if length(flat) >= cut_at + most_characters then
        -- the last word is left out where the cut may go through it
        ends  := strpos(reverse(shown), ' ');
        shown := case when ends > 0 and length(shown) - ends >= 40 then left(shown, -ends) else shown end;
    end if;
    -- a mark that the cut left open is closed, one that it left without its beginning is dropped
    if coalesce(strpos(shown, closes), 0) > 0 and (strpos(shown, opens) = 0 or strpos(shown, closes) < strpos(shown, opens)) then
        shown := overlay(shown placing '' from strpos(shown, closes) for 1);
    end if;
    if length(replace(shown, opens, '')) < length(replace(shown, closes, '')) then
        shown := shown || closes;
    end if;

    shown := case when cut_at > 1 then '… ' else '' end
             || shown
             || case when length(flat) >= cut_at + most_characters then ' …' else '' end;
    shown := replace(replace(replace(replace(shown, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;');
    shown := replace(shown, '''', '&#39;');
    return replace(replace(shown, opens, mark_open), closes, mark_close);
end;
$$;

comment on function pgsearch._marked_excerpt(text, text, text[], integer, text, text) is 'snippet with the pattern and stems of _highlight, which serve every hit of a search.';

create or replace function pgsearch.snippet(
    content         text,
    lexemes         text[],
    words           text[]  default '{}',
    most_characters integer default 240,
    mark_open       text    default '<mark>',
    mark_close      text    default '</mark>'
)
returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    most_terms constant integer := 2000;
    most_text  constant integer := 50000;
    given      constant integer := coalesce(cardinality(lexemes), 0) + coalesce(cardinality(words), 0);
    letters    constant bigint  := (select coalesce(sum(length(t)), 0) from unnest(lexemes) as t) + (select coalesce(sum(length(t)), 0) from unnest(words) as t);
    terms      text[] := array(select unnest(lexemes) union all select unnest(words));
    marks      record;
begin
    perform pgsearch._check_range('most_characters', case when most_characters < 0 then 0 else most_characters end, 0, 1000000);
    if given > most_terms or letters > most_text then
        raise exception using
            errcode = 'PS003',
            message = format('there are too many lexemes and words to mark: %s of %s characters', given, letters),
            hint    = format('Give at most %s of %s characters together, as parse_query gives them for one query.', most_terms, most_text);
    end if;

    -- an expression is dear to make, by all its letters: what does not stand in the text stays out
    if given > 100 then
        terms := array(select t.term
                         from (select lower(content) as content offset 0) as c
                              cross join unnest(terms) as t(term)
                        where strpos(c.content, lower(t.term)) > 0);
    end if;
    marks := pgsearch._highlight(terms, '{}');
    return pgsearch._marked_excerpt(content, marks.pattern, marks.stems, most_characters, mark_open, mark_close);
end;
$$;

comment on function pgsearch.snippet(text, text[], text[], integer, text, text) is
'An excerpt of the content around the most matches, white space folded, HTML-escaped, the matches between mark_open and
mark_close (which are not escaped).
Arguments:
- content
- lexemes and words (as parse_query gives them, at most 2,000 of 50,000 characters together)
- most_characters (0 .. 1000000: about how long; 0: an empty excerpt)
Returns text; the beginning of the content when nothing matches.
Errors: PS003 too many lexemes and words, most_characters out of range.
Example:
select pgsearch.snippet(''Electric cars are subsidised.'', ''{car}'', ''{car}'');';
