-- Makes an embedding model known, so that its vectors can be stored beside those of others.
--
-- Its HNSW index is built by the client with the statement that vector_index_statement gives: CREATE INDEX CONCURRENTLY
-- cannot run in a function.

create or replace function pgsearch.register_model(
    model      text,
    dimensions integer,
    distance   text default 'cosine',
    storage    text default 'vector'
)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    stands pgsearch.embedding_models;
    -- what pgvector can index: vector and halfvec in pages of 8 kB, bit up to 64,000
    most   constant jsonb := '{"vector": 2000, "halfvec": 4000, "bit": 16000}';
begin
    perform pgsearch._check_name('a model', register_model.model);

    if register_model.distance is null or register_model.distance not in ('cosine', 'inner_product', 'l2') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown distance %s', coalesce(quote_literal(register_model.distance), 'null')),
            hint    = 'Known distances: cosine, inner_product, l2.';
    end if;

    if register_model.storage is null or not most ? register_model.storage then
        raise exception using
            errcode = 'PS002',
            message = format('unknown storage %s', coalesce(quote_literal(register_model.storage), 'null')),
            hint    = 'Known storages: vector, halfvec, bit.';
    end if;

    if register_model.storage = 'bit' and register_model.distance <> 'cosine' then
        raise exception using
            errcode = 'PS003',
            message = format('storage "bit" keeps the signs of a vector, which tell its direction but not its length; distance "%s" needs the length', register_model.distance),
            hint    = 'Use distance "cosine" (vectors of length one have the same order by all three), or storage "vector" or "halfvec".';
    end if;

    if register_model.dimensions is null
       or register_model.dimensions not between 1 and (most ->> register_model.storage)::integer then
        raise exception using
            errcode = 'PS003',
            message = format('storage "%s" indexes 1 to %s dimensions, not %s', register_model.storage, most ->> register_model.storage, register_model.dimensions),
            hint    = 'Give the length of one of its vectors; storage "vector" holds up to 2,000 dimensions, "halfvec" 4,000, "bit" 16,000.';
    end if;

    insert into pgsearch.embedding_models (model, dimensions, distance, storage)
    values (register_model.model, register_model.dimensions, register_model.distance, register_model.storage)
    on conflict (model) do nothing;

    select m.* into stands from pgsearch.embedding_models as m where m.model = register_model.model;
    if (stands.dimensions, stands.distance, stands.storage)
       is distinct from (register_model.dimensions, register_model.distance, register_model.storage) then
        raise exception using
            errcode = 'PS004',
            message = format('model "%s" is registered with %s dimensions, distance %s, storage %s', stands.model, stands.dimensions, stands.distance, stands.storage),
            hint    = 'Register the other variant under another name.';
    end if;

    return stands.model_id;
end;
$$;

comment on function pgsearch.register_model(text, integer, text, text) is
'Registers an embedding model and returns its model_id; again with the same arguments is fine.
Arguments:
- model (full name)
- dimensions
- distance (cosine, inner_product, l2)
- storage of the HNSW index (vector up to 2,000 dimensions, halfvec up to 4,000, bit up to 16,000)
Errors: PS002 unknown distance or storage, PS003 dimensions out of range or bit with another distance than cosine, PS004
registered otherwise.
Example:
select pgsearch.register_model(''all-MiniLM-L6-v2'', 384, storage => ''halfvec'');';
