-- When the texts of a conversation go, as finalize_conversations and the drop of partitions have it.

create or replace function pgsearch._texts_until(last_message_at timestamptz, is_sampled boolean, retention_priority text)
returns timestamptz
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return (select date_trunc('day', last_message_at, 'UTC') + interval '1 day'
                   + case retention_priority when 'high' then greatest(s.keep_contents, s.keep_contents_high) else s.keep_contents end
              from pgsearch.log_settings as s
             where coalesce(is_sampled, true));
end;
$$;

comment on function pgsearch._texts_until(timestamptz, boolean, text) is
'When the texts of the last day of a conversation are older than they are kept; null: they are not kept.';
