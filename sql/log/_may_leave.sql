-- Where an archive is required, nothing of a day of messages goes before its file was read back and found to agree.

create or replace function pgsearch._may_leave(day date)
returns boolean
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return not (select s.require_archive from pgsearch.log_settings as s)
           -- counts say nothing while rows are gone that the files still have
           or not exists (select from pgsearch.archive_erasures as r where r.whole_lines)
              and exists (select
                            from pgsearch.log_archives as a
                                 -- what came since is in no file
                                 cross join lateral pgsearch._count_messages(_may_leave.day) as c
                           where a.day = _may_leave.day
                             and a.kind = 'messages'
                             and a.verified_at is not null
                             and a.rows >= c.messages
                             and a.contents >= c.texts);
end;
$$;

comment on function pgsearch._may_leave(date) is
'Whether texts and messages of a day (UTC) may be deleted, as far as the archive is concerned.';

create or replace function pgsearch._conversations_may_leave(day date)
returns boolean
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return not (select s.require_archive from pgsearch.log_settings as s)
           or not exists (select from pgsearch.archive_erasures as r where r.whole_lines)
              and exists (select
                            from pgsearch.log_archives as a
                           where a.day = _conversations_may_leave.day
                             and a.kind = 'conversations'
                             and a.verified_at is not null
                             and a.rows >= (select count(*)
                                              from pgsearch.conversations as c
                                             where c.finalized_at >= _conversations_may_leave.day::timestamp at time zone 'UTC'
                                               and c.finalized_at < (_conversations_may_leave.day + 1)::timestamp at time zone 'UTC'));
end;
$$;

comment on function pgsearch._conversations_may_leave(date) is
'Whether conversations that ended on a day (UTC) may be deleted, as far as the archive is concerned.';

create or replace function pgsearch._count_messages(day date, out messages bigint, out texts bigint)
returns record
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
-- planned anew, because only a known day leaves the other partitions out
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    since constant timestamptz := day::timestamp at time zone 'UTC';
    until constant timestamptz := (day + 1)::timestamp at time zone 'UTC';
begin
    select count(*) into messages from pgsearch.messages as m where m.ts >= since and m.ts < until;
    select count(*)
      into texts
      from pgsearch.message_contents as t
           left join pgsearch.conversations as c on c.conversation_id = t.conversation_id
     where t.ts >= since
       and t.ts < until
       and pgsearch._is_settled(c.is_sampled, t.ts);
end;
$$;

comment on function pgsearch._count_messages(date) is
'How many messages of a day (UTC) the tables have, and how many texts that belong into its archive.';

-- a conversation that never ends must not keep its texts from the archive
create or replace function pgsearch._is_settled(is_sampled boolean, ts timestamptz)
returns boolean
language sql stable parallel safe
return coalesce(is_sampled, ts < now() - interval '1 day');

comment on function pgsearch._is_settled(boolean, timestamptz) is
'Whether the text of a message goes into the archive: of a conversation whose texts are kept, or that is not decided after a day.';
