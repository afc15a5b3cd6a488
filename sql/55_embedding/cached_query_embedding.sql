-- The vector of a query that was asked before: a model behind HTTP takes a tenth of a second and money, this takes neither.
--
-- It must never cost a search more than it saves: the time of use is written at most once an hour, and never waited for.

create or replace function pgsearch.cached_query_embedding(model text, query text)
returns float8[]
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set lock_timeout = '50ms'
as $$
#variable_conflict use_column
declare
    chosen constant pgsearch.embedding_models := pgsearch._named_model(model);
    known  record;
begin
    select q.query_normalized, q.embedding::real[]::float8[] as embedding, q.used_at
      into known
      from pgsearch.query_embeddings as q
     where q.model_id = chosen.model_id
       and q.query_normalized = pgsearch.normalize_query(cached_query_embedding.query);

    if known.used_at < now() - interval '1 hour'
       and not current_setting('transaction_read_only')::boolean
       and has_table_privilege('pgsearch.query_embeddings', 'update') then
        update pgsearch.query_embeddings as q
           set used_at = now()
          from (select u.model_id, u.query_normalized
                  from pgsearch.query_embeddings as u
                 where u.model_id = chosen.model_id
                   and u.query_normalized = known.query_normalized
                   for update skip locked) as mine
         where q.model_id = mine.model_id
           and q.query_normalized = mine.query_normalized;
    end if;

    return known.embedding;
end;
$$;

comment on function pgsearch.cached_query_embedding(text, text) is
'The embedding of a query that put_query_embedding kept for this model, as numbers; null when there is none. Queries that normalize_query makes equal are one. Error: PS008 unknown model.';
