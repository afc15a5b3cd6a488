-- What was seen and what was done with it, a row for each hit of each search: the base of every export of training data.
--
-- The same rule as in the roll-ups: impression events if the search has any; else every hit down to the lowest that was
-- acted on; else every hit.

create or replace function pgsearch._seen_hits(collection text, since timestamptz, until timestamptz)
returns table (
    query_id    uuid,
    ts          timestamptz,
    query       text,
    repo_id     text,
    object_id   text,
    external_id text,
    place       integer,
    clicked     boolean,
    helpful     boolean,
    unhelpful   boolean,
    dwell_ms    float8,
    signals     jsonb,
    score       float8,
    weight      float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_column
begin
    if since >= until then
        raise exception using
            errcode = 'PS003',
            message = format('until (%s) must be later than since (%s)', until, since),
            hint    = 'Give the first moment and the first moment after it; null stands for the beginning and the end of the log.';
    end if;

    return query
    with searches as materialized (
        select q.query_id, q.ts, q.query_normalized, q.collection, q.hit_ids, q.hit_pages, q.hit_scores, q.hit_signals, q.sample_weight
          from pgsearch.queries as q
         where q.ts >= coalesce(_seen_hits.since, '-infinity')
           and q.ts < coalesce(_seen_hits.until, 'infinity')
           and (_seen_hits.collection is null or q.collection = _seen_hits.collection)
           and q.hit_ids <> '{}'
    ), touched as materialized (
        select e.query_id, e.place,
               bool_or(e.action_name = 'impression') as shown,
               bool_or(e.action_name = 'click') as clicked,
               bool_or(e.action_name in ('click', 'feedback', 'view', 'watch', 'add_to_cart', 'purchase')) as acted,
               bool_or(e.action_name = 'feedback' and e.value > 0) as helpful,
               bool_or(e.action_name = 'feedback' and e.value <= 0) as unhelpful,
               sum(e.dwell_ms) as dwell_ms
          from (select v.query_id, v.action_name, v.value, v.dwell_ms,
                       case
                       when v.object_id is null then case when v."position" <= cardinality(s.hit_ids) then v."position" end
                       when v.object_id_type = 'page' then coalesce(array_position(s.hit_pages, v.object_id), array_position(s.hit_ids, v.object_id))
                       else coalesce(array_position(s.hit_ids, v.object_id), array_position(s.hit_pages, v.object_id))
                       end as place
                  from pgsearch.events as v
                       join searches as s on s.query_id = v.query_id) as e
         where e.place is not null
         group by e.query_id, e.place
    ), followed as materialized (
        select t.query_id, bool_or(t.shown) as explicit, max(t.place) filter (where t.acted) as depth
          from touched as t
         group by t.query_id
    )
    select h.query_id, h.ts, h.query_normalized, h.collection, h.object_id, h.page, h.place, coalesce(t.clicked, false), coalesce(t.helpful, false), coalesce(t.unhelpful, false),
           t.dwell_ms, h.hit_signals -> (h.place - 1), h.score, h.sample_weight
      from (select s.query_id, s.ts, s.query_normalized, s.collection, s.hit_signals, s.sample_weight, l.object_id, l.page, l.score, l.place::integer as place
              from searches as s
                   cross join lateral unnest(s.hit_ids, s.hit_pages, s.hit_scores) with ordinality as l(object_id, page, score, place)) as h
           left join followed as f on f.query_id = h.query_id
           left join touched as t on t.query_id = h.query_id and t.place = h.place
     where h.object_id is not null
       and case when f.explicit then coalesce(t.shown or t.acted, false) else h.place <= coalesce(f.depth, 2147483647) end;
end;
$$;

comment on function pgsearch._seen_hits(text, timestamptz, timestamptz) is
'Hits that were seen, of searches in [since, until) of a collection (nulls: no bound) as the log holds them: place (rank
from 1), whether clicked, helpful, unhelpful, dwell_ms, signals as they were at query time, score, weight
(sample_weight). Error: PS003 until not after since.';
