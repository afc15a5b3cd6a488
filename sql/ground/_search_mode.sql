-- The names of the search modes: what others call the same is taken too, and written down by one name.

create or replace function pgsearch._search_mode(named text)
returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    case named
    when 'auto', 'fts', 'vector', 'lexical', 'code' then
        return named;
    when 'hybrid' then
        return 'auto';
    when 'trgm' then
        return 'lexical';
    else
        raise exception using
            errcode = 'PS002',
            message = format('unknown search_mode %s', coalesce(quote_literal(named), 'null')),
            hint    = 'Known modes: auto or hybrid (all signals), fts, vector, lexical or trgm, code (see search_code).';
    end case;
end;
$$;

comment on function pgsearch._search_mode(text) is
'The mode of that name, or of that other name (hybrid: auto, trgm: lexical). Raises PS002, naming the known ones.';
