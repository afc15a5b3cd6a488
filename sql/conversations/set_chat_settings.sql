-- The numbers that decide which conversations are kept, for all collections or for one.

create or replace function pgsearch.set_chat_settings(settings jsonb default '{}', collection text default null)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    given constant jsonb := coalesce(nullif(set_chat_settings.settings, 'null'), '{}');
begin
    perform pgsearch._check_settings(jsonb_build_object('chat', given));
    if set_chat_settings.collection is null then
        update pgsearch.log_settings as s
           set chat = s.chat || given;
    else
        perform pgsearch._check_collections(array[set_chat_settings.collection]);
        update pgsearch.collections as c
           set settings = c.settings || jsonb_build_object('chat', coalesce(c.settings -> 'chat', '{}') || given)
         where c.collection = set_chat_settings.collection;
    end if;

    return pgsearch._chat_settings(set_chat_settings.collection);
end;
$$;

comment on function pgsearch.set_chat_settings(jsonb, text) is
'Sets which conversations are kept with their texts, from the next that ends.
Arguments:
- settings: object with any of sample_rate (0 .. 1, share of those without a reason to be kept; 1 at first), min_score (0 .. 1; 0.5),
  long_turns (1 .. 100000; 5), idle_minutes (1 .. 525600 of silence that end a conversation; 30). Others stay as they are
- collection (null: all that have no settings of their own)
Returns the settings in force.
Errors: PS001 unknown collection, PS002 unknown key, PS003 value out of range.
Example:
select pgsearch.set_chat_settings(''{"sample_rate": 0.2}'');';
