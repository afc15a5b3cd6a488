-- What keeps searches from being right or fast in this database, and the command that mends it.
--
-- Everything that SQL can see is looked at here, so that a SQL user needs no client; `pgsearch doctor` adds what only a
-- client knows (its own version, files of migrations).

create or replace function pgsearch._finding(name text, bad boolean, severity text, detail text, fix text)
returns table (check_name text, status text, detail text, fix text)
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select name, case when bad then severity else 'ok' end, detail, case when bad then fix end;
$$;

comment on function pgsearch._finding(text, boolean, text, text, text) is
'A row of doctor: what is bad has its severity and its fix, all else is ok and needs none.';

create or replace function pgsearch._doctor_extensions()
returns table (check_name text, status text, detail text, fix text)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select f.*
      from pgsearch._finding('server', current_setting('server_version_num')::integer < 150000, 'fail',
                             'PostgreSQL ' || current_setting('server_version'),
                             'Upgrade to PostgreSQL 15 or newer.') as f;

    return query
    select f.*
      from (values ('vector', '{0,8}'::integer[]), ('pg_trgm', '{1,3}')) as w(name, oldest)
           left join (select e.extname, e.extversion,
                             string_to_array(substring(e.extversion from E'^\\d+(?:\\.\\d+)*'), '.')::integer[] as parts
                        from pg_extension as e) as v on v.extname = w.name
           left join pg_available_extensions as a on a.name = w.name
           cross join lateral (select v.extversion is null as missing, v.parts < w.oldest as old,
                                      v.extversion <> a.default_version as other) as found
           cross join lateral pgsearch._finding(
               'extension ' || w.name,
               found.missing or found.old or found.other,
               case when found.missing or found.old then 'fail' else 'warn' end,
               case when found.missing then 'not installed'
                    when found.other then format('%s, the server has %s', v.extversion, a.default_version)
                    else v.extversion
               end,
               case when found.missing then format('create extension %I;', w.name)
                    when found.other then format('alter extension %I update;', w.name)
                    else format('Install a newer %s on the server, then: alter extension %I update;', w.name, w.name)
               end) as f;
end;
$$;

comment on function pgsearch._doctor_extensions() is 'doctor: versions of the server and of the extensions.';

create or replace function pgsearch._doctor_indexes()
returns table (check_name text, status text, detail text, fix text)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    -- those that a search cannot do without, with the statement that makes them again
    needed constant text[] := array[
        ['chunks_content_tsv_gin',
         'on pgsearch.chunks using gin (content_tsv, pgsearch._sample_levels(hashint8extended(chunk_id, 0)))'
         || ' with (gin_pending_list_limit = 1024)'],
        ['chunks_chunk_id', 'on pgsearch.chunks (chunk_id)'],
        ['chunks_collection', 'on pgsearch.chunks (collection)'],
        ['pages_title_trgm_gin', 'on pgsearch.pages using gin (normalize(title, NFD) gin_trgm_ops)'],
        ['pages_title_key', 'on pgsearch.pages ((pgsearch._title_key(title)) collate "C", collection, page_id)'],
        ['pages_fields_tsv_gin', 'on pgsearch.pages using gin (fields_tsv) where fields_tsv <> ''''::tsvector'],
        ['pages_initial_consonants_trgm_gin',
         'on pgsearch.pages using gin (pgsearch._initial_consonants(title) gin_trgm_ops)'
         || ' where pgsearch._initial_consonants(title) <> '''''],
        ['lexeme_stats_trgm_gin',
         'on pgsearch.lexeme_stats using gin (lexeme gin_trgm_ops)'
         || ' where char_length(lexeme) >= 4 and octet_length(lexeme) < 3 * char_length(lexeme)'],
        ['lexeme_stats_prefix', 'on pgsearch.lexeme_stats (lexeme text_pattern_ops)'],
        ['pages_tags_gin', 'on pgsearch.pages using gin (tags)'],
        ['pages_metadata_gin', 'on pgsearch.pages using gin (metadata jsonb_path_ops)'],
        ['pages_collection_source', 'on pgsearch.pages (collection, source)'],
        ['pages_updated_at', 'on pgsearch.pages (updated_at)'],
        ['pages_created_at', 'on pgsearch.pages (created_at)'],
        ['embeddings_content_hash', 'on pgsearch.embeddings using hash (content_hash)'],
        ['embeddings_model_collection', 'on pgsearch.embeddings (model_id, collection)'],
        ['semantic_nodes_summary_tsv_gin', 'on pgsearch.semantic_nodes using gin (summary_tsv)'],
        ['semantic_nodes_name_trgm_gin', 'on pgsearch.semantic_nodes using gin (name gin_trgm_ops)'],
        ['semantic_nodes_overview',
         'on pgsearch.semantic_nodes (repo_id)'
         || ' where node_type = ''doc'' and doc_type is not null or metadata ->> ''kind'' = ''module'''],
        ['semantic_nodes_chunk', 'on pgsearch.semantic_nodes (page_id, chunk_id)'],
        ['semantic_nodes_model_repo', 'on pgsearch.semantic_nodes (model, repo_id)']
    ];
    -- below, reading every vector takes a few milliseconds
    many   constant bigint := 10000;
