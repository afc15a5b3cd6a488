-- One report, as it was kept.

create or replace function pgsearch.get_report(report_id bigint)
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return (select r.document from pgsearch.reports as r where r.report_id = get_report.report_id);
end;
$$;

comment on function pgsearch.get_report(bigint) is
'A report as report gave it when it was kept; null when there is none of that id.
Arguments:
- report_id (as keep_report and list_reports tell it)';
