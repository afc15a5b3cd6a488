-- Which embedding model a search uses, and whether the query's vector fits it.

create or replace function pgsearch._embedding_model(
    model       text,
    collections text[],
    embedding   vector default null
)
returns pgsearch.embedding_models
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    defaults text[];
    chosen   pgsearch.embedding_models;
begin
    if coalesce(model, '') = '' then
        select array_agg(distinct c.default_model)
          into defaults
          from pgsearch.collections as c
         where c.default_model is not null
           and (collections is null or c.collection = any (collections));

        if cardinality(defaults) > 1 then
            raise exception using
                errcode = 'PS008',
                message = format('the collections use several embedding models: %s', array_to_string(defaults, ', ')),
                hint    = 'Name one with the option "model", or search one collection.';
        end if;

        model := defaults[1];
        if model is null then
            return null;
        end if;
    end if;

    select m.* into chosen from pgsearch.embedding_models as m where m.model = _embedding_model.model;
    if not found then
        raise exception using
            errcode = 'PS008',
            message = format('unknown embedding model "%s"', model),
            hint    = coalesce((select 'Models here: ' || string_agg(m.model, ', ' order by m.model) from pgsearch.embedding_models as m),
                               'There is no model yet: register one with pgsearch.register_model.');
    end if;

    if pgsearch._dimensions(embedding) <> chosen.dimensions then
        raise exception using
            errcode = 'PS004',
            message = format('the query embedding has %s dimensions, model "%s" has %s', pgsearch._dimensions(embedding), chosen.model, chosen.dimensions),
            hint    = 'Embed the query with the model that embedded the chunks.';
    end if;

    return chosen;
end;
$$;

comment on function pgsearch._embedding_model(text, text[], vector) is
'The row of the model that is named, or that is the default of the collections; null when they have none.
Errors: PS008 for an unknown model or several defaults, PS004 when the embedding has other dimensions.';

create or replace function pgsearch._has_model(model text, collections text[])
returns boolean
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return model <> '' or exists (select
                                    from pgsearch.collections as c
                                   where c.default_model is not null
                                     and (_has_model.collections is null or c.collection = any (_has_model.collections)));
end;
$$;

comment on function pgsearch._has_model(text, text[]) is
'Whether a search knows of a model: one that is named, or a default of the collections (null: all), several as well.';

create or replace function pgsearch._named_model(model text)
returns pgsearch.embedding_models
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if coalesce(model, '') = '' then
        raise exception using
            errcode = 'PS008',
            message = 'the embedding model has no name',
            hint    = coalesce((select 'Models here: ' || string_agg(m.model, ', ' order by m.model) from pgsearch.embedding_models as m),
                               'There is no model yet: register one with pgsearch.register_model.');
    end if;

    return pgsearch._embedding_model(model, null);
end;
$$;

comment on function pgsearch._named_model(text) is 'The row of the model, which must be named: what writes does not guess. Error: PS008 no name or unknown model.';
