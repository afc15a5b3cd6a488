-- What put_nodes would find unchanged need not be sent: of fifty thousand nodes, a change in one file concerns a handful.

create or replace function pgsearch._node_digests(repo_id text, model text)
returns table (node_id text, node_type text, digest text)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select n.node_id, n.node_type, n.metadata ->> 'digest'
      from pgsearch.semantic_nodes as n
     where n.repo_id = _node_digests.repo_id
       and n.model = _node_digests.model
       -- a node that lost its chunk must be sent again, to be linked to the new one
       and n.chunk_id is not null
       and n.metadata ? 'digest';
end;
$$;

comment on function pgsearch._node_digests(text, text) is
'Of the nodes of a repository in the rows of a model, as index-code last sent them: node_id, node_type and digest (of the
whole node object). Nodes without a chunk are left out.';
