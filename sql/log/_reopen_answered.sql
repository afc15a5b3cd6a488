-- A query that was marked as answered and fails again is a failure again.

create or replace function pgsearch._reopen_answered(queries text[], failed_at timestamptz[])
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    update pgsearch.answered_queries as a
       set failed_at = f.failed_at
      from (select u.query, min(u.failed_at) as failed_at
              from unnest(queries, _reopen_answered.failed_at) as u(query, failed_at)
             group by u.query) as f
     where a.query_normalized = f.query
       and a.failed_at is null
       -- what was stored late failed before it was seen to
       and a.answered_at < f.failed_at;
end;
$$;

comment on function pgsearch._reopen_answered(text[], timestamptz[]) is
'Writes down that queries, normalized, failed at these times, where they were marked as answered before.';
