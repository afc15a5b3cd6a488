-- Rows of a followed table become pages as they are now, those that are gone are deleted: the one way in, for loads and changes.

-- Nobody can put another thing under the name while the lock is held, and what stands there is looked at under it.
create or replace function pgsearch._lock_source(followed pgsearch.followed_tables)
returns boolean
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    name    constant text := (select format('%I.%I', n.nspname, c.relname)
                                from pg_class as c
                                     join pg_namespace as n on n.oid = c.relnamespace
                               where c.oid = followed.relation);
    trusted boolean;
    plain   boolean;
begin
    if name is null then
        raise exception using
            errcode = 'PS003',
            message = format('%s does not exist any more', followed.relation_name),
            hint    = format('select pgsearch.unfollow_table(%L);', followed.relation_name);
    end if;

    execute format('lock table %s in access share mode', name);
    select pgsearch._is_trusted(c.relowner), c.relkind in ('r', 'p')
      into trusted, plain
      from pg_class as c
     where c.oid = to_regclass(name)
       and c.oid = followed.relation;
    if trusted is null then
        raise exception using
            errcode = '55P03',
            message = format('%s was exchanged in this moment', followed.relation_name),
            hint    = 'Nothing has to be done: the next work() looks at it anew.';
    end if;
    if not trusted and (not plain or jsonb_path_exists(followed.fields, '$.*.expression')) then
        raise exception using
            errcode = 'PS003',
            message = format('%s belongs to a role whose code is not run: only columns of a table of its own are read',
                             followed.relation_name),
            hint    = 'Follow its columns, or a view that belongs to the owner of schema pgsearch.';
    end if;
    return trusted;
end;
$$;

comment on function pgsearch._lock_source(pgsearch.followed_tables) is
'Locks a followed table against changes of its form, and says whether its owner is trusted. Raises when it is gone, or
when reading it could run code of an owner who is not.';

-- By arrays, so that the condition gets to the tables below a view, and by the index.
create or replace function pgsearch._key_condition(columns text[], types text[])
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select string_agg(format(case
                         -- of arrays an array would be one of their elements
                         when types[c.position] like '%[]' then 't.%I in (select (k.value ->> %s)::%s from jsonb_array_elements($1) as k)'
                         else 't.%I = any (array(select (k.value ->> %s)::%s from jsonb_array_elements($1) as k))'
                         end,
                         c.name, c.position - 1, types[c.position]),
                  ' and ' order by c.position)
       || case
          when cardinality(types) > 1
          then format(' and (%s) in (select %s from jsonb_array_elements($1) as k)',
                      string_agg(format('t.%I', c.name), ', ' order by c.position),
                      string_agg(format('(k.value ->> %s)::%s', c.position - 1, types[c.position]), ', ' order by c.position))
          else ''
          end
  from unnest(columns) with ordinality as c(name, position);
$$;

comment on function pgsearch._key_condition(text[], text[]) is
'SQL of whether a row t has one of the keys in $1, an array of arrays of texts.';

create or replace function pgsearch._store_rows(followed pgsearch.followed_tables, keys jsonb)
returns bigint[]
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    -- rows stored, unchanged, deleted, refused
    counts    bigint[] := '{0,0,0,0}';
    trusted   boolean;
    types     text[];
    found_ids text[];
    pages     jsonb[];
    gone      text[];
    one       jsonb;
    reason    text;
    state     text;
