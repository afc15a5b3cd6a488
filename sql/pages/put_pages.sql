-- Pages in: upsert by (collection, external_id), and of a changed page only what changed.
--
-- Logs point at chunk_id and embeddings cost money, so a chunk whose content is still there keeps both, wherever it moved.
-- A page has two hashes, of everything and of what its chunks are made of: other tags are one row to write.
-- All of it is set-based and in one transaction; pages are locked in external_id order, so that two writers never wait
-- for each other in a ring.

-- Why a page cannot be stored, or null. Text and not an exception, because one bad page must not cost the others.
create or replace function pgsearch._page_refusal(page jsonb)
returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    most   constant integer := 16000;
    reason text;
begin
    if jsonb_typeof(page) is distinct from 'object' then
        return format('a page must be a JSON object, not %s', coalesce(jsonb_typeof(page), 'null'));
    end if;

    -- a page that comes from a table may be compressed: unpacked once here, instead of at each look below
    page := page || '{}';

    if page - array['external_id', 'title', 'content', 'chunks', 'format', 'tags', 'source', 'metadata'] <> '{}' then
        select format('unknown key "%s"; known keys: chunks, content, external_id, format, metadata, source, tags, title', min(key))
          into reason
          from jsonb_object_keys(page) as key
         where key <> all (array['external_id', 'title', 'content', 'chunks', 'format', 'tags', 'source', 'metadata']);
        return reason;
    end if;

    if coalesce(page ->> 'external_id', '') = '' then
        return 'external_id is missing: every page needs the id by which its owner knows it, a string or a whole number';
    end if;

    -- an index entry holds at most 2,704 bytes, and the name of the collection stands in it too
    if octet_length(page ->> 'external_id') > 1000 then
        return format('external_id is %s bytes long, at most 1000 are allowed', octet_length(page ->> 'external_id'));
    end if;
    if octet_length(page ->> 'source') > 1500 then
        return format('source is %s bytes long, at most 1500 are allowed', octet_length(page ->> 'source'));
    end if;
    if char_length(page ->> 'title') > 2000 then
        return format('title is %s characters long, at most 2000 are allowed', char_length(page ->> 'title'));
    end if;

    -- a number of one text form only: 7, 7.0 and 7e0 are one number, and would be three ids
    if jsonb_typeof(page -> 'external_id') = 'number' and page ->> 'external_id' !~ '^-?[0-9]+$' then
        return format('external_id must be a string or a whole number, not %s', page ->> 'external_id');
    end if;

    -- null stands for "not given" in every optional key, as clients write it
    if jsonb_typeof(page -> 'external_id') not in ('string', 'number')
       or jsonb_typeof(page -> 'title')    not in ('string', 'null')
       or jsonb_typeof(page -> 'content')  not in ('string', 'null')
       or jsonb_typeof(page -> 'format')   not in ('string', 'null')
       or jsonb_typeof(page -> 'source')   not in ('string', 'null')
       or jsonb_typeof(page -> 'chunks')   not in ('array', 'null')
       or jsonb_typeof(page -> 'tags')     not in ('array', 'null')
       or jsonb_typeof(page -> 'metadata') not in ('object', 'null') then
        select format('%s must be %s, not %s', k.key, k.wanted, jsonb_typeof(page -> k.key))
          into reason
          from (values ('external_id', 'number', 'a string or a whole number'),
                       ('title',       'string', 'a string'),
                       ('content',     'string', 'a string'),
                       ('format',      'string', 'a string'),
                       ('source',      'string', 'a string'),
                       ('chunks',      'array',  'an array'),
                       ('tags',        'array',  'an array of strings'),
                       ('metadata',    'object', 'an object')) as k(key, typed, wanted)
         where jsonb_typeof(page -> k.key) not in (k.typed, 'null')
           and (k.key <> 'external_id' or jsonb_typeof(page -> k.key) <> 'string')
         limit 1;
        return reason;
    end if;

    if page ->> 'format' not in ('text', 'markdown', 'code') then
        return format('unknown format "%s"; known formats: code, markdown, text', left(page ->> 'format', 40));
    end if;

    if jsonb_typeof(page -> 'tags') = 'array' then
        if jsonb_path_exists(page, '$.tags[*] ? (@.type() != "string" || @ == "")') then
            return 'tags must be an array of strings that are not empty';
        end if;
        if jsonb_array_length(page -> 'tags') > 255 then
            return format('%s tags, at most 255 are allowed', jsonb_array_length(page -> 'tags'));
        end if;
        if exists (select from jsonb_array_elements_text(page -> 'tags') as tag where char_length(tag) > 255) then
            return 'a tag is longer than 255 characters';
        end if;
    end if;

    if (page ->> 'content') is null and (page ->> 'chunks') is null then
        return 'neither content nor chunks: give content (text that is split here) or chunks (an array that is stored as it is; [] for a page that is only a title)';
    end if;
    if (page ->> 'content') is not null and (page ->> 'chunks') is not null then
        return 'both content and chunks: give content (text that is split here) or chunks (an array that is stored as it is)';
    end if;

    if jsonb_typeof(page -> 'chunks') = 'array' then
        select format('chunk %s %s', c.ordinality - 1, c.reason)
          into reason
          from (select ordinality,
                       case
                       when jsonb_typeof(value) = 'string' then
                           case when char_length(value #>> '{}') > most then
                               format('is %s characters long, at most %s are allowed: split it, or give the page''s text as content', char_length(value #>> '{}'), most)
                           end
                       when jsonb_typeof(value) <> 'object' then
                           format('must be a string or an object with heading, content and metadata, not %s', jsonb_typeof(value))
                       when value - array['heading', 'content', 'metadata'] <> '{}' then
                           format('has the unknown key "%s"; known keys: content, heading, metadata',
                                  (select min(key) from jsonb_object_keys(value - array['heading', 'content', 'metadata']) as key))
                       when jsonb_typeof(value -> 'content') is distinct from 'string' then
                           'needs content, a string'
                       when jsonb_typeof(value -> 'heading') not in ('string', 'null') then
                           format('has a heading that is not a string but %s', jsonb_typeof(value -> 'heading'))
                       when jsonb_typeof(value -> 'metadata') not in ('object', 'null') then
                           format('has metadata that is not an object but %s', jsonb_typeof(value -> 'metadata'))
                       when char_length(value ->> 'content') > most then
                           format('is %s characters long, at most %s are allowed: split it, or give the page''s text as content', char_length(value ->> 'content'), most)
                       when char_length(value ->> 'heading') > 2000 then
                           format('has a heading of %s characters, at most 2000 are allowed', char_length(value ->> 'heading'))
                       end as reason
                  from jsonb_array_elements(page -> 'chunks') with ordinality) as c
         where c.reason is not null
         order by c.ordinality
         limit 1;
    end if;

    return reason;
end;
$$;

comment on function pgsearch._page_refusal(jsonb) is
'Why put_pages would refuse this page object, in words for its owner; null when it would store it.
A chunk holds at most 16,000 characters, because a tsvector forgets positions and counts past 16,383 tokens.';

-- The chunks of a page object, as they will be stored but for the page title in the heading.
create or replace function pgsearch._page_chunks(page jsonb, chunk_size integer)
returns table (ordinal integer, heading text, content text, metadata jsonb)
language plpgsql immutable parallel safe rows 5
set search_path = pg_catalog, pg_temp
as $$
begin
    if jsonb_typeof(page -> 'chunks') = 'array' then
        return query
        select (c.ordinality - 1)::integer,
               coalesce(c.value ->> 'heading', ''),
               coalesce(c.value ->> 'content', c.value #>> '{}'),
               case jsonb_typeof(c.value -> 'metadata') when 'object' then c.value -> 'metadata' else '{}' end
          from jsonb_array_elements(page -> 'chunks') with ordinality as c(value, ordinality);
    else
        return query
        -- a document that opens with its own title as a heading must not say it twice
        select s.ordinal,
               case
               when s.heading = page ->> 'title'                           then ''
               when starts_with(s.heading, (page ->> 'title') || ' · ') then substr(s.heading, char_length(page ->> 'title') + 4)
               else s.heading
               end,
               s.content,
               '{}'::jsonb
          from pgsearch.split_content(page ->> 'content', coalesce(page ->> 'format', 'text'), _page_chunks.chunk_size) as s;
    end if;

    -- a page that is only a title is found by it: the heading of this one chunk will be the title
    if not found and coalesce(page ->> 'title', '') <> '' then
        return query select 0, '', '', '{}'::jsonb;
    end if;
end;
$$;

comment on function pgsearch._page_chunks(jsonb, integer) is
'Chunks of a page object that _page_refusal lets pass: those given, or its content split at chunk_size characters; one
empty chunk when there is only a title.';

create or replace function pgsearch._stored_pages(collection text, external_ids text[])
returns table (external_id text, page_id bigint, content_hash bytea, text_config text)
language plpgsql stable parallel safe rows 100
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
-- A plan made while the table is small takes any index that begins with the collection, and keeps reading all of it: whoever
-- begins with an empty collection, and puts page after page, would wait longer for each. Planning anew each time costs a
-- seventh of a page; the order, which only the index of the ids has, leaves no choice.
set plan_cache_mode = force_generic_plan
set enable_bitmapscan = off
set enable_sort = off
as $$
#variable_conflict use_column
begin
    return query
    select i.id, p.page_id, p.content_hash, p.text_config
      from unnest(_stored_pages.external_ids) as i(id)
           cross join lateral (select f.external_id, f.page_id, f.content_hash, f.text_config
                                 from pgsearch.pages as f
                                where f.collection = _stored_pages.collection
                                  and f.external_id >= i.id
                                order by f.external_id
                                limit 1) as p
     where p.external_id = i.id;
end;
$$;

comment on function pgsearch._stored_pages(text, text[]) is 'Those of the pages that the collection has, with what tells
whether they are up to date.';

-- The vector of a text is the same wherever the text stands: a file that was renamed, and a section that moved to another page, are
-- embedded already. It is taken here, while what had it before still stands.
create or replace function pgsearch._take_over_embeddings(collection text, page_ids bigint[])
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
set enable_hashjoin = off
as $$
declare
    models constant integer[] := array(select m.model_id from pgsearch.embedding_models as m);
begin
    if page_ids = '{}' or models = '{}'
       or not has_table_privilege('pgsearch.embeddings', 'select') or not has_table_privilege('pgsearch.embeddings', 'insert') then
        return;
    end if;

    insert into pgsearch.embeddings (page_id, chunk_id, model_id, collection, content_hash, embedding)
    select c.page_id, c.chunk_id, m.model_id, c.collection, c.content_hash, k.embedding
      from unnest(_take_over_embeddings.page_ids) as p(page_id)
           join pgsearch.chunks as c on c.page_id = p.page_id
           cross join unnest(models) as m(model_id)
           -- one of those with this text, which may be thousands; offset 0: by the hash alone, whatever other index there is
           cross join lateral (select e.embedding
                                 from (select f.model_id, f.collection, f.embedding
                                         from pgsearch.embeddings as f
                                        where f.content_hash = c.content_hash
                                       offset 0) as e
                                where e.model_id = m.model_id
                                  and e.collection = c.collection
                                limit 1) as k
     where not exists (select
                         from pgsearch.embeddings as own
                        where own.page_id = c.page_id
                          and own.chunk_id = c.chunk_id
                          and own.model_id = m.model_id)
     order by c.chunk_id, m.model_id
    on conflict do nothing;
end;
$$;

comment on function pgsearch._take_over_embeddings(text, bigint[]) is
'Gives chunks of these pages that have no vector the one that the collection has of the same text, for every model.';

create or replace function pgsearch._put_pages(collection text, lines bigint[], pages jsonb[])
returns table (
    line            bigint,
    external_id     text,
    page_id         bigint,
    status          text,
    reason          text,
    chunks_inserted integer,
    chunks_kept     integer,
    chunks_deleted  integer
)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set work_mem = '64MB'
-- everything is looked up by its key, and planning anew costs a single page more than storing it
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    splitting    text;
    config       text;
    chunk_size   integer;
    all_lines    bigint[];
    external_ids text[];
    page_ids     bigint[];
    statuses     text[];
    reasons      text[];
    new_ids      bigint[];
    updated_ids  bigint[];
    -- marks the rows whose text this call changes; not now(), which is the same for all calls of a transaction
    put_at       constant timestamptz := clock_timestamp();
begin
    -- for share: set_text_config waits until these pages are in, and the other way round
    select c.text_config, coalesce(c.settings ->> 'chunk_size', pgsearch.default_settings() ->> 'chunk_size')::integer,
           pgsearch._splitting(c.settings)
      into config, chunk_size, splitting
      from pgsearch.collections as c
     where c.collection = _put_pages.collection
       for share;
    if not found then
        -- null, because a rival may have just created it with another language
        perform pgsearch.create_collection(_put_pages.collection, null);
        select c.text_config, coalesce(c.settings ->> 'chunk_size', pgsearch.default_settings() ->> 'chunk_size')::integer,
           pgsearch._splitting(c.settings)
          into strict config, chunk_size, splitting
          from pgsearch.collections as c
         where c.collection = _put_pages.collection
           for share;
    end if;

    with given as (
        select u.line,
               -- the id is hashed as it is stored, or a page would be another one when its id is sent as a string the next time
               case jsonb_typeof(u.page -> 'external_id') when 'number' then jsonb_set(u.page, '{external_id}', to_jsonb(u.page ->> 'external_id')) else u.page end as page,
               u.page ->> 'external_id' as external_id,
               pgsearch._page_refusal(u.page) as reason
          from unnest(_put_pages.lines, _put_pages.pages) as u(line, page)
        -- else each mention of the reason would judge the page anew
        offset 0
    ), judged as (
        select g.line,
               g.page,
               g.external_id,
               case
               when g.reason is null and g.line < max(g.line) filter (where g.reason is null) over (partition by g.external_id) then
                   format('external_id %s comes again later in this batch; the last one was taken', quote_literal(g.external_id))
               else g.reason
               end as reason
          from given as g
    ), good as (
        select j.line,
               j.page,
               j.external_id,
               sha256(convert_to(concat_ws(' ', h.split, j.page), 'UTF8')) as content_hash,
               sha256(convert_to(concat_ws(' ', h.split, j.page - '{external_id,tags,source,metadata}'::text[]), 'UTF8')) as text_hash
          from judged as j
               cross join lateral (select case when (j.page ->> 'content') is not null then splitting end as split) as h
         where j.reason is null
    ), compared as (
        select g.*,
               p.page_id,
               p.content_hash = g.content_hash and p.text_config = config as same
          from good as g
               -- each that is stored is among those given; a full join is never a nested loop
               full join pgsearch._stored_pages(_put_pages.collection, array(select w.external_id from good as w)) as p
                      on p.external_id = g.external_id
    ), upserted as (
        insert into pgsearch.pages as p
                    (collection, external_id, title, tags, source, metadata, text_config, content_hash, text_hash, text_updated_at)
        select _put_pages.collection,
               c.external_id,
               coalesce(c.page ->> 'title', ''),
               case jsonb_typeof(c.page -> 'tags') when 'array' then array(select jsonb_array_elements_text(c.page -> 'tags')) else '{}' end,
               c.page ->> 'source',
               case jsonb_typeof(c.page -> 'metadata') when 'object' then c.page -> 'metadata' else '{}' end,
               config,
               c.content_hash,
               c.text_hash,
               put_at
          from compared as c
         where c.same is not true
         order by c.external_id collate "C"
            on conflict (collection, external_id) do update
           set title           = excluded.title,
               tags            = excluded.tags,
               source          = excluded.source,
               metadata        = excluded.metadata,
               text_config     = excluded.text_config,
               content_hash    = excluded.content_hash,
               text_hash       = excluded.text_hash,
               -- judged here, on the row as it stands under the lock: a rival may have put another text since our first look
               text_updated_at = case
                                 when p.text_hash = excluded.text_hash and p.text_config = excluded.text_config then p.text_updated_at
                                 else put_at
                                 end,
               updated_at      = now()
         where p.content_hash is distinct from excluded.content_hash
            or p.text_config is distinct from excluded.text_config
        -- a row that no transaction ever updated or locked has no xmax: it is new
        returning p.page_id, p.external_id, p.xmax = 0 as inserted, p.text_updated_at = put_at as new_text
    )
    select array_agg(j.line order by j.line),
           array_agg(j.external_id order by j.line),
           array_agg(coalesce(u.page_id, c.page_id) order by j.line),
           array_agg(case when j.reason is not null then 'refused'
                          when u.inserted           then 'inserted'
                          when u.page_id is not null then 'updated'
                          else 'unchanged'
                     end order by j.line),
           array_agg(j.reason order by j.line),
           coalesce(array_agg(u.page_id) filter (where u.new_text), '{}'),
           coalesce(array_agg(u.page_id) filter (where u.new_text and not u.inserted), '{}')
      into all_lines, external_ids, page_ids, statuses, reasons, new_ids, updated_ids
      from judged as j
           left join compared as c on c.line = j.line
           -- each that was written is among those compared; a full join is never a nested loop
           full join upserted as u on u.external_id = c.external_id;

    -- A second statement, because only a new snapshot shows the chunks as they are now that the pages are locked. It names
    -- the pages wherever it reads chunks: planned while the table is empty, a join alone would read all chunks each time.
    return query
    with outcome as (
        select o.*
          from unnest(all_lines, external_ids, page_ids, statuses, reasons) as o(line, external_id, page_id, status, reason)
    ), given as materialized (
        -- not part of what is sorted below: the sort would carry the whole page with each of its chunks
        select o.page_id,
               c.ordinal,
               concat_ws(' · ', nullif(u.page ->> 'title', ''), nullif(c.heading, '')) as heading,
               c.content,
               c.metadata
          from outcome as o
               join unnest(_put_pages.lines, _put_pages.pages) as u(line, page) on u.line = o.line
               cross join lateral pgsearch._page_chunks(u.page, chunk_size) as c
         where o.page_id = any (new_ids)
    ), new as (
        select g.*,
               sha256(convert_to(g.heading || E'\n' || g.content, 'UTF8')) as content_hash,
               row_number() over (partition by g.page_id, g.content collate "C" order by g.ordinal) as occurrence
          from given as g
    ), old as (
        select c.page_id,
               c.chunk_id,
               c.content,
               c.content_hash,
               c.text_config,
               row_number() over (partition by c.page_id, c.content collate "C" order by c.ordinal, c.chunk_id) as occurrence
          from pgsearch.chunks as c
         where c.page_id = any (updated_ids)
    ), diff as materialized (
        -- a full join is never a nested loop, however wrong the row estimates
        select coalesce(new.page_id, old.page_id) as page_id,
               old.chunk_id,
               new.ordinal,
               new.heading,
               new.content,
               new.metadata,
               new.content_hash
          from new
               full join old
                      on old.page_id = new.page_id
                     and old.content = new.content
                     and old.occurrence = new.occurrence
    ), revised as (
        insert into pgsearch.revised_chunks (collection, chunk_id, content_hash, text_config, content_tsv)
        select c.collection, c.chunk_id, c.content_hash, c.text_config, c.content_tsv
          from diff as d
               join pgsearch.chunks as c on c.page_id = d.page_id
                                        and c.chunk_id = d.chunk_id
         where c.page_id = any (updated_ids)
           and (d.ordinal is null or (c.content_hash, c.text_config) is distinct from (d.content_hash, config))
           and c.chunk_id <= (select s.last_chunk_id
                                from pgsearch.collection_stats as s
                               where s.collection = _put_pages.collection)
            on conflict do nothing
    ), deleted as (
        delete from pgsearch.chunks as c
         using diff as d
         where c.page_id = any (updated_ids)
           and d.ordinal is null
           and c.page_id = d.page_id
           and c.chunk_id = d.chunk_id
    ), updated as (
        update pgsearch.chunks as c
           set ordinal      = d.ordinal,
               heading      = d.heading,
               metadata     = d.metadata,
               content_hash = d.content_hash,
               text_config  = config
          from diff as d
         where c.page_id = any (updated_ids)
           and d.ordinal is not null
           and c.page_id = d.page_id
           and c.chunk_id = d.chunk_id
           and (c.ordinal, c.heading, c.metadata, c.content_hash, c.text_config)
               is distinct from (d.ordinal, d.heading, d.metadata, d.content_hash, config)
    ), inserted as (
        insert into pgsearch.chunks (page_id, collection, ordinal, heading, content, text_config, content_hash, metadata)
        select d.page_id, _put_pages.collection, d.ordinal, d.heading, d.content, config, d.content_hash, d.metadata
          from diff as d
         where d.chunk_id is null
         order by d.page_id, d.ordinal
    ), counted as (
        select d.page_id,
               count(*) filter (where d.chunk_id is null)     as inserted,
               count(*) filter (where d.chunk_id is not null
                                  and d.ordinal is not null)  as kept,
               count(*) filter (where d.ordinal is null)      as deleted
          from diff as d
         group by d.page_id
    )
    select o.line,
           o.external_id,
           coalesce(o.page_id,
                    -- a rival put the very same page after our first look
                    (select p.page_id
                       from pgsearch.pages as p
                      where o.status = 'unchanged'
                        and p.collection = _put_pages.collection
                        and p.external_id = o.external_id)),
           o.status,
           o.reason,
           coalesce(c.inserted, 0)::integer,
           case
           when o.status = 'updated' and o.page_id <> all (new_ids) then
               (select count(*) from pgsearch.chunks as k where k.page_id = o.page_id)
           else coalesce(c.kept, 0)
           end::integer,
           coalesce(c.deleted, 0)::integer
      from outcome as o
           left join counted as c on c.page_id = o.page_id
     order by o.line;

    perform pgsearch._take_over_embeddings(_put_pages.collection, new_ids);
end;
$$;

comment on function pgsearch._put_pages(text, bigint[], jsonb[]) is
'put_pages over two arrays of equal length: line numbers (distinct; the greatest wins when an external_id is repeated)
and page objects. chunks_kept counts only pages that were touched.';

create or replace function pgsearch.put_pages(collection text, pages jsonb, keep_going boolean default false)
returns table (
    external_id     text,
    page_id         bigint,
    status          text,
    reason          text,
    chunks_inserted integer,
    chunks_kept     integer,
    chunks_deleted  integer
)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    most_told constant integer := 5;
    number    bigint;
    refused   integer := 0;
    told      text[] := '{}';
begin
    if jsonb_typeof(put_pages.pages) is distinct from 'array' then
        raise exception using
            errcode = 'PS003',
            message = format('pages must be a JSON array of page objects, not %s', coalesce(jsonb_typeof(put_pages.pages), 'null')),
            hint    = 'Write it as ''[{"external_id": "a", "title": "A", "content": "Text of the page."}]''.';
    end if;

    for number, external_id, page_id, status, reason, chunks_inserted, chunks_kept, chunks_deleted in
        select r.line, r.external_id, r.page_id, r.status, r.reason, r.chunks_inserted, r.chunks_kept, r.chunks_deleted
          from (select array_agg(e.ordinality order by e.ordinality) as lines,
                       array_agg(e.page order by e.ordinality) as pages
                  from jsonb_array_elements(put_pages.pages) with ordinality as e(page, ordinality)) as given
               cross join lateral pgsearch._put_pages(put_pages.collection, given.lines, given.pages) as r
         order by r.line
    loop
        if status = 'refused' then
            refused := refused + 1;
            if refused <= most_told then
                told := told || format('page %s%s: %s', number, ' ("' || left(nullif(external_id, ''), 100) || '")', reason);
            end if;
        end if;
        return next;
    end loop;

    -- A row of the answer is easily overlooked, an error is not; it takes back what was stored.
    if refused > 0 and keep_going is not true then
        raise exception using
            errcode = 'PS005',
            message = format('%s of %s pages cannot be stored, so none was: %s', refused, jsonb_array_length(put_pages.pages),
                             array_to_string(told, '; ') || case when refused > most_told then format('; and %s more', refused - most_told) else '' end),
            hint    = 'Mend them, or say keep_going => true to store the others and get the reasons as rows.';
    end if;
end;
$$;

comment on function pgsearch.put_pages(text, jsonb, boolean) is
'Stores pages, one row of report for each in the order given; a collection that does not exist is created with the
defaults (pg_catalog.simple).
Arguments:
- collection
- pages: an array of objects {external_id (required, a string or a whole number, which is stored as text), title,
  content or chunks, format, tags, source, metadata}
- keep_going: whether a page that cannot be stored is refused by itself; false: it is an error and keeps the others out
content is text that split_content cuts by format (''text'', ''markdown'', ''code'') and the collection''s chunk_size; chunks
is an array of strings or of {heading, content, metadata}, at most 16,000 characters each, stored as they are.
An empty page is found by its title: it gets one chunk whose content is empty and whose heading is the title.
status: inserted, updated, unchanged (nothing was written), or refused, with the reason.
An external_id given twice: the last one would be taken, the others are refused.
A chunk whose content is still on the page keeps its chunk_id and its embedding, however it moved; chunks_kept counts
those of pages that were touched. An embedding whose heading or content changed is stale until it is replaced.
Errors: PS003 when pages is not an array or the name of the collection is not valid, PS005 when a page cannot be stored
and keep_going is false.
Example:
select external_id, status
  from pgsearch.put_pages(''wiki'', ''[{"external_id": "1", "title": "Roses", "content": "Roses want sun."}]'');';
