-- Whether raters mean the same by a rating, by Krippendorff's alpha for intervals (2004): any number of raters, gaps allowed.

create or replace function pgsearch.rater_agreement(judgment_list text)
returns table (raters bigint, ratings bigint, pages bigint, shared_pages bigint, alike float8, alpha float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    with rated as materialized (
        select r.query, r.doc_id, r.judge, r.rating
          from pgsearch.ratings as r
               join pgsearch.judgment_lists as l on l.judgment_list_id = r.judgment_list_id
         where l.name = rater_agreement.judgment_list
    ),
    units as materialized (
        select count(*) as raters, sum(r.rating) as total, sum(r.rating * r.rating) as squares
          from rated as r
         group by r.query, r.doc_id
        having count(*) > 1
    ),
    pairs as (
        select count(*) as pairs, count(*) filter (where a.rating = b.rating) as alike
          from rated as a
               join rated as b on b.query = a.query and b.doc_id = a.doc_id and b.judge > a.judge
    ),
    -- sums over ordered pairs: two times (n times the squares minus the square of the sum)
    disagreement as (
        select sum(u.raters) as n,
               sum(2::float8 * (u.raters * u.squares - u.total * u.total) / (u.raters - 1)) / sum(u.raters) as observed,
               2::float8 * (sum(u.raters) * sum(u.squares) - sum(u.total) * sum(u.total))
               / nullif(sum(u.raters) * (sum(u.raters) - 1), 0)::float8 as expected
          from units as u
    )
    select (select count(distinct r.judge) from rated as r),
           (select count(*) from rated),
           (select count(distinct (r.query, r.doc_id)) from rated as r),
           (select count(*) from units),
           p.alike / nullif(p.pairs, 0)::float8,
           1 - d.observed / nullif(d.expected, 0)
      from pairs as p
           cross join disagreement as d;
end;
$$;

comment on function pgsearch.rater_agreement(text) is
'How far the raters of a list agree.
Arguments:
- judgment_list (its name)
Returns one row: raters, ratings, pages (pairs of a query and a page that were rated), shared_pages (of these by two raters
or more), alike (share of pairs of raters who said the same), alpha (Krippendorff''s for intervals: 1 full agreement, 0 as by
chance, below 0 worse; above 0.667 it is usually taken for enough; null where nothing varies or nobody shares a page).
Example:
select shared_pages, alpha from pgsearch.rater_agreement(''by hand'');';
