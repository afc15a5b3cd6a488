-- What a file was when its page was read from it, so that the next run need not read it again.

create or replace function pgsearch.note_read_files(collection text, external_ids text[], file_hashes bytea[])
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
begin
    if not has_table_privilege('pgsearch.read_files', 'select') or not has_table_privilege('pgsearch.read_files', 'insert, update') then
        return;
    end if;

    insert into pgsearch.read_files as f (page_id, file_hash, content_hash, split)
    select p.page_id, i.file_hash, p.content_hash, pgsearch._splitting(c.settings)
      from unnest(note_read_files.external_ids, note_read_files.file_hashes) as i(id, file_hash)
           join pgsearch.pages as p on p.collection = note_read_files.collection
                                   and p.external_id = i.id
           join pgsearch.collections as c on c.collection = p.collection
     order by p.page_id
       for key share of p
    on conflict (page_id) do update
       set file_hash    = excluded.file_hash,
           content_hash = excluded.content_hash,
           split        = excluded.split;
end;
$$;

comment on function pgsearch.note_read_files(text, text[], bytea[]) is
'Keeps with pages the hashes of the files that they were read from, for list_read_files. Does nothing for a role that may
not write them.
Arguments:
- collection
- external_ids
- file_hashes (in the same order: of the bytes of each file, and of how it was read)';
