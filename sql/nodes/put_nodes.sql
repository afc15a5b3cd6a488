-- Nodes in: upsert by (repo, node, type, model), nothing written that did not change.
--
-- Two things cost money and are kept as long as they are true: the embedding, while the summary is the same, and a
-- summary of a language model, while the code is the same.
-- A template summary of the same code never replaces it; one of other code does, in the rows of every model, and their
-- embeddings go with it.

create or replace function pgsearch._node_refusal(node jsonb)
returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    known  constant text[] := array['code_hash', 'doc_type', 'embedding', 'metadata', 'node_id', 'node_type', 'source_id', 'source_table', 'summary', 'summary_method'];
    reason text;
begin
    if jsonb_typeof(node) is distinct from 'object' then
        return format('a node must be a JSON object, not %s', coalesce(jsonb_typeof(node), 'null'));
    end if;

    select format('unknown key "%s"; known keys: %s', min(key), array_to_string(known, ', '))
      into reason
      from jsonb_object_keys(node - known) as key
    having min(key) is not null;
    if reason is not null then
        return reason;
    end if;

    select format('%s must be a string, not %s', k.key, jsonb_typeof(node -> k.key))
      into reason
      from unnest(array['node_id', 'node_type', 'summary', 'doc_type', 'summary_method', 'source_table', 'source_id', 'code_hash']) with ordinality as k(key, at)
     where coalesce(jsonb_typeof(node -> k.key), 'null') <> 'string'
       and (k.at <= 3 or coalesce(jsonb_typeof(node -> k.key), 'null') <> 'null')
     order by k.at
     limit 1;
    if reason is not null then
        return reason;
    end if;

    return case
           when node ->> 'node_id' = '' then
               'node_id is empty'
           when octet_length(node ->> 'node_id') > 1000 then
               format('node_id is %s bytes long, at most 1000 are allowed', octet_length(node ->> 'node_id'))
           when node ->> 'node_type' not in ('symbol', 'route', 'doc', 'issue') then
               format('unknown node_type "%s"; known types: symbol, route, doc, issue', left(node ->> 'node_type', 40))
           when node ->> 'doc_type' not in ('readme', 'adr', 'design') then
               format('unknown doc_type "%s"; known types: readme, adr, design', left(node ->> 'doc_type', 40))
           when node ->> 'summary_method' not in ('template', 'llm') then
               format('unknown summary_method "%s"; known methods: template, llm', left(node ->> 'summary_method', 40))
           when node ->> 'source_table' not in ('pages', 'chunks') then
               format('unknown source_table "%s"; known tables: pages, chunks', left(node ->> 'source_table', 40))
           when node ->> 'source_table' = 'chunks' and coalesce(node ->> 'source_id', '') !~ E'^\\d{1,18}$' then
               format('source_id must be a chunk_id, not %s', coalesce(quote_literal(left(node ->> 'source_id', 40)), 'null'))
           when btrim(node ->> 'summary') = '' then
               'summary is empty: it is what the node is found by'
           when char_length(node ->> 'summary') > 16000 then
               format('summary is %s characters long, at most 16000 are allowed', char_length(node ->> 'summary'))
           when coalesce(jsonb_typeof(node -> 'metadata'), 'null') not in ('object', 'null') then
               format('metadata must be an object, not %s', jsonb_typeof(node -> 'metadata'))
           when coalesce(jsonb_typeof(node #> '{metadata,importance_score}'), 'null') <> 'null'
                and not jsonb_path_exists(node, '$.metadata.importance_score ? (@.type() == "number" && @ >= 0 && @ <= 1)') then
               format('importance_score must be a number from 0 to 1, not %s', node #> '{metadata,importance_score}')
           when exists (select
                          from unnest(array['name', 'qualified_name', 'route', 'method']) as k(key)
                         where coalesce(jsonb_typeof(node -> 'metadata' -> k.key), 'null') not in ('string', 'null')
                            or char_length(node -> 'metadata' ->> k.key) > 1000) then
               'name, qualified_name, route and method in metadata must be strings of at most 1000 characters'
           when coalesce(jsonb_typeof(node -> 'embedding'), 'null') not in ('array', 'string', 'null')
                or jsonb_path_exists(node, '$.embedding[*] ? (@.type() != "number" && @.type() != "string")')
                or jsonb_typeof(node -> 'embedding') <> 'null' and (node ->> 'embedding') !~ E'^\\s*\\[\\s*[-+0-9.eE]+(\\s*,\\s*[-+0-9.eE]+)*\\s*\\]\\s*$' then
               format('embedding is no list of finite numbers: %s', left(node ->> 'embedding', 60))
           end;
end;
$$;

comment on function pgsearch._node_refusal(jsonb) is 'Why put_nodes would refuse this node object, in words for its owner; null when it would store it.';

create or replace function pgsearch._check_node_model(model text, embeddings text[])
returns integer
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    chosen pgsearch.embedding_models;
    wrong  integer;
begin
    if model is null or model = '' and cardinality(array_remove(embeddings, null)) > 0 then
        raise exception using
            errcode = 'PS008',
            message = 'the embeddings of the nodes have no model',
            hint    = 'Name a model that register_model made known, or give '''' and no embeddings for nodes that only words find.';
    end if;

    if model = '' then
        return 0;
    end if;

    chosen := pgsearch._named_model(model);
    select pgsearch._dimensions(pgsearch._to_vector(e.embedding))
      into wrong
      from unnest(embeddings) as e(embedding)
     where pgsearch._dimensions(pgsearch._to_vector(e.embedding)) <> chosen.dimensions
     limit 1;
    if found then
        raise exception using
            errcode = 'PS004',
            message = format('the embedding of a node has %s dimensions, model "%s" has %s', wrong, chosen.model, chosen.dimensions),
            hint    = 'Register another model for vectors of other dimensions.';
    end if;

    return chosen.model_id;
end;
$$;

comment on function pgsearch._check_node_model(text, text[]) is
'The model_id of a model of nodes, 0 for the empty name. Errors: PS004 an embedding of other dimensions, PS008 unknown
model, or embeddings without one.';

create or replace function pgsearch.put_nodes(repo_id text, model text, nodes jsonb)
returns table (inserted integer, updated integer, unchanged integer, summaries_kept integer, unlinked integer)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    config text;
    wrong  record;
begin
    if jsonb_typeof(put_nodes.nodes) is distinct from 'array' then
        raise exception using
            errcode = 'PS003',
            message = format('nodes must be a JSON array of node objects, not %s', coalesce(jsonb_typeof(put_nodes.nodes), 'null')),
            hint    = 'Write it as ''[{"node_id": "app.search", "node_type": "symbol", "summary": "Function search ..."}]''.';
    end if;
    perform pgsearch._check_collections(array[put_nodes.repo_id]);

    select e.at, e.node ->> 'node_id' as node_id, pgsearch._node_refusal(e.node) as reason
      into wrong
      from jsonb_array_elements(put_nodes.nodes) with ordinality as e(node, at)
     where pgsearch._node_refusal(e.node) is not null
     order by e.at
     limit 1;
    if found then
        raise exception using
            errcode = 'PS003',
            message = format('node %s%s: %s', wrong.at, coalesce(format(' ("%s")', left(wrong.node_id, 100)), ''), wrong.reason),
            hint    = 'No node of this call was stored.';
    end if;

    perform pgsearch._check_node_model(put_nodes.model, array(select e.node ->> 'embedding' from jsonb_array_elements(put_nodes.nodes) as e(node)));

    -- for share: set_text_config waits until these nodes are in, and the other way round
    select c.text_config
      into config
      from pgsearch.collections as c
     where c.collection = put_nodes.repo_id
       for share;

    return query
    with given as materialized (
        -- a node that comes twice: the last one is taken
        select distinct on (g.node_id, g.node_type) g.*
          from (select e.at,
                       e.node ->> 'node_id' as node_id,
                       e.node ->> 'node_type' as node_type,
                       e.node ->> 'doc_type' as doc_type,
                       e.node ->> 'summary' as summary,
                       coalesce(e.node ->> 'summary_method', 'template') as summary_method,
                       e.node ->> 'source_table' as source_table,
                       e.node ->> 'source_id' as source_id,
                       coalesce(nullif(e.node -> 'metadata', 'null'), '{}') as metadata,
                       e.node ->> 'embedding' as embedding,
                       -- a template says of the code what the code says of itself; a language model does not, so its
                       -- row keeps the fingerprint that it had
                       coalesce(e.node ->> 'code_hash',
                                case when coalesce(e.node ->> 'summary_method', 'template') = 'template' then md5(e.node ->> 'summary') end) as code_hash
                  from jsonb_array_elements(put_nodes.nodes) with ordinality as e(node, at)) as g
         order by g.node_id, g.node_type, g.at desc
    ),
    of_pages as materialized (
        select g.node_id, g.node_type, g.metadata -> 'qualified_name' as symbol, g.metadata -> 'line' as line, p.page_id
          from given as g
               join pgsearch.pages as p on p.collection = put_nodes.repo_id
                                       and p.external_id = g.source_id
         where g.source_table = 'pages'
    ),
    chunks_of_pages as (
        select c.page_id, c.chunk_id, c.ordinal, c.metadata -> 'symbol' as symbol, c.metadata -> 'line' as line, c.metadata -> 'end_line' as end_line
          from (select distinct o.page_id from of_pages as o) as p
               join pgsearch.chunks as c on c.page_id = p.page_id
    ),
    named as materialized (
        -- a full join is never a nested loop, however wrong the row estimates: that would be all symbols of a file times all its chunks
        select o.node_id, o.node_type, o.page_id, o.line, c.chunk_id, c.ordinal, (c.line <= o.line and c.end_line >= o.line) is true as around
          from of_pages as o
               full join chunks_of_pages as c on c.page_id = o.page_id
                                             and c.symbol = o.symbol
    ),
    linked as (
        -- the chunk of that symbol
        (select distinct on (n.node_id, n.node_type)
                n.node_id, n.node_type, n.page_id, n.chunk_id
           from named as n
          where n.node_id is not null
            and n.chunk_id is not null
          order by n.node_id, n.node_type, n.around desc, n.ordinal, n.chunk_id)
        union all
        -- else the innermost that has the line, else the first
        select n.node_id, n.node_type, n.page_id, f.chunk_id
          from named as n
               cross join lateral (select c.chunk_id
                                     from pgsearch.chunks as c
                                          cross join lateral (select (c.metadata -> 'line' <= n.line and c.metadata -> 'end_line' >= n.line) is true as around) as l
                                    where c.page_id = n.page_id
                                    order by l.around desc, case when l.around then -c.ordinal else c.ordinal end, c.chunk_id
                                    limit 1) as f
         where n.node_id is not null
           and n.chunk_id is null
    ),
    resolved as materialized (
        select g.*,
               coalesce(l.page_id, c.page_id) as page_id,
               coalesce(l.chunk_id, c.chunk_id) as chunk_id
          from given as g
               left join linked as l on l.node_id = g.node_id
                                    and l.node_type = g.node_type
               left join pgsearch.chunks as c on g.source_table = 'chunks'
                                             and c.chunk_id = case when g.source_table = 'chunks' then g.source_id::bigint end
                                             and c.collection = put_nodes.repo_id
    ),
    old as (
        select n.*
          from resolved as r
               join pgsearch.semantic_nodes as n on n.repo_id = put_nodes.repo_id
                                                and n.node_id = r.node_id
                                                and n.node_type = r.node_type
    ),
    wanted as materialized (
        select r.node_id, r.node_type, r.doc_type, r.source_table, r.source_id, r.metadata, r.page_id, r.chunk_id,
               k.kept,
               case when k.kept then o.summary else r.summary end as summary,
               case when k.kept then 'llm' else r.summary_method end as summary_method,
               coalesce(r.code_hash, o.code_hash, (select max(x.code_hash) from old as x where x.node_id = r.node_id and x.node_type = r.node_type)) as code_hash,
               case
               when k.kept then o.embedding
               when r.embedding is not null then pgsearch._to_vector(r.embedding)
               when o.summary = r.summary then o.embedding
               end as embedding
          from resolved as r
               left join old as o on o.node_id = r.node_id
                                 and o.node_type = r.node_type
                                 and o.model = put_nodes.model
               cross join lateral (select (o.summary_method = 'llm' and r.summary_method = 'template' and coalesce(o.code_hash, r.code_hash) = r.code_hash) is true as kept) as k
    ),
    stored as (
        insert into pgsearch.semantic_nodes as n
               (repo_id, node_id, node_type, doc_type, summary, summary_method, model, embedding, source_table, source_id, metadata, code_hash, text_config, page_id, chunk_id)
        select put_nodes.repo_id, w.node_id, w.node_type, w.doc_type, w.summary, w.summary_method, put_nodes.model, w.embedding,
               w.source_table, w.source_id, w.metadata, w.code_hash, config, w.page_id, w.chunk_id
          from wanted as w
         order by w.node_id collate "C", w.node_type collate "C"
            on conflict (repo_id, node_id, node_type, model) do update
           set doc_type       = excluded.doc_type,
               summary        = excluded.summary,
               summary_method = excluded.summary_method,
               embedding      = excluded.embedding,
               source_table   = excluded.source_table,
               source_id      = excluded.source_id,
               metadata       = excluded.metadata,
               code_hash      = excluded.code_hash,
               text_config    = excluded.text_config,
               page_id        = excluded.page_id,
               chunk_id       = excluded.chunk_id,
               updated_at     = now()
         where (n.doc_type, n.summary, n.summary_method, n.embedding is null, n.source_table, n.source_id, n.metadata, n.code_hash, n.text_config, n.page_id, n.chunk_id)
               is distinct from
               (excluded.doc_type, excluded.summary, excluded.summary_method, excluded.embedding is null, excluded.source_table, excluded.source_id, excluded.metadata,
                excluded.code_hash, excluded.text_config, excluded.page_id, excluded.chunk_id)
            or not pgsearch._same_vector(n.embedding, excluded.embedding)
        -- a row that no transaction ever updated or locked has no xmax: it is new
        returning n.xmax = 0 as new
    ),
    -- rows of other models: they stand for the same code, at the same place
    others as (
        update pgsearch.semantic_nodes as n
           set summary        = case when c.changed then w.summary else n.summary end,
               summary_method = case when c.changed then w.summary_method else n.summary_method end,
               embedding      = case when c.changed then null else n.embedding end,
               metadata       = w.metadata,
               code_hash      = w.code_hash,
               page_id        = w.page_id,
               chunk_id       = w.chunk_id,
               updated_at     = now()
          from wanted as w
               cross join lateral (select o.model, o.node_id, o.node_type, (o.code_hash <> w.code_hash) is true as changed
                                     from old as o
                                    where o.node_id = w.node_id
                                      and o.node_type = w.node_type
                                      and o.model <> put_nodes.model) as c
         where n.repo_id = put_nodes.repo_id
           and n.node_id = c.node_id
           and n.node_type = c.node_type
           and n.model = c.model
           and (c.changed or (n.metadata, n.code_hash, n.page_id, n.chunk_id) is distinct from (w.metadata, w.code_hash, w.page_id, w.chunk_id))
        returning n.node_id
    )
    select (select count(*) from stored as s where s.new)::integer,
           (select count(*) from stored as s where not s.new)::integer,
           ((select count(*) from wanted) - (select count(*) from stored))::integer,
           (select count(*) from wanted as w where w.kept)::integer,
           (select count(*) from wanted as w where w.chunk_id is null)::integer;
end;
$$;

comment on function pgsearch.put_nodes(text, text, jsonb) is
'Stores semantic nodes in one transaction and returns one row: how many were inserted, updated, unchanged (not written
again), summaries_kept (of a language model, beside a template that says nothing new), unlinked (no chunk was found for
them: no search shows them).
Arguments:
- repo_id (the collection)
- model (a registered embedding model, or '''' for nodes that only words find)
- nodes: an array of objects {node_id, node_type (symbol, route, doc, issue), summary (required), doc_type (readme, adr,
  design), summary_method (template, llm), source_table (pages, chunks), source_id (external_id of the page, or a
  chunk_id), metadata, embedding (of the summary; optional), code_hash (fingerprint of the code; without one the
  template summary stands for it)}
metadata: importance_score (0 .. 1), path, line, end_line, name, qualified_name, kind, signature, in_degree ...; of a
route method, route, handler. The node''s chunk is the one whose metadata has "symbol" = qualified_name, else the
innermost with the line, else the first of the page.
An unchanged summary keeps its embedding, a changed one loses it unless a new one is given. A summary of method llm is
replaced by a template only when code_hash is another one; then the rows of other models get the new summary too,
without embedding.
Errors: PS001 unknown collection, PS003 a node that cannot be stored (none is), PS004 wrong dimensions, PS008 unknown
model.';
