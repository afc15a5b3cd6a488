-- Whether the server and the database can hold pgsearch, and the extensions that it needs, made where they are missing.
--
-- A new extension goes into the schema that the setting pgsearch.extensions names, else into public, else into
-- extensions; one that is there stays where it is. Run by `pgsearch deploy` and part of what it prints.

do $prepare$
declare
    major   constant integer := current_setting('server_version_num')::integer / 10000;
    advice  constant text    := 'create database ... encoding ''UTF8'' locale ''C.UTF-8'' template template0';
    needed  record;
    there   record;
    home    text;
    owner   name;
    letters boolean;
    hangul  text;
begin
    if major < 15 then
        raise exception using
            errcode = 'PS009',
            message = format('The server is PostgreSQL %s; pgsearch needs 15 or newer.', major),
            hint    = 'Upgrade the server.';
    end if;
    if pg_is_in_recovery() then
        raise exception using
            errcode = 'PS009',
            message = 'This server is a standby, which cannot be changed.',
            hint    = 'Deploy to its primary.';
    end if;
    if current_setting('server_encoding') <> 'UTF8' then
        raise exception using
            errcode = 'PS009',
            message = format('The database %L has the encoding %s; pgsearch needs UTF8.', current_database(), current_setting('server_encoding')),
            hint    = advice;
    end if;

    for needed in
        select *
          from (values ('vector', format('pgvector 0.8 or newer (Debian: postgresql-%s-pgvector; Docker: pgvector/pgvector:pg%1$s)', major)),
                       ('pg_trgm', format('PostgreSQL''s contrib modules (Debian: part of postgresql-%s; Fedora: postgresql-contrib)', major)))
               as n (extension, package)
    loop
        if not exists (select from pg_available_extensions as a where a.name = needed.extension) then
            raise exception using
                errcode = 'PS009',
                message = format('The extension %L is not installed on the server.', needed.extension),
                hint    = format('Install %s.', needed.package);
        end if;
        if not exists (select from pg_extension as e where e.extname = needed.extension) then
            home := coalesce(nullif(current_setting('pgsearch.extensions', true), ''),
                             case when to_regnamespace('public') is null then 'extensions' else 'public' end);
            owner := (select pg_get_userbyid(n.nspowner) from pg_namespace as n where n.nspname = home);
            if owner is null then
                execute format('create schema %I', home);
            -- whoever owns it could put operators of his beside those of the extension
            elsif home <> 'public' and not pg_has_role(owner, current_user, 'member') then
                raise exception using
                    errcode = 'PS009',
                    message = format('Schema %s belongs to %s: no extension is created in it.', home, owner),
                    hint    = 'Create the extensions vector and pg_trgm yourself, in a schema of a role that you trust, and deploy.';
            end if;
            execute format('create extension %I with schema %I', needed.extension, home);
        end if;

        select e.extnamespace::regnamespace::text as home, e.extversion as version
          into there
          from pg_extension as e
         where e.extname = needed.extension;
        if needed.extension = 'vector' and string_to_array(substring(there.version from '[0-9]+[.][0-9]+'), '.')::integer[] < '{0,8}' then
            raise exception using
                errcode = 'PS009',
                message = format('The extension vector is %s; pgsearch needs 0.8 or newer.', there.version),
                hint    = format('Install %s, then run: alter extension vector update.', needed.package);
        end if;
    end loop;

    -- with LC_CTYPE C only a to z are letters: Korean would have no trigrams, and quotation marks would be words
    -- (written as numbers, because a database of another encoding cannot even read them)
    hangul := chr(51204) || chr(44592);
    execute format('select cardinality(%s.show_trgm(%L)) > 0', there.home, hangul) into letters;
    if not letters or to_tsvector('pg_catalog.simple', chr(8220) || hangul || chr(8221))::text <> quote_literal(hangul) || ':1' then
        raise exception using
            errcode = 'PS009',
            message = format('In the database %L (LC_CTYPE %s) Hangul syllables do not count as letters.', current_database(),
                             (select d.datctype from pg_database as d where d.datname = current_database())),
            hint    = advice;
    end if;
end;
$prepare$;
