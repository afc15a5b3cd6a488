-- The part of a passage that shows why it is a hit, with what matched marked, safe to put into a page.
--
-- What matched is known by analysis alone: a stem, a folded accent, a part of a compound are no strings that could be searched
-- for. So the words of the texts are analysed, each once for all hits, and those that give a lexeme of the query are marked.
-- An expression says before which of them may: the beginning of a lexeme stands in every word that it comes from, unless
-- an accent, another form or a dictionary of another kind is in the way. ts_headline knows nothing of bigrams, and lets
-- <img onerror=...> through; here the text is escaped, and then marked.

create or replace function pgsearch._without_spaces()
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select E'\\u0E00-\\u0E4F\\u0E5A-\\u0EFF\\u1000-\\u11FF\\u1780-\\u17FF\\u3005-\\u3007\\u3031-\\u318F\\u31F0-\\u31FF'
        '\\u3400-\\u9FFF\\uA960-\\uA97F\\uAC00-\\uD7FF\\uF900-\\uFAFF\\U00020000-\\U000323AF';
$$;

comment on function pgsearch._without_spaces() is
'The characters, as ranges of an expression, of scripts whose words the analysis does not find by spaces.';

create or replace function pgsearch._sought(
    text_config text,
    lexemes     text[],
    out plain text, out compound text, out wide text, out forms text
)
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    -- what compounds are made of, and what else a word may hold in another form
    joined text;
    others text;
    begins text;
begin
    select E'[:alnum:]_.:&@/''’+#-',
           E'\\u00AA\\u00AD\\u00B2-\\u00BA\\u00C0-\\u024F\\u0300-\\u03FF\\u0401\\u0451\\u0591-\\u05C7\\u0610-\\u061C\\u0640\\u064B-\\u0670'
            '\\u06D6-\\u06F9\\u0966-\\u096F\\u0E50-\\u0E59\\u1100-\\u11FF\\u1E00-\\u1FFF'
            '\\u200B-\\u200F\\u202A-\\u202E\\u2060-\\u2BFF\\u3130-\\u33FF\\uF900-\\uFFEF\\U0001F000-\\U0001FAFF'
      into joined, others;
    -- Stemmers change the ends of words, the English one little. Other dictionaries may change anything, and with many
    -- lexemes to try the expression takes longer than the analysis.
    if cardinality(lexemes) <= 64
       and starts_with(text_config, 'pg_catalog.')
       and substr(text_config, 12) = any ('{simple,english,danish,dutch,finnish,french,german,hungarian,italian,norwegian,portuguese,'
                                          'romanian,russian,spanish,swedish,turkish}'::text[]) then
        select string_agg(distinct case
                                   when pgsearch._has_any(l.beginning, E'\\^$.|?*+()[]{}')
                                   then regexp_replace(l.beginning, E'([^[:alnum:]\\s_])', E'\\\\\\1', 'g')
                                   else l.beginning
                                   end || l.sign, '|')
               || case when bool_or(length(l.letters) >= 4 and translate(left(l.letters, 4), '0123456789', '') = '')
                       then E'|\\d,\\d[\\d,]*' else '' end
          into begins
          from (select l.letters,
                       -- AT&T begins with no word that counts
                       case when l.is_short then '[-._:&]' else '' end as sign,
                       case
                       when l.is_short then split_part(l.lexeme, E'\u01C1', 1)
                       when not pgsearch._is_ascii(l.letters)
                            and l.letters ~ ('^[' || pgsearch._without_spaces() || ']') then left(l.letters, 2)
                       when text_config = 'pg_catalog.simple' then left(l.letters, 4)
                       -- y and i, and an e that was left out
                       when text_config = 'pg_catalog.english'
                       then left(l.letters, greatest(1, least(4, length(l.letters) - (right(l.letters, 1) in ('i', 'e'))::integer)))
                       else left(l.letters, greatest(1, least(3, length(l.letters) - 1)))
                       end as beginning
                  from (select lexeme,
                               translate(lexeme, E'\u01C0\u01C1\u01C2\u01C3', '') as letters,
                               strpos(lexeme, E'\u01C1') between 2 and 4 as is_short
                          from unnest(lexemes) as lexeme) as l
                 where l.letters <> '') as l;
    elsif lexemes <> '{}' then
        begins := '[[:alnum:]]';
    end if;

    select case when begins is not null then format(E'[.]?\\m(?:%s)[%s]*', begins, joined) end,
           case when begins is not null then format('[%2$s]*(?:%1$s)[%2$s]*', begins, joined) end,
           -- joined ends in a hyphen, which between two classes would be a range of signs; and of i, s and k there are others
           -- (U+0131, U+017F, U+212A), so that without regard to case every word with one of them would do
           case when begins is not null then format('[%3$s%2$s]*(?:%1$s|(?![a-z])[%3$s])[%3$s%2$s]*', begins, joined, others) end,
           '[' || others || ']'
      into plain, compound, wide, forms;
