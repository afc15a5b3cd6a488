-- Document frequencies and lengths for BM25, counted in maintenance and never at query time.
--
-- Nothing depends on their freshness but the weights of words: a search over changed rows is as exact with yesterday's statistics, only its
-- idf is yesterday's. So a refresh may be late, and searches go on while it runs: it writes only the rows that differ, in the order
-- of the indexes, which are half as large for it.

create or replace function pgsearch._text_checksum(chunk_id bigint, content_hash bytea, text_config text)
returns numeric
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select hashtextextended(encode(content_hash, 'hex') || text_config, chunk_id)::numeric;
$$;

comment on function pgsearch._text_checksum(bigint, bytea, text) is
'What a chunk adds to the checksum of its collection; the sum over all chunks changes when any of them is added, removed or rewritten.';

create or replace function pgsearch.refresh_text_stats(collection text default null)
returns table (name text, change text, chunks bigint, total_tokens bigint, lexemes_changed bigint)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    former     pgsearch.collection_stats;
    counted_to bigint;
    present    record;
    revised    bigint[];
    tokens     bigint;
    -- while chunks are analysed anew, what was counted is no longer what stands there
    analysis   constant integer := case
                                   when exists (select from pgsearch.reanalysis as r where r.relation = 'chunks') then 0
                                   else pgsearch._analysis_version()
                                   end;
