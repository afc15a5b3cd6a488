-- Where an archive is required, nothing of a day of messages goes before its file was read back and found to agree.

create or replace function pgsearch._may_leave(day date)
returns boolean
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return not (select s.require_archive from pgsearch.log_settings as s)
           or exists (select
                        from pgsearch.log_archives as a
                       where a.day = _may_leave.day
                         and a.kind = 'messages'
                         and a.verified_at is not null
                         -- what came since is in no file
                         and a.rows >= (select count(*)
                                          from pgsearch.messages as m
                                         where m.ts >= _may_leave.day::timestamp at time zone 'UTC'
                                           and m.ts < (_may_leave.day + 1)::timestamp at time zone 'UTC'));
end;
$$;

comment on function pgsearch._may_leave(date) is
'Whether texts and messages of a day (UTC) may be deleted, as far as the archive is concerned.';
