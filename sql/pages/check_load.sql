-- Every page of a load is judged before the first one is stored: nothing is ever half loaded because of a bad line.

create or replace function pgsearch.check_load(collection text, load_id uuid)
returns table (line bigint, origin text, external_id text, reason text)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set work_mem = '64MB'
as $$
#variable_conflict use_column
declare
    most       constant integer := 16000;
    chunk_size constant integer := coalesce((select c.settings ->> 'chunk_size' from pgsearch.collections as c where c.collection = check_load.collection),
                                            pgsearch.default_settings() ->> 'chunk_size');
begin
    perform pgsearch._check_load_id(check_load.load_id);
    analyze pg_temp.pages_to_load;

    -- Passages come with ids of their own (metadata), which each piece of a long one keeps.
    update pg_temp.pages_to_load as l
       set page = jsonb_set(l.page, '{chunks}', s.chunks)
      from (select long.line,
                   jsonb_agg(x.piece order by c.ordinality, p.ordinal) as chunks
              from pg_temp.pages_to_load as long
                   cross join lateral jsonb_array_elements(long.page -> 'chunks') with ordinality as c(value, ordinality)
                   left join lateral pgsearch.split_content(c.value ->> 'content', 'text', chunk_size) as p on char_length(c.value ->> 'content') > most
                   -- made below the sort, which would carry the whole passage with each of its pieces
                   cross join lateral (select case when p.content is null then c.value else c.value || jsonb_build_object('content', p.content) end as piece offset 0) as x
             where long.form <> 'page'
               and jsonb_path_exists(long.page, '$.chunks[*].content')
               and char_length(long.page #>> '{chunks}') > most
               and exists (select from jsonb_array_elements(long.page -> 'chunks') as e where char_length(e ->> 'content') > most)
             group by long.line) as s
     where l.line = s.line;

    -- Parts of one page that were not next to each other: the first one takes the passages of the others.
    create temp table pages_to_load_scattered on commit drop as
    select l.page ->> 'external_id' as external_id,
           min(l.line) as first_line
      from pg_temp.pages_to_load as l
     where l.form = 'part'
     group by l.page ->> 'external_id'
    having count(*) > 1;

    if exists (select from pg_temp.pages_to_load_scattered) then
        analyze pg_temp.pages_to_load_scattered;

        update pg_temp.pages_to_load as l
           set page = jsonb_set(l.page, '{chunks}', g.chunks)
          from (select s.first_line,
                       jsonb_agg(c.value order by p.line, c.ordinality) as chunks
                  from pg_temp.pages_to_load_scattered as s
                       join pg_temp.pages_to_load as p
                         on p.form = 'part'
                        and p.page ->> 'external_id' = s.external_id
                       cross join lateral jsonb_array_elements(p.page -> 'chunks') with ordinality as c(value, ordinality)
                 group by s.first_line) as g
         where l.line = g.first_line;

        delete from pg_temp.pages_to_load as l
         using pg_temp.pages_to_load_scattered as s
         where l.form = 'part'
           and l.page ->> 'external_id' = s.external_id
           and l.line <> s.first_line;
    end if;
    drop table pg_temp.pages_to_load_scattered;

    return query
    with judged as materialized (
        select l.line,
               l.origin,
               l.page ->> 'external_id' as external_id,
               pgsearch._page_refusal(l.page) as reason
          from pg_temp.pages_to_load as l
    ), repeated as (
        select j.external_id,
               max(j.line) as last_line,
               (array_agg(j.origin order by j.line desc))[1] as last_origin
          from judged as j
         where j.reason is null
         group by j.external_id
        having count(*) > 1
    ), refused as (
        select j.line,
               j.origin,
               j.external_id,
               coalesce(j.reason, format('external_id %s comes again in %s; the last one is taken', quote_literal(j.external_id), r.last_origin)) as reason
          from judged as j
               left join repeated as r
                      on r.external_id = j.external_id
                     and r.last_line <> j.line
         where j.reason is not null
            or r.external_id is not null
    ), taken_out as (
        delete from pg_temp.pages_to_load as l
         using refused as r
         where l.line = r.line
    )
    select r.line, r.origin, r.external_id, r.reason
      from refused as r
     order by r.line;
end;
$$;

comment on function pgsearch.check_load(text, uuid) is
'Readies pg_temp.pages_to_load of the load with this load_id (see begin_load) for load_pages: joins the parts of a page,
splits passages of more than 16,000 characters at the collection''s chunk_size, and takes out what put_pages would
refuse, one row for each with the reason.
The caller decides whether to go on with the rest. An external_id that comes twice: the last one stays.
Error: PS003 when no such load is at hand.';
