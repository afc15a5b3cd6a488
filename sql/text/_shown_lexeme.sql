-- A lexeme for people to read: in the index, signs are letters that nobody types (see migration 0015).

create or replace function pgsearch._shown_lexeme(lexeme text)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select case
       when lexeme ~ '^ǃ(2[3-9ab][0-9a-f]{2}|1f[0-9a-f]{3})$' then chr(('x' || lpad(substr(lexeme, 2), 8, '0'))::bit(32)::integer)
       else translate(lexeme, 'ǀǁǂǃ', '.-+#')
       end;
$$;

comment on function pgsearch._shown_lexeme(text) is
'The lexeme with its signs as signs: c++, c#, .net, an emoji; of whole compounds, whatever joins their words, with hyphens
(node-js, 2026-11-28).';
