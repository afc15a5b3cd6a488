-- The kind of question by a learned classifier: a linear model over pieces of words, small enough to be evaluated where the queries are.

create or replace function pgsearch.predict_query_type(query text, model text default null)
returns table (query_type text, probability float8)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    kept    record;
    content jsonb;
    -- as classify_query: how a question is put is said early
    given   constant text := ' ' || pgsearch.normalize_query(left(coalesce(query, ''), 1000)) || ' ';
begin
    select m.name, m.model into kept
      from pgsearch.learned_models as m
     where m.kind = 'query_classifier'
       and case when predict_query_type.model is null then m.active else m.name = predict_query_type.model end
     order by m.name
     limit 1;

    if not found then
        if predict_query_type.model is not null then
            raise exception using
                errcode = 'PS008',
                message = format('there is no query classifier %s', quote_literal(predict_query_type.model)),
                hint    = coalesce((select 'Classifiers here: ' || string_agg(m.name, ', ' order by m.name) from pgsearch.learned_models as m where m.kind = 'query_classifier'),
                                   'There is none yet: pgsearch train classifier makes one.');
        end if;
        return;
    end if;
    content := convert_from(kept.model, 'utf8')::jsonb;

    return query
    with pieces as (
        select distinct substr(given, start::integer, length::integer) as piece
          from generate_series((content ->> 'shortest')::integer, (content ->> 'longest')::integer) as length
               cross join generate_series(1, char_length(given) - length + 1) as start
    ),
    found as (
        select w.class, sum((w.weight #>> '{}')::float8) as weight
          from pieces as p
               cross join lateral jsonb_array_elements(content -> 'weights' -> p.piece) with ordinality as w(weight, class)
         where content -> 'weights' ? p.piece
         group by w.class
    ),
    scored as (
        select c.name, (content -> 'bias' ->> (c.class - 1)::integer)::float8 + coalesce(f.weight, 0) as score
          from jsonb_array_elements_text(content -> 'classes') with ordinality as c(name, class)
               left join found as f on f.class = c.class
    )
    select s.name, exp(greatest(s.score - max(s.score) over (), -700)) / sum(exp(greatest(s.score - (select max(m.score) from scored as m), -700))) over ()
      from scored as s
     order by s.score desc, s.name;
end;
$$;

comment on function pgsearch.predict_query_type(text, text) is
'The kinds of question with their probabilities (they add up to 1), the likeliest first, by a learned classifier: a
softmax over the summed weights of the query''s pieces (all runs of characters of certain lengths in
normalize_query(query), with a space at each end).
Arguments:
- query
- model (a learned model; null: the active one)
No rows when none is active: then classify_query and its rules stand alone.
Error: PS008 unknown model.
Example:
select * from pgsearch.predict_query_type(''which route handles the login?'');';