end;
$$;

comment on function pgsearch._sought(text, text[]) is
'Regular expressions for the words of a text that may give one of the lexemes: plain, where words have no parts, compound, where
their parts may begin within them, wide, where characters have other forms, which is where the text has one of forms. All is
null where no lexeme is given.';

create or replace function pgsearch._matched_parts(word text, text_config text, lexemes text[])
returns table (starts integer, ends integer, lexeme text)
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    gapless constant text    := pgsearch._without_spaces();
    ascii   constant boolean := pgsearch._is_ascii(word);
    -- signs belong to no part but those of names: .net, c++, c#; what only other scripts have takes long to compile
    sign    constant text    := E'^[\\u0021-\\u002F\\u003A-\\u0040\\u005B-\\u0060\\u007B-\\u007E'
                                || case when ascii then ''
                                        else E'\\u00A1-\\u00A9\\u00AB-\\u00B1\\u00B4\\u00B6-\\u00B8\\u00BB-\\u00BF'
                                              '\\u2000-\\u206F\\u3000-\\u3004\\u3008-\\u3030' end
                                || ']';
    cuts    constant text    := case when ascii then '[A-Z]+(?![a-z])|[A-Z]?[a-z]+(?:''(?:s|t|re|ll|ve|d|m)(?![A-Za-z]))?|[A-Z]|[0-9]+|.'
                                     else format(E'[%1$s]+|[A-Z]+(?![a-z])|[A-Z]?(?:(?![A-Z%1$s])[[:alpha:]]|'
                                                  '[\\u0300-\\u036F\\u0591-\\u05BD\\u05BF\\u05C1-\\u05C5\\u0610-\\u061C'
                                                  '\\u0640\\u064B-\\u065F\\u0670\\u06D6-\\u06ED])+'
                                                  '(?:[''’](?:s|t|re|ll|ve|d|m)(?![[:alpha:]]))?|[A-Z]|[[:digit:]]+|.', gapless) end;
    parts   constant text[]    := string_to_array(regexp_replace(word, cuts, E'\\&\uE000', 'g'), E'\uE000');
    n       constant integer   := cardinality(parts) - 1;
    before  integer[] := '{0}';
    given   text[];
    missing text[]    := lexemes;
    here    text[];
    span    text;
