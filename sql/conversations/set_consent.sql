-- Whether a user lets the texts of conversations be kept. Figures name nobody, and stay.

create or replace function pgsearch.set_consent(user_id text, granted boolean)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    if coalesce(set_consent.user_id, '') = '' or char_length(set_consent.user_id) > 255 or granted is null then
        raise exception using
            errcode = 'PS003',
            message = case when granted is null then 'it was not said whether consent is granted'
                           else format('nobody is named by a user_id of %s characters', coalesce(char_length(set_consent.user_id), 0)) end,
            hint    = 'Give the user_id that messages are logged with (1 to 255 characters), and true or false.';
    end if;

    return pgsearch._store_consent(set_consent.user_id, granted);
end;
$$;

comment on function pgsearch.set_consent(text, boolean) is
'Writes down whether a user lets the texts of conversations be kept. A refusal removes those that are there, with summaries, and
holds for what is logged from now on; the next run of `pgsearch archive` removes those of its files.
Arguments:
- user_id: as messages are logged with
- granted
Returns how many: {"conversations", "contents_removed"}.
Error: PS003 user_id empty or too long, granted null, or a user for whom the role may not log.
Example:
select pgsearch.set_consent(''lee'', false);';

create or replace function pgsearch._store_consent(user_id text, granted boolean)
returns jsonb
language plpgsql volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
    of_user text;
    talks   text[];
    removed bigint := 0;
begin
    -- who is bound to a user speaks for no other
    perform pgsearch._bound_entries(jsonb_build_array(jsonb_build_object('user_id', _store_consent.user_id)));
    of_user := pgsearch.hash_user(_store_consent.user_id);
    insert into pgsearch.chat_consents as g (user_hash, granted)
    values (of_user, _store_consent.granted)
        on conflict (user_hash) do update
       set granted    = excluded.granted,
           changed_at = now();

    with changed as (
        update pgsearch.conversations as c
           set consent        = _store_consent.granted,
               summary        = case when _store_consent.granted then c.summary end,
               summary_method = case when _store_consent.granted then c.summary_method end
         where c.user_hash = of_user
        returning c.conversation_id
    )
    select coalesce(array_agg(c.conversation_id), '{}') into talks from changed as c;
    if not _store_consent.granted then
        delete from pgsearch.message_contents as t
         where t.conversation_id = any (talks);
        get diagnostics removed = row_count;
        update pgsearch.conversations as c
           set is_sampled         = false,
               sampling_reason    = 'no_consent',
               sample_weight      = null,
               retention_priority = 'low'
         where c.conversation_id = any (talks)
           and c.finalized_at is not null;

        insert into pgsearch.archive_erasures as r (user_hash, whole_lines)
        select of_user, false
         where exists (select from pgsearch.log_archives)
            on conflict (user_hash) do update
           set requested_at = excluded.requested_at;
    else
        delete from pgsearch.archive_erasures as r
         where r.user_hash = of_user
           and not r.whole_lines;
    end if;

    return jsonb_build_object('conversations', cardinality(talks), 'contents_removed', removed);
end;
$$;

comment on function pgsearch._store_consent(text, boolean) is
'set_consent, with the rights of the owner: whoever may log for a user may store it.';

revoke execute on function pgsearch._store_consent(text, boolean) from public;
