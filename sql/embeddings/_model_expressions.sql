-- How the vectors of a model are written down in SQL: in its HNSW indexes, over chunks and over nodes alike, and in the
-- searches that are to use them. One place, because an index serves only the very same expression.

create or replace function pgsearch._model_expressions(
    model       pgsearch.embedding_models,
    column_name text,
    out distance text,
    out nearest  text,
    out indexed  text
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    -- one statement, since each expression takes a plan of its own in every session
    select format('(%s::%s %s $1::%s)', column_name, m.full_type, m.measure, m.full_type),
           case model.storage
           when 'vector'  then format('%s::%s %s $1::%s', column_name, m.full_type, m.measure, m.full_type)
           when 'halfvec' then format('%s::%s %s $1::%s', column_name, m.half_type, m.measure, m.half_type)
           else format('%1$s.binary_quantize(%2$s::%3$s)::%4$s operator(%1$s.<~>) %1$s.binary_quantize($1::%3$s)::%4$s',
                       m.extension, column_name, m.full_type, m.bits)
           end,
           case model.storage
           when 'vector'  then format('(%s::%s) %s.vector_%s_ops', column_name, m.full_type, m.extension, m.operators)
           when 'halfvec' then format('(%s::%s) %s.halfvec_%s_ops', column_name, m.half_type, m.extension, m.operators)
           else format('(%1$s.binary_quantize(%2$s::%3$s)::%4$s) %1$s.bit_hamming_ops', m.extension, column_name, m.full_type, m.bits)
           end
      into distance, nearest, indexed
      from (select x.extension,
                   format('%s.vector(%s)', x.extension, model.dimensions) as full_type,
                   format('%s.halfvec(%s)', x.extension, model.dimensions) as half_type,
                   format('bit(%s)', model.dimensions) as bits,
                   format('operator(%s.%s)', x.extension,
                          case model.distance when 'cosine' then '<=>' when 'inner_product' then '<#>' else '<->' end) as measure,
                   case model.distance when 'cosine' then 'cosine' when 'inner_product' then 'ip' else 'l2' end as operators
              from (select e.extnamespace::regnamespace::text as extension
                      from pg_extension as e
                     where e.extname = 'vector'
                    offset 0) as x) as m;
end;
$$;

comment on function pgsearch._model_expressions(pgsearch.embedding_models, text) is
'Texts for statements about the vectors of a model in a column (column_name, as e.embedding), the query''s vector being
$1: distance (exact, from the full vectors), nearest (what ORDER BY has for the HNSW index to serve it) and indexed (the
expression of that index with its operator class).';

create or replace function pgsearch._chunk_vectors(
    model pgsearch.embedding_models,
    alias text default 'e.',
    out relation   regclass,
    out index_name text,
    out rows_of    text,
    out scope      text,
    out key        text[],
    out columns    text[]
)
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select 'pgsearch.embeddings'::regclass,
       'embeddings_hnsw_' || model.model_id,
       format('%smodel_id = %s', alias, model.model_id),
       'collection',
       '{chunk_id,page_id}'::text[],
       '{chunk_id,page_id}'::text[];
$$;

comment on function pgsearch._chunk_vectors(pgsearch.embedding_models, text) is
'Where the vectors of a model''s chunks stand, as _vector_walk wants to be told: relation, index_name (of the HNSW
index), rows_of (the condition that picks the rows, on columns with the alias before them, which the index has too: only
so it filters nothing while it walks), scope (the column of the collection), key (what tells the rows of a model apart,
in the order in which ties are broken) and columns (key, page_id and chunk_id).';
