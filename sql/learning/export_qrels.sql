-- Judgments of (query, page) pairs: made from clicks, or those of a judgment list.
--
-- A click is worth more where clicks are rare, so the grade comes from clicks over expected clicks (COEC), not from
-- their number; strategy ctr ignores the ranks and is there to compare.

create or replace function pgsearch.export_qrels(
    collection      text        default null,
    click_model     text        default 'coec',
    min_impressions float8      default 10,
    since           timestamptz default null,
    until           timestamptz default null,
    judgment_list   text        default null
)
returns table (
    query_key       text,
    query           text,
    doc_id          text,
    grade           integer,
    rating          float8,
    impressions     float8,
    clicks          float8,
    expected_clicks float8
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if click_model is null or click_model not in ('coec', 'ctr') then
        raise exception using
            errcode = 'PS002',
            message = format('unknown click_model %s', coalesce(quote_literal(click_model), 'null')),
            hint    = 'Known click models: coec, ctr.';
    end if;

    perform pgsearch._check_range('min_impressions', min_impressions, 0, 1e15);
    if judgment_list is not null then
        if not exists (select from pgsearch.judgment_lists as l where l.name = judgment_list) then
            raise exception using
                errcode = 'PS003',
                message = format('unknown judgment list %s', quote_literal(judgment_list)),
                hint    = coalesce((select 'Judgment lists here: ' || string_agg(l.name, ', ' order by l.name) || '.' from pgsearch.judgment_lists as l),
                                   'There is no judgment list yet; leave judgment_list out to make judgments from clicks.');
        end if;

        return query
        select pgsearch._query_key(j.query), j.query, j.doc_id, greatest(round(j.rating), 0)::integer, j.rating, j.impressions, j.clicks, j.expected_clicks
          from pgsearch.judgments as j
               join pgsearch.judgment_lists as l on l.judgment_list_id = j.judgment_list_id
         where l.name = export_qrels.judgment_list
           and (export_qrels.collection is null or l.collection = export_qrels.collection)
         order by j.query, j.rating desc, j.doc_id;
        return;
    end if;

    return query
    select pgsearch._query_key(p.query),
           p.query,
           p.doc_id,
           case
           when p.clicks = 0 then 0
           when export_qrels.click_model = 'ctr' then case when p.clicks / p.impressions < 0.2 then 1 when p.clicks / p.impressions < 0.5 then 2 else 3 end
           when p.expected is null or p.clicks < p.expected then 1
           when p.clicks < 2 * p.expected then 2
           else 3
           end,
           case when export_qrels.click_model = 'ctr' then p.clicks / p.impressions else p.clicks / nullif(p.expected, 0) end,
           p.impressions,
           p.clicks,
           p.expected
      from (select s.query, s.doc_id, sum(s.weight) as impressions, coalesce(sum(s.weight) filter (where s.clicked), 0) as clicks, sum(s.weight * r.click_rate) as expected
              from (-- of a page with several hits the best one stands for it
                    select h.query_id, h.repo_id, h.query, coalesce(h.external_id, h.object_id) as doc_id, min(h.place) as place, bool_or(h.clicked) as clicked, min(h.weight) as weight
                      from pgsearch._seen_hits(export_qrels.collection, export_qrels.since, export_qrels.until) as h
                     group by h.query_id, h.repo_id, h.query, coalesce(h.external_id, h.object_id)) as s
                   left join pgsearch.position_click_rates as r on r.collection = s.repo_id and r.rank = s.place
             group by s.query, s.doc_id
            having sum(s.weight) >= export_qrels.min_impressions) as p
     order by p.query, 4 desc, 5 desc nulls last, p.doc_id;
end;
$$;

comment on function pgsearch.export_qrels(text, text, float8, timestamptz, timestamptz, text) is
'Judgments of pages for queries, from the clicks of the log or from a judgment list.
Arguments:
- collection (null: all)
- click_model (coec: clicks / expected clicks at the ranks where the page was really shown; ctr: clicks / impressions)
- min_impressions (pairs seen less often for the query are left out)
- since and until (searches from since up to but not including until; null: no bound)
- judgment_list (name: its judgments as they are, rounded to grades, and nothing from clicks)
Returns query_key (short and stable, for files that want no spaces), query (normalised), doc_id (external_id of the
page; of searches logged from elsewhere, the id they gave), grade, rating (the ratio itself; null when nothing is ever
clicked), impressions, clicks, expected_clicks. Grades: 0 not clicked; by coec 1 clicked less than its ranks explain
(coec under 1), 2 more (under 2), 3 twice as much or more; by ctr 1 under .2, 2 under .5, 3 from .5.
Errors: PS002 unknown click model, PS003 argument out of range, unknown judgment list, until not after since.
Example:
select query, doc_id, grade from pgsearch.export_qrels(''korean'');';

create or replace function pgsearch._query_key(query text)
returns text
language sql immutable parallel safe strict
return 'q' || left(encode(sha256(convert_to(query, 'UTF8')), 'hex'), 16);

comment on function pgsearch._query_key(text) is 'A name for a query that has no spaces and is the same in every export.';
