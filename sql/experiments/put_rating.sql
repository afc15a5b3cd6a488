-- One opinion of one rater, given, changed or taken back; the judgment of the list is the mean of what all of them said.

create or replace function pgsearch.put_rating(
    judgment_list text,
    query         text,
    doc_id        text,
    judge         text,
    rating        float8 default null,
    collection    text   default ''
)
returns float8
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
as $$
#variable_conflict use_column
declare
    list    bigint;
    average float8;
    judges  text;
begin
    perform pgsearch._check_name('a judgment list', put_rating.judgment_list);
    perform pgsearch._check_name('a rater', put_rating.judge);
    if put_rating.rating is not null then
        perform pgsearch._check_range('rating', put_rating.rating, 0, 3);
        -- checks the words, and makes the list
        perform pgsearch.put_judgments(
            put_rating.judgment_list,
            jsonb_build_array(jsonb_build_object('query', put_rating.query, 'doc_id', put_rating.doc_id, 'rating', 0)),
            collection => put_rating.collection);
    end if;

    -- held to the end, so that two raters at once both count
    select l.judgment_list_id into list from pgsearch.judgment_lists as l where l.name = put_rating.judgment_list for no key update;

    if put_rating.rating is null then
        delete from pgsearch.ratings as r
         where r.judgment_list_id = list
           and r.query = put_rating.query
           and r.doc_id = put_rating.doc_id
           and r.judge = put_rating.judge;
        if not found then
            return null;
        end if;
    else
        insert into pgsearch.ratings (judgment_list_id, query, doc_id, judge, rating)
        values (list, put_rating.query, put_rating.doc_id, put_rating.judge, put_rating.rating)
        on conflict (judgment_list_id, query, doc_id, judge) do update
           set rating   = excluded.rating,
               rated_at = clock_timestamp();
    end if;

    select avg(r.rating), string_agg(r.judge, ', ' order by r.judge)
      into average, judges
      from pgsearch.ratings as r
     where r.judgment_list_id = list
       and r.query = put_rating.query
       and r.doc_id = put_rating.doc_id;
    if average is null then
        delete from pgsearch.judgments as j
         where j.judgment_list_id = list
           and j.query = put_rating.query
           and j.doc_id = put_rating.doc_id;
    else
        update pgsearch.judgments as j
           set rating = average,
               judge  = judges
         where j.judgment_list_id = list
           and j.query = put_rating.query
           and j.doc_id = put_rating.doc_id;
    end if;
    return average;
end;
$$;

comment on function pgsearch.put_rating(text, text, text, text, float8, text) is
'Stores what one rater thinks of a page for a query, and returns the judgment that the list has of it from then on: the
mean of what all raters said. A judgment of the list that was put there otherwise is replaced.
Arguments:
- judgment_list (its name; made when it is new)
- query
- doc_id (external_id of the page)
- judge (who rates)
- rating (0 not relevant .. 3 exactly this; null: take back what this rater said)
- collection (that a new list is about; empty: any)
Returns null where nobody has said anything.
Errors: PS001 unknown collection, PS003 a name, a query or a rating that is none, a list of another type.
Example:
select pgsearch.put_rating(''by hand'', ''roses'', ''1'', ''ann'', 3);';
