-- Rows of followed tables that are not searched as they are, and why.

create or replace function pgsearch.list_refused_rows(collection text default null, max_rows integer default 100)
returns table (name text, external_id text, reason text, attempts integer, refused_at timestamptz, retry_at timestamptz)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsearch._check_range('max_rows', list_refused_rows.max_rows, 0, 1000000);

    return query
    select f.collection, r.external_id, r.reason, r.attempts, r.refused_at, r.retry_at
      from pgsearch.refused_rows as r
           join pgsearch.followed_tables as f on f.followed_id = r.followed_id
     where list_refused_rows.collection is null
        or f.collection = list_refused_rows.collection
     order by r.refused_at desc, f.collection, r.external_id
     limit list_refused_rows.max_rows;
end;
$$;

comment on function pgsearch.list_refused_rows(text, integer) is
'Rows of followed tables that could not be stored, the last ones first. If a page of an earlier state is there, it is
found until the row can be stored or is deleted.
Arguments:
- collection (null: all)
- max_rows (0 .. 1000000)
Returns name (the collection), external_id, reason, attempts, refused_at, retry_at (when it is tried again; null: when
the row changes, or by retry_refused_rows).
Errors: PS003 max_rows out of range.
Example:
select external_id, reason from pgsearch.list_refused_rows(''articles'');';
