-- The log in the form of User Behavior Insights 1.3, for the tools that read it.

create or replace function pgsearch.export_ubi(
    kind       text,
    collection text        default null,
    since      timestamptz default null,
    until      timestamptz default null
)
returns setof jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if kind is null or kind not in ('queries', 'events') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown kind %s', coalesce(quote_literal(kind), 'null')),
            hint    = 'Known kinds: queries, events.';
    end if;

    if since >= until then
        raise exception using
            errcode = 'PS003',
            message = format('until (%s) must be later than since (%s)', until, since),
            hint    = 'Give the first moment and the first moment after it; null stands for the beginning and the end of the log.';
    end if;

    if kind = 'queries' then
        return query
        select pgsearch._ubi_query(q)
          from pgsearch.queries as q
         where q.ts >= coalesce(export_ubi.since, '-infinity')
           and q.ts < coalesce(export_ubi.until, 'infinity')
           and (export_ubi.collection is null or q.collection = export_ubi.collection)
         order by q.ts, q.query_id;
    else
        return query
        select pgsearch._ubi_event(e)
          from pgsearch.events as e
         where e.ts >= coalesce(export_ubi.since, '-infinity')
           and e.ts < coalesce(export_ubi.until, 'infinity')
           and (export_ubi.collection is null
                or e.query_id in (select q.query_id from pgsearch.queries as q where q.collection = export_ubi.collection))
         order by e.ts, e.event_id;
    end if;
end;
$$;

comment on function pgsearch.export_ubi(text, text, timestamptz, timestamptz) is
'The log as records of User Behavior Insights 1.3, oldest first; records that were imported come out as they went in.
Arguments:
- kind (queries, events)
- collection (null: all; of events those about its searches)
- since and until (from since up to but not including until; null: no bound)
Returns one JSON object a row.
Errors: PS002 unknown kind, PS003 until not after since.
Example:
select * from pgsearch.export_ubi(''queries'');';
