-- Training data for learning to rank: what was seen, what was clicked, and the signals as they were when the list was made.
--
-- Features that are computed again later, over other statistics and another corpus, are not those that the ranking had;
-- the log kept them, so no replay is needed.

create or replace function pgsearch._flat_features(signals jsonb)
returns jsonb
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select coalesce(jsonb_object_agg(f.name, f.value), '{}')
  from (select s.key as name, s.value
          from jsonb_each(case jsonb_typeof(signals) when 'object' then signals else '{}' end) as s
         where jsonb_typeof(s.value) = 'number'
        union all
        select s.key || '.' || p.key, p.value
          from jsonb_each(case jsonb_typeof(signals) when 'object' then signals else '{}' end) as s
               cross join lateral jsonb_each(case jsonb_typeof(s.value) when 'object' then s.value else '{}' end) as p
         where jsonb_typeof(p.value) = 'number') as f;
$$;

comment on function pgsearch._flat_features(jsonb) is 'The numbers of a hit''s signals as one flat object: {"text": {"score": 1}} becomes {"text.score": 1}.';

create or replace function pgsearch.export_ltr(
    collection text        default null,
    since      timestamptz default null,
    until      timestamptz default null
)
returns table (
    query_group integer,
    query_id    uuid,
    query       text,
    object_id   text,
    external_id text,
    place       integer,
    label       integer,
    weight      float8,
    features    jsonb
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    satisfied_ms constant float8 := 30000;
begin
    return query
    select dense_rank() over (order by g.ts, g.query_id)::integer,
           g.query_id,
           g.query,
           g.object_id,
           g.external_id,
           g.place,
           g.label,
           g.weight,
           pgsearch._flat_features(g.signals)
      from (select h.query_id, h.ts, h.query, h.object_id, h.external_id, h.place, h.weight, h.signals, l.label, max(l.label) over (partition by h.query_id) as best
              from pgsearch._seen_hits(export_ltr.collection, export_ltr.since, export_ltr.until) as h
                   cross join lateral (select case
                                              when h.unhelpful and not h.helpful then 0
                                              when h.helpful or (h.clicked and h.dwell_ms >= satisfied_ms) then 2
                                              when h.clicked then 1
                                              else 0
                                              end as label) as l
             where jsonb_typeof(h.signals) = 'object') as g
     -- a list without a choice says nothing about the order
     where g.best > 0
     order by g.ts, g.query_id, g.place;
end;
$$;

comment on function pgsearch.export_ltr(text, timestamptz, timestamptz) is
'Lists for learning to rank, a row for each hit that was seen, of searches with at least one chosen hit whose signals
were logged (setting log.signals_of), oldest search first, then by rank.
Arguments:
- collection (null: all)
- since and until (searches from since up to but not including until; null: no bound)
Returns query_group (number of the search, from 1), query_id, query (normalised), object_id (chunk_id), external_id (of
the page), place (rank as shown, from 1: for position bias, not a feature), label (2: called helpful, or clicked and
read for 30 s; 1: clicked; 0: passed over, or called not helpful), weight (sample_weight), features (numbers of the
signals at query time, such as "text.score").
Error: PS003 until not after since.
Example:
select query, external_id, label, features from pgsearch.export_ltr(''korean'');';
