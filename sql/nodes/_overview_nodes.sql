-- A question about the whole ("how is this organised?") is answered by the documents about it, whatever words they have:
-- README, design, decisions, and where there is none of them by the modules that matter most.

create or replace function pgsearch._overview_nodes(collections text[], page_ids bigint[], most integer)
returns table (repo_id text, node_id text, node_type text, chunk_id bigint, worth float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
#variable_conflict use_column
begin
    -- what stands at the root is about all of it, what stands in a folder about that folder
    return query
    select n.repo_id, n.node_id, n.node_type, min(n.chunk_id),
           case min(n.doc_type) when 'adr' then 0.75::float8 else 1 end
           / (1 + length(n.node_id) - length(replace(n.node_id, '/', ''))) as worth
      from pgsearch.semantic_nodes as n
     where n.node_type = 'doc' and n.doc_type is not null
       and n.chunk_id is not null
       and (_overview_nodes.collections is null or n.repo_id = any (_overview_nodes.collections))
       and (_overview_nodes.page_ids is null or n.page_id = any (_overview_nodes.page_ids))
     group by n.repo_id, n.node_id, n.node_type
     order by worth desc, n.node_id, n.repo_id
     limit most;
    if found then
        return;
    end if;

    return query
    select n.repo_id, n.node_id, n.node_type, min(n.chunk_id), 0::float8
      from pgsearch.semantic_nodes as n
     where n.metadata ->> 'kind' = 'module'
       and n.chunk_id is not null
       and (_overview_nodes.collections is null or n.repo_id = any (_overview_nodes.collections))
       and (_overview_nodes.page_ids is null or n.page_id = any (_overview_nodes.page_ids))
     group by n.repo_id, n.node_id, n.node_type
     order by max(case when jsonb_typeof(n.metadata -> 'importance_score') = 'number' then (n.metadata ->> 'importance_score')::float8 end)
                  desc nulls last, n.node_id, n.repo_id
     limit most;
end;
$$;

comment on function pgsearch._overview_nodes(text[], bigint[], integer) is
'The nodes that tell of a whole repository, at most so many: its documents (README, design, decisions), else its most
important modules. Null stands for all collections, all pages. worth (0 .. 1): 1 for a README at the root, less for
decisions and by depth, 0 for modules.';
