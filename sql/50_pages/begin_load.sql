-- The way in for large loads: the client COPYs page objects into a table of its session, and they are merged from there.
--
-- COPY into the session's own table and not into pages and chunks, because a load is an upsert: run again, it must find what is unchanged.
-- It also shows every bad page before the first one is stored. The steps: begin_load, COPY, check_load, load_pages in batches, finish_load.

create or replace function pgsearch.begin_load()
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set client_min_messages = 'warning'
as $$
begin
    drop table if exists pg_temp.pages_to_load;

    -- form: 'page' as put_pages takes it; 'passage' has one chunk, which is split when it is too long; 'part' is a passage or several of a page
    -- whose other passages come in other rows
    create temp table pages_to_load (
        line   bigint primary key,
        origin text   not null,
        form   text   not null default 'page' check (form in ('page', 'passage', 'part')),
        page   jsonb  not null
    ) on commit preserve rows;
end;
$$;

comment on function pgsearch.begin_load() is
'Makes the session''s empty table pg_temp.pages_to_load (line bigint, distinct and in order; origin text, such as file:line; form text; page jsonb). Next: copy pg_temp.pages_to_load (line, origin, form, page) from stdin, then check_load.';