begin
    if refresh_text_stats.collection is not null then
        perform pgsearch._check_collections(array[refresh_text_stats.collection]);
    end if;

    for name in
        select c.collection
          from pgsearch.collections as c
         where refresh_text_stats.collection is null
            or c.collection = refresh_text_stats.collection
         order by c.collection
    loop
        -- one refresh of a collection at a time; two would write the same rows
        perform pg_advisory_xact_lock(hashtextextended('pgsearch.refresh_text_stats ' || name, 0));

        select s.* into former from pgsearch.collection_stats as s where s.collection = name;
        counted_to := coalesce(former.last_chunk_id, 0);

        select count(*)                                                             as chunks,
               coalesce(max(c.chunk_id), 0)                                         as last_chunk_id,
               coalesce(sum(h.checksum), 0)                                         as checksum,
               count(*) filter (where h.counted)                     as former_chunks,
               coalesce(sum(h.checksum) filter (where h.counted), 0) as former_checksum,
               -- what was counted of those that have changed, in the same moment
               (select array_agg(r.chunk_id) from pgsearch.revised_chunks as r where r.collection = name) as revised,
               (select coalesce(sum(pgsearch._text_checksum(r.chunk_id, r.content_hash, r.text_config)), 0)
                  from pgsearch.revised_chunks as r
                 where r.collection = name) as revised_checksum
          into present
          from pgsearch.chunks as c
               left join pgsearch.revised_chunks as r on r.collection = name
                                                     and r.chunk_id = c.chunk_id
               cross join lateral (select pgsearch._text_checksum(c.chunk_id, c.content_hash, c.text_config) as checksum,
                                          c.chunk_id <= counted_to and r.chunk_id is null as counted
                                   offset 0) as h
         where c.collection = name;
        revised := coalesce(present.revised, '{}');

        if former.analysis = analysis and analysis > 0
           and present.former_chunks + cardinality(revised) = former.chunks
           and present.former_checksum + present.revised_checksum = former.checksum then
            change := case when cardinality(revised) > 0            then 'some'
                           when present.chunks = former.chunks then 'none'
                           else 'added' end;
        else
            change := 'all';
        end if;

        lexemes_changed := 0;
        tokens          := former.total_tokens;
        if change = 'added' then
            -- What was counted is still there as it was: counting the new chunks is enough.
            with counted as materialized (
                select s.word as lexeme, s.ndoc, s.nentry
                  from ts_stat(format('select c.content_tsv from pgsearch.chunks as c where c.collection = %L and c.chunk_id > %s and c.chunk_id <= %s',
                                      name, counted_to, present.last_chunk_id)) as s
            ),
            written as (
                insert into pgsearch.lexeme_stats as l (collection, lexeme, document_frequency)
                select name, n.lexeme, n.ndoc
                  from counted as n
                 order by n.lexeme collate "C"
                    on conflict (collection, lexeme) do update
                   set document_frequency = l.document_frequency + excluded.document_frequency
                returning 1
            )
            select (select count(*) from written), former.total_tokens + coalesce(sum(n.nentry), 0)
              into lexemes_changed, tokens
              from counted as n;
        elsif change = 'some' then
            with counted as materialized (
                select u.lexeme, sum(u.ndoc)::bigint as ndoc, sum(u.nentry)::bigint as nentry
                  from (select s.word as lexeme, s.ndoc, s.nentry
                          from ts_stat(format('select c.content_tsv from pgsearch.chunks as c '
                                              'where c.collection = %1$L and c.chunk_id > %2$s and c.chunk_id <= %3$s '
                                              'union all '
                                              'select c.content_tsv from unnest(%4$L::bigint[]) as r(chunk_id) '
                                              'join pgsearch.chunks as c on c.chunk_id = r.chunk_id '
                                              'where c.collection = %1$L and c.chunk_id <= %2$s',
                                              name, counted_to, present.last_chunk_id, revised)) as s
                         union all
                        select s.word, -s.ndoc, -s.nentry
                          from ts_stat(format('select r.content_tsv from pgsearch.revised_chunks as r '
                                              'where r.collection = %L and r.chunk_id = any (%L)',
                                              name, revised)) as s) as u
                 group by u.lexeme
            ),
            gone as (
                delete from pgsearch.lexeme_stats as l
                 using counted as n
                 where l.collection = name
                   and l.lexeme = n.lexeme
                   and l.document_frequency + n.ndoc <= 0
                returning 1
            ),
            changed as (
                update pgsearch.lexeme_stats as l
                   set document_frequency = l.document_frequency + n.ndoc
                  from counted as n
                 where l.collection = name
                   and l.lexeme = n.lexeme
                   and l.document_frequency + n.ndoc > 0
                   and n.ndoc <> 0
                returning 1
            ),
            written as (
                insert into pgsearch.lexeme_stats (collection, lexeme, document_frequency)
                select name, n.lexeme, n.ndoc
                  from counted as n
                 where n.ndoc > 0
                   and not exists (select from pgsearch.lexeme_stats as l where l.collection = name and l.lexeme = n.lexeme)
                 order by n.lexeme collate "C"
                returning 1
            )
            select (select count(*) from gone) + (select count(*) from changed) + (select count(*) from written),
                   former.total_tokens + coalesce(sum(n.nentry), 0)
              into lexemes_changed, tokens
              from counted as n;
        elsif change = 'all' then
            with counted as materialized (
                select s.word as lexeme, s.ndoc, s.nentry
                  from ts_stat(format('select c.content_tsv from pgsearch.chunks as c where c.collection = %L and c.chunk_id <= %s',
                                      name, present.last_chunk_id)) as s
            ),
            gone as (
                delete from pgsearch.lexeme_stats as l
                 where l.collection = name
                   and not exists (select from counted as n where n.lexeme = l.lexeme)
                returning 1
            ),
            written as (
                insert into pgsearch.lexeme_stats (collection, lexeme, document_frequency)
                select name, n.lexeme, n.ndoc
                  from counted as n
                       left join pgsearch.lexeme_stats as l on l.collection = name and l.lexeme = n.lexeme
                 where l.document_frequency is distinct from n.ndoc
                 order by n.lexeme collate "C"
                    on conflict (collection, lexeme) do update
                   set document_frequency = excluded.document_frequency
                returning 1
            )
            select (select count(*) from gone) + (select count(*) from written), coalesce(sum(n.nentry), 0)
              into lexemes_changed, tokens
              from counted as n;
        end if;

        delete from pgsearch.revised_chunks as r
         where r.collection = name
           and r.chunk_id = any (revised);

        insert into pgsearch.collection_stats (collection, chunks, total_tokens, last_chunk_id, checksum, analysis, refreshed_at)
        values (name, present.chunks, tokens, present.last_chunk_id, present.checksum, analysis, now())
            on conflict (collection) do update
           set chunks        = excluded.chunks,
               total_tokens  = excluded.total_tokens,
               last_chunk_id = excluded.last_chunk_id,
               checksum      = excluded.checksum,
               analysis      = excluded.analysis,
               refreshed_at  = excluded.refreshed_at;

        chunks       := present.chunks;
        total_tokens := tokens;
        return next;
    end loop;

    if refresh_text_stats.collection is null then
        delete from pgsearch.lexeme_stats as l
         where not exists (select from pgsearch.collections as c where c.collection = l.collection);

        delete from pgsearch.collection_stats as s
         where not exists (select from pgsearch.collections as c where c.collection = s.collection);
    end if;
end;
$$;

comment on function pgsearch.refresh_text_stats(text) is
'Counts anew in how many chunks each lexeme stands, and how long chunks are, for the ranking of words. Argument:
collection (null: all, which also drops the statistics of collections that are gone).
Returns one row a collection: name (the collection), change (''none'': nothing to do; ''added'': only the new chunks were
counted, since the old ones are as they were; ''some'': the new ones and those that were rewritten or deleted; ''all'': all
were counted), chunks, total_tokens, lexemes_changed (rows
written).
Runs in one transaction and blocks no search. Chunks that others commit while it runs make the next refresh count all.
For progress over many collections, call it for each.
Error: PS001 unknown collection.
Example:
select name, change, chunks from pgsearch.refresh_text_stats(''korean'');';
