-- What a calibration found, brought into the settings of a search: one place, whichever way the search goes on.

create or replace function pgsearch._calibrated(settings jsonb, model pgsearch.embedding_models, collections text[])
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set extra_float_digits = 1
as $$
declare
    found_shift float8;
begin
    -- weights that somebody gives are meant as they are given
    if not (settings ->> 'calibrated')::boolean
       or settings #>> '{weights,text}' is not null
       or settings #>> '{weights,vector}' is not null then
        return settings;
    end if;

    select sum(k.text_shift * k.embeddings) / nullif(sum(k.embeddings), 0)
      into found_shift
      from pgsearch.fusion_calibrations as k
     where k.model_id = model.model_id
       and (collections is null or k.collection = any (collections));
    if coalesce(found_shift, 0) = 0 then
        return settings;
    end if;
    return jsonb_set(settings, '{adaptive,text_shift}', to_jsonb((settings #>> '{adaptive,text_shift}')::float8 + found_shift));
end;
$$;

comment on function pgsearch._calibrated(jsonb, pgsearch.embedding_models, text[]) is
'The settings of a search with what calibrate_fusion found for the model in the collections (null: all; by how many
embeddings each has) added to adaptive.text_shift; as they are where calibrated is false, or weights of text or vector
are given.';
