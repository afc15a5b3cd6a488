-- The language of a collection can change: every row that carries the configuration is analysed anew.

create or replace function pgsearch.set_text_config(collection text, text_config text)
returns bigint
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    qualified constant text := pgsearch._qualified_text_config(set_text_config.text_config);
    rewritten bigint;
begin
    perform pgsearch._check_collections(array[set_text_config.collection]);

    -- put_pages holds this row for share, so no page slips in with the old configuration
    update pgsearch.collections as c
       set text_config = qualified
     where c.collection = set_text_config.collection;

    update pgsearch.pages as p
       set text_config = qualified
     where p.collection = set_text_config.collection
       and p.text_config <> qualified;

    update pgsearch.chunks as c
       set text_config = qualified
     where c.collection = set_text_config.collection
       and c.text_config <> qualified;
    get diagnostics rewritten = row_count;

    -- the words are other words now
    if rewritten > 0 then
        perform pgsearch.refresh_text_stats(set_text_config.collection);
    end if;

    return rewritten;
end;
$$;

comment on function pgsearch.set_text_config(text, text) is
'Gives a collection another text search configuration and analyses its pages and chunks anew, in one transaction;
embeddings stay.
Arguments:
- collection
- text_config (such as english or pg_catalog.simple)
Returns how many chunks were rewritten (0 when nothing was to do).
Takes about as long as loading the collection.
Errors: PS001 unknown collection, PS003 unknown configuration.';
