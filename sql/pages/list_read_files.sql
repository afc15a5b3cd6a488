-- Files that were read before: a folder of a thousand documents in which one changed costs the reading of one.

create or replace function pgsearch.list_read_files(collection text, external_ids text[])
returns table (external_id text, file_hash bytea)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
begin
    -- who may only write pages reads every file
    if not has_table_privilege('pgsearch.read_files', 'select') then
        return;
    end if;

    return query
    select p.external_id, f.file_hash
      from unnest(list_read_files.external_ids) as i(id)
           join pgsearch.pages as p on p.collection = list_read_files.collection
                                   and p.external_id = i.id
           join pgsearch.collections as c on c.collection = p.collection
                                         and c.text_config = p.text_config
           join pgsearch.read_files as f on f.page_id = p.page_id
                                        and f.content_hash = p.content_hash
                                       and f.split = pgsearch._splitting(c.settings);
end;
$$;

comment on function pgsearch.list_read_files(text, text[]) is
'Of these pages those that stand as they were read from a file of their own.
Arguments:
- collection
- external_ids
Returns external_id and file_hash, as note_read_files had it; nothing where another put the page since, or where the
collection would split its text otherwise now.
Example:
select external_id from pgsearch.list_read_files(''wiki'', array[''guide/install.md'']);';
