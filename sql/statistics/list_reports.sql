-- The reports that were kept.

create or replace function pgsearch.list_reports(top_n integer default 50)
returns table (report_id bigint, collection text, date_from date, date_to date, created_at timestamptz, anomalies integer, application text)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pgsearch._check_range('top_n', top_n, 0, 10000);

    return query
    select r.report_id, r.collection, r.date_from, r.date_to, r.created_at,
           case when jsonb_typeof(r.document -> 'anomalies') = 'array' then jsonb_array_length(r.document -> 'anomalies') else 0 end,
           r.document ->> 'application'
      from pgsearch.reports as r
     order by r.report_id desc
     limit list_reports.top_n;
end;
$$;

comment on function pgsearch.list_reports(integer) is
'The reports that were kept, the latest first.
Arguments:
- top_n (0 .. 10000 rows)
Returns report_id, collection (empty: all), date_from, date_to, created_at, anomalies (how many unusual hours it
tells of), application (null: all).
Error: PS003 top_n out of range.
Example:
select report_id, date_from, date_to from pgsearch.list_reports();';
