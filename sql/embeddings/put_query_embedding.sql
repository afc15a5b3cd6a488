-- Keeps the vector of a query; the least recently used go when there are too many.
--
-- Whoever may search fills the cache for all, within a bound of its own, and changes nothing that stands in it: a wrong
-- vector would be everybody's.

create or replace function pgsearch._put_query_embedding(model text, query text, embedding text, most_kept integer, replaces boolean)
returns boolean
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set lock_timeout = '50ms'
as $$
declare
    chosen  constant pgsearch.embedding_models := pgsearch._named_model(model);
    wanted  constant text := pgsearch.normalize_query(_put_query_embedding.query);
    surplus bigint;
begin
    if coalesce(_put_query_embedding.embedding, '') !~ E'^\\s*\\[\\s*[-+0-9.eE]+(\\s*,\\s*[-+0-9.eE]+)*\\s*\\]\\s*$' then
        raise exception using
            errcode = 'PS003',
            message = format('this is no embedding: %s', coalesce(left(_put_query_embedding.embedding, 60), 'null')),
            hint    = 'Give finite numbers as ''[0.1,0.2]''.';
    end if;

    if pgsearch._dimensions(pgsearch._to_vector(_put_query_embedding.embedding)) <> chosen.dimensions then
        raise exception using
            errcode = 'PS004',
            message = format('the query embedding has %s dimensions, model "%s" has %s',
                             pgsearch._dimensions(pgsearch._to_vector(_put_query_embedding.embedding)), chosen.model, chosen.dimensions),
            hint    = 'Embed the query with the model that embedded the chunks.';
    end if;

    -- a page of the index holds no longer key, and nobody types such a query twice
    if wanted is null or octet_length(wanted) > 2000 or most_kept = 0 or current_setting('transaction_read_only')::boolean then
        return false;
    end if;

    insert into pgsearch.query_embeddings (model_id, query_normalized, embedding, used_at)
    values (chosen.model_id, wanted, pgsearch._to_vector(_put_query_embedding.embedding), now())
    on conflict (model_id, query_normalized) do update
       set embedding = excluded.embedding,
           used_at   = excluded.used_at
     where replaces;

    select count(*) - most_kept into surplus from pgsearch.query_embeddings;
    if surplus > 0 then
        delete from pgsearch.query_embeddings as q
         using (select u.model_id, u.query_normalized
                  from pgsearch.query_embeddings as u
                 -- some more than needed, so that a full cache does not delete at each new query
                 order by u.used_at
                 limit surplus + most_kept / 100
                   for update skip locked) as oldest
         where q.model_id = oldest.model_id
           and q.query_normalized = oldest.query_normalized;
    end if;

    return true;
end;
$$;

comment on function pgsearch._put_query_embedding(text, text, text, integer, boolean) is
'put_query_embedding; replaces: whether a vector that is kept already gives way. Returns whether there is one now.';

create or replace function pgsearch._share_query_embedding(model text, query text, embedding text)
returns boolean
language plpgsql volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    most_kept constant integer := 10000;
begin
    return pgsearch._put_query_embedding(model, query, embedding, most_kept, false);
end;
$$;

comment on function pgsearch._share_query_embedding(text, text, text) is
'put_query_embedding for whoever has the right search: 10,000 are kept, and none is replaced. Errors as put_query_embedding.';

revoke execute on function pgsearch._share_query_embedding(text, text, text) from public;

create or replace function pgsearch.put_query_embedding(
    model     text,
    query     text,
    embedding text,
    most_kept integer default 10000
)
returns boolean
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pgsearch._check_range('most_kept', most_kept, 0, 10000000);

    -- how many are kept is the owner's to say: a small number would empty the cache of all
    if most_kept > 0 and not has_table_privilege('pgsearch.query_embeddings', 'delete') then
        return pgsearch._share_query_embedding(model, query, embedding);
    end if;
    return pgsearch._put_query_embedding(model, query, embedding, most_kept, true);
end;
$$;

comment on function pgsearch.put_query_embedding(text, text, text, integer) is
'Keeps the embedding (as text, ''[0.1,0.2]'') of a query for this model, and drops the least recently used when more than
most_kept (0 .. 10000000, of all models together) are kept; it goes when its model is dropped.
Who has the right search but not this table keeps 10,000, whatever most_kept (but 0) says, and replaces none that is
kept already.
Returns whether it was kept: not when most_kept is 0, the transaction is read-only, or the normalised query is longer
than 2,000 bytes.
Errors: PS003 no list of finite numbers or most_kept out of range, PS004 wrong dimensions, PS008 unknown model.';