begin
    return query
    select 'index ' || needed[n][1], 'fail', 'missing', format('create index concurrently %s %s;', needed[n][1], needed[n][2])
      from generate_subscripts(needed, 1) as n
     where to_regclass('pgsearch.' || needed[n][1]) is null
     order by needed[n][1];

    return query
    select 'index ' || c.relname,
           'fail',
           'invalid: a build was interrupted, or is under way',
           format(case when c.relname ~ E'_cc(new|old)\\d*$' then 'drop index concurrently pgsearch.%I;'
                       else 'reindex index concurrently pgsearch.%I;'
                  end, c.relname)
      from pg_index as i
           join pg_class as c on c.oid = i.indexrelid
     where c.relnamespace = 'pgsearch'::regnamespace
       and c.relkind = 'i'
       and not i.indisvalid
     order by c.relname;

    if not found and not exists (select from unnest(needed[:][1:1]) as n where to_regclass('pgsearch.' || n) is null) then
        return query
        select 'indexes', 'ok', format('%s, all valid', count(*)), null
          from pg_index as i
               join pg_class as c on c.oid = i.indexrelid
         where c.relnamespace = 'pgsearch'::regnamespace;
    end if;

    return query
    select f.*
      from pgsearch.list_models() as m
           cross join lateral pgsearch._finding(
               format('vector index of %s', m.model),
               m.index_valid is not true,
               case when m.vectors >= many then 'fail' else 'warn' end,
               format('%s vectors, %s', m.vectors,
                      case when m.index_valid then pg_size_pretty(m.index_bytes)
                           when m.index_valid is null then 'no HNSW index: every search reads them all'
                           else 'the HNSW index is invalid'
                      end),
               format('pgsearch models index %s', quote_literal(m.model))) as f
     where m.vectors > 0;
end;
$$;

comment on function pgsearch._doctor_indexes() is 'doctor: indexes that are missing or invalid, and the HNSW index of each model.';

create or replace function pgsearch._doctor_pending()
returns table (check_name text, status text, detail text, fix text)
-- volatile, as _pending_pages is
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    -- gin_pending_list_limit is 4 MB, 512 pages, by default; a search beside so many takes twice its time (100,000 chunks)
    return query
    with waiting as materialized (
        select n.index_name, p.pages, p.pages > 256 as many
          from unnest('{chunks_content_tsv_gin,pages_tags_gin,pages_metadata_gin,semantic_nodes_summary_tsv_gin}'::text[]) as n(index_name)
               cross join lateral pgsearch._pending_pages(n.index_name) as p(pages)
    )
    select f.*
      from waiting as w
           cross join lateral pgsearch._finding(
               case when w.many then 'pending list of ' || w.index_name else 'pending lists' end,
               w.many,
               'warn',
               format('%s pages of new entries wait in %s; every search reads them from end to end', w.pages, w.index_name),
               format('pgsearch maintain, or: select gin_clean_pending_list(%L);', 'pgsearch.' || w.index_name)) as f
     where w.many
        or w.index_name = 'chunks_content_tsv_gin' and w.pages is not null
     order by w.pages desc, w.index_name;