begin
    if jsonb_array_length(keys) = 0 then
        return counts;
    end if;

    begin
        trusted := pgsearch._lock_source(followed);
        types := array(select pgsearch._key_type(followed.relation, c.name, trusted)
                         from unnest(followed.id_columns) with ordinality as c(name, position)
                        order by c.position);

        execute format(
            'select array_agg(r.page ->> ''external_id''), array_agg(r.page) from (select %s as page from %s as t where %s) as r',
            pgsearch._page_sql(followed, trusted),
            followed.relation::regclass,
            pgsearch._key_condition(followed.id_columns, types))
           into found_ids, pages
          using keys;

        gone := array(select pgsearch._key_id(array(select jsonb_array_elements_text(k)))
                        from jsonb_array_elements(keys) as k
                      except
                      select unnest(found_ids));

        delete from pgsearch.refused_rows as r
         where r.followed_id = followed.followed_id
           and r.external_id = any (found_ids || gone);

        with put as (
            select p.*
              from pgsearch._put_pages(followed.collection,
                                       array(select generate_series(1, cardinality(pages))::bigint),
                                       pages) as p
        ),
        refused as (
            insert into pgsearch.refused_rows (followed_id, external_id, key, reason)
            select distinct on (p.external_id)
                   followed.followed_id,
                   p.external_id,
                   pgsearch._id_key(p.external_id, cardinality(followed.id_columns)),
                   p.reason
              from put as p
             where p.status = 'refused'
             order by p.external_id, p.line
        )
        select array[count(*) filter (where p.status in ('inserted', 'updated')),
                     count(*) filter (where p.status = 'unchanged'),
                     0,
                     count(*) filter (where p.status = 'refused')]
          into counts
          from put as p;

        if gone <> '{}' then
            counts[3] := pgsearch.delete_pages(followed.collection, gone);
        end if;
        return counts;
    exception
        -- what passes by itself is for the next attempt, with nothing lost
        when transaction_rollback or lock_not_available or insufficient_resources or operator_intervention then
            raise;
        when others then
            get stacked diagnostics reason = message_text, state = returned_sqlstate;
    end;

    -- one row is at fault, unless it is the table itself
    if state like '42%' or state like 'PS%' then
        if followed.loading then
            raise exception using
                errcode = 'PS003',
                message = reason,
                hint    = 'Mend the table, or call follow_table again with other columns.';
        end if;
    elsif jsonb_array_length(keys) > 1 then
        for one in select jsonb_build_array(k) from jsonb_array_elements(keys) as k loop
            counts := (select array_agg(a.total + b.total order by a.position)
                         from unnest(counts) with ordinality as a(total, position)
                              join unnest(pgsearch._store_rows(followed, one)) with ordinality as b(total, position)
                                on b.position = a.position);
        end loop;
        return counts;
    end if;

    -- a row that is gone goes, whatever else of the table cannot be read
    begin
        trusted := pgsearch._lock_source(followed);
        types := array(select pgsearch._key_type(followed.relation, c.name, trusted)
                         from unnest(followed.id_columns) with ordinality as c(name, position)
                        order by c.position);
        execute format('select array_agg(pgsearch._key_id(%s)) from %s as t where %s',
                       pgsearch._key_expression(followed.id_columns, 't'),
                       followed.relation::regclass,
                       pgsearch._key_condition(followed.id_columns, types))
           into found_ids
          using keys;
        gone := array(select pgsearch._key_id(array(select jsonb_array_elements_text(k)))
                        from jsonb_array_elements(keys) as k
                      except
                      select unnest(found_ids));
    exception
        when transaction_rollback or lock_not_available or insufficient_resources or operator_intervention then
            raise;
        -- no value of the type that the key has now
        when data_exception then
            gone := array(select pgsearch._key_id(array(select jsonb_array_elements_text(k))) from jsonb_array_elements(keys) as k);
        when others then
            gone := '{}';
    end;
    if gone <> '{}' then
        delete from pgsearch.refused_rows as r
         where r.followed_id = followed.followed_id
           and r.external_id = any (gone);
        counts[3] := pgsearch.delete_pages(followed.collection, gone);
    end if;

    insert into pgsearch.refused_rows as r (followed_id, external_id, key, reason, retry_at)
    select followed.followed_id, pgsearch._key_id(k.key), k.key, reason, now() + interval '1 minute'
      from (select distinct array(select jsonb_array_elements_text(e)) as key
              from jsonb_array_elements(keys) as e) as k
     where pgsearch._key_id(k.key) <> all (gone)
        on conflict (followed_id, external_id) do update
       set reason     = excluded.reason,
           attempts   = r.attempts + 1,
           refused_at = now(),
           -- after an hour or so somebody has to do something
           retry_at   = case when r.attempts < 5 then now() + interval '1 minute' * 2 ^ r.attempts end;
    return array[0, 0, counts[3], jsonb_array_length(keys) - cardinality(gone)];
end;
$$;

comment on function pgsearch._store_rows(pgsearch.followed_tables, jsonb) is
'Stores the rows with these keys (an array of arrays of texts) as they are now, and deletes the pages of those that are
gone. A row that cannot be stored is kept in refused_rows with the reason. Returns how many were stored, unchanged,
deleted and refused. Where the table itself cannot be read, a load ends with an error instead of refusing all its rows.
The caller sees to it that no other stores the same keys meanwhile.';
