-- Files that were read before: a folder of a thousand documents in which one changed costs the reading of one.

create or replace function pgsearch._splitting(settings jsonb)
returns text
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
-- raised when split_content gives other chunks for the same text, so that pages put again are split again
select 'split 2 ' || coalesce(_splitting.settings ->> 'chunk_size', pgsearch.default_settings() ->> 'chunk_size');
$$;

comment on function pgsearch._splitting(jsonb) is 'How a collection of these settings splits texts: another text, other chunks.';

create or replace function pgsearch._known_files(collection text, external_ids text[])
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
      from unnest(_known_files.external_ids) as i(id)
           join pgsearch.pages as p on p.collection = _known_files.collection
                                   and p.external_id = i.id
           join pgsearch.collections as c on c.collection = p.collection
                                         and c.text_config = p.text_config
           join pgsearch.read_files as f on f.page_id = p.page_id
                                        and f.content_hash = p.content_hash
                                       and f.split = pgsearch._splitting(c.settings);
end;
$$;

comment on function pgsearch._known_files(text, text[]) is
'Of these pages those that stand as they were read from a file, with the hash of the file.';

create or replace function pgsearch._note_files(collection text, external_ids text[], file_hashes bytea[])
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
      from unnest(_note_files.external_ids, _note_files.file_hashes) as i(id, file_hash)
           join pgsearch.pages as p on p.collection = _note_files.collection
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

comment on function pgsearch._note_files(text, text[], bytea[]) is
'Keeps the hashes of the files that pages were read from, in the same order.';