end;
$$;

comment on function pgsearch._doctor_pending() is 'doctor: how much waits in the pending lists of the GIN indexes that searches use.';

create or replace function pgsearch._doctor_contents()
returns table (check_name text, status text, detail text, fix text)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    sampled constant integer := 100;
begin
    return query
    select f.*
      from (select string_agg(format('%s of %s rows of %s', r.rows_done, coalesce(r.rows_total::text, 'all'), r.relation),
                              ', ' order by r.relation) as detail
              from pgsearch.reanalysis as r) as n
           cross join lateral pgsearch._finding(
               'analysis of older rows',
               true,
               'warn',
               format('%s are analysed anew so far; until all are, searches ask for the words of both analyses', n.detail),
               'pgsearch maintain') as f
     where n.detail is not null;

    -- a changed dictionary or stop-word list, or a major upgrade, changes what to_tsvector gives; stored rows stay as they were
    return query
    select f.*
      from (select count(*) as looked_at,
                   count(*) filter (where c.content_tsv <> pgsearch._analyze_chunk(c.text_config, c.heading, c.content)) as differing
              from pgsearch.chunks as c
             where c.chunk_id in (select l.first + (l.last - l.first) * g / greatest(sampled - 1, 1)
                                    from (select min(d.chunk_id) as first, max(d.chunk_id) as last from pgsearch.chunks as d) as l
                                         cross join generate_series(0, sampled - 1) as g)) as s
           cross join lateral pgsearch._finding(
               'text analysis',
               s.differing > 0 and not pgsearch._is_reanalyzing(),
               'warn',
               format('%s of %s sampled chunks would be analysed otherwise today', s.differing, s.looked_at),
               'update pgsearch.chunks set content = content; then: select pgsearch.refresh_text_stats();') as f;

    return query
    select f.*
      from pgsearch.text_stats_staleness() as s
           cross join lateral pgsearch._finding(
               'text statistics of ' || s.name,
               s.stale,
               'warn',
               case when s.refreshed_at is null then format('never counted, %s chunks', s.chunks)
                    else format('%s chunks added and %s removed since %s, %s now',
                                s.added, s.removed, to_char(s.refreshed_at, 'YYYY-MM-DD HH24:MI'), s.chunks)
               end,
               format('select pgsearch.refresh_text_stats(%L);', s.name)) as f
     where s.chunks > 0 or s.stale;

    return query
    select f.*
      from pgsearch.embedding_models as m
           cross join lateral pgsearch.model_coverage(m.model) as v
           cross join lateral pgsearch._finding(
               format('embeddings of %s by %s', v.collection, m.model),
               v.coverage < 1,
               'warn',
               format('%s of %s chunks have a current vector, %s a stale one', v.embedded, v.chunks, v.stale),
               format('pgsearch embed --collection %s --model %s', quote_literal(v.collection), quote_literal(m.model))) as f
     -- a collection that is being filled for a switch is not incomplete, but what a search uses is
     where v.is_default and v.chunks > 0
     order by v.collection, m.model;

    -- what was never calibrated is judged by usual levels
    return query
    select f.*
      from pgsearch.relevance_levels as l
           left join pgsearch.embedding_models as m on m.model_id = l.model_id
           cross join lateral pgsearch._finding(
               format('relevance in %s by %s', l.collection, coalesce(m.model, 'words')),
               l.related <= l.unrelated,
               'warn',
               case when m.model is null
                    then format('eight words of eight texts find %s of themselves', round(exp(l.unrelated)::numeric, 2))
                    else format('unrelated %s, related %s, deviation %s', round(l.unrelated::numeric, 2), round(l.related::numeric, 2),
                                round(l.deviation::numeric, 2))
               end,
               'The model does not tell the texts apart: choose another one, or search by words alone.') as f
     order by l.collection, m.model nulls first;

    return query
    select f.*
      from pgsearch.list_fusion_calibrations() as k
           join pgsearch.collections as c on c.collection = k.collection_name
                                         and c.default_model = k.model_name
           cross join lateral pgsearch._finding(
               format('fusion of %s with %s', k.collection_name, k.model_name),
               k.stale and k.calibrated_at is not null and (pgsearch.collection_settings(k.collection_name) ->> 'calibrated')::boolean,
               'warn',
               case when k.calibrated_at is null then 'not calibrated: words weigh as they do by default'
                    else concat_ws(' ',
                                   format('words weigh %s times as much as by default, found at %s.',
                                          round(exp(k.text_shift)::numeric, 1), to_char(k.calibrated_at, 'YYYY-MM-DD HH24:MI')),
                                   nullif(k.reason, ''),
                                   format('%s %% of the embeddings changed since.', round(100 * k.changed)))
               end,
               format('pgsearch calibrate --collection %s --model %s', quote_literal(k.collection_name), quote_literal(k.model_name))) as f;

    return query
    with recursive found(model_id) as (
        select min(e.model_id) from pgsearch.embeddings as e
        union all
        select (select min(e.model_id) from pgsearch.embeddings as e where e.model_id > f.model_id)
          from found as f
         where f.model_id is not null
    )
    select 'vectors of no model', 'warn', format('model_id %s is not registered', f.model_id),
           format('delete from pgsearch.embeddings where model_id = %s;', f.model_id)
      from found as f
     where f.model_id is not null
       and not exists (select from pgsearch.embedding_models as m where m.model_id = f.model_id);
