-- The queries that were seen to, and which of them failed again.

create or replace function pgsearch.list_answered(top_n integer default 100)
returns table (
    query_normalized text,
    user_query       text,
    answered_by      text,
    answered_at      timestamptz,
    failed_at        timestamptz
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsearch._check_range('top_n', top_n, 0, 10000);

    return query
    select a.query_normalized, a.user_query, a.answered_by, a.answered_at, a.failed_at
      from pgsearch.answered_queries as a
     order by a.failed_at desc nulls last, a.answered_at desc, a.query_normalized
     limit list_answered.top_n;
end;
$$;

comment on function pgsearch.list_answered(integer) is
'Queries that mark_answered was told of, first those that failed again, then the latest.
Arguments:
- top_n (0 .. 10000 rows)
Returns query_normalized, user_query (as it was given), answered_by, answered_at, failed_at (the first search after it that found
nothing or was asked again in other words; null: none).
Error: PS003 top_n out of range.
Example:
select user_query, answered_by, answered_at from pgsearch.list_answered();';
