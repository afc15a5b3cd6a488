-- Row level security of followed tables holds for their pages too: policies on the tables that hold them.
--
-- A search runs with the rights of who searches, so policies hold in every function and for whoever reads the tables.
-- They are made when the first table needs them and dropped with the last: with one, PostgreSQL lets no operator look at
-- a row before the policy has, and so a role that it holds for searches without the GIN index.

create or replace function pgsearch._readable_ids(collection text)
returns setof text
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    followed record;
begin
    select f.relation::regclass::text as relation_name, f.id_columns
      into followed
      from pgsearch.followed_tables as f
     where f.collection = _readable_ids.collection;
    if not found then
        return;
    end if;

    -- as who searches, whose rights in the table decide
    return query
    execute format('select pgsearch._key_id(%s) from %s as t', pgsearch._key_expression(followed.id_columns, 't'), followed.relation_name);
exception
    when insufficient_privilege or undefined_table or undefined_column or invalid_schema_name then
        return;
end;
$$;

comment on function pgsearch._readable_ids(text) is
'External ids of the rows of a followed table that whoever asks may read there; none without the right to read it.';

create or replace function pgsearch._protect_rows()
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set client_min_messages = 'warning'
as $$
declare
    secured constant text[] := array(select f.collection from pgsearch.followed_tables as f where f.protected order by f.collection);
    stands  constant boolean := exists (select
                                          from pg_policy as p
                                         where p.polname = 'pgsearch_followed_rows'
                                           and p.polrelid = 'pgsearch.pages'::regclass);
    holder  text;
    allowed text;
    one     text;
begin
    if secured = '{}' and not stands then
        return;
    end if;
    foreach holder in array array['pages', 'chunks', 'embeddings'] loop
        execute format('drop policy if exists pgsearch_followed_rows on pgsearch.%I', holder);
        execute format('drop policy if exists pgsearch_insert on pgsearch.%I', holder);
        execute format('drop policy if exists pgsearch_update on pgsearch.%I', holder);
        execute format('drop policy if exists pgsearch_delete on pgsearch.%I', holder);
        if secured = '{}' then
            execute format('alter table pgsearch.%I disable row level security', holder);
            continue;
        end if;

        allowed := format('collection <> all (%L::text[])', secured);
        if holder = 'pages' then
            foreach one in array secured loop
                allowed := allowed || format(' or collection = %1$L and external_id in (select pgsearch._readable_ids(%1$L))', one);
            end loop;
        else
            allowed := allowed
                       || format(' or page_id in (select p.page_id from pgsearch.pages as p where p.collection = any (%L::text[]))',
                                 secured);
        end if;
        execute format('create policy pgsearch_followed_rows on pgsearch.%I for select using (%s)', holder, allowed);
        -- roles that the owner lets write are held by their privileges, as before
        execute format('create policy pgsearch_insert on pgsearch.%I for insert with check (true)', holder);
        execute format('create policy pgsearch_update on pgsearch.%I for update using (true)', holder);
        execute format('create policy pgsearch_delete on pgsearch.%I for delete using (true)', holder);
        execute format('alter table pgsearch.%I enable row level security', holder);
    end loop;
end;
$$;

comment on function pgsearch._protect_rows() is
'Makes the policies of pages, chunks and embeddings say what the followed tables with row level security say; without
such tables there are none.';
