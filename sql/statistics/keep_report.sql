-- A report as it is now, to be read when the log behind it is gone.

create or replace function pgsearch.keep_report(
    collection  text        default null,
    since       timestamptz default null,
    until       timestamptz default null,
    application text        default null
)
returns bigint
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
as $$
declare
    made constant jsonb := pgsearch.report(collection, since, until, application);
    id   bigint;
begin
    insert into pgsearch.reports (collection, date_from, date_to, document)
    values (coalesce(keep_report.collection, ''), (made ->> 'date_from')::date, (made ->> 'date_to')::date, made)
    returning report_id into id;
    return id;
end;
$$;

comment on function pgsearch.keep_report(text, timestamptz, timestamptz, text) is
'Makes a report, keeps it, and returns its id, for get_report. It holds questions of users; forget does not reach into it.
Arguments:
- collection (null: all)
- since and until (whole days in UTC; null: the last 30 days)
- application (as it is logged, see application_usage; null: all)
Error: PS003 until not after since.';
