-- Questions to measure searches on, drawn from the log.

create or replace function pgsearch.create_query_set(
    query_set  text,
    sampling   text        default 'pptss',
    size       integer     default 200,
    collection text        default '',
    since      timestamptz default null,
    seed       bigint      default 0
)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    made  bigint;
    taken integer;
begin
    perform pgsearch._check_name('a query set', query_set);

    if sampling is null or sampling not in ('random', 'pptss', 'topn', 'failures', 'manual') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown sampling %s', coalesce(quote_literal(sampling), 'null')),
            hint    = 'Known ways: random (each query alike), pptss (likelier the more often it is asked), topn (the most frequent), failures (the most frequent that failed), manual (empty, filled by add_queries).';
    end if;

    perform pgsearch._check_range('size', size, 1, 100000);
    if collection <> '' then
        perform pgsearch._check_collections(array[collection]);
    end if;

    insert into pgsearch.query_sets (name, collection, sampling)
    values (query_set, coalesce(create_query_set.collection, ''), create_query_set.sampling)
    on conflict (name) do nothing
    returning query_set_id into made;
    if made is null then
        raise exception using
            errcode = 'PS003',
            message = format('query set "%s" stands already', query_set),
            hint    = 'Query sets do not change, so that figures stay comparable: choose another name.';
    end if;

    insert into pgsearch.query_set_entries (query_set_id, entry, query, query_type, frequency)
    with asked as (
        -- the spelling that most people used stands for all of one query
        select l.query_normalized,
               mode() within group (order by l.user_query) as query,
               mode() within group (order by l.query_type) as query_type,
               sum(l.sample_weight) as frequency
          from pgsearch.queries as l
         where sampling in ('random', 'pptss', 'topn')
           and (create_query_set.collection = '' or l.collection = create_query_set.collection)
           and (since is null or l.ts >= since)
           and octet_length(l.user_query) <= 2000
           and l.query_normalized <> ''
         group by l.query_normalized
        union all
        select pgsearch.normalize_query(f.user_query),
               mode() within group (order by f.user_query),
               null,
               count(*)
          from pgsearch.search_failures as f
         where sampling = 'failures'
           and f.resolved_at is null
           and (create_query_set.collection = '' or f.collection = create_query_set.collection)
           and (since is null or f.created_at >= since)
           and octet_length(f.user_query) <= 2000
           and pgsearch.normalize_query(f.user_query) <> ''
         group by 1
    ),
    ordered as (
        -- a hash for the die: the same seed draws the same queries. Weighted drawing without putting back: Efraimidis and Spirakis 2006
        select a.*,
               row_number() over (order by case sampling
                                           when 'random' then -d.die
                                           when 'pptss'  then -(ln(d.die) / a.frequency)
                                           else -a.frequency end,
                                           a.query_normalized) as entry
          from asked as a
               cross join lateral (select (1 + (hashtextextended(a.query_normalized, seed) & 4294967295)) / 4294967297::float8 as die) as d
    )
    select made, o.entry, o.query, o.query_type, o.frequency
      from ordered as o
     where o.entry <= size;
    get diagnostics taken = row_count;

    return taken;
end;
$$;

comment on function pgsearch.create_query_set(text, text, integer, text, timestamptz, bigint) is
'Makes a set of queries to measure searches on and returns how many it has.
Arguments:
- query_set (its name)
- sampling (random: each query that was asked alike; pptss: likelier the more often it was asked; topn: the most
  frequent; failures: the most frequent of unresolved search_failures; manual: none, see add_queries)
- size (1 .. 100000 queries at most)
- collection (empty: all)
- since (null: the whole log)
- seed (another one draws others)
Queries are told apart by normalize_query.
Errors: PS001 unknown collection, PS002 unknown sampling, PS003 no name, a name that stands, size out of range.
Example:
select pgsearch.create_query_set(''frequent'', ''topn'', 100);';
