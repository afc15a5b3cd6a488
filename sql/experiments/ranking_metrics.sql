-- How good one ranking is, held against judgments.

create or replace function pgsearch.ranking_metrics(
    doc_ids    text[],
    judged_ids text[],
    ratings    float8[],
    k          integer default 10
)
returns table (ndcg float8, average_precision float8, reciprocal_rank float8, precision_at_k float8, recall_at_k float8, judged_at_k float8)
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pgsearch._check_range('k', k, 1, 10000);
    if cardinality(judged_ids) is distinct from cardinality(ratings) or ratings && '{NaN,Infinity,-Infinity}'::float8[] then
        raise exception using
            errcode = 'PS003',
            message = format('%s judged_ids and %s ratings', cardinality(judged_ids), cardinality(ratings)),
            hint    = 'Give one finite rating for each judged document.';
    end if;

    return query
    with judged as (
        select j.doc_id, max(j.rating) as rating
          from unnest(judged_ids, ratings) as j(doc_id, rating)
         where j.rating is not null
         group by j.doc_id
    ),
    ideal as (
        select coalesce(sum(i.rating / log(2, i.place + 1)::float8) filter (where i.place <= k), 0) as dcg,
               count(*) as relevant
          from (select j.rating, row_number() over (order by j.rating desc) as place
                  from judged as j
                 where j.rating > 0) as i
    ),
    shown as (
        select s.place,
               j.rating,
               coalesce(j.rating, 0) > 0 as is_relevant,
               count(*) filter (where j.rating > 0) over (order by s.place) as relevant_so_far
          from (select d.doc_id, row_number() over (order by min(d.place)) as place
                  from unnest(ranking_metrics.doc_ids) with ordinality as d(doc_id, place)
                 group by d.doc_id) as s
               left join judged as j on j.doc_id = s.doc_id
         where s.place <= k
    )
    select coalesce(sum(greatest(s.rating, 0) / log(2, s.place + 1)::float8), 0) / i.dcg,
           coalesce(sum(s.relevant_so_far / s.place::float8) filter (where s.is_relevant), 0) / i.relevant,
           coalesce(1::float8 / min(s.place) filter (where s.is_relevant), 0),
           count(*) filter (where s.is_relevant) / k::float8,
           count(*) filter (where s.is_relevant) / i.relevant::float8,
           count(s.rating) / nullif(count(s.place), 0)::float8
      from ideal as i
           left join shown as s on true
     where i.relevant > 0
     group by i.dcg, i.relevant;
end;
$$;

comment on function pgsearch.ranking_metrics(text[], text[], float8[], integer) is
'Measures of one ranking at cut-off k.
Arguments:
- doc_ids (the ranking, best first; a document that comes again counts once)
- judged_ids and ratings (parallel: what was judged; above 0 is relevant)
- k (1 .. 10000)
Returns ndcg (Järvelin and Kekäläinen 2002 with linear gain, as trec_eval: a rating counts as it is), average_precision,
reciprocal_rank, precision_at_k, recall_at_k, and judged_at_k: the share of the first k that anybody judged, null for an
empty ranking.
Unjudged documents count as not relevant: read the measures beside judged_at_k. No row when nothing relevant was judged.
Errors: PS003 arrays of different lengths, ratings that are not finite, k out of range.
Example:
select ndcg, recall_at_k from pgsearch.ranking_metrics(''{b,a,c}'', ''{a,b}'', ''{3,1}'', 10);';
