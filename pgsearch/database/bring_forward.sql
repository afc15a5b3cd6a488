-- What `pgsearch deploy` does, as one statement over pg_temp.pgsearch_files, which holds all that is to be deployed.

do $bring_forward$
declare
    version constant text := :version;
    plain   constant text := 'pg_catalog, pg_temp';
    file    record;
    former  record;
    names   text[];
    ours    text[];
    changed text[];
    path    text;
    state   text;
    said    text;
    advice  text;
begin
    -- not waited for inside a statement: an index that is built concurrently would wait for this one, without end
    if not pg_try_advisory_xact_lock(:lock) then
        raise exception using errcode = 'PS009', message = 'Another deploy is running.', hint = 'Run this again when it has ended.';
    end if;
    -- grant_rights and REVOKE write to the same rows of the catalog
    perform pg_advisory_xact_lock(hashtextextended('pgsearch.rights', 0));
    if to_regnamespace('pgsearch') is null then
        create schema pgsearch;
    end if;

    :bookkeeping
    -- the tables of yoyo, with which a deploy by Python goes on
    create table if not exists pgsearch.yoyo_lock (
        locked integer default 1 primary key,
        ctime  timestamp,
        pid    integer not null
    );
    if to_regclass('pgsearch._yoyo_version') is null then
        create table pgsearch._yoyo_log (
            id             varchar(36) primary key,
            migration_hash varchar(64),
            migration_id   varchar(255),
            operation      varchar(10),
            username       varchar(255),
            hostname       varchar(255),
            comment        varchar(255),
            created_at_utc timestamp
        );
        create table pgsearch._yoyo_version (
            version          integer primary key,
            installed_at_utc timestamp
        );
        create table pgsearch._yoyo_migration (
            migration_hash varchar(64) primary key,
            migration_id   varchar(255),
            applied_at_utc timestamp
        );
        insert into pgsearch._yoyo_version (version, installed_at_utc) values (2, timezone('UTC', clock_timestamp()));
    end if;

    -- a database is never taken back, and a migration that was applied never edited
    select d.version, d.migrations into former from pgsearch.deployment as d;
    select string_agg(m.migration_id, ', ' order by m.migration_id)
      into said
      from pgsearch._yoyo_migration as m
     where m.migration_id not in (select f.name from pg_temp.pgsearch_files as f where f.kind = 'migration');
    if said is not null
       or (select (array_agg(n[1]::integer))[1:3] from regexp_matches(former.version, '[0-9]+', 'g') as n)
          > (select (array_agg(n[1]::integer))[1:3] from regexp_matches(version, '[0-9]+', 'g') as n)
    then
        raise exception using
            errcode = 'PS006',
            message = format('The database was deployed by pgsearch %s%s; this is pgsearch %s.',
                             former.version, ' and has migrations that this one does not know (' || said || ')', version),
            hint    = 'Use the script of a newer pgsearch. A database is never taken back.';
    end if;
    select string_agg(f.name, ', ' order by f.name)
      into said
      from pg_temp.pgsearch_files as f
           join pgsearch._yoyo_migration as m on m.migration_id = f.name
     where f.kind = 'migration'
       and former.migrations ->> f.name <> f.hash;
    if said is not null then
        raise exception using
            errcode = 'PS009',
            message = format('Migrations were changed after they had been applied to this database: %s.', said),
            hint    = 'Use the script of a released pgsearch.';
    end if;

    path := (select string_agg(distinct quote_ident(n.nspname), ', ')
               from pg_extension as e
                    join pg_namespace as n on n.oid = e.extnamespace
              where e.extname in ('vector', 'pg_trgm')
                and n.nspname <> 'pg_catalog');
    for file in
        select f.name, f.body, encode(sha256(convert_to(f.name, 'UTF8')), 'hex') as hash
          from pg_temp.pgsearch_files as f
         where f.kind = 'migration'
           and f.name not in (select m.migration_id from pgsearch._yoyo_migration as m)
         order by f.position
    loop
        begin
            perform set_config('search_path', concat_ws(', ', 'pgsearch', path, 'pg_temp'), true);
            execute file.body;
            perform set_config('search_path', plain, true);
        exception
            when others then
                get stacked diagnostics state = returned_sqlstate, said = message_text, advice = pg_exception_hint;
                raise exception using errcode = state, message = format('Migration %s failed: %s', file.name, said), hint = advice;
        end;
        insert into pgsearch._yoyo_migration (migration_hash, migration_id, applied_at_utc)
        values (file.hash, file.name, timezone('UTC', clock_timestamp()));
        insert into pgsearch._yoyo_log (id, migration_hash, migration_id, operation, username, hostname, created_at_utc)
        values (gen_random_uuid(), file.hash, file.name, 'apply', current_user, current_setting('application_name'),
                timezone('UTC', clock_timestamp()));
    end loop;

    -- functions are replaced; where an old one stands in the way, those of the changed files are dropped first
    select array_agg(c.name) into names from pg_temp.pgsearch_files as f cross join unnest(f.creates) as c (name);
    ours := names || array(select d.name from pgsearch.deployed_functions as d);
    for round in 1..2 loop
        begin
            if round = 2 then
                changed := array(select d.name
                                   from pgsearch.deployed_functions as d
                                  where not exists (select from pg_temp.pgsearch_files as f where f.name = d.file and f.hash = d.file_hash)
                                  union
                                 select c.name
                                   from pg_temp.pgsearch_files as f
                                        cross join unnest(f.creates) as c (name)
                                  where not exists (select from pgsearch.deployed_functions as d where d.name = c.name and d.file_hash = f.hash));
                said := (select string_agg(v.signature, ', ') from (:with_dependents) as v (signature));
                if said is not null then
                    execute 'drop routine ' || said;
                end if;
            end if;

            perform set_config('search_path', concat_ws(', ', 'pg_catalog', path, 'pg_temp'), true);
            for file in select f.name, f.body from pg_temp.pgsearch_files as f where f.kind = 'functions' order by f.position loop
                execute file.body;
            end loop;
            perform set_config('search_path', plain, true);

            changed := array(select d.name from pgsearch.deployed_functions as d where d.name <> all (names));
            said    := (select string_agg(v.signature, ', ') from (:with_dependents) as v (signature));
            if said is not null then
                execute 'drop routine ' || said;
            end if;
            if exists (select from (:inventory) as i (name, signature, definition) group by i.name having count(*) > 1) then
                raise ambiguous_function;
            end if;
            exit;
        exception
            when others then
                get stacked diagnostics state = returned_sqlstate, said = message_text, advice = pg_exception_hint;
                if round = 2 or state not in (:in_the_way) then
                    raise exception using errcode = state, message = format('sql/%s: %s', file.name, said), hint = advice;
                end if;
        end;
    end loop;
    delete from pgsearch.deployed_functions;
    insert into pgsearch.deployed_functions (name, file, file_hash, signature, definition)
    select i.name, f.name, f.hash, i.signature, i.definition
      from (:inventory) as i (name, signature, definition)
           join pg_temp.pgsearch_files as f on i.name = any (f.creates);

    insert into pgsearch.deployment (version, digest, migrations, deployed_at)
    select version, :digest, jsonb_object_agg(f.name, f.hash), now()
      from pg_temp.pgsearch_files as f
     where f.kind = 'migration'
        on conflict (only_row) do update
       set (version, digest, migrations, deployed_at) = (excluded.version, excluded.digest, excluded.migrations, excluded.deployed_at);
    if '_renew_rights' = any (names) then
        perform pgsearch._renew_rights();
    end if;

    said := (select string_agg(i.name, ', ') from (:invalid_indexes) as i (name));
    if said is not null then
        raise warning using
            message = format('A broken-off build left an unusable index: %s.', said),
            hint    = format('reindex index concurrently %s', said);
    end if;
    if to_regclass('pgsearch.reanalysis') is not null then
        said := (select string_agg(r.relation, ', ' order by r.relation) from pgsearch.reanalysis as r);
        if said is not null then
            raise warning using
                message = format('Rows of %s are analysed as an older version did, and searches ask for both forms.', said),
                hint    = 'Analyse them anew: select * from pgsearch.maintain();';
        end if;
    end if;
end;
$bring_forward$;