end;
$$;

comment on function pgsearch._doctor_contents() is
'doctor: text analysis, statistics of words, vectors that are missing, stale or of no model, levels of relevance, and
calibrations of the fusion.';

create or replace function pgsearch._doctor_server()
returns table (check_name text, status text, detail text, fix text)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    largest bigint;
    memory  constant bigint := pg_size_bytes(current_setting('maintenance_work_mem'));
begin
    return query
    select 'table ' || t.relname,
           'warn',
           case when t.dead then format('%s dead rows beside %s', t.rows_dead, t.rows)
                else format('about %s rows, never analyzed: plans are guesses', t.rows)
           end,
           format('vacuum (analyze) pgsearch.%I;  -- or: pgsearch maintain', t.relname)
      from (select k.*, k.rows_dead > 0.2 * greatest(k.rows, 1) and k.rows_dead > 10000 as dead
              from (select c.relname,
                           coalesce(s.n_dead_tup, 0) as rows_dead,
                           greatest(c.reltuples::bigint, coalesce(s.n_live_tup, 0), 0) as rows,
                           -- a dump that was restored, or a crash, takes the counters with it: reltuples stays
                           c.reltuples < 0
                           or s.last_analyze is null and s.last_autoanalyze is null and s.n_live_tup > 0 and c.reltuples <= 0 as unknown
                      from pg_class as c
                           left join pg_stat_all_tables as s on s.relid = c.oid
                     where c.relnamespace = 'pgsearch'::regnamespace
                       and c.relkind = 'r'
                       and c.relname in ('pages', 'chunks', 'embeddings', 'lexeme_stats')) as k) as t
     where t.dead
        or t.unknown and t.rows > 1000
     order by t.relname;

    if not found then
        return query values ('tables', 'ok', 'analyzed, few dead rows', null);
    end if;

    select max(pg_relation_size(c.oid))
      into largest
      from pg_class as c
           join pg_am as a on a.oid = c.relam
     where c.relnamespace = 'pgsearch'::regnamespace
       and c.relkind = 'i'
       and a.amname = 'hnsw';
    return query
    select f.*
      from pgsearch._finding(
               'maintenance_work_mem',
               largest > memory,
               'warn',
               current_setting('maintenance_work_mem')
               || case when largest > memory
                       then format('; the largest HNSW index has %s: building it again would leave memory and take many times longer',
                                   pg_size_pretty(largest))
                       else ''
                  end,
               format('set maintenance_work_mem = ''%sMB'' in the session that builds (or alter role ... set).',
                      largest / 1048576 * 3 / 2 + 64)) as f;

    return query
    select f.*
      from (select sum(pg_relation_size(i.indexrelid))::bigint as bytes
              from pg_index as i
                   join pg_class as c on c.oid = i.indrelid
             where c.relnamespace = 'pgsearch'::regnamespace) as b
           cross join lateral pgsearch._finding(
               'shared_buffers',
               b.bytes > 2 * pg_size_bytes(current_setting('shared_buffers')),
               'warn',
               format('%s; indexes of pgsearch: %s', current_setting('shared_buffers'), pg_size_pretty(b.bytes)),
               'Give a quarter of the memory to shared_buffers: HNSW and GIN indexes want to stay in memory.') as f;

    -- notes: our functions switch jit off themselves, and plans of the other statements gain from knowing an SSD
    return query
    select 'jit', 'ok', 'on; the searches of pgsearch switch it off for themselves', null
     where current_setting('jit')::boolean;

    return query
    select 'random_page_cost', 'ok', current_setting('random_page_cost') || '; on an SSD 1.1 is nearer to the truth',
           'alter system set random_page_cost = 1.1; select pg_reload_conf();'
     where current_setting('random_page_cost')::float8 >= 4;
