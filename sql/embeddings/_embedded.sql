-- What "embedded" and "taken" mean, once. Bound when they are created, so that the planner puts them into the statement
-- around them: the tables are asked by their keys, for the chunks at hand.

create or replace function pgsearch._embedded(model_id integer)
returns table (page_id bigint, chunk_id bigint, content_hash bytea)
language sql stable parallel safe
begin atomic
    select e.page_id, e.chunk_id, e.content_hash
      from pgsearch.embeddings as e
     where e.model_id = _embedded.model_id;
end;

comment on function pgsearch._embedded(integer) is
'The chunks that have a vector of the model, each with the hash of the text that it is of: one that changed since is not
embedded.';

-- Asked for each chunk, and no relation to join: a statement that locks rows would read the union of the two whole.
create or replace function pgsearch._taken(model_id integer, page_id bigint, chunk_id bigint, content_hash bytea)
returns table (attempted boolean)
language sql stable parallel safe
begin atomic
    select false
      from pgsearch._embedded(_taken.model_id) as e
     where (e.page_id, e.chunk_id, e.content_hash) = (_taken.page_id, _taken.chunk_id, _taken.content_hash)
     union all
    select true
      from pgsearch.embedding_attempts as a
     where a.model_id = _taken.model_id
       and (a.page_id, a.chunk_id, a.content_hash) = (_taken.page_id, _taken.chunk_id, _taken.content_hash);
end;

comment on function pgsearch._taken(integer, bigint, bigint, bytea) is
'A row when the model has embedded this text of the chunk (false), and one when it was handed out to be (true); no row:
somebody has to begin with it.';
