-- What there is to learn from, and what was learned: what the commands tell before and after.

create or replace function pgsearch._learning_material(collection text)
returns table (searches bigint, clicked bigint)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select count(*),
           count(*) filter (where exists (select
                                            from pgsearch.events as e
                                           where e.query_id = q.query_id
                                             and e.action_name = 'click'))
      from pgsearch.queries as q
     where q.collection = _learning_material.collection;
end;
$$;

comment on function pgsearch._learning_material(text) is 'How many searches of the collection are in the log, and how many of them were clicked.';

create or replace function pgsearch._clicked_searches(collection text)
returns table (query text, hits jsonb, clicked float8[], pages text[])
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
as $$
#variable_conflict use_column
begin
    return query
    select q.user_query,
           h.hits,
           h.clicked,
           q.hit_pages
      from pgsearch.queries as q
           cross join lateral (select jsonb_agg(jsonb_build_object('chunk_id', q.hit_ids[s.at], 'score', q.hit_scores[s.at], 'signals', s.signals) order by s.at) as hits,
                                      array_agg(case when exists (select
                                                                    from pgsearch.events as e
                                                                   where e.query_id = q.query_id
                                                                     and e.action_name = 'click'
                                                                     and coalesce(array_position(q.hit_ids, e.object_id), array_position(q.hit_pages, e.object_id), e."position") = s.at)
                                                     then 1::float8 else 0 end order by s.at) as clicked
                                 from jsonb_array_elements(q.hit_signals) with ordinality as s(signals, at)) as h
     where q.collection = _clicked_searches.collection
       and 1 = any (h.clicked)
     order by q.ts, q.query_id;
end;
$$;

comment on function pgsearch._clicked_searches(text) is
'The searches of the collection whose first hits, those with signals in the log, were clicked: query, hits (as
_hit_features takes them), clicked (1 or 0 each) and pages (external_id each), parallel.';