end;
$$;

comment on function pgsearch._doctor_server() is 'doctor: dead rows, tables never analyzed, settings that hurt.';

create or replace function pgsearch._doctor_log()
returns table (check_name text, status text, detail text, fix text)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set datestyle = 'ISO'
as $$
declare
    ahead constant interval := '2 days';
begin
    return query
    select f.*
      from (select k.parent as name from pgsearch._log_parents() as k) as t
           cross join lateral (
               select count(*) as partitions,
                      coalesce(bool_or(b.bound = 'DEFAULT'), false) as catch_all,
                      coalesce(bool_or(b.since <= now() and now() < b.until), false) as now,
                      coalesce(max(b.until), '-infinity') as until
                 from (select e.bound,
                              substring(e.bound from E'FROM \\(''([^'']+)''\\)')::timestamptz as since,
                              substring(e.bound from E'TO \\(''([^'']+)''\\)')::timestamptz as until
                         from (select pg_get_expr(c.relpartbound, c.oid) as bound
                                 from pg_inherits as i
                                      join pg_class as c on c.oid = i.inhrelid
                                where i.inhparent = to_regclass('pgsearch.' || t.name)) as e) as b) as p
           cross join lateral pgsearch._finding(
               'log partitions of ' || t.name,
               -- what is logged makes the partition of its own day, but waits for a lock on the table to do so
               not (p.catch_all or p.now and p.until >= now() + ahead),
               'warn',
               case when p.partitions = 0 then 'none'
                    when p.catch_all then format('%s, one of them for every time', p.partitions)
                    when not p.now then format('%s, none for the present', p.partitions)
                    else format('%s, until %s UTC', p.partitions, to_char(p.until at time zone 'UTC', 'YYYY-MM-DD HH24:MI'))
               end,
               'select pgsearch.ensure_partitions();') as f
     where to_regclass('pgsearch.' || t.name) is not null;
end;
$$;

comment on function pgsearch._doctor_log() is 'doctor: partitions of the search log for now and the two days to come.';

create or replace function pgsearch._doctor_owner()
returns table (check_name text, status text, detail text, fix text)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    most_shown constant integer := 5;
begin
    return query
    select f.*
      from (select count(*) as objects,
                   string_agg(format('%s (%s)', o.object, o.owner), '; ' order by o.at) filter (where o.at <= most_shown) as shown,
                   string_agg(o.fix, ' ' order by o.at) filter (where o.at <= most_shown) as fixes
              from (select a.*, row_number() over () as at from pgsearch._foreign_objects() as a) as o) as n
           cross join lateral pgsearch._finding(
               'owner',
               n.objects > 0,
               'fail',
               case when n.objects = 0
                    then format('everything in schema pgsearch belongs to %s',
                                (select pg_get_userbyid(s.nspowner) from pg_namespace as s where s.nspname = 'pgsearch'))
                    else n.shown || case when n.objects > most_shown then format('; and %s more', n.objects - most_shown) else '' end
               end,
               n.fixes) as f;
