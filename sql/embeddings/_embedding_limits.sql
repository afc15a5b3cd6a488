-- The numbers of embedding work that several functions must agree on.

create or replace function pgsearch._most_embedding_attempts()
returns integer
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select 5;
$$;

comment on function pgsearch._most_embedding_attempts() is
'After how many attempts a chunk is given up, until retry_failed_embeddings or a change of its content.';
