-- depends: 0009_learning
-- What is the same under every setting and for every reader: bodies that mean one thing, keys for replication, views that read with the rights of who asks,
-- and the record of who was granted what.

-- The functions of text analysis that hold a backslash, with the same meaning as before. A plain literal with a backslash is another text where
-- standard_conforming_strings is off; E'' is not. Nothing stored changes, so no generated column is computed anew.

create or replace function pgsearch._segment(content text)
returns text
language plpgsql immutable parallel safe strict
as $$
declare
    -- Hangul syllables and jamo, Kana with the long-vowel mark, the iteration mark, Han with its compatibility forms and planes 2-3
    cjk  constant text := E'[\\u1100-\\u11FF\\u3005-\\u3007\\u3041-\\u309F\\u30A1-\\u30FA\\u30FC-\\u30FF\\u31F0-\\u31FF\\u3400-\\u4DBF\\u4E00-\\u9FFF'
                           '\\uA960-\\uA97F\\uAC00-\\uD7FF\\uF900-\\uFAFF\\U00020000-\\U000323AF]';
    most constant integer := 65536;
    text text;
begin
    if pg_catalog.octet_length(content) operator(pg_catalog.=) pg_catalog.char_length(content) then
        return pg_catalog.left(content, most);
    end if;

    text := pg_catalog.left(pg_catalog.normalize(content, 'NFKC'), most);
    text := pg_catalog.regexp_replace(text, pg_catalog.format('(%s+)', cjk), E' \\1 ', 'g');
    return pg_catalog.regexp_replace(text, pg_catalog.format('(?<=%1$s)(%1$s)(?=%1$s)', cjk), E'\\1 \\1', 'g');
end;
$$;

create or replace function pgsearch._split_identifiers(content text)
returns text
language plpgsql immutable parallel safe strict
as $$
begin
    return pg_catalog.regexp_replace(
               pg_catalog.regexp_replace(
                   pg_catalog.regexp_replace(content, E'[][_./\\\\:{}<>()#@=*+|&,;"''`-]+', ' ', 'g'),
                   '([a-z0-9])([A-Z])', E'\\1 \\2', 'g'),
               '([A-Z])([A-Z][a-z])', E'\\1 \\2', 'g');
end;
$$;

create or replace function pgsearch._route_path(path text)
returns text
language plpgsql immutable parallel safe strict
as $$
begin
    return pg_catalog.lower(pg_catalog.regexp_replace(
               pg_catalog.regexp_replace(path, E'\\{[^}/]*\\}|<[^>/]*>|:[A-Za-z_][A-Za-z0-9_]*', '{}', 'g'), '(.)/+$', E'\\1'));
end;
$$;

create or replace function pgsearch._analyze_name(text_config text, node_id text, metadata jsonb)
returns tsvector
language plpgsql immutable parallel safe
as $$
begin
    return pgsearch._analyze(text_config, pgsearch._split_identifiers(coalesce(
               metadata operator(pg_catalog.->>) 'route',
               metadata operator(pg_catalog.->>) 'name',
               pg_catalog.regexp_replace(coalesce(metadata operator(pg_catalog.->>) 'qualified_name', node_id), E'^.*\\.', ''))));
end;
$$;

-- Replicated deletes and updates need a key to find their row by; collection is null over all collections, so it can be in none.
alter table pgsearch.unique_actors
  add column if not exists row_id bigserial;

do $$
begin
    if not exists (select from pg_constraint as k where k.conrelid = 'pgsearch.unique_actors'::regclass and k.contype = 'p') then
        alter table pgsearch.unique_actors add primary key (row_id);
    end if;
end;
$$;

comment on column pgsearch.unique_actors.row_id is 'Nothing but a key, which logical replication wants.';

-- Row level security on the log holds in its views too.
alter view pgsearch.search_logs set (security_invoker = true);
alter view pgsearch.query_logs set (security_invoker = true);
alter view pgsearch.search_failure_logs set (security_invoker = true);
alter view pgsearch.ubi_queries set (security_invoker = true);
alter view pgsearch.ubi_events set (security_invoker = true);
alter view pgsearch.gen_ai_retrieval set (security_invoker = true);
alter view pgsearch.impressions set (security_invoker = true);
alter view pgsearch.position_click_rates set (security_invoker = true);
alter view pgsearch.node_stats_daily set (security_invoker = true);
alter view pgsearch.node_popularity set (security_invoker = true);
alter view pgsearch.training_readiness set (security_invoker = true);

create table if not exists pgsearch.granted_rights (
    role_name  text not null check (role_name <> ''),
    right_name text not null check (right_name in ('search', 'log', 'read_log')),
    user_id    text check (user_id is null or right_name = 'log' and user_id <> '' and char_length(user_id) <= 255),
    primary key (role_name, right_name)
);

comment on table pgsearch.granted_rights is
'What grant_rights gave to whom. A deploy gives those who still have a right what newer tables and functions it needs.';
comment on column pgsearch.granted_rights.role_name is 'Name of the role, as text: a dump is restored where the role does not exist.';
comment on column pgsearch.granted_rights.user_id is 'The one user whom the role may log searches and events for; null: anybody.';

revoke all on pgsearch.granted_rights from public;

-- Before there was this record: who holds what grant_rights gave, unless every table was granted by hand.
with held as (
    select c.relname, a.grantee
      from pg_class as c
           cross join lateral aclexplode(c.relacl) as a
     where c.relnamespace = 'pgsearch'::regnamespace
       and a.privilege_type = 'SELECT'
       and a.grantee <> c.relowner
     union all
    select p.proname, a.grantee
      from pg_proc as p
           cross join lateral aclexplode(p.proacl) as a
     where p.pronamespace = 'pgsearch'::regnamespace
       and p.proname = '_store_searches'
       and a.grantee <> p.proowner
)

insert into pgsearch.granted_rights (role_name, right_name)
select r.rolname, k.right_name
  from (values ('search', 'query_embeddings'), ('search', 'chunks'), ('log', '_store_searches'), ('read_log', 'queries')) as k(right_name, relname)
       join held as h on h.relname = k.relname
       join pg_roles as r on r.oid = h.grantee
 where not exists (select from held as o where o.grantee = h.grantee and o.relname = 'log_settings')
 group by r.rolname, k.right_name
having count(distinct k.relname) = case k.right_name when 'search' then 2 else 1 end
    on conflict (role_name, right_name) do nothing;

-- What everybody asked is not for whoever may search: _cached_query_embedding looks one query up for them.
do $$
declare
    searcher text;
begin
    for searcher in
        select g.role_name
          from pgsearch.granted_rights as g
               join pg_roles as r on r.rolname = g.role_name
         where g.right_name = 'search'
    loop
        execute format('revoke select on pgsearch.query_embeddings from %I', searcher);
    end loop;
end;
$$;
