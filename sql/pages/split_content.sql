-- Text into chunks: in SQL, so that psql and every other client cut alike.
--
-- A chunk is whole paragraphs of one section, packed greedily up to the limit. Sections are never mixed, not even small
-- ones of the same parent: the heading is searched with the chunk, so a merged chunk would be found under a heading
-- that is not its own, and an edit in one section would move the borders, and cost the embeddings, of its neighbours.
-- Window expansion puts small neighbours together when they are shown.
-- There is no overlap for the same reason: it would store, embed and find the same words twice.

-- A block that is longer than a chunk, cut at the best place in each stretch of chunk_size characters.
-- The rest is taken in portions, because left() and substr() walk a UTF-8 string from its start: one megabyte in one
-- line would take minutes.
create or replace function pgsearch._split_long_block(block text, by_lines boolean, chunk_size integer)
returns text[]
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    white    constant text := E' \t\n\r\f\v\u001C\u001D\u001E\u001F\u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u2028\u2029\u202F\u205F\u3000';
    -- Up to the last end of a sentence, or the last line before a list item or a table row.
    -- A full stop ends a sentence when white space but no lower-case letter follows, and no initial or abbreviation
    -- stands before it (decimals have no white space); Korean final endings also without white space; 。！？ always.
    sentence constant text := E'^.*(?:(?:(?<!\\m(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|No|Nr|Fig|Eq|al|vs|etc|cf|ca|approx|Jr|Sr|Inc|Ltd|Co|Corp|Vol|pp|Art|Sec|Ch|e\\.g|i\\.e|z\\.B))\\.|[!?…])["''”’»)\\]]*\\s+(?![a-z])'
                               '|[다요까죠음임함됨][.?!](?=[가-힣])'
                               '|[。！？｡]["''」』”’）]*'
                               '|\\n(?=[ \\t]*(?:[-*+•|>]|\\d{1,4}[.)])))';
    portion  constant integer := 64 * chunk_size;
    total    constant integer := char_length(block);
    taken    integer := 0;
    rest     text := '';
    stretch  text;
    cut      integer;
    piece    text;
    pieces   text[] := '{}';
begin
    loop
        if taken < total and char_length(rest) <= chunk_size then
            rest := rest || substr(block, taken + 1, portion);
            taken := taken + portion;
        end if;
        -- White space at a cut is dropped, but not the indentation of a line. Only where there is some: ltrim() takes
        -- all of the rest apart.
        if strpos(case when by_lines then E'\n' else white end, left(rest, 1)) > 0 then
            rest := ltrim(rest, case when by_lines then E'\n' else white end);
        end if;
        continue when taken < total and char_length(rest) <= chunk_size;
        exit when char_length(rest) <= chunk_size;

        stretch := left(rest, chunk_size);
        if by_lines then
            -- one character more: a line that ends exactly at the limit is whole
            cut := chunk_size + 1 - strpos(reverse(left(rest, chunk_size + 1)), E'\n');
            if cut > chunk_size or btrim(left(rest, cut), white) = '' then
                cut := chunk_size;
            end if;
        else
            cut := coalesce(char_length(substring(stretch from sentence)), 0);
            if cut < chunk_size / 4 then
                cut := coalesce(char_length(substring(stretch from E'^.*\\n')), 0);
            end if;
            if cut < chunk_size / 4 then
                cut := coalesce(char_length(substring(stretch from E'^.*\\s')), 0);
            end if;
            if cut < chunk_size / 4 then
                cut := chunk_size;
            end if;
        end if;

        piece := rtrim(left(rest, cut), white);
        if piece <> '' then
            pieces := array_append(pieces, piece);
        end if;
        rest := substr(rest, cut + 1);
    end loop;

    rest := rtrim(rest, white);
    if rest <> '' then
        pieces := array_append(pieces, rest);
    end if;
    return pieces;
end;
$$;

comment on function pgsearch._split_long_block(text, boolean, integer) is
'Pieces of a block, each at most chunk_size characters; only white space is lost. by_lines: at line ends (code); else
after a sentence, a line, a word, whichever comes first in the last three quarters of a piece.';

