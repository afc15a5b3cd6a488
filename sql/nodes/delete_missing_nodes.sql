-- A repository that was indexed again no longer has some of its symbols: so should its nodes.

create or replace function pgsearch.delete_missing_nodes(repo_id text, model text, keep_node_ids text[])
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    deleted integer;
begin
    perform pgsearch._check_collections(array[delete_missing_nodes.repo_id]);
    if keep_node_ids is null then
        raise exception using
            errcode = 'PS003',
            message = 'keep_node_ids is null',
            hint    = 'Give the ids of all nodes that are still there, ''{}'' for none.';
    end if;

    delete from pgsearch.semantic_nodes as n
     where n.repo_id = delete_missing_nodes.repo_id
       and (delete_missing_nodes.model is null or n.model = delete_missing_nodes.model)
       and not exists (select from unnest(keep_node_ids) as k(node_id) where k.node_id = n.node_id);

    get diagnostics deleted = row_count;
    return deleted;
end;
$$;

comment on function pgsearch.delete_missing_nodes(text, text, text[]) is
'Deletes the nodes of a repository whose ids are not among keep_node_ids; returns how many rows.
Arguments:
- repo_id (the collection)
- model (only its rows; null: the rows of every model, which is what a complete indexing run wants)
- keep_node_ids
Errors: PS001 unknown collection, PS003 keep_node_ids is null.';
