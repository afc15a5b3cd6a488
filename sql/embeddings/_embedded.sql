-- What "embedded" and "taken" mean, once. Bound when they are created, so that the planner puts them into the statement
-- around them: the tables are asked by their keys, for the chunks at hand.

create or replace function pgsearch._embedded(of_model integer)
returns table (page_id bigint, chunk_id bigint, content_hash bytea)
language sql stable parallel safe
begin atomic
    select e.page_id, e.chunk_id, e.content_hash
      from pgsearch.embeddings as e
     where e.model_id = of_model;
end;

comment on function pgsearch._embedded(integer) is
'The chunks that have a vector of the model, each with the hash of the text that it is of: one that changed since is not
embedded.';

-- Asked for each chunk, and no relation to join: a statement that locks rows would read the union of the two whole.
create or replace function pgsearch._taken(of_model integer, of_page bigint, of_chunk bigint, of_text bytea)
returns table (attempted boolean)
language sql stable parallel safe
begin atomic
    select false
      from pgsearch._embedded(of_model) as e
     where (e.page_id, e.chunk_id, e.content_hash) = (of_page, of_chunk, of_text)
     union all
    select true
      from pgsearch.embedding_attempts as a
     where a.model_id = of_model
       and (a.page_id, a.chunk_id, a.content_hash) = (of_page, of_chunk, of_text);
end;

comment on function pgsearch._taken(integer, bigint, bigint, bytea) is
'A row when the model has embedded this text of the chunk (false), and one when it was handed out to be (true); no row:
somebody has to begin with it.';
