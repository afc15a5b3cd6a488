-- What is still to be embedded for a calibration: what was held out as a query, what is left as a passage.

create or replace function pgsearch.list_fusion_probes(collection text, model text, batch_size integer default 32)
returns table (kind text, page_id bigint, chunk_id bigint, held_out text, rest text)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen constant pgsearch.embedding_models := pgsearch._named_model(list_fusion_probes.model);
begin
    perform pgsearch._check_collections(array[list_fusion_probes.collection]);
    perform pgsearch._check_range('batch_size', batch_size, 1, 10000);

    return query
    select p.kind,
           p.page_id,
           p.chunk_id,
           coalesce(h.held_out, ''),
           concat_ws(E'\n', nullif(h.rest_heading, ''), h.rest_content)
      from pgsearch.fusion_probes as p
           join pgsearch.chunks as c on c.page_id = p.page_id
                                    and c.chunk_id = p.chunk_id
           cross join lateral pgsearch._held_out(p.kind, c.chunk_id, c.heading, c.content) as h
     where p.collection = list_fusion_probes.collection
       and p.model_id = chosen.model_id
       and p.vector_rank is null
     order by p.kind desc, p.chunk_id
     limit batch_size;
end;
$$;

comment on function pgsearch.list_fusion_probes(text, text, integer) is
'What draw_fusion_probes chose and nobody has judged yet.
Arguments:
- collection
- model
- batch_size (1 .. 10000: how many)
Returns kind (sentence or heading), page_id, chunk_id, held_out (to be embedded as a query is) and rest (the chunk
without it, to be embedded as a passage is); see put_fusion_probes.
Errors: PS001 unknown collection, PS003 batch_size out of range, PS008 unknown model.';
