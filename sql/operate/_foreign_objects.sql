-- What in schema pgsearch belongs to others than the owner of the schema, or runs their code: whoever owns a function
-- or a trigger decides what runs in it, with the rights of whoever calls it or writes to its table.
--
-- The body is a plain query without arguments: before the first deploy there is no function that could be trusted, and
-- the deployer reads it from this file.

create or replace function pgsearch._foreign_objects()
returns table (object text, owner text, fix text)
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
with home as (
    select n.oid, n.nspowner, n.nspacl
      from pg_namespace as n
     where n.nspname = 'pgsearch'
),

-- a role that could do what the owner does in any case
trusted as (
    select r.oid
      from pg_roles as r
           cross join home as h
     where r.oid = h.nspowner
        or pg_has_role(r.oid, h.nspowner, 'member')
),

-- indexes, row types and arrays have the owner of their table or type
owned (catalog, oid, owner, partition) as (
    select 'pg_class'::regclass::oid, c.oid, c.relowner, c.relispartition
      from pg_class as c
           join home as h on h.oid = c.relnamespace
     where c.relkind not in ('i', 'I', 'c')
     union all
    select 'pg_proc'::regclass, p.oid, p.proowner, false
      from pg_proc as p
           join home as h on h.oid = p.pronamespace
     union all
    select 'pg_type'::regclass, t.oid, t.typowner, false
      from pg_type as t
           join home as h on h.oid = t.typnamespace
     where not exists (select from pg_class as c where c.oid = t.typrelid and c.relkind <> 'c')
       and not exists (select from pg_type as e where e.typarray = t.oid)
     union all
    select 'pg_operator'::regclass, o.oid, o.oprowner, false
      from pg_operator as o
           join home as h on h.oid = o.oprnamespace
     union all
    select 'pg_opclass'::regclass, o.oid, o.opcowner, false
      from pg_opclass as o
           join home as h on h.oid = o.opcnamespace
     union all
    select 'pg_opfamily'::regclass, o.oid, o.opfowner, false
      from pg_opfamily as o
           join home as h on h.oid = o.opfnamespace
     union all
    select 'pg_collation'::regclass, c.oid, c.collowner, false
      from pg_collation as c
           join home as h on h.oid = c.collnamespace
     union all
    select 'pg_conversion'::regclass, c.oid, c.conowner, false
      from pg_conversion as c
           join home as h on h.oid = c.connamespace
     union all
    select 'pg_ts_config'::regclass, c.oid, c.cfgowner, false
      from pg_ts_config as c
           join home as h on h.oid = c.cfgnamespace
     union all
    select 'pg_ts_dict'::regclass, d.oid, d.dictowner, false
      from pg_ts_dict as d
           join home as h on h.oid = d.dictnamespace
     union all
    select 'pg_statistic_ext'::regclass, s.oid, s.stxowner, false
      from pg_statistic_ext as s
           join home as h on h.oid = s.stxnamespace
),

members as (
    select d.classid, d.objid
      from pg_depend as d
           join pg_extension as e on e.oid = d.refobjid
     where d.refclassid = 'pg_extension'::regclass
       and d.deptype = 'e'
       and e.extname in ('vector', 'pg_trgm')
),

-- what has no owner of its own and may run code
parts (catalog, oid) as (
    select 'pg_trigger'::regclass::oid, t.oid
      from pg_trigger as t
           join owned as o on o.catalog = 'pg_class'::regclass and o.oid = t.tgrelid
     union all
    select 'pg_rewrite'::regclass, r.oid
      from pg_rewrite as r
           join owned as o on o.catalog = 'pg_class'::regclass and o.oid = r.ev_class
     union all
    select 'pg_policy'::regclass, p.oid
      from pg_policy as p
           join owned as o on o.catalog = 'pg_class'::regclass and o.oid = p.polrelid
     union all
    select 'pg_attrdef'::regclass, a.oid
      from pg_attrdef as a
           join owned as o on o.catalog = 'pg_class'::regclass and o.oid = a.adrelid
     union all
    select 'pg_constraint'::regclass, k.oid
      from pg_constraint as k
           join home as h on h.oid = k.connamespace
     union all
    select 'pg_class'::regclass, i.indexrelid
      from pg_index as i
           join owned as o on o.catalog = 'pg_class'::regclass and o.oid = i.indrelid
     union all
    select o.catalog, o.oid
      from owned as o
),

code (catalog, oid, owner) as (
    select 'pg_proc'::regclass::oid, p.oid, p.proowner from pg_proc as p where p.proowner not in (select t.oid from trusted as t)
     union all
    select 'pg_operator'::regclass, o.oid, o.oprowner from pg_operator as o where o.oprowner not in (select t.oid from trusted as t)
     union all
    select 'pg_type'::regclass, y.oid, y.typowner from pg_type as y where y.typowner not in (select t.oid from trusted as t)
     union all
    -- what a rule writes to has triggers of its owner
    select 'pg_class'::regclass, c.oid, c.relowner from pg_class as c where c.relowner not in (select t.oid from trusted as t)
)

select format('%s %s', i.type, i.identity),
       pg_get_userbyid(o.owner)::text,
       format('drop %1$s %2$s;  -- or, if you know who made it: alter %1$s %2$s owner to %3$I;', replace(i.type, 'composite type', 'type'), i.identity, pg_get_userbyid(h.nspowner))
  from owned as o
       cross join home as h
       cross join lateral pg_identify_object(o.catalog, o.oid, 0) as i
 where o.owner <> h.nspowner
   and not (o.partition and o.owner in (select t.oid from trusted as t))
   and (o.catalog, o.oid) not in (select m.classid, m.objid from members as m)
 union all
select format('%s %s, which uses %s %s', i.type, i.identity, u.type, u.identity),
       pg_get_userbyid(c.owner)::text,
       case
       when i.type in ('trigger', 'rule', 'policy') then format('drop %s %s;', i.type, i.identity)
       else format('alter %s %s owner to %I;  -- only if you know who made it', u.type, u.identity, pg_get_userbyid(h.nspowner))
       end
  from parts as p
       join pg_depend as d on d.classid = p.catalog and d.objid = p.oid
       join code as c on c.catalog = d.refclassid and c.oid = d.refobjid
       cross join home as h
       cross join lateral pg_identify_object(p.catalog, p.oid, 0) as i
       cross join lateral pg_identify_object(c.catalog, c.oid, 0) as u
 where d.deptype = 'n'
   and (c.catalog <> 'pg_class'::regclass or p.catalog = 'pg_rewrite'::regclass and i.identity not like '"_RETURN" on %')
   and (c.catalog, c.oid) not in (select o.catalog, o.oid from owned as o)
   and (c.catalog, c.oid) not in (select m.classid, m.objid from members as m)
 group by i.type, i.identity, u.type, u.identity, c.owner, h.nspowner
 union all
select 'the right to create objects in schema pgsearch',
       case a.grantee when 0 then 'everybody' else pg_get_userbyid(a.grantee)::text end,
       format('revoke create on schema pgsearch from %s;', case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end)
  from home as h
       cross join lateral aclexplode(h.nspacl) as a
 where a.privilege_type = 'CREATE'
   and a.grantee not in (select t.oid from trusted as t)
 order by 1, 2;
$$;

comment on function pgsearch._foreign_objects() is
'Everything in schema pgsearch that another role than the owner of the schema owns, that runs code of such a role, or
that lets one create more. Returns a row each: object, owner, fix (a statement). Partitions may belong to a superuser or
a member of the owner''s role.';