begin
    for i in 1 .. n loop
        before[i + 1] := before[i] + length(parts[i]);
    end loop;

    -- from single parts to as many together as it takes to give every lexeme
    for wide in 1 .. case when n <= 12 then n when n <= 24 then 4 else 1 end loop
        exit when missing = '{}';
        given := '{}';
        for i in 1 .. n - wide + 1 loop
            continue when parts[i] ~ sign and not (parts[i] = '.' and wide > 1)
                       or parts[i + wide - 1] ~ sign and not (parts[i + wide - 1] in ('+', '#') and wide > 1);
            span := substr(word, before[i] + 1, before[i + wide] - before[i]);
            here := tsvector_to_array(
                        -- letters alone, which have no humps where they are one part, are analysed as they are
                        case when wide = 1 and translate(lower(span), 'abcdefghijklmnopqrstuvwxyz', '') = ''
                             then to_tsvector(text_config::regconfig, span)
                             else pgsearch._analyze(text_config, span) end);
            continue when not here && missing;
            if cardinality(here) > 1 then
                here := array(select l from unnest(here) as l where l = any (missing));
            end if;
            given := given || here;
            if wide = 1 and length(span) > 2 and not pgsearch._is_ascii(span) and span ~ ('^[' || gapless || ']') then
                -- a bigram stands in its text as it is, but for the form of its characters
                return query
                select before[i] + g, before[i] + g + length(f.form) - 1, l
                  from unnest(here) as l
                       cross join lateral (select distinct v.form from (values (l), (normalize(l, NFD))) as v(form)) as f
                       cross join lateral generate_series(1, length(span) - length(f.form) + 1) as g
                 where substr(span, g, length(f.form)) = f.form;
                continue when found;
            end if;
            starts := before[i] + 1;
            ends   := before[i + wide];
            foreach lexeme in array here loop
                return next;
            end loop;
        end loop;
        foreach lexeme in array given loop
            missing := array_remove(missing, lexeme);
        end loop;
    end loop;

    -- what no part gives by itself
    if missing = lexemes then
        starts := 1 + length(word) - length(ltrim(word, '()[]{}<>"'''));
        ends   := length(rtrim(word, '()[]{}<>"''.,;:!?'));
        lexeme := lexemes[1];
        return next;
    end if;
end;
$$;

comment on function pgsearch._matched_parts(text, text, text[]) is
'Which characters of a word, that gives the lexemes as a whole, give each of them: its least parts, cut at signs, humps,
borders of letters and digits, and bigrams.';

create or replace function pgsearch._matches(marked text[], text_configs text[], lexemes text[])
returns table (text_at bigint, starts integer[], ends integer[], ranks integer[])
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
-- planned once: planning takes longer than running
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    -- a syllable written as jamo is one character of several
    gapless constant text := E'^(?!.*[\\u1100-\\u11FF])[' || pgsearch._without_spaces() || ']{2,}[.:]*$';
    -- wild-type and get_git_branch give what their words give, unless they are looked for as a whole
    simple  constant text := '^_*(?:[A-Za-z]?[a-z]+|[A-Z]+|[0-9]+)(?:(?:[.]*[-/_:]+|[.]+)(?:[A-Za-z]?[a-z]+|[A-Z]+|[0-9]+))*_*[.:''/-]*$';
