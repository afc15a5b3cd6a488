-- Stores vectors of summaries that were computed outside.
--
-- The caller may give back the summaries that it embedded: a node whose summary changed in between stays missing.

create or replace function pgsearch.put_node_embeddings(
    repo_id    text,
    model      text,
    node_ids   text[],
    node_types text[],
    embeddings text[],
    summaries  text[] default null
)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    stored integer;
    wrong  record;
begin
    perform pgsearch._named_model(put_node_embeddings.model);
    perform pgsearch._check_collections(array[put_node_embeddings.repo_id]);
    if cardinality(node_ids) is distinct from cardinality(node_types)
       or cardinality(node_ids) is distinct from cardinality(embeddings)
       or cardinality(node_ids) <> cardinality(summaries) then
        raise exception using
            errcode = 'PS003',
            message = format('the arrays differ in length: %s node_ids, %s node_types, %s embeddings, %s summaries',
                             cardinality(node_ids), cardinality(node_types), cardinality(embeddings), coalesce(cardinality(summaries)::text, 'no')),
            hint    = 'Give one node_type and one embedding for each node_id, and one summary each or none at all.';
    end if;

    select u.node_id, u.embedding
      into wrong
      from unnest(node_ids, node_types, put_node_embeddings.embeddings) as u(node_id, node_type, embedding)
     where u.node_id is null
        or u.node_type is null
        or coalesce(u.embedding, '') !~ E'^\\s*\\[\\s*[-+0-9.eE]+(\\s*,\\s*[-+0-9.eE]+)*\\s*\\]\\s*$'
     limit 1;
    if found then
        raise exception using
            errcode = 'PS003',
            message = format('node %s has no usable embedding or no node_type: %s', coalesce(quote_literal(left(wrong.node_id, 100)), 'null'), coalesce(left(wrong.embedding, 60), 'null')),
            hint    = 'Give finite numbers as ''[0.1,0.2]'', and the node_type that list_missing_node_embeddings gave.';
    end if;
    perform pgsearch._check_node_model(put_node_embeddings.model, put_node_embeddings.embeddings);

    update pgsearch.semantic_nodes as n
       set embedding  = pgsearch._to_vector(u.embedding),
           updated_at = now()
      from (select distinct on (g.node_id, g.node_type) g.*
              from unnest(node_ids, node_types, put_node_embeddings.embeddings, summaries) with ordinality as g(node_id, node_type, embedding, summary, at)
             order by g.node_id, g.node_type, g.at desc) as u
     where n.repo_id = put_node_embeddings.repo_id
       and n.model = put_node_embeddings.model
       and n.node_id = u.node_id
       and n.node_type = u.node_type
       and (summaries is null or n.summary = u.summary);

    get diagnostics stored = row_count;
    return stored;
end;
$$;

comment on function pgsearch.put_node_embeddings(text, text, text[], text[], text[], text[]) is
'Stores the embeddings of nodes and returns how many were stored.
Arguments:
- repo_id (the collection)
- model
- node_ids (parallel to those that follow)
- node_types
- embeddings (as text, ''[0.1,0.2]'')
- summaries (what was embedded; null: not compared)
A node that no longer exists is skipped; so is one whose summary is another by now, which stays missing.
Errors: PS001 unknown collection, PS003 arrays of different lengths or an element that is null or no list of finite
numbers, PS004 wrong dimensions, PS008 unknown model.';
