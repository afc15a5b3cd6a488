-- Nodes that were stored without an embedding model get one: the rows stay what they are, and are not doubled.

create or replace function pgsearch._name_node_model(repo_id text, model text)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    named integer;
begin
    delete from pgsearch.semantic_nodes as n
     where n.repo_id = _name_node_model.repo_id
       and n.model = ''
       and exists (select
                     from pgsearch.semantic_nodes as m
                    where m.repo_id = n.repo_id
                      and m.node_id = n.node_id
                      and m.node_type = n.node_type
                      and m.model = _name_node_model.model);

    update pgsearch.semantic_nodes as n
       set model = _name_node_model.model
     where n.repo_id = _name_node_model.repo_id
       and n.model = '';

    get diagnostics named = row_count;
    return named;
end;
$$;

comment on function pgsearch._name_node_model(text, text) is
'Turns the rows of a repository''s nodes that have the empty model into rows of the model named; where such a row stands
already, the empty one goes. Returns how many were turned.';
