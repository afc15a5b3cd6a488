-- A misspelt collection must not look like a collection without results.

create or replace function pgsearch._check_collections(collections text[])
returns void
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    missing text;
begin
    if collections is null then
        return;
    end if;

    if cardinality(collections) = 0 then
        raise exception using
            errcode = 'PS001',
            message = 'the list of collections is empty',
            hint    = 'Name at least one collection, or give null to search them all.';
    end if;

    select name
      into missing
      from unnest(collections) as name
     where not exists (select from pgsearch.collections as c where c.collection = name)
     limit 1;

    if found then
        raise exception using
            errcode = 'PS001',
            message = format('unknown collection %s', coalesce(quote_literal(missing), 'null')),
            hint    = coalesce((select 'Collections here: ' || string_agg(c.collection, ', ' order by c.collection)
                                  from (select collection from pgsearch.collections order by collection limit 20) as c),
                               'There is no collection yet: put pages into one with pgsearch.put_pages.');
    end if;
end;
$$;

comment on function pgsearch._check_collections(text[]) is
'Raises PS001, naming the collections that exist, when the list is empty or holds an unknown one; null stands for all and is fine.';
