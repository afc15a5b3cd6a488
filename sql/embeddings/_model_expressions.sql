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
declare
    extension constant text := (select quote_ident(n.nspname)
                                  from pg_extension as e
                                       join pg_namespace as n on n.oid = e.extnamespace
                                 where e.extname = 'vector');
    full_type constant text := format('%s.vector(%s)', extension, model.dimensions);
    half_type constant text := format('%s.halfvec(%s)', extension, model.dimensions);
    bits      constant text := format('bit(%s)', model.dimensions);
    measure   constant text := format('operator(%s.%s)', extension,
                                      case model.distance when 'cosine' then '<=>' when 'inner_product' then '<#>' else '<->' end);
    operators constant text := case model.distance when 'cosine' then 'cosine' when 'inner_product' then 'ip' else 'l2' end;
begin
    distance := format('(%s::%s %s $1::%s)', column_name, full_type, measure, full_type);
    case model.storage
    when 'vector' then
        nearest := format('%s::%s %s $1::%s', column_name, full_type, measure, full_type);
        indexed := format('(%s::%s) %s.vector_%s_ops', column_name, full_type, extension, operators);
    when 'halfvec' then
        nearest := format('%s::%s %s $1::%s', column_name, half_type, measure, half_type);
        indexed := format('(%s::%s) %s.halfvec_%s_ops', column_name, half_type, extension, operators);
    else
        nearest := format('%s.binary_quantize(%s::%s)::%s operator(%s.<~>) %s.binary_quantize($1::%s)::%s',
                          extension, column_name, full_type, bits, extension, extension, full_type, bits);
        indexed := format('(%s.binary_quantize(%s::%s)::%s) %s.bit_hamming_ops', extension, column_name, full_type, bits, extension);
    end case;
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
