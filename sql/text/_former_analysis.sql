-- How chunks were analysed before words and wholes: as long as some still are, a search asks for both forms (see reanalyze).

create or replace function pgsearch._is_reanalyzing()
returns boolean
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (select from pgsearch.reanalysis);
end;
$$;

comment on function pgsearch._is_reanalyzing() is
'Whether there may be rows that are still analysed as they were before; never so in a database that began with this
analysis.';

create or replace function pgsearch._former_segment(content text)
returns text
language plpgsql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
declare
    cjk  constant text := E'[\\u1100-\\u11FF\\u3005-\\u3007\\u3041-\\u309F\\u30A1-\\u30FA\\u30FC-\\u30FF\\u31F0-\\u31FF'
                           '\\u3400-\\u4DBF\\u4E00-\\u9FFF\\uA960-\\uA97F\\uAC00-\\uD7FF\\uF900-\\uFAFF\\U00020000-\\U000323AF]';
    text constant text := left(normalize(content, NFKC), 65536);
begin
    return regexp_replace(regexp_replace(text, format('(%s+)', cjk), E' \\1 ', 'g'),
                          format('(?<=%1$s)(%1$s)(?=%1$s)', cjk), E'\\1 \\1', 'g');
end;
$$;

comment on function pgsearch._former_segment(text) is
'_segment as it was: bigrams for Hangul, Kana and Han, and everything else as the parser of PostgreSQL takes it.';
