-- What the raters of a list said, the last first: to go on where one stopped, and to take back what was a mistake.

create or replace function pgsearch.list_ratings(judgment_list text, judge text default null)
returns table (query text, doc_id text, rater text, rating float8, rated_at timestamptz)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select r.query, r.doc_id, r.judge, r.rating, r.rated_at
      from pgsearch.ratings as r
           join pgsearch.judgment_lists as l on l.judgment_list_id = r.judgment_list_id
     where l.name = list_ratings.judgment_list
       and (list_ratings.judge is null or r.judge = list_ratings.judge)
     order by r.rated_at desc, r.query, r.doc_id, r.judge;
end;
$$;

comment on function pgsearch.list_ratings(text, text) is
'What raters said of pages, the last first; no rows for a list that is not there.
Arguments:
- judgment_list (its name)
- judge (whose; null: of all raters)
Returns query, doc_id, rater, rating, rated_at.
Example:
select query, doc_id, rating from pgsearch.list_ratings(''by hand'', ''ann'');';
