-- What is held out of a chunk, to be asked for, and what is left: a sentence, or the heading.
--
-- Nothing of it is stored, and the same chunk gives the same, so that a calibration can be interrupted.

create or replace function pgsearch._held_out(
    kind     text,
    chunk_id bigint,
    heading  text,
    content  text,
    out held_out     text,
    out rest_heading text,
    out rest_content text
)
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    shortest  constant integer := 20;
    longest   constant integer := 300;
    sentences text[];
begin
    if kind = 'heading' then
        held_out     := btrim(heading, E' \n\t');
        rest_heading := '';
    else
        select array_agg(btrim(s.sentence, E' \n\t') order by s.at)
          into sentences
          from regexp_split_to_table(content, E'(?<=[.!?。！？])\\s+|\\n+') with ordinality as s(sentence, at)
         where char_length(btrim(s.sentence, E' \n\t')) between shortest and longest;
        held_out     := sentences[1 + abs(hashint8(chunk_id)::bigint) % cardinality(sentences)];
        rest_heading := heading;
    end if;

    -- wherever it stands, for a text often begins with its heading
    rest_content := replace(content, held_out, ' ');
    if char_length(held_out) not between shortest and longest or char_length(btrim(rest_content, E' \n\t')) < shortest then
        held_out := null;
    end if;
end;
$$;

comment on function pgsearch._held_out(text, bigint, text, text) is
'One sentence of the chunk (kind sentence; which, its id decides) or its heading (kind heading), 20 to 300 characters,
and heading and content without it; held_out is null where the chunk has none, or nothing would be left.';