begin
    return query
    with pieces as materialized (
        select h.text_at,
               text_configs[h.text_at] as text_config,
               split_part(p.piece, E'\uE001', 1) as word,
               p.at,
               sum(length(p.piece) - (p.at > 1)::integer) over (partition by h.text_at order by p.at)
               - length(p.piece) + (p.at > 1)::integer as before
          from unnest(marked) with ordinality as h(marked, text_at)
               cross join lateral string_to_table(h.marked, E'\uE000') with ordinality as p(piece, at)
    ),
    words as materialized (
        select w.text_config, w.word, w.config, w.bare,
               w.simple and not w.joined as plain,
               w.simple and w.joined
               -- a dictionary of one's own may know both together
               and starts_with(w.text_config, 'pg_catalog.')
               and not exists (select
                                 from unnest(lexemes) as l
                                where strpos(l, 'ǁ') > 0
                                  and strpos(lower(w.bare), split_part(l, 'ǁ', 1)) > 0) as joined,
               not w.ascii and w.word ~ gapless as gapless
          from (select p.*,
                       p.ascii and p.word ~ simple as simple,
                       pgsearch._has_any(p.bare, '-/_.:') as joined
                  from (select distinct p.text_config, p.word, p.text_config::regconfig as config, rtrim(p.word, '.:''/-') as bare,
                               pgsearch._is_ascii(p.word) as ascii
                          from pieces as p
                         where p.at > 1) as p
                offset 0) as w
    ),
    ranked as materialized (
        select u.lexeme, min(u.at)::integer as rank
          from unnest(lexemes) with ordinality as u(lexeme, at)
         group by u.lexeme
    ),
    given as (
        select p.text_config, p.word, p.starts, p.starts + length(p.part) - 1 as ends, l.lexeme
          from (select w.text_config, w.word, w.config, 1 as starts, w.bare as part
                  from words as w
                 where w.plain
                 union all
                select w.text_config, w.word, w.config,
                       (sum(length(p.part) + 1) over (partition by w.text_config, w.word order by p.at) - length(p.part))::integer,
                       p.part
                  from words as w
                       cross join lateral string_to_table(translate(w.bare, '/_.:', '----'), '-') with ordinality as p(part, at)
                 where w.joined) as p
               cross join lateral unnest(tsvector_to_array(
                   -- 05 is 5, and 20261128 a date; other numbers, and what has letters alone, are analysed as they are
                   case when p.part ~ '^0|^[0-9]{8}' then pgsearch._analyze(p.text_config, p.part)
                        else to_tsvector(p.config, p.part) end)) as l(lexeme)
         union all
        select w.text_config, w.word, g.at, g.at + 1, substr(w.word, g.at, 2)
          from words as w
               cross join lateral generate_series(1, length(w.word) - 1) as g(at)
         where w.gapless
         union all
        select w.text_config, w.word, p.starts, p.ends, p.lexeme
          from words as w
               -- once for each word, since its analysis takes longest
               cross join lateral (select array(select l
                                                  from unnest(tsvector_to_array(pgsearch._analyze(w.text_config, w.word))) as l
                                                 where l in (select r.lexeme from ranked as r)) as lexemes
                                   offset 0) as a
               cross join lateral pgsearch._matched_parts(w.word, w.text_config, a.lexemes) as p
         where not w.plain
           and not w.joined
           and not w.gapless
           and a.lexemes <> '{}'
    ),
    parts as materialized (
        select g.text_config, g.word, g.starts, g.ends, r.rank
          from given as g
               join ranked as r on r.lexeme = g.lexeme
    )
    select p.text_at,
           array_agg((p.before + m.starts)::integer order by p.at, m.starts, m.ends),
           array_agg((p.before + m.ends)::integer order by p.at, m.starts, m.ends),
           array_agg(m.rank order by p.at, m.starts, m.ends)
      from pieces as p
           join parts as m on m.word = p.word
                          and m.text_config = p.text_config
     where p.at > 1
     group by p.text_at;
end;
$$;

comment on function pgsearch._matches(text[], text[], text[]) is
'Where texts give the lexemes: the first and last character of each match and the place of its lexeme among them, in order.
Words that may give one are marked in them by private-use characters.';

create or replace function pgsearch._excerpts(
    contents        text[],
    text_configs    text[],
    lexemes         text[],
    gains           float8[],
    most_characters integer,
    mark_open       text,
    mark_close      text
)
returns text[]
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    flat   text[];
    marked text[];
    result text[];
    config text;
    sought record;
    found_in record;
