-- The vector of a query that was asked before: a model behind HTTP takes a tenth of a second and money, this takes neither.
--
-- It must never cost a search more than it saves: the time of use is written at most once an hour, and never waited for.
-- With the rights of the owner, one query at a time: who may search can tell whether a text was asked, letter by letter, and not what was.

create or replace function pgsearch._cached_query_embedding(model_id integer, wanted text)
returns float8[]
language plpgsql volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '50ms'
as $$
declare
    known record;
begin
    select q.embedding::real[]::float8[] as embedding, q.used_at
      into known
      from pgsearch.query_embeddings as q
     where q.model_id = _cached_query_embedding.model_id
       and q.query_normalized = wanted;

    if known.used_at < now() - interval '1 hour' and not current_setting('transaction_read_only')::boolean then
        update pgsearch.query_embeddings as q
           set used_at = now()
          from (select u.model_id, u.query_normalized
                  from pgsearch.query_embeddings as u
                 where u.model_id = _cached_query_embedding.model_id
                   and u.query_normalized = wanted
                   for update skip locked) as mine
         where q.model_id = mine.model_id
           and q.query_normalized = mine.query_normalized;
    end if;

    return known.embedding;
end;
$$;

comment on function pgsearch._cached_query_embedding(integer, text) is
'The kept embedding of one normalised query, as numbers; null when there is none. For whoever has the right search.';

revoke execute on function pgsearch._cached_query_embedding(integer, text) from public;

create or replace function pgsearch.cached_query_embedding(model text, query text)
returns float8[]
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    chosen constant pgsearch.embedding_models := pgsearch._named_model(model);
begin
    return pgsearch._cached_query_embedding(chosen.model_id, pgsearch.normalize_query(query));
end;
$$;

comment on function pgsearch.cached_query_embedding(text, text) is
'The embedding of a query that put_query_embedding kept for this model, as numbers; null when there is none. Queries that
normalize_query makes equal are one.
Error: PS008 unknown model.';
