-- Which embedding model the searches of a collection use; a switch is one update, so no search sees anything between the two.

create or replace function pgsearch.set_default_model(collection text, model text, least_coverage float8 default 0)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    covered record;
begin
    perform pgsearch._check_collections(array[set_default_model.collection]);
    perform pgsearch._check_range('least_coverage', set_default_model.least_coverage, 0, 1);

    if set_default_model.model is not null then
        perform pgsearch._named_model(set_default_model.model);

        -- drop_model locks the same row: a model that is being chosen cannot go, one that went cannot be chosen
        perform
           from pgsearch.embedding_models as m
          where m.model = set_default_model.model
            for key share;
        perform pgsearch._named_model(set_default_model.model);

        if set_default_model.least_coverage > 0 then
            select c.* into covered from pgsearch._model_coverage(set_default_model.model, set_default_model.collection) as c;
            if covered.coverage < set_default_model.least_coverage then
                raise exception using
                    errcode = 'PS003',
                    message = format('model "%s" has current vectors of %s of the %s chunks of collection "%s"',
                                     set_default_model.model, covered.embedded, covered.chunks, set_default_model.collection),
                    hint    = 'Embed the rest first (pgsearch embed, or list_missing_embeddings and put_embeddings), or choose it all the same with least_coverage => 0.';
            end if;
        end if;
    end if;

    update pgsearch.collections as c
       set default_model = set_default_model.model
     where c.collection = set_default_model.collection
       and c.default_model is distinct from set_default_model.model;
end;
$$;

comment on function pgsearch.set_default_model(text, text, float8) is
'Chooses the embedding model that searches of the collection use when they name none; null for none.
Arguments:
- collection
- model
- least_coverage (0 .. 1: refuse unless at least this share of the chunks has a current vector of the model; 1 for a
  switch that loses nothing)
Errors: PS001 unknown collection, PS003 covered too little, PS008 unknown model.';
