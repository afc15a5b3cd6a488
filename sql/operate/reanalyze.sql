-- Rows that were analysed before words and wholes are analysed anew, in batches, while searches and writers go on.
--
-- An update that changes nothing computes the generated column anew, under locks on its rows alone. `alter table .. alter
-- column .. set expression` would keep every search out until all is done (20 s for 57,000 chunks), and PostgreSQL 15 and 16
-- do not have it. Each call is one transaction, and where it ended stands in a table, so it may be killed at any time.

create or replace function pgsearch._reanalyze_rows(
    relation  text,
    last_key  text[],
    most_rows integer,
    out done    integer,
    out reached text[]
)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set gin_fuzzy_search_limit = 0
as $$
begin
    if relation = 'pages' then
        with batch as materialized (
            select p.page_id
              from pgsearch.pages as p
             where p.page_id > coalesce(last_key[1]::bigint, 0)
             order by p.page_id
             limit most_rows
               for no key update
        ),
        renewed as (
            update pgsearch.pages as p
               set title = p.title
              from batch as b
             where p.page_id = b.page_id
               and p.title_tsv <> pgsearch._analyze(p.text_config, p.title)
        )
        select count(*), array[max(b.page_id)::text] into done, reached from batch as b;
    elsif relation = 'chunks' then
        with batch as materialized (
            select c.page_id, c.chunk_id
              from pgsearch.chunks as c
             where c.chunk_id > coalesce(last_key[1]::bigint, 0)
             order by c.chunk_id
             limit most_rows
               for no key update
        ),
        renewed as (
            update pgsearch.chunks as c
               set content = c.content
              from batch as b
             where c.page_id = b.page_id
               and c.chunk_id = b.chunk_id
               and c.content_tsv <> pgsearch._analyze_chunk(c.text_config, c.heading, c.content)
        )
        select count(*), array[max(b.chunk_id)::text] into done, reached from batch as b;
    elsif relation = 'semantic_nodes' then
        with batch as materialized (
            select n.repo_id, n.node_id, n.node_type, n.model
              from pgsearch.semantic_nodes as n
             where last_key = '{}'
                or (n.repo_id, n.node_id, n.node_type, n.model) > (last_key[1], last_key[2], last_key[3], last_key[4])
             order by n.repo_id, n.node_id, n.node_type, n.model
             limit most_rows
               for no key update
        ),
        renewed as (
            update pgsearch.semantic_nodes as n
               set summary = n.summary
              from batch as b
             where (n.repo_id, n.node_id, n.node_type, n.model) = (b.repo_id, b.node_id, b.node_type, b.model)
               and (n.summary_tsv <> pgsearch._analyze_node(n.text_config, n.node_id, n.summary, n.metadata)
                    or n.name_words <> length(pgsearch._analyze_name(n.text_config, n.node_id, n.metadata)))
        )
        select count(*) over (), array[b.repo_id, b.node_id, b.node_type, b.model]
          into done, reached
          from batch as b
         order by b.repo_id desc, b.node_id desc, b.node_type desc, b.model desc
         limit 1;
    else
        -- the words of messages stand in an index alone, which is made anew day by day: an update would not touch it
        select count(*) over (), array[i.indexrelid::regclass::text]
          into done, reached
          from pg_partition_tree('pgsearch.message_contents_words') as t
               join pg_index as i on i.indexrelid = t.relid
         where t.isleaf
           and (last_key = '{}' or i.indexrelid::regclass::text > last_key[1])
         order by i.indexrelid::regclass::text
         limit 1;
        if done > 0 then
            execute format('reindex index %s', reached[1]);
            done := 1;
        end if;
    end if;
    done    := coalesce(done, 0);
    reached := case when done > 0 then reached else last_key end;
end;
$$;

comment on function pgsearch._reanalyze_rows(text, text[], integer) is
'Analyses the next most_rows rows of a table anew, those behind last_key (''{}'': from the beginning); of the messages, the
index of the next day. Returns how many were looked at (done, 0: there are none left) and the key of the last (reached).';

create or replace function pgsearch._count_to_reanalyze(relation text)
returns bigint
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    counted bigint;
begin
    if relation = 'message_contents' then
        return (select count(*) from pg_partition_tree('pgsearch.message_contents_words') as t where t.isleaf and t.level > 0);
    end if;
    execute format('select count(*) from pgsearch.%I', relation) into counted;
    return counted;
end;
$$;

comment on function pgsearch._count_to_reanalyze(text) is 'How many rows (of messages: days) reanalyze has to go through.';

create or replace function pgsearch.reanalyze(most_rows integer default 1000)
returns table (relation text, rows_done bigint, rows_total bigint, rows_now bigint)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    work  pgsearch.reanalysis;
    batch record;
begin
    perform pgsearch._check_range('most_rows', most_rows, 1, 100000);
    -- another call is waited for, and its work not done again
    perform pg_advisory_xact_lock(hashtextextended('pgsearch.reanalyze', 0));

    -- titles first: they are few
    select r.*
      into work
      from pgsearch.reanalysis as r
     order by array_position('{pages,chunks,semantic_nodes,message_contents}', r.relation)
     limit 1;
    if work.relation is null then
        return;
    end if;

    work.rows_total := coalesce(work.rows_total, pgsearch._count_to_reanalyze(work.relation));
    batch           := pgsearch._reanalyze_rows(work.relation, work.last_key, most_rows);
    if batch.done = 0 then
        delete from pgsearch.reanalysis as r where r.relation = work.relation;
    else
        update pgsearch.reanalysis as r
           set last_key   = batch.reached,
               rows_done  = r.rows_done + batch.done,
               rows_total = work.rows_total
         where r.relation = work.relation;
    end if;

    work.rows_done := work.rows_done + batch.done;
    return query select work.relation, work.rows_done, greatest(work.rows_total, work.rows_done), batch.done::bigint;
end;
$$;

comment on function pgsearch.reanalyze(integer) is
'Analyses a batch of rows anew that were analysed by an older version of pgsearch: call it until it returns no row, or let
pgsearch maintain do so. Until then searches ask for old and new forms together.
Arguments:
- most_rows (1 .. 100000 rows a call; a call is one transaction)
Returns one row: relation (the table whose turn it was), rows_done and rows_total of it, rows_now (those of this
call; for message_contents, days); no row when nothing is left. Locks the rows of the batch
against writers; may be ended at any time and goes on where it was.
Error: PS003 most_rows out of range.
Example:
select * from pgsearch.reanalyze();';
