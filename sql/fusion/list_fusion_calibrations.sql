-- What is known of the models by their calibration, and whether it is out of date.

create or replace function pgsearch.list_fusion_calibrations(collection text default null, model text default null)
returns table (
    collection_name text, model_name text, text_shift float8, reason text,
    sentences integer, sentence_words float8, sentence_vectors float8, headings integer, heading_words float8,
    heading_vectors float8, changed float8, stale boolean, calibrated_at timestamptz, asked boolean
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
-- the planner would read the wide table where the index is enough
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    -- as for the statistics of words
    tolerated constant float8 := 0.1;
begin
    if list_fusion_calibrations.collection is not null then
        perform pgsearch._check_collections(array[list_fusion_calibrations.collection]);
    end if;
    if list_fusion_calibrations.model is not null then
        perform pgsearch._named_model(list_fusion_calibrations.model);
    end if;

    return query
    select c.collection,
           m.model,
           k.text_shift,
           k.reason,
           k.sentences, k.sentence_words, k.sentence_vectors,
           k.headings, k.heading_words, k.heading_vectors,
           s.changed,
           coalesce(s.changed > tolerated, true),
           k.calibrated_at,
           coalesce(k.reason <> pgsearch._not_asked(), false)
      from pgsearch.collections as c
           cross join pgsearch.embedding_models as m
           left join pgsearch.fusion_calibrations as k on k.collection = c.collection
                                                      and k.model_id = m.model_id
           cross join lateral (select count(*) as present,
                                      count(*) filter (where e.chunk_id > k.last_chunk_id) as added
                                 from pgsearch.embeddings as e
                                where e.model_id = m.model_id
                                  and e.collection = c.collection) as n
           cross join lateral (select case when k.calibrated_at is not null
                                           then (n.added + greatest(k.embeddings + n.added - n.present, 0))
                                                / greatest(k.embeddings, 1)::float8 end as changed) as s
     where (list_fusion_calibrations.collection is null or c.collection = list_fusion_calibrations.collection)
       and (list_fusion_calibrations.model is null or m.model = list_fusion_calibrations.model)
       and n.present > 0
     order by c.collection, m.model;
end;
$$;

comment on function pgsearch.list_fusion_calibrations(text, text) is
'How far words are trusted beside the vectors of each model, as calibrate_fusion found it.
Arguments:
- collection (null: all)
- model (null: all)
Returns a row for each collection and model with embeddings: collection_name, model_name, text_shift (see
calibrate_fusion; null: never calibrated), reason (why nothing was asked; empty: it was), how many sentences and
headings were held out and asked for, and the mean reciprocal ranks at which the words and the vectors found their
chunks, changed (share of the embeddings that came or went since), stale (more than a tenth, or never calibrated),
calibrated_at, asked (whether the model was; else it was judged by its vectors alone).
Errors: PS001 unknown collection, PS008 unknown model.
Example:
select collection_name, model_name, text_shift, reason from pgsearch.list_fusion_calibrations();';