end;
$$;

comment on function pgsearch._doctor_owner() is
'doctor: what in the schema belongs to another role than its owner, and so could run with the rights of whoever calls it.';

create or replace function pgsearch._doctor_followed()
returns table (check_name text, status text, detail text, fix text)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    patience constant interval := '15 minutes';
begin
    -- who may not see what is followed has nothing to mend there
    if not has_table_privilege('pgsearch.follow_queue', 'select') then
        return;
    end if;

    return query
    select f.*
      from pgsearch.list_followed() as l
           join pgsearch.followed_tables as t on t.collection = l.collection
           cross join lateral (
               select exists (select
                                from pgsearch.watched_tables as w
                               where w.followed_id = t.followed_id
                                 -- null where there is none
                                 and (select bool_and(g.tgenabled in ('O', 'A'))
                                        from pg_trigger as g
                                             join pg_proc as p on p.oid = g.tgfoid
                                       where g.tgrelid = w.relation
                                         and p.pronamespace = 'pgsearch'::regnamespace
                                         and p.proname = pgsearch._queue_function(w.followed_id, w.relation))
                                     is not true) as unwatched) as n
           cross join lateral pgsearch._finding(
               'followed ' || l.table_name,
               n.unwatched or t.error is not null or l.refused > 0 or l.loading or coalesce(l.lag > patience, false),
               case when n.unwatched or t.error is not null then 'fail' else 'warn' end,
               concat_ws('; ',
                         case when n.unwatched then 'its changes are not noticed: a table or its triggers are gone, or turned off' end,
                         case when t.error is not null then 'it cannot be read: ' || t.error end,
                         case when l.loading then format('%s rows loaded, and not all', l.loaded_rows) end,
                         format(case when l.lag is null then '%s changes wait' else '%s changes wait, the oldest for %s' end,
                                l.waiting, date_trunc('second', l.lag)),
                         case when l.refused > 0 then format('%s rows refused, such as: %s', l.refused, l.reason) end),
               case
               when n.unwatched or t.error is not null
                    then format('select pgsearch.follow_table(%L, ...) again, or select pgsearch.unfollow_table(%L);',
                                l.table_name, t.relation_name)
               when l.refused > 0 then format('select * from pgsearch.list_refused_rows(%L);', l.collection)
               else 'pgsearch work --watch  -- or select pgsearch.work(); from pg_cron'
               end) as f;
end;
$$;

comment on function pgsearch._doctor_followed() is
'doctor: followed tables whose changes are not noticed, that cannot be read, that lag, and rows that were refused.';

create or replace function pgsearch.doctor()
returns table (check_name text, status text, detail text, fix text)
-- volatile, as _doctor_pending is
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query select d.* from pgsearch._doctor_extensions() as d;
    return query select d.* from pgsearch._doctor_owner() as d;
    return query select d.* from pgsearch._doctor_indexes() as d;
    return query select d.* from pgsearch._doctor_pending() as d;
    return query select d.* from pgsearch._doctor_contents() as d;
    return query select d.* from pgsearch._doctor_followed() as d;
    return query select d.* from pgsearch._doctor_server() as d;
    return query select d.* from pgsearch._doctor_log() as d;
end;
$$;

comment on function pgsearch.doctor() is
'Looks at everything that keeps searches from being right or fast, and whoever does not own them from running code in
them: extensions, owners, indexes, pending lists, text analysis and statistics, embeddings, followed tables, dead rows,
settings, log partitions.
Returns a row a check: check_name, status (ok; warn: slower or staler than it could be; fail: wrong or missing results,
or reads of whole tables), detail, fix (a statement or command; null: nothing to do). Counts chunks and embeddings
whole: seconds on millions. Recall is measured by measure_recall.
Example:
select check_name, status, fix from pgsearch.doctor() where status <> ''ok'';';