begin
    for i in 1 .. coalesce(cardinality(contents), 0) loop
        -- No more of a text is analysed. Private-use characters stand for the marks while the text is escaped: they cannot come
        -- from the text, which loses them first.
        flat[i] := left(contents[i], 65536);
        if strpos(flat[i], E'\uE000') > 0 or strpos(flat[i], E'\uE001') > 0 then
            flat[i] := translate(flat[i], E'\uE000\uE001', '');
        end if;
        flat[i] := btrim(regexp_replace(flat[i], E'\\s{2,}|(?! )\\s', ' ', 'g'));
        if config is distinct from text_configs[i] then
            config := text_configs[i];
            sought := pgsearch._sought(config, lexemes);
        end if;
        marked[i] := regexp_replace(
                         flat[i],
                         case
                         when octet_length(flat[i]) <> length(flat[i]) then
                             case when flat[i] ~ sought.forms then sought.wide else sought.compound end
                         when flat[i] ~ '[a-z][A-Z]|[0-9][A-Za-z]|[A-Za-z][0-9]|_' then sought.compound
                         else sought.plain
                         end,
                         E'\uE000\\&\uE001', 'gi');
    end loop;

    for found_in in
        select f.text_at, m.starts, m.ends, m.ranks
          from generate_subscripts(flat, 1) as f(text_at)
               left join pgsearch._matches(marked, text_configs, lexemes) as m on m.text_at = f.text_at
    loop
        result[found_in.text_at] := pgsearch._window(
            content => flat[found_in.text_at],
            starts  => found_in.starts,
            ends    => found_in.ends,
            ranks   => found_in.ranks,
            gains   => gains,
            most_characters => most_characters,
            mark_open       => mark_open,
            mark_close      => mark_close);
    end loop;
    return result;
end;
$$;

comment on function pgsearch._excerpts(text[], text[], text[], float8[], integer, text, text) is
'snippet of several texts, each of its configuration, with gains (parallel to lexemes, null: 1 each): what each is worth.';

create or replace function pgsearch._window(
    content         text,
    starts          integer[],
    ends            integer[],
    ranks           integer[],
    gains           float8[],
    most_characters integer,
    mark_open       text,
    mark_close      text
)
returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    -- before the first match, from a space on where one is near
    lead    constant integer := least(40, most_characters / 6);
    size    constant integer := length(content);
    matches constant integer := coalesce(cardinality(starts), 0);
    held    integer[];
    rank    integer;
    first   integer := 1;
    most    float8 := -1;
    gained  float8 := 0;
    cut_at  integer := 1;
    upto    integer;
    back    integer;
    shown   text;
    marked  text := '';
    done    integer := 0;
    here    integer;
    there   integer;
