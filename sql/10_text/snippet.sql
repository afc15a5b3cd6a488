-- The part of a passage that shows why it is a hit, with the words marked, safe to put into a page.
--
-- ts_headline knows nothing of bigrams and lets <img onerror=...> through; here the text is escaped first and marked afterwards.

create or replace function pgsearch._highlight_pattern(lexemes text[], words text[])
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- a stem marks the words that begin with it (run: runs, running), a bigram marks itself wherever it stands
with terms as (
    select t.term, t.term ~ '^[[:alnum:]_]+$' and t.term ~ '[\u0020-\u024F\u0370-\u052F]' as begins
      from (select distinct unnest(lexemes || words) as term) as t
     where length(t.term) between 2 and 64
        or t.term ~ '[\u3041-\u30FF\u3400-\u9FFF\uAC00-\uD7FF]'
)
-- one \m and one \w* for all stems: the expression is tried at every letter
select nullif(concat_ws('|', '\m(?:' || string_agg(t.term, '|' order by length(t.term) desc, t.term) filter (where t.begins) || ')\w*',
                             string_agg(regexp_replace(t.term, '([^[:alnum:]\s_])', '\\\1', 'g'), '|' order by length(t.term) desc, t.term) filter (where not t.begins)), '')
  from terms as t
 -- what a shorter stem marks anyway would only be one more branch to try at every letter
 where not t.begins
    or t.term not in (select l.term
                        from terms as l
                             cross join generate_series(1, length(l.term) - 1) as g(characters)
                             join terms as o on o.term = left(l.term, g.characters)
                       where l.begins
                         and o.begins);
$$;

comment on function pgsearch._highlight_pattern(text[], text[]) is 'A regular expression for what a snippet marks; null for nothing.';

create or replace function pgsearch._marked_excerpt(
    content         text,
    pattern         text,
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
    opens   constant text := U&'\E000';
    closes  constant text := U&'\E001';
    flat    text := btrim(regexp_replace(translate(content, opens || closes, ''), '\s{2,}|(?! )\s', ' ', 'g'));
    cut_at  integer := 1;
    ends    integer;
    shown   text;
begin
    if most_characters <= 0 then
        return '';
    end if;

    if pattern is not null then
        flat := regexp_replace(flat, '(' || pattern || ')', opens || '\1' || closes, 'gi');
        flat := replace(flat, closes || opens, '');
    end if;

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

comment on function pgsearch._marked_excerpt(text, text, integer, text, text) is 'snippet with the pattern of _highlight_pattern, which serves every hit of a search.';

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
    given      constant integer := coalesce(cardinality(lexemes), 0) + coalesce(cardinality(words), 0);
    terms      text[] := array(select unnest(lexemes) union all select unnest(words));
begin
    perform pgsearch._check_range('most_characters', most_characters, 0, 1000000);
    if given > most_terms then
        raise exception using
            errcode = 'PS003',
            message = format('there are too many lexemes and words to mark: %s', given),
            hint    = format('Give at most %s together, as parse_query gives them for one query.', most_terms);
    end if;

    -- an expression is dear to make, by all its letters: what does not stand in the text stays out of a long one
    if given > 100 then
        terms := array(select t.term
                         from (select lower(content) as content offset 0) as c
                              cross join unnest(terms) as t(term)
                        where strpos(c.content, lower(t.term)) > 0);
    end if;
    return pgsearch._marked_excerpt(content, pgsearch._highlight_pattern(terms, '{}'), most_characters, mark_open, mark_close);
end;
$$;

comment on function pgsearch.snippet(text, text[], text[], integer, text, text) is
'An excerpt of the content around the most matches, white space folded, HTML-escaped, the matches between mark_open and mark_close (which are not escaped).
Arguments: content, lexemes and words (as parse_query gives them, at most 2,000 together), most_characters (0 .. 1000000: about how long; 0: an empty excerpt). Returns text; the beginning of the content when nothing matches.
Errors: PS003 too many lexemes and words, most_characters out of range.';
