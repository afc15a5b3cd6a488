-- How many nodes of each type a repository has.

create or replace function pgsearch._node_counts(repo_id text, model text)
returns table (node_type text, nodes bigint)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select n.node_type, count(distinct n.node_id)
      from pgsearch.semantic_nodes as n
     where n.repo_id = _node_counts.repo_id
       and (_node_counts.model is null or n.model = _node_counts.model)
     group by n.node_type
     order by n.node_type;
end;
$$;

comment on function pgsearch._node_counts(text, text) is 'Nodes of a repository by type, counted in the rows of one model (null: of all, each node once).';
