-- How many there are, and what kinds of them: total and facets of what matches.
--
-- What matches: what the words find, and every candidate of the other signals. Vectors have a place for every chunk, so
-- where they found as many as they were asked for the total is the least that there are.

create or replace function pgsearch._matching_statement(has_collections boolean, has_page_ids boolean)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select concat_ws(
    E'\n',
    'select array_agg(m.chunk_id), array_agg(m.page_id)',
    '  from (select c.chunk_id, c.page_id',
    '          from pgsearch.chunks as c',
    '         where c.content_tsv @@ $1',
    case when has_collections then '           and c.collection = any ($4)' end,
    case when has_page_ids then '           and c.page_id = any ($5)' end,
    '         limit $6) as m');
$$;

comment on function pgsearch._matching_statement(boolean, boolean) is
'Text of the look-up of all that matches. Parameters, numbered as in _fts_statement: $1 tsquery, $4 collections text[], $5
page ids bigint[], $6 the most that is looked up.';

create or replace function pgsearch._matching_chunks(
    match tsquery,
    scope pgsearch.scope,
    most  bigint,
    out chunk_ids bigint[],
    out page_ids  bigint[]
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
-- with entries pending in GIN the planner would rather walk along another index
set enable_indexscan = off
set gin_fuzzy_search_limit = 0
as $$
begin
    execute pgsearch._matching_statement(scope.collections is not null, scope.page_ids is not null)
       into chunk_ids, page_ids
      using match, null::tsquery, null::tsquery, scope.collections, scope.page_ids, most;
    chunk_ids := coalesce(chunk_ids, '{}');
    page_ids  := coalesce(page_ids, '{}');
end;
$$;

comment on function pgsearch._matching_chunks(tsquery, pgsearch.scope, bigint) is
'The chunks of the scope that match, by the index, no more than most.';

create or replace function pgsearch._counted(asked pgsearch.search_request, findings pgsearch.search_findings)
returns pgsearch.search_findings
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    settings jsonb;
    faceted  boolean;
    by_page  boolean;
    once     boolean;
    lowest   float8;
    parsed   pgsearch.parsed_query;
    most     bigint;
    -- of more than most so many ids are drawn: some tens of milliseconds
    draws    constant float8 := 10000;
    match    tsquery;
    matching record;
    drawn    record;
    chunks   bigint[];
    pages    bigint[];
    counts   bigint[];
    share    float8 := 1;
begin
    select s.settings, s.faceted, s.by_page, s.once, s.lowest,
           greatest((s.settings ->> 'count_up_to')::bigint, case when s.faceted then (s.settings ->> 'max_rows')::bigint end),
           findings.chunk_ids, findings.page_ids,
           pgsearch._all_found(asked, findings),
           case when s.once or s.lowest > 0 then jsonb_array_length(findings.hits)
                -- those that stand below the candidates were not among them
                when s.by_page then greatest((select count(distinct p) from unnest(findings.page_ids) as p),
                                             jsonb_array_length(findings.hits))
                else greatest(cardinality(findings.chunk_ids), jsonb_array_length(findings.hits)) end
      into settings, faceted, by_page, once, lowest, most, chunks, pages, findings.total_exact, findings.total
      from (select asked.settings as settings,
                   asked.settings -> 'facets' <> '[]' as faceted,
                   (asked.settings ->> 'group_by_page')::boolean as by_page,
                   (asked.settings ->> 'distinct')::boolean as once,
                   (asked.settings ->> 'min_relevance')::float8 as lowest) as s;
    if lowest > 0 then
        -- what is left out is not counted
        select coalesce(array_agg((h ->> 'chunk_id')::bigint), '{}'), coalesce(array_agg((h ->> 'page_id')::bigint), '{}')
          into chunks, pages
          from jsonb_array_elements(findings.hits) as h;
    end if;
    if findings.total_exact and not faceted then
        return findings;
    end if;

    if not findings.total_exact and most > 0 and lowest = 0 and asked.use_text and not (settings ->> 'require_keywords')::boolean then
        parsed   := asked.parsed;
        match    := coalesce(parsed.required, parsed.any_of);
        match    := coalesce(match && !! parsed.excluded, match);
        matching := pgsearch._matching_chunks(match, asked.scope, most + 1);
        if cardinality(matching.chunk_ids) > most then
            findings.total := greatest(findings.total, case when by_page or once then 0 else most end);
            if faceted then
                -- which of them the index brings first must not decide
                drawn  := pgsearch._drawn_chunks(draws, match, (asked.scope).collections, (asked.scope).page_ids, '{}');
                chunks := drawn.chunk_ids;
                pages  := drawn.chunk_pages;
                share  := drawn.share;
                findings.notes := findings.notes || format('More than %s chunks match: the facets are estimated from %s of them.',
                                                           to_char(most, 'FM999,999,999'), to_char(cardinality(chunks), 'FM999,999,999'));
            end if;
        else
            select array_agg(u.chunk_id), array_agg(u.page_id)
              into chunks, pages
              from (select m.chunk_id, m.page_id from unnest(matching.chunk_ids, matching.page_ids) as m(chunk_id, page_id)
                     union
                    select c.chunk_id, c.page_id from unnest(findings.chunk_ids, findings.page_ids) as c(chunk_id, page_id)) as u;
            findings.total_exact := not (by_page and once)
                                    and not exists (select
                                                      from jsonb_each(findings.candidates - '{union,text}'::text[]) as c
                                                     where c.value::integer >= asked.candidates);
            -- hits that stand below the candidates are at least as many
            findings.total := greatest(case when not findings.total_exact then findings.total end,
                                       case when by_page and once then findings.total
                                            when once then pgsearch._count_texts(pages, chunks)
                                            when by_page then (select count(distinct p) from unnest(pages) as p)
                                            else cardinality(chunks) end);
        end if;
    end if;

    if faceted then
        if once then
            select array_agg(f.page_id)
              into pages
              from (select distinct on (c.content_hash) c.page_id
                      from unnest(pages, chunks) as u(page_id, chunk_id)
                           join pgsearch.chunks as c on c.page_id = u.page_id
                                                    and c.chunk_id = u.chunk_id
                     order by c.content_hash, c.page_id) as f;
        end if;
        select array_agg(u.page_id), array_agg(case when by_page then 1 else u.chunks end)
          into pages, counts
          from (select p as page_id, count(*) as chunks from unnest(pages) as p group by p) as u;
        findings.facets := pgsearch._facets(settings, coalesce(pages, '{}'), counts, share);
    end if;
    findings.laps := pgsearch._lap(findings.laps, 'count_ms');
    return findings;
end;
$$;

comment on function pgsearch._counted(pgsearch.search_request, pgsearch.search_findings) is
'The findings with total, how many hits there are (chunks; pages or texts, where each is shown once), total_exact (false:
there are at least so many), and facets, where they are asked for. Without the options count_up_to and facets nothing is
read for it: exact is what the signals found if they found less than they may bring.';

