-- Which model the searches of collections use: whoever embeds a query or a chunk asks this first.

create or replace function pgsearch.default_model(collections text[] default null)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return (pgsearch._embedding_model('', collections)).model;
end;
$$;

comment on function pgsearch.default_model(text[]) is
'The embedding model that searches of the collections use, as set_default_model chose it; null when none was chosen.
Arguments:
- collections (null: all)
Errors: PS008 when they have several.
Example:
select pgsearch.default_model(''{korean}'');';
