-- The way in for large loads: the client COPYs page objects into a table of its session, and they are merged from there.
--
-- COPY into the session's own table and not into pages and chunks, because a load is an upsert: run again, it must find what is unchanged.
-- It also shows every bad page before the first one is stored. The steps: begin_load, COPY, check_load, load_pages in batches, finish_load.
--
-- A pooler may run each of them in another session, and two loads in one. So a load has an id: rows of another load do not get into the
-- table, and the steps refuse the table of another load. In one transaction all of them run in one session, through any pooler.

create or replace function pgsearch.begin_load()
returns uuid
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set client_min_messages = 'warning'
as $$
declare
    load_id constant uuid := gen_random_uuid();
begin
    drop table if exists pg_temp.pages_to_load;

    -- form: 'page' as put_pages takes it; 'passage' has one chunk, which is split when it is too long; 'part' is a passage or several of
    -- a page whose other passages come in other rows
    execute format($statement$
        create temp table pages_to_load (
            load_id uuid   not null check (load_id = %L),
            line    bigint primary key,
            origin  text   not null,
            form    text   not null default 'page' check (form in ('page', 'passage', 'part')),
            page    jsonb  not null
        ) on commit preserve rows$statement$, load_id);
    execute format('comment on table pg_temp.pages_to_load is %L', load_id);

    return load_id;
end;
$$;

comment on function pgsearch.begin_load() is
'Makes the session''s empty table pg_temp.pages_to_load (load_id uuid; line bigint, distinct and in order; origin text,
such as file:line; form text; page jsonb), and returns the id of the load, which every row and every further step must
name.
Next: copy pg_temp.pages_to_load (load_id, line, origin, form, page) from stdin, then check_load. Through a transaction
pooler all steps up to finish_load must be in one transaction.';

create or replace function pgsearch._check_load_id(load_id uuid)
returns void
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    stands constant text := obj_description(to_regclass('pg_temp.pages_to_load'), 'pg_class');
begin
    if load_id is null or stands is distinct from load_id::text then
        raise exception using
            errcode = 'PS003',
            message = case
                      when load_id is null or stands is null then 'there is no load at hand in this session: call begin_load first'
                      else 'the load at hand in this session is another one: call begin_load first'
                      end,
            hint    = 'Give the id that pgsearch.begin_load() returned, in the same session. A transaction pooler changes the session '
                      || 'after each transaction: run all steps in one transaction, or connect without the pooler.';
    end if;
end;
$$;

comment on function pgsearch._check_load_id(uuid) is 'Raises PS003 unless pg_temp.pages_to_load of this session belongs to the load of that id (see begin_load).';
