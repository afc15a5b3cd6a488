-- What users clicked, as judgments: the questions they ask, and the pages that answered them.
--
-- A click is no judgment: the first hit is clicked because it stands first. So a page is credited with what it gets
-- beyond its places (coec), or only with the searches in which somebody looked at it at all (sdbn); plain ctr is there
-- to be compared with.

create or replace function pgsearch.judgments_from_clicks(
    list_name       text,
    collection      text,
    click_model     text        default 'coec',
    min_impressions float8      default 10,
    max_rank        integer     default 10,
    since           timestamptz default null,
    until           timestamptz default null,
    actions         text[]      default null
)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
as $$
#variable_conflict use_column
declare
    list   bigint;
    stored integer;
begin
    perform pgsearch._check_collections(array[judgments_from_clicks.collection]);
    perform pgsearch._check_range('min_impressions', min_impressions, 0, 1000000);
    perform pgsearch._check_range('max_rank', max_rank, 1, 1000);

    if click_model is null or click_model not in ('coec', 'ctr', 'sdbn') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown click_model %s', coalesce(quote_literal(click_model), 'null')),
            hint    = 'Known models: coec (clicks over expected clicks), ctr (click-through rate), sdbn (simplified dynamic Bayesian network).';
    end if;

    perform pgsearch._check_name('a judgment list', list_name);
    if exists (select from pgsearch.judgment_lists as l where l.name = list_name and l.judgment_type <> 'clicks') then
        raise exception using
            errcode = 'PS003',
            message = format('judgment list %s is not from clicks', quote_literal(list_name)),
            hint    = 'Give a name that no list of another type has; a list of clicks of this name is made anew.';
    end if;

    insert into pgsearch.judgment_lists as l (name, collection, judgment_type, click_model, parameters)
    values (list_name, judgments_from_clicks.collection, 'clicks', judgments_from_clicks.click_model,
            jsonb_strip_nulls(jsonb_build_object('min_impressions', min_impressions, 'max_rank', max_rank, 'since', since, 'until', until, 'actions', actions)))
    on conflict (name) do update
       set collection  = excluded.collection,
           click_model = excluded.click_model,
           parameters  = excluded.parameters,
           created_at  = now()
    returning l.judgment_list_id into list;
    delete from pgsearch.judgments as j where j.judgment_list_id = list;

    with searches as materialized (
        select q.query_id, q.user_query, q.query_normalized, q.hit_ids, q.hit_pages, q.sample_weight
          from pgsearch.queries as q
         where q.collection = judgments_from_clicks.collection
           and (since is null or q.ts >= since)
           and (until is null or q.ts < until)
           and q.query_normalized <> ''
           -- what fits into the index of judgments
           and octet_length(q.user_query) <= 1600
           and cardinality(q.hit_pages) > 0
    ),
    -- a page counts where its first hit stands
    shown as materialized (
        select s.query_id, s.query_normalized, s.sample_weight, h.page, min(h.rank) as rank
          from searches as s
               cross join lateral unnest(s.hit_pages) with ordinality as h(page, rank)
         where h.rank <= max_rank
         group by s.query_id, s.query_normalized, s.sample_weight, h.page
    ),
    clicked as materialized (
        select c.query_id, c.page, max(c.ts) as ts
          from (select s.query_id,
                       e.ts,
                       s.hit_pages[coalesce(array_position(s.hit_ids, e.object_id), array_position(s.hit_pages, e.object_id), e."position")] as page
                  from searches as s
                       join pgsearch.events as e on e.query_id = s.query_id
                 where e.action_name = any (coalesce(actions, '{click}'))) as c
         where c.page is not null
         group by c.query_id, c.page
    ),
    seen as materialized (
        select h.query_id, h.query_normalized, h.page, h.rank,
               h.sample_weight,
               c.page is not null as clicked,
               -- the users of sdbn look as far as their last click
               h.rank <= max(h.rank) filter (where c.page is not null) over (partition by h.query_id) as examined,
               c.ts is not null and row_number() over (partition by h.query_id order by c.ts desc nulls last, h.rank desc) = 1 as last
          from shown as h
               left join clicked as c on c.query_id = h.query_id
                                     and c.page = h.page
    ),
    at_rank as (
        select s.rank,
               sum(s.sample_weight) filter (where s.clicked) / sum(s.sample_weight) as rate
          from seen as s
         group by s.rank
    ),
    counted as (
        select s.query_normalized,
               s.page,
               sum(s.sample_weight) as impressions,
               coalesce(sum(s.sample_weight) filter (where s.clicked), 0) as clicks,
               coalesce(sum(s.sample_weight * r.rate), 0) as expected,
               coalesce(sum(s.sample_weight) filter (where s.examined), 0) as examined,
               coalesce(sum(s.sample_weight) filter (where s.last), 0) as satisfied
          from seen as s
               join at_rank as r on r.rank = s.rank
         group by s.query_normalized, s.page
    )
    insert into pgsearch.judgments (judgment_list_id, query, doc_id, rating, impressions, clicks, expected_clicks, judge)
    select list,
           t.user_query,
           c.page,
           case click_model
           when 'ctr'  then c.clicks / c.impressions
           -- one expected click more: a single click far down would else weigh like twenty
           when 'coec' then c.clicks / (c.expected + 1)
           when 'sdbn' then coalesce(c.clicks / nullif(c.examined + 1, 0) * (c.satisfied / nullif(c.clicks, 0)), 0)
           end,
           c.impressions,
           c.clicks,
           c.expected,
           'clicks'
      from counted as c
           join (select s.query_normalized, mode() within group (order by s.user_query) as user_query
                   from searches as s
                  group by s.query_normalized) as t on t.query_normalized = c.query_normalized
     where c.impressions >= min_impressions;
    get diagnostics stored = row_count;

    return stored;
end;
$$;

comment on function pgsearch.judgments_from_clicks(text, text, text, float8, integer, timestamptz, timestamptz, text[]) is
'Fills the judgment list list_name (made anew when it exists; of type clicks) from the search log of a collection;
returns how many judgments it holds. Judgments are (query, doc_id = external_id of the page, rating), a query is the
commonest spelling of its normalised text, rating 0 means shown and never clicked.
Arguments:
- click_model: coec, clicks / (expected clicks + 1), where a search expects of each of its places the click rate that
  the place has over the whole log (Zhang and Jones 2007); ctr, clicks / impressions; sdbn, attraction × satisfaction of
  the simplified dynamic Bayesian network (Chapelle and Zhang 2009: pages above the last click were looked at, the last
  click satisfied), with one more look at each page
- min_impressions: pages shown fewer times for the query are left out (searches, weighted by sample_weight)
- max_rank (1 .. 1000): hits further down count as not shown; since (inclusive) and until (exclusive): which searches
- actions: events that count as a click (null: click)
impressions, clicks and expected_clicks stand beside each rating.
Errors: PS001 unknown collection, PS002 unknown click_model, PS003 bad number, or a list_name that is empty or of a list
of another type.
Example:
select pgsearch.judgments_from_clicks(''clicks'', ''korean'', min_impressions => 3);';
