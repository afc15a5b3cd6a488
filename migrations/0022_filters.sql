-- depends: 0021_relevance
-- What filters by range, listing and paging need: times of pages by index, values of metadata by index, the copies of a text.

-- Numbers and dates, not the session, decide: what has no zone is UTC.
create or replace function pgsearch._iso_time(value text)
returns timestamptz
language plpgsql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
declare
    parts  text[];
    month  integer;
    day    integer;
    hour   integer;
    minute integer;
    second float8;
    zone   text;
    offset_minutes integer := 0;
begin
    -- most texts are none, and cheaply told so
    if value !~ E'^[0-9]{4}-' then
        return null;
    end if;
    parts := pg_catalog.regexp_match(value, E'^([0-9]{4})-([0-9]{2})-([0-9]{2})'
                                  '(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2}(?:[.][0-9]{1,9})?))? ?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?$');
    if parts is null or parts[1] = '0000' then
        return null;
    end if;

    month  := parts[2];
    day    := parts[3];
    hour   := coalesce(parts[4], '0');
    minute := coalesce(parts[5], '0');
    second := coalesce(parts[6], '0');
    zone   := coalesce(parts[7], 'Z');
    if month not between 1 and 12 or day not between 1 and 31 or hour > 23 or minute > 59 or second >= 60 then
        return null;
    end if;
    if day > 28 and day > pg_catalog.date_part('day', pg_catalog.make_date(parts[1]::integer, month, 1) + interval '1 month' - interval '1 day') then
        return null;
    end if;

    if zone <> 'Z' then
        offset_minutes := 60 * pg_catalog.substr(zone, 2, 2)::integer + coalesce(nullif(pg_catalog.right(pg_catalog.replace(zone, ':', ''), -3), ''), '0')::integer;
        if pg_catalog.left(zone, 1) = '-' then
            offset_minutes := -offset_minutes;
        end if;
    end if;
    return pg_catalog.make_timestamp(parts[1]::integer, month, day, hour, minute, second) at time zone 'UTC'
           - pg_catalog.make_interval(mins => offset_minutes);
end;
$$;

comment on function pgsearch._iso_time(text) is
'The moment that a text names as ISO 8601 does (2026-11-28, 2026-11-28T09:00:00+09:00; without a zone UTC, without a time
its midnight); null for any other text.';

create or replace function pgsearch._metadata_values(metadata jsonb, key text)
returns jsonb
language sql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
select pg_catalog.jsonb_path_query_array(
           metadata,
           ('$' || (select pg_catalog.string_agg('.' || pg_catalog.to_json(k.parts[i])::text, '' order by i)
                      from (select pg_catalog.string_to_array(key, '.') as parts) as k
                           cross join pg_catalog.generate_subscripts(k.parts, 1) as i))::jsonpath);
$$;

comment on function pgsearch._metadata_values(jsonb, text) is
'What stands in the metadata under a key with dots, as a path through objects and lists.';

create or replace function pgsearch._metadata_range(metadata jsonb, key text)
returns numrange
language plpgsql immutable parallel safe strict
set search_path = pg_catalog, pg_temp
as $$
declare
    found_values jsonb := metadata -> key;
    least_value numeric;
    most_value  numeric;
begin
    if pg_catalog.strpos(key, '.') > 0 then
        found_values := pg_catalog.jsonb_build_array(found_values) || pgsearch._metadata_values(metadata, key);
    elsif pg_catalog.jsonb_typeof(found_values) = 'number' then
        return pg_catalog.numrange(found_values::numeric, found_values::numeric, '[]');
    elsif found_values is null then
        return null;
    elsif pg_catalog.jsonb_typeof(found_values) <> 'array' then
        found_values := pg_catalog.jsonb_build_array(found_values);
    end if;

    select pg_catalog.min(n.number), pg_catalog.max(n.number)
      into least_value, most_value
      from (select case pg_catalog.jsonb_typeof(v)
                   when 'number' then v::numeric
                   when 'string' then pg_catalog.date_part('epoch', pgsearch._iso_time(v #>> '{}'))::numeric
                   end as number
              from pg_catalog.jsonb_path_query(found_values, '$[*][*][*]') as v) as n;
    return case when least_value is not null then pg_catalog.numrange(least_value, most_value, '[]') end;
end;
$$;

comment on function pgsearch._metadata_range(jsonb, text) is
'From the least to the greatest of the numbers, and of the ISO times as seconds since 1970, that stand in the metadata
under the key, one or a list of them; a key with dots is a path too. Null where there is none.';

-- squawk-ignore require-concurrent-index-creation
create index if not exists pages_updated_at
    on pgsearch.pages (updated_at);

-- squawk-ignore require-concurrent-index-creation
create index if not exists pages_created_at
    on pgsearch.pages (created_at);

do $$
begin
    if not exists (select from pg_attribute as a
                    where a.attrelid = 'pgsearch.hit'::regclass and a.attname = 'copies') then
        alter type pgsearch.hit
            add attribute copies integer;
    end if;

    -- what is of every hit comes before what is of code alone
    if not exists (select from pg_attribute as a
                    where a.attrelid = 'pgsearch.code_hit'::regclass and a.attname = 'copies') then
        alter type pgsearch.code_hit
            drop attribute node_id,
            drop attribute node_type,
            drop attribute summary,
            drop attribute classified_as,
            add attribute copies        integer,
            add attribute node_id       text,
            add attribute node_type     text,
            add attribute summary       text,
            add attribute classified_as text;
    end if;

    if not exists (select from pg_attribute as a
                    where a.attrelid = 'pgsearch.search_request'::regclass and a.attname = 'skip') then
        alter type pgsearch.search_request
            add attribute skip integer;
    end if;

    if not exists (select from pg_attribute as a
                    where a.attrelid = 'pgsearch.search_findings'::regclass and a.attname = 'total') then
        alter type pgsearch.search_findings
            add attribute total       bigint,
            add attribute total_exact boolean,
            add attribute facets      jsonb;
    end if;
end;
$$;
