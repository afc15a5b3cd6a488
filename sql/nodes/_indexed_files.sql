-- What an index of a repository was made from, so that the next run reads only what changed.
--
-- The hash stands in two places, because they are written in two transactions: on the page, and on the node of the
-- file. Only a file that has it in both is done.

create or replace function pgsearch._indexed_files(repo_id text)
returns table (path text, file_hash text, language text, unparsed text, node_hashes jsonb)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    with of_files as (
        select n.source_id, jsonb_object_agg(n.model, n.metadata -> 'file_hash') as hashes
          from pgsearch.semantic_nodes as n
         where n.repo_id = _indexed_files.repo_id
           and (n.node_id = n.source_id or n.node_type = 'issue')
           and n.metadata ? 'file_hash'
         group by n.source_id
    )
    select p.external_id, coalesce(p.metadata ->> 'file_hash', ''), coalesce(p.metadata ->> 'language', ''), p.metadata ->> 'unparsed', coalesce(f.hashes, '{}')
      from pgsearch.pages as p
           left join of_files as f on f.source_id = p.external_id
     where p.collection = _indexed_files.repo_id
       and p.metadata ? 'file_hash';
end;
$$;

comment on function pgsearch._indexed_files(text) is
'The files and issues of a repository as index-code last stored them: path, file_hash of the page, language (''issue'' for
issues), unparsed (why a Python file has no nodes), node_hashes (an object: model to the file_hash of the file''s node).';

create or replace function pgsearch._indexed_facts(repo_id text)
returns table (path text, file_hash text, facts text)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select distinct on (n.source_id)
           n.source_id, n.metadata ->> 'file_hash', n.metadata ->> 'facts'
      from pgsearch.semantic_nodes as n
     where n.repo_id = _indexed_facts.repo_id
       and n.node_id = n.source_id
       and n.node_type in ('symbol', 'doc')
       and n.metadata ? 'file_hash'
     order by n.source_id, n.updated_at desc, n.model;
end;
$$;

comment on function pgsearch._indexed_facts(text) is
'What index-code read from each file: path, file_hash, facts (packed, see pgsearch.code.facts). Of several models the row
that was written last.';
