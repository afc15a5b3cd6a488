-- After somebody mended what kept rows out: they are queued once more.

create or replace function pgsearch.retry_refused_rows(collection text default null)
returns bigint
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    queued bigint;
begin
    insert into pgsearch.follow_queue (followed_id, key)
    select r.followed_id, r.key
      from pgsearch.refused_rows as r
           join pgsearch.followed_tables as f on f.followed_id = r.followed_id
     where retry_refused_rows.collection is null
        or f.collection = retry_refused_rows.collection;
    get diagnostics queued = row_count;

    return queued;
end;
$$;

comment on function pgsearch.retry_refused_rows(text) is
'Queues the rows that were refused, so that work() tries them again. Returns how many.
Argument: collection (null: all).
Example:
select pgsearch.retry_refused_rows(''articles'');';
