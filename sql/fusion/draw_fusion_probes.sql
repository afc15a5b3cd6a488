-- The chunks by which a calibration asks: some hundreds, spread by a hash of their ids.

create or replace function pgsearch.draw_fusion_probes(collection text, model text)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    wanted  constant integer := 150;
    -- of so many times as many, those that have what can be held out
    tried   constant integer := 6;
    chosen  constant pgsearch.embedding_models := pgsearch._named_model(draw_fusion_probes.model);
    waiting integer;
begin
    perform pgsearch._check_collections(array[draw_fusion_probes.collection]);

    select count(*)
      into waiting
      from pgsearch.fusion_probes as p
     where p.collection = draw_fusion_probes.collection
       and p.model_id = chosen.model_id
       and p.vector_rank is null;
    if waiting > 0 then
        return waiting;
    end if;

    delete from pgsearch.fusion_probes as p
     where p.collection = draw_fusion_probes.collection
       and p.model_id = chosen.model_id;

    insert into pgsearch.fusion_probes (collection, model_id, kind, page_id, chunk_id)
    select draw_fusion_probes.collection, chosen.model_id, k.kind, c.page_id, c.chunk_id
      from (select e.page_id, e.chunk_id, e.content_hash
              from pgsearch.embeddings as e
             where e.model_id = chosen.model_id
               and e.collection = draw_fusion_probes.collection
             order by hashint8extended(e.chunk_id, 1), e.chunk_id
             limit tried * wanted) as d
           join pgsearch.chunks as c on c.page_id = d.page_id
                                    and c.chunk_id = d.chunk_id
                                    and c.content_hash = d.content_hash
           cross join unnest('{sentence,heading}'::text[]) as k(kind)
           cross join lateral (select row_number() over () as at
                                 from pgsearch._held_out(k.kind, c.chunk_id, c.heading, c.content) as h
                                where h.held_out is not null) as h;

    delete from pgsearch.fusion_probes as p
     using (select r.kind, r.chunk_id, row_number() over (partition by r.kind order by hashint8extended(r.chunk_id, 1), r.chunk_id) as at
              from pgsearch.fusion_probes as r
             where r.collection = draw_fusion_probes.collection
               and r.model_id = chosen.model_id) as r
     where p.collection = draw_fusion_probes.collection
       and p.model_id = chosen.model_id
       and p.kind = r.kind
       and p.chunk_id = r.chunk_id
       and r.at > wanted;

    return (select count(*)
              from pgsearch.fusion_probes as p
             where p.collection = draw_fusion_probes.collection
               and p.model_id = chosen.model_id);
end;
$$;

comment on function pgsearch.draw_fusion_probes(text, text) is
'Chooses the chunks by which a calibration of the fusion asks: up to 150 from which a sentence is held out, and up to 150
from which the heading is. A choice that was begun to be judged is kept.
Arguments:
- collection
- model
Returns how many wait to be judged: see list_fusion_probes.
Errors: PS001 unknown collection, PS008 unknown model.';
