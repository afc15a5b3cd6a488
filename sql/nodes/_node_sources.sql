-- What a language model needs to sum a node up: the code itself, from the chunks, because the checkout may be on another machine.

create or replace function pgsearch._node_sources(repo_id text, model text, node_ids text[], node_types text[])
returns table (
    node_id    text,
    node_type  text,
    doc_type   text,
    summary    text,
    source_id  text,
    code_hash  text,
    metadata   jsonb,
    upgraded   boolean,
    source     text,
    first_line integer
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    with wanted as (
        select distinct on (n.node_id, n.node_type)
               w.at, n.node_id, n.node_type, n.doc_type, n.summary, n.source_id, n.code_hash, n.metadata
          from unnest(node_ids, node_types) with ordinality as w(node_id, node_type, at)
               join pgsearch.semantic_nodes as n
                      on n.repo_id = _node_sources.repo_id
                     and n.node_id = w.node_id
                     and n.node_type = w.node_type
         where n.source_table = 'pages'
         order by n.node_id, n.node_type, n.summary_method desc, n.updated_at desc, n.model
    )
    select w.node_id,
           w.node_type,
           w.doc_type,
           w.summary,
           w.source_id,
           w.code_hash,
           w.metadata,
           exists (select
                     from pgsearch.semantic_nodes as l
                    where l.repo_id = _node_sources.repo_id
                      and l.node_id = w.node_id
                      and l.node_type = w.node_type
                      and l.model = _node_sources.model
                      and l.summary_method = 'llm'
                      and l.code_hash is not distinct from w.code_hash),
           s.source,
           s.first_line
      from wanted as w
           left join lateral (select string_agg(c.content, E'\n' order by c.ordinal) as source,
                                     min((c.metadata ->> 'line')::integer) as first_line
                                from pgsearch.pages as p
                                     join pgsearch.chunks as c on c.page_id = p.page_id
                               where p.collection = _node_sources.repo_id
                                 and p.external_id = w.source_id
                                 and coalesce((c.metadata ->> 'line')::integer <= (w.metadata ->> 'end_line')::integer
                                              and (c.metadata ->> 'end_line')::integer >= (w.metadata ->> 'line')::integer, true)) as s on true
     order by w.at;
end;
$$;

comment on function pgsearch._node_sources(text, text, text[], text[]) is
'The nodes named, in their order, with what a summary is made of: template summary, code_hash, metadata, upgraded (a
summary of a language model stands for this very code in the row of that model), source (the chunks that share lines
with the node; the whole page where it has no lines) and first_line (where the source begins; null where chunks have no
lines).';
