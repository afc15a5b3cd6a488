-- Whose code may run while a followed table is read: work() reads as the owner of the schema, and so would what it calls.

create or replace function pgsearch._schema_owner()
returns oid
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select n.nspowner
  from pg_namespace as n
 where n.nspname = 'pgsearch';
$$;

comment on function pgsearch._schema_owner() is 'The role that owns schema pgsearch, and reads what is followed.';

create or replace function pgsearch._is_trusted(role_id oid)
returns boolean
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select pg_has_role(role_id, pgsearch._schema_owner(), 'member');
$$;

comment on function pgsearch._is_trusted(oid) is
'Whether a role could do what the owner of the schema does in any case: it is the owner, a member of it, or a superuser.';

create or replace function pgsearch._relations_below(relation oid)
returns table (relation oid)
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
with recursive below (oid) as (
    select _relations_below.relation
     union
    select d.refobjid
      from below as b
           join pg_rewrite as r on r.ev_class = b.oid
           join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
)
select b.oid
  from below as b;
$$;

comment on function pgsearch._relations_below(oid) is 'A table or view itself, and everything that it reads, view by view.';

create or replace function pgsearch._untrusted_code(view oid)
returns table (object text, owner text)
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- a view runs what it calls as whoever reads it, and so do the views that it reads
with used (catalog, oid) as (
    select distinct d.refclassid, d.refobjid
      from pgsearch._relations_below(_untrusted_code.view) as b
           join pg_rewrite as r on r.ev_class = b.relation
           join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
     where d.deptype = 'n'
),
code (catalog, oid, owner) as (
    select u.catalog, u.oid, p.proowner from used as u join pg_proc as p on u.catalog = 'pg_proc'::regclass and p.oid = u.oid
     union all
    select u.catalog, u.oid, o.oprowner from used as u join pg_operator as o on u.catalog = 'pg_operator'::regclass and o.oid = u.oid
     union all
    select u.catalog, u.oid, t.typowner from used as u join pg_type as t on u.catalog = 'pg_type'::regclass and t.oid = u.oid
     union all
    select u.catalog, u.oid, c.relowner
      from used as u
           join pg_class as c on u.catalog = 'pg_class'::regclass and c.oid = u.oid and c.relkind in ('v', 'm', 'f')
)
select format('%s %s', i.type, i.identity), pg_get_userbyid(c.owner)::text
  from code as c
       cross join lateral pg_identify_object(c.catalog, c.oid, 0) as i
 where not pgsearch._is_trusted(c.owner)
 order by 1;
$$;

comment on function pgsearch._untrusted_code(oid) is
'What a view runs, itself or by the views it reads, that belongs to a role which is not trusted: it would run with the
rights of whoever reads the view.';
