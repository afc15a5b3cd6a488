-- What a database needs from time to time, VACUUM apart, which runs in no function: for pg_cron, and step by step for
-- `pgsearch maintain`, which commits after each.

create or replace function pgsearch._maintenance()
returns table (step text, target text)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select 'text_stats', s.name from pgsearch.text_stats_staleness() as s where s.stale;

    return query
    select w.step, null from unnest('{embedding_centres,relevance,fusion}'::text[]) with ordinality as w(step, at) order by w.at;

    return query
    select 'pending_pages', c.relname::text
      from pg_index as i
           join pg_class as c on c.oid = i.indexrelid
           join pg_am as a on a.oid = c.relam
     where c.relnamespace = 'pgsearch'::regnamespace
       and c.relkind = 'i'
       and i.indisvalid
       and a.amname = 'gin'
     order by c.relname;

    -- days ahead first: they matter most to the log
    return query
    select w.step, null
      from unnest('{days_ahead,reformulations,conversations,search_stats}'::text[]) with ordinality as w(step, at)
     order by w.at;

    return query
    select 'reanalysis', r.relation
      from pgsearch.reanalysis as r
     order by array_position('{pages,chunks,semantic_nodes,message_contents}', r.relation);

    return query
    select case
           when p.parent not in ('messages', 'message_contents') or pgsearch._may_leave(p.day) then 'expired_days'
           else 'days_without_archive'
           end,
           p.partition
      from pgsearch.list_partitions() as p
     where p.expired
     order by p.day, p.parent;
end;
$$;

comment on function pgsearch._maintenance() is 'What maintain has to do now, in its order: step and what it is about (null: everything).';

create or replace function pgsearch._maintain(step text, target text)
returns table (status text, amount bigint, detail text, seconds float8)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    given   constant text := _maintain.step;
    about   constant text := _maintain.target;
    started constant timestamptz := clock_timestamp();
begin
    status := 'done';
    begin
        case given
            when 'text_stats' then
                select r.lexemes_changed, format('%s words counted anew', r.lexemes_changed)
                  into amount, detail
                  from pgsearch.refresh_text_stats(about) as r;
            when 'embedding_centres' then
                select count(*) into amount from pgsearch.refresh_embedding_centres() as r;
            when 'relevance' then
                select count(*) into amount from pgsearch.calibrate_relevance(changed_only => true) as r;
            when 'fusion' then
                amount := pgsearch._calibrate_unasked();
            when 'pending_pages' then
                amount := gin_clean_pending_list(format('pgsearch.%I', about)::regclass);
            when 'days_ahead' then
                amount := pgsearch.ensure_partitions();
            when 'reformulations' then
                amount := pgsearch._detect_reformulations(clock_timestamp() - interval '2 days', clock_timestamp());
            when 'conversations' then
                select (f.ended ->> 'finalized')::bigint, f.ended::text
                  into amount, detail
                  from pgsearch.finalize_conversations() as f(ended);
            when 'search_stats' then
                select count(*) into amount from pgsearch.refresh_search_stats() as r;
            when 'reanalysis' then
                select r.rows_now, format('%s of %s rows', r.rows_done, r.rows_total) into amount, detail from pgsearch.reanalyze() as r;
                if exists (select from pgsearch.reanalysis as r) then
                    status := 'left';
                end if;
            when 'expired_days' then
                amount := pgsearch.drop_partition(about)::integer;
                if amount = 0 then
                    status := 'left';
                    detail := 'in use';
                end if;
            when 'days_without_archive' then
                status := 'left';
                detail := 'kept until `pgsearch archive` has written and verified it';
        end case;
    exception
        when others then
            status := 'failed';
            amount := null;
            detail := sqlerrm;
    end;
    seconds := extract(epoch from clock_timestamp() - started);
    return next;
end;
$$;

comment on function pgsearch._maintain(text, text) is
'Does one step of maintain; returns a row: status, amount, detail, seconds (see maintain).';

create or replace function pgsearch.maintain()
returns table (step text, target text, status text, amount bigint, detail text, seconds float8)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    -- rows of an older version are locked until the end, so a call takes some thousands of them
    batches constant integer := 10;
    parent  text;
    parents text[]  := '{}';
    in_use  boolean := false;
begin
    if not pg_try_advisory_xact_lock(hashtextextended('pgsearch.maintain', 0)) then
        return query select 'all', null, 'left', null::bigint, 'maintenance is under way in another session', 0::float8;
        return;
    end if;

    for step, target in select m.step, m.target from pgsearch._maintenance() as m loop
        -- the lock of a dropped day is held until the end: one a table, and none is waited for after one was in use
        if step = 'expired_days' then
            parent := left(target, -10);
            continue when parent = any (parents) or in_use;
            parents := parents || parent;
        end if;
        for batch in 1 .. case when step = 'reanalysis' then batches else 1 end loop
            select m.status, m.amount, m.detail, m.seconds into status, amount, detail, seconds from pgsearch._maintain(step, target) as m;
            return next;
            in_use := in_use or step = 'expired_days' and status = 'left';
            exit when status <> 'left';
        end loop;
    end loop;
end;
$$;

comment on function pgsearch.maintain() is
'The upkeep of the database, VACUUM apart, in one transaction: what pg_cron calls once a day. Statistics of words where they
are stale, centres of embeddings, the worth of scores, the trust in models that nobody asked, pending lists of the GIN
indexes, days of the log ahead, ends of conversations, roll-ups of the log, rows that an older version analysed (some
thousands a call), and days of the log that have expired (one of each table a call).
Returns a row for each step: step, target (what it was about; null: everything), status (done; left: there is more for the
next call; failed: the other steps went on), amount (how many words, pages, days, rows ...), detail, seconds.
`pgsearch maintain` takes the same steps with a commit after each, and runs VACUUM (ANALYZE) as autovacuum does by and by.
Example:
select step, target, status, amount from pgsearch.maintain();';
