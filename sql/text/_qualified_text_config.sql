-- The name of a text configuration in full, so that neither a search_path nor a dump can change what it means.

create or replace function pgsearch._qualified_text_config(text_config text)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
declare
    qualified text;
begin
    -- not a cast to regconfig: it would follow the search_path, take any number for an oid, and fail in a dozen ways
    select q.qualified
      into qualified
      from (select format('%s.%I', c.cfgnamespace::regnamespace, c.cfgname) as qualified
              from pg_ts_config as c
             -- nearly all of them have another name, which is told sooner than what they are called in full
             where strpos(replace(_qualified_text_config.text_config, '""', '"'), c.cfgname::text) > 0
            offset 0) as q
     where q.qualified in (_qualified_text_config.text_config, 'pg_catalog.' || _qualified_text_config.text_config);

    if qualified is null then
        raise exception using
            errcode = 'PS003',
            message = format('unknown text search configuration %s', coalesce(quote_literal(_qualified_text_config.text_config), 'null')),
            hint    = format('Configurations here: %s.',
                             (select string_agg(format('%I.%I', n.nspname, c.cfgname), ', ' order by n.nspname, c.cfgname)
                                from pg_ts_config as c
                                     join pg_namespace as n on n.oid = c.cfgnamespace));
    end if;

    return qualified;
end;
$$;

comment on function pgsearch._qualified_text_config(text) is
'Schema-qualified name of a text search configuration (english -> pg_catalog.english); PS003, naming those that exist,
when there is none of that name.';