create or replace function pgsearch._count_texts(page_ids bigint[], chunk_ids bigint[])
returns bigint
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
begin
    return (select count(distinct c.content_hash)
              from unnest(page_ids, chunk_ids) as u(page_id, chunk_id)
                   join pgsearch.chunks as c on c.page_id = u.page_id
                                            and c.chunk_id = u.chunk_id);
end;
$$;

comment on function pgsearch._count_texts(bigint[], bigint[]) is 'How many different texts the chunks have.';

create or replace function pgsearch._facets(settings jsonb, page_ids bigint[], counts bigint[], share float8)
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    facet  text;
    listed jsonb;
    facets jsonb := '{}';
begin
    for facet in select distinct f from jsonb_array_elements_text(settings -> 'facets') as f loop
        execute format(
            $statement$
            select coalesce(jsonb_agg(jsonb_build_object('value', v.value, 'count', v.count) order by v.count desc, v.value), '[]')
              from (select f.value, round(sum(coalesce(m.pages, 1)) / $3)::bigint as count
                      from unnest($1, $2) as m(page_id, pages)
                           join pgsearch.pages as p on p.page_id = m.page_id
                           cross join lateral (%s) as f(value)
                     where f.value is not null
                     group by f.value
                     order by count desc, f.value
                     limit $4) as v
            $statement$,
            case when facet = 'tags' then 'select distinct to_jsonb(t) from unnest(p.tags) as t'
                 when facet in ('source', 'collection') then format('select to_jsonb(p.%I)', facet)
                 else (select string_agg(format('select v from jsonb_path_query(p.metadata, %L) as v '
                                                'where jsonb_typeof(v) not in (''object'', ''array'')', path || '[*]'), ' union ')
                         from pgsearch._metadata_paths(substr(facet, char_length('metadata.') + 1)) as path)
                      -- a value counts once a page
                      || ' group by v'
            end)
           into listed
          using page_ids, counts, share, (settings ->> 'facet_values')::integer;
        facets := facets || jsonb_build_object(facet, listed);
    end loop;
    return facets;
end;
$$;

comment on function pgsearch._facets(jsonb, bigint[], bigint[], float8) is
'By facet (option facets) an array of {"value", "count"}, the greatest counts first, as many as option facet_values: the
pages, each once with its count (null: 1), by their tags, source, collection or a key of their metadata (scalars, alone or
in a list). share: which part of all that match the pages stand for.';