create or replace function pgsearch.split_content(
    document   text,
    format     text    default 'text',
    chunk_size integer default 1500
)
returns table (ordinal integer, heading text, content text)
language plpgsql immutable parallel safe rows 5
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    white       constant text := E' \t\n\r\f\v\u001C\u001D\u001E\u001F\u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u2028\u2029\u202F\u205F\u3000';
    markdown    constant boolean := split_content.format = 'markdown';
    code        constant boolean := split_content.format = 'code';
    most        constant integer := split_content.chunk_size;
    -- the body of a chunk under construction, and what was read of the unit (a block; in code a top-level definition with all its blocks)
    buffer      text := '';
    unit        text[] := '{}';
    gaps        text[] := '{}';
    unit_size   integer := 0;
    block       text[] := '{}';
    block_fence boolean := false;
    next_gap    text := '';
    ends_block  boolean;
    ends_unit   boolean;
    unit_code   boolean;
    -- section headings by level, and whether the innermost one was given to a chunk or to a heading below it
    path        text[] := '{}';
    path_text   text := '';
    path_used   boolean := true;
    title       text;
    level       integer;
    fence       text;
    front       boolean := false;
    front_end   integer;
    line        text;
    bare        text;
    first       text;
    blank       boolean;
    blanks      integer := 0;
    number      integer := 0;
    lines       text[];
    last        integer;
    piece       text;
    whole       text;
    i           integer;
