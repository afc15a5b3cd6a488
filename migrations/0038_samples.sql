-- depends: 0037_faster_words
-- Where words are too common for all of their chunks to be read, a sample by the hash of the id is. The index over the words
-- knew nothing of the hash, so that every chunk was visited to see whether it belongs to the sample: ten seconds for a word
-- that stands in most of five million chunks. Now the index has the hash beside the words.

create or replace function pgsearch._sample_levels(hash bigint)
returns integer[]
language sql immutable parallel safe
return pg_catalog.trim_array(
           array[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
           pg_catalog.length(pg_catalog.ltrim(
               pg_catalog.substr(pg_catalog.int8xor(hash, -9223372036854775808)::pg_catalog.bit(64)::pg_catalog.text, 1, 16), '0')));

comment on function pgsearch._sample_levels(bigint) is
'The samples of chunks to which one with this hash (hashint8extended(chunk_id, 0)) belongs: that of level n, 1 .. 16, holds one of 2^n,
and is part of the one before it; half of all chunks are in none.';

do $$
begin
    if not exists (select
                     from pg_catalog.pg_index as i
                    where i.indexrelid operator(pg_catalog.=) pg_catalog.to_regclass('pgsearch.chunks_content_tsv_gin')
                      and i.indnatts operator(pg_catalog.=) 2) then
        drop index if exists pgsearch.chunks_content_tsv_gin;
        create index chunks_content_tsv_gin
            on pgsearch.chunks
         using gin (content_tsv, pgsearch._sample_levels(pg_catalog.hashint8extended(chunk_id, 0)))
          with (gin_pending_list_limit = 1024);
    end if;
end;
$$;
