-- How texts are cut, in a word: what was cut otherwise has to be cut anew.

create or replace function pgsearch._splitting(settings jsonb)
returns text
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- raised when split_content gives other chunks for the same text, so that pages put again are split again
select 'split 2 ' || coalesce(_splitting.settings ->> 'chunk_size', pgsearch.default_settings() ->> 'chunk_size');
$$;

comment on function pgsearch._splitting(jsonb) is 'How a collection of these settings splits texts: another text, other chunks.';
