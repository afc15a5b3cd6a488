-- Stores vectors that were computed outside.
--
-- The caller gives back the content_hash that it embedded: a chunk that changed in between stays missing, a chunk that
-- is gone is skipped.
-- What is stored is no longer claimed, by whomever.

create or replace function pgsearch.put_embeddings(
    model          text,
    chunk_ids      bigint[],
    content_hashes bytea[],
    embeddings     text[]
)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen constant pgsearch.embedding_models := pgsearch._named_model(model);
    stored integer;
    wrong  record;
begin
    if cardinality(chunk_ids) is distinct from cardinality(content_hashes)
       or cardinality(chunk_ids) is distinct from cardinality(embeddings) then
        raise exception using
            errcode = 'PS003',
            message = format('the arrays differ in length: %s chunk_ids, %s content_hashes, %s embeddings',
                             cardinality(chunk_ids), cardinality(content_hashes), cardinality(embeddings)),
            hint    = 'Give one content_hash and one embedding for each chunk_id.';
    end if;

    -- the form is looked at first, because pgvector's own error would not say which chunk it is about
    select u.chunk_id, u.embedding
      into wrong
      from unnest(chunk_ids, content_hashes, put_embeddings.embeddings) as u(chunk_id, content_hash, embedding)
     where u.chunk_id is null
        or u.content_hash is null
        or coalesce(u.embedding, '') !~ E'^\\s*\\[\\s*[-+0-9.eE]+(\\s*,\\s*[-+0-9.eE]+)*\\s*\\]\\s*$'
     limit 1;

    if found then
        raise exception using
            errcode = 'PS003',
            message = format('chunk %s has no usable embedding or no content_hash: %s',
                             coalesce(wrong.chunk_id::text, 'null'), coalesce(left(wrong.embedding, 60), 'null')),
            hint    = 'Give finite numbers as ''[0.1,0.2]'', and the content_hash that list_missing_embeddings gave.';
    end if;

    select v.chunk_id, pgsearch._dimensions(v.embedding) as dimensions
      into wrong
      from (select u.chunk_id, pgsearch._to_vector(u.embedding) as embedding
              from unnest(chunk_ids, put_embeddings.embeddings) as u(chunk_id, embedding)) as v
     where pgsearch._dimensions(v.embedding) <> chosen.dimensions
     limit 1;

    if found then
        raise exception using
            errcode = 'PS004',
            message = format('the embedding of chunk %s has %s dimensions, model "%s" has %s',
                             wrong.chunk_id, wrong.dimensions, chosen.model, chosen.dimensions),
            hint    = 'Register another model for vectors of other dimensions.';
    end if;

    insert into pgsearch.embeddings as e (page_id, chunk_id, model_id, collection, content_hash, embedding)
    select c.page_id, c.chunk_id, chosen.model_id, c.collection, u.content_hash, pgsearch._to_vector(u.embedding)
      from (select distinct on (chunk_id) *
              from unnest(chunk_ids, content_hashes, put_embeddings.embeddings) as u(chunk_id, content_hash, embedding)
             order by chunk_id) as u
           join pgsearch.chunks as c on c.chunk_id = u.chunk_id
     -- a vector of the text as it was is better than none, but not than one of the text as it is
     where u.content_hash = c.content_hash
        or not exists (select
                         from pgsearch._embedded(chosen.model_id) as e
                        where (e.page_id, e.chunk_id, e.content_hash) = (c.page_id, c.chunk_id, c.content_hash))
     order by c.chunk_id
       for key share of c
    on conflict (page_id, chunk_id, model_id) do update
       set content_hash = excluded.content_hash,
           embedding    = excluded.embedding;

    get diagnostics stored = row_count;

    -- locked in the order in which claims are made, so that two workers never wait for each other in a ring
    with done as materialized (
        select a.page_id, a.chunk_id
          from unnest(chunk_ids, content_hashes) as u(chunk_id, content_hash)
               join pgsearch.chunks as c on c.chunk_id = u.chunk_id
               join pgsearch.embedding_attempts as a on a.page_id = c.page_id
                                                    and a.chunk_id = c.chunk_id
                                                    and a.model_id = chosen.model_id
                                                    and a.content_hash = u.content_hash
         order by a.chunk_id
           for update of a
    )
    delete from pgsearch.embedding_attempts as a
     using done as d
     where a.page_id = d.page_id
       and a.chunk_id = d.chunk_id
       and a.model_id = chosen.model_id;

    return stored;
end;
$$;

comment on function pgsearch.put_embeddings(text, bigint[], bytea[], text[]) is
'Stores one embedding a chunk and returns how many were stored.
Arguments:
- model
- chunk_ids (parallel to the two that follow)
- content_hashes (as list_missing_embeddings gave them)
- embeddings (as text, ''[0.1,0.2]'')
A chunk that no longer exists is skipped; one that changed meanwhile is stored and stays missing, unless its new text
has been embedded already. Claims of claim_embeddings on these texts end.
Errors: PS003 arrays of different lengths or an element that is null or no list of finite numbers, PS004 wrong
dimensions, PS008 unknown model.';
