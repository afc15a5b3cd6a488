-- Which nodes wait for a vector, the most important first, so that a run that is cut short has done what matters.

create or replace function pgsearch.list_missing_node_embeddings(
    repo_id    text,
    model      text,
    batch_size integer default 256
)
returns table (node_id text, node_type text, summary text)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pgsearch._check_range('batch_size', batch_size, 1, 100000);
    perform pgsearch._named_model(list_missing_node_embeddings.model);
    perform pgsearch._check_collections(array[list_missing_node_embeddings.repo_id]);

    return query
    select n.node_id, n.node_type, n.summary
      from pgsearch.semantic_nodes as n
     where n.model = list_missing_node_embeddings.model
       and n.repo_id = list_missing_node_embeddings.repo_id
       and n.embedding is null
     order by coalesce((n.metadata ->> 'importance_score')::float8, 0) desc, n.node_id, n.node_type
     limit batch_size;
end;
$$;

comment on function pgsearch.list_missing_node_embeddings(text, text, integer) is
'Nodes of the repository that have a row of the model and no vector in it, the most important first.
Arguments:
- repo_id (the collection)
- model
- batch_size (1 .. 100000)
Returns node_id, node_type and summary (what is to be embedded): give all three back to put_node_embeddings, and ask
again until nothing comes.
Errors: PS001 unknown collection, PS003 batch_size out of range, PS008 unknown model.';
