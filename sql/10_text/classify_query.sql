-- What kind of question it is, by rules that stand in a table, so that an owner changes them without a deploy, until a learned classifier is activated that does better (seed document 002).
--
-- A caller that knows better still (a user interface with a choice) gives search_code the query_type, and this function is not asked.

create or replace function pgsearch.classify_query(query text)
returns table (query_type text, weights jsonb, matched_rule text, priority integer)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    -- rules are about how a question is put, and that is said early; the limit keeps an expression from running long
    normalized constant text := pgsearch.normalize_query(left(coalesce(query, ''), 1000));
begin
    return query
    select t.query_type, t.weights, 'learned'::text, t.priority
      from (select p.query_type from pgsearch.predict_query_type(classify_query.query) as p limit 1) as learned
           join pgsearch.query_types as t on t.query_type = learned.query_type;
    if found then
        return;
    end if;

    return query
    select t.query_type, t.weights, r.pattern, t.priority
      from pgsearch.query_types as t
           left join lateral unnest(t.patterns) with ordinality as r(pattern, at) on normalized ~* r.pattern
     where r.pattern is not null
        or t.priority = (select max(l.priority) from pgsearch.query_types as l)
     order by t.priority, r.at
     limit 1;
end;
$$;

comment on function pgsearch.classify_query(text) is
'The kind of question, by the learned classifier that is active (see activate_query_classifier), else by the rules of the table query_types: of the types, in order of priority, the first that has a pattern that matches normalize_query(query);
the type of the last priority takes what is left. Returns one row (none when the table is empty): query_type, weights (of each signal of search_code), matched_rule (the regular expression; learned; null for what is left), priority.';