begin
    if split_content.format is null or split_content.format not in ('text', 'markdown', 'code') then
        raise exception using
            errcode = 'PS003',
            message = format('unknown format %s', coalesce(quote_literal(split_content.format), 'null')),
            hint    = 'Known formats: code, markdown, text.';
    end if;
    if most is null or most not between 100 and 16000 then
        raise exception using
            errcode = 'PS003',
            message = format('chunk_size is out of range: %s', coalesce(most::text, 'null')),
            hint    = 'It must be a number of characters from 100 to 16000.';
    end if;

    ordinal := 0;
    -- one line more than there are: it ends what is open
    lines := string_to_array(replace(replace(split_content.document, E'\r\n', E'\n'), E'\r', E'\n'), E'\n') || array[null::text];
    last := cardinality(lines);

    -- as the reader of files has it: a rule at the top is none of front matter when a blank line follows, or no second one
    if markdown and lines[1] ~ E'^(?:---|\\+\\+\\+)[ \\t]*$' and lines[2] ~ E'^\\S' then
        front_end := (select min(l.number)
                        from unnest(lines) with ordinality as l(line, number)
                       where l.number > 1
                         and rtrim(l.line, E' \t') in (rtrim(lines[1], E' \t'), '...'));
    end if;

    foreach line in array lines loop
        number := number + 1;
        bare := btrim(line, white);
        blank := bare = '';
        first := left(bare, 1);
        title := null;
        ends_block := false;
        ends_unit := false;

        -- 1. What is this line? It may end the open block, and may be a heading.
        if number = last then
            ends_block := true;
            ends_unit := true;
        elsif markdown then
            if fence is not null then
                -- only the same mark, at least as long and alone on its line, closes
                if first = left(fence, 1) and rtrim(bare, first) = '' and char_length(bare) >= char_length(fence) then
                    block := array_append(block, line);
                    fence := null;
                    ends_block := true;
                    line := null;
                end if;
            elsif front then
                if number = front_end then
                    block := array_append(block, line);
                    front := false;
                    ends_block := true;
                    line := null;
                end if;
            elsif number = 1 and front_end is not null then
                front := true;
            elsif blank then
                ends_block := true;
            elsif first = '#' and char_length(bare) <= 300 and line ~ E'^ {0,3}#{1,6}(?:[ \\t]|$)' then
                level := char_length(substring(bare from '^#+'));
                title := btrim(regexp_replace(substr(bare, level + 1), E'(?:^|[ \\t])#+$', ''), white);
                ends_block := true;
            elsif first in ('=', '-') and cardinality(block) = 1 and not block_fence
              and line ~ E'^ {0,3}(?:=+|--+)\\s*$'
              and char_length(block[1]) <= 300 and block[1] !~ E'^(?: {4}|\\t|\\s*(?:[-*+>|]|\\d+[.)])\\s)' then
                level := case first when '=' then 1 else 2 end;
                title := btrim(block[1], white);
                block := '{}';
                ends_block := true;
            elsif first in ('`', '~') and line ~ E'^\\s*(?:```+[^`]*|~~~+.*)$' then
                ends_block := true;
                fence := substring(bare from '^(?:`+|~+)');
            end if;
        elsif blank then
            ends_block := true;
        elsif code and blanks > 0 and left(line, 1) = first and strpos('})]', first) = 0 then
            -- not indented, after a blank line: a definition, or what belongs to it (comment, decorator, constant)
            ends_unit := true;
        end if;

        -- 2. An ended block joins its unit; outside of code every block is a unit.
        if ends_block and cardinality(block) > 0 then
            whole := rtrim(array_to_string(block, E'\n'), white);
            unit := array_append(unit, whole);
            gaps := array_append(gaps, next_gap);
            unit_size := unit_size + char_length(next_gap) + char_length(whole);
            unit_code := code or block_fence;
            block := '{}';
            block_fence := false;
            next_gap := E'\n';
            blanks := 0;
        end if;
        ends_unit := ends_unit or (ends_block and not code);

        -- 3. An ended unit joins the chunk when it fits, else it starts the next one; only a unit that fits no chunk is taken apart.
        if ends_unit and cardinality(unit) > 0 then
            if char_length(buffer) + unit_size <= most then
                for i in 1 .. cardinality(unit) loop
                    buffer := buffer || case when buffer = '' then '' else gaps[i] end || unit[i];
                end loop;
            else
                -- a short lead-in ("as follows:") stays with a block that has to be cut anyway
                if buffer <> '' and (unit_code or unit_size <= most or char_length(buffer) >= most / 4) then
                    heading := path_text;
                    content := buffer;
                    return next;
                    ordinal := ordinal + 1;
                    path_used := true;
                    buffer := '';
                end if;

                for i in 1 .. cardinality(unit) loop
                    whole := buffer || case when buffer = '' then '' else gaps[i] end || unit[i];
                    if char_length(whole) <= most then
                        buffer := whole;
                        continue;
                    end if;

                    if unit_code and buffer <> '' then
                        heading := path_text;
                        content := buffer;
                        return next;
                        ordinal := ordinal + 1;
                        path_used := true;
                        whole := unit[i];
                    end if;
                    buffer := '';
                    foreach piece in array pgsearch._split_long_block(whole, unit_code, most) loop
                        if buffer <> '' then
                            heading := path_text;
                            content := buffer;
                            return next;
                            ordinal := ordinal + 1;
                            path_used := true;
                        end if;
                        buffer := piece;
                    end loop;
                end loop;
            end if;

            unit := '{}';
            gaps := '{}';
            unit_size := 0;
        end if;

        -- 4. A heading, and the end, close the chunk. A heading that has nothing below it is still something to find.
        if title is not null or number = last then
            if buffer <> ''
               or (not path_used and (number = last or level <= cardinality(path))) then
                heading := path_text;
                content := buffer;
                return next;
                ordinal := ordinal + 1;
                buffer := '';
            end if;
            exit when number = last;

            -- levels that were skipped stay empty, and empty parts are left out of the text
            path_used := case when title <> '' then false when level > cardinality(path) then path_used else true end;
            path := path[1 : level - 1] || array_fill(''::text, array[greatest(level - 1 - cardinality(path), 0)]) || title;
            path_text := array_to_string(array_remove(path, ''), ' · ');
            blanks := 0;
            continue;
        end if;

        -- 5. The line itself.
        if blank and fence is null and not front then
            blanks := blanks + 1;
            next_gap := case when blanks > 1 and code then E'\n\n\n' else E'\n\n' end;
        elsif line is not null then
            block := array_append(block, line);
            block_fence := block_fence or fence is not null or front;
        end if;
    end loop;
end;
$$;

comment on function pgsearch.split_content(text, text, integer) is
'Cuts a document into chunks of at most chunk_size characters (100 .. 16000): rows (ordinal from 0, heading, content), in
order; nothing but white space is lost, and nothing comes twice. No rows for an empty text.
format text: paragraphs (blank lines between them) are packed whole; one that is too long is cut after a sentence (also
다. 요. 까? 。！？), a line, a word.
format markdown: also a new chunk at each heading (ATX, setext); heading is the path of section headings joined with '' ·
'', and the heading lines are left out of content. A heading with nothing below it gives a chunk with empty content.
Fenced code stays whole, and is cut between lines when it alone is too long.
format code: cut at blank lines before top-level lines where possible, then at blank lines, then between lines; a line
is cut only when it alone is too long.
Errors: PS003 for an unknown format or a chunk_size out of range.
Example:
select ordinal, content from pgsearch.split_content(''Roses want sun. Tulips want rain.'', ''text'', 100);';