begin
    if size > most_characters and matches > 0 then
        -- the window whose different lexemes are worth most: with each match at its end, those too far away leave it
        for i in 1 .. matches loop
            while first < i and ends[i] - starts[first] >= most_characters - lead - 2 loop
                rank       := ranks[first];
                held[rank] := held[rank] - 1;
                gained     := gained - case when held[rank] = 0 then coalesce(gains[rank], 1) else 0.001 end;
                first      := first + 1;
            end loop;
            rank       := ranks[i];
            gained     := gained + case when coalesce(held[rank], 0) = 0 then coalesce(gains[rank], 1) else 0.001 end;
            held[rank] := coalesce(held[rank], 0) + 1;
            if gained > most + 0.000001 then
                most   := gained;
                cut_at := starts[first];
            end if;
        end loop;

        cut_at := greatest(1, cut_at - lead);
        if cut_at > 1 then
            cut_at := cut_at + strpos(substr(content, cut_at, lead), ' ');
        end if;
    end if;

    upto  := least(size, cut_at + most_characters - 1);
    shown := substr(content, cut_at, most_characters);
    if upto < size and substr(content, upto + 1, 1) <> ' ' then
        -- the last word is left out where the cut goes through it
        back := strpos(reverse(shown), ' ');
        if back > 0 and length(shown) - back >= lead then
            shown := left(shown, -back);
            upto  := upto - back;
        end if;
    end if;

    for i in 1 .. matches loop
        here  := starts[i] - cut_at + 1;
        there := least(ends[i], upto) - cut_at + 1;
        continue when here < 1 or there <= done;
        exit when starts[i] > upto;
        -- marks that touch are one, and so are those of a compound
        if here > done + 1 and not (done > 0 and here = done + 2 and strpos('-._:&/@''’', substr(shown, done + 1, 1)) > 0) then
            marked := marked || case when done > 0 then E'\uE001' else '' end || substr(shown, done + 1, here - done - 1) || E'\uE000';
            done   := here - 1;
        elsif done = 0 then
            marked := E'\uE000';
        end if;
        marked := marked || substr(shown, done + 1, there - done);
        done   := there;
    end loop;
    marked := case when cut_at > 1 then '… ' else '' end
              || marked || case when done > 0 then E'\uE001' else '' end || substr(shown, done + 1)
              || case when upto < size then ' …' else '' end;
    return replace(replace(
               replace(replace(replace(replace(replace(marked, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;'),
               E'\uE000', mark_open), E'\uE001', mark_close);
end;
$$;

comment on function pgsearch._window(text, integer[], integer[], integer[], float8[], integer, text, text) is
'The excerpt of one text, white space folded, around what _matches found in it (null: nothing).';

create or replace function pgsearch.snippet(
    content         text,
    lexemes         text[],
    words           text[]  default '{}',
    most_characters integer default 240,
    mark_open       text    default '<mark>',
    mark_close      text    default '</mark>',
    text_config     text    default 'pg_catalog.simple'
)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    most_terms constant integer := 100000;
    most_text  constant integer := 1000000;
    -- a text may have as many marks as characters
    most_mark  constant integer := 1000;
    config     constant text    := pgsearch._qualified_text_config(text_config);
    given      constant integer := coalesce(cardinality(lexemes), 0) + coalesce(cardinality(words), 0);
    letters    constant bigint  := (select coalesce(sum(length(t)), 0) from unnest(lexemes) as t)
                                   + (select coalesce(sum(length(t)), 0) from unnest(words) as t);
    terms      text[];
begin
    perform pgsearch._check_range('most_characters', case when most_characters < 0 then 0 else most_characters end, 0, 1000000);
    if given > most_terms or letters > most_text then
        raise exception using
            errcode = 'PS003',
            message = format('there are too many lexemes and words to mark: %s of %s characters', given, letters),
            hint    = format('Give at most %s of %s characters together, as parse_query gives them for one query.', most_terms, most_text);
    end if;
    if greatest(length(mark_open), length(mark_close)) > most_mark then
        raise exception using
            errcode = 'PS003',
            message = format('a mark is too long: %s characters', greatest(length(mark_open), length(mark_close))),
            hint    = format('Give mark_open and mark_close of at most %s characters, as <mark> and </mark>.', most_mark);
    end if;

    terms := array(select t
                     from unnest(lexemes) as t
                    where t <> ''
                    union
                   select l
                     from unnest(words) as w
                          cross join lateral unnest(tsvector_to_array(pgsearch._analyze(config, w))) as l);
    return case
           when most_characters > 0
           then (pgsearch._excerpts(array[content], array[config], terms, null, most_characters, mark_open, mark_close))[1]
           else ''
           end;
end;
$$;

comment on function pgsearch.snippet(text, text[], text[], integer, text, text, text) is
'An excerpt of the content around the most matches, white space folded, HTML-escaped, the matches between mark_open and
mark_close (which are not escaped). A word matches if its analysis gives one of the lexemes; of a compound, or a word of
Korean, that part is marked which gives it.
Arguments:
- content (its first 65,536 characters)
- lexemes (as parse_query gives them) and words (as typed: their lexemes), at most 100,000 of 1,000,000 characters together
- most_characters (0 .. 1000000: about how long; 0: an empty excerpt)
- mark_open, mark_close (at most 1,000 characters each)
- text_config (of the content, and of parse_query)
Returns text; the beginning of the content when nothing matches.
Errors: PS003 too many lexemes and words, a mark too long, most_characters out of range, unknown text_config.
Example:
select pgsearch.snippet(''Electric cars are subsidised.'', ''{car}'', text_config => ''english'');';
