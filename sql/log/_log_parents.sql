-- The tables of the log that lie in partitions of a day, and how long each is kept: what makes days, lists, checks and
-- drops them asks here.

create or replace function pgsearch._log_parents()
returns table (parent text, keep interval)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select p.parent, p.keep
      from pgsearch.log_settings as s
           cross join lateral (values ('queries', s.keep_queries),
                                      ('events', s.keep_events),
                                      ('messages', s.keep_messages),
                                      -- texts that go earlier are deleted by finalize_conversations
                                      ('message_contents', greatest(s.keep_contents, s.keep_contents_high))) as p(parent, keep);
end;
$$;

comment on function pgsearch._log_parents() is 'The partitioned tables of the log and how long their days are kept.';
