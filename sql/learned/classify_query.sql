-- What kind of question it is, by rules that stand in a table, so that an owner changes them without a deploy, until a
-- learned classifier is activated that does better.
--
-- A caller that knows better still (a user interface with a choice) gives search_code the query_type, and this function is not asked.

-- All rules of a type in one expression: PostgreSQL keeps the last 32 compiled ones, and two dozen rules would push out
-- those that every search needs (2.4 ms against .2).
create or replace function pgsearch._query_type_by_rules(query text)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    -- rules are about how a question is put, and that is said early; the limit keeps an expression from running long
    normalized constant text := pgsearch.normalize_query(left(coalesce(query, ''), 1000));
    possible   text[];
    otherwise  text;
    found      text;
begin
    -- An expression is compiled in every session anew, which takes longer than all these looks; and a block that catches
    -- errors is a transaction within, which a query that no rule is about need not pay for.
    select array_agg(t.query_type) filter (
               where t.letters is null
                  or exists (select from unnest(t.letters) as l(letters) where strpos(normalized, l.letters) > 0)),
           (array_agg(t.query_type order by t.priority desc))[1]
      into possible, otherwise
      from pgsearch.query_types as t;
    if possible is null then
        return otherwise;
    end if;

    begin
        select t.query_type into found
          from pgsearch.query_types as t
         where t.query_type = any (possible)
           and normalized ~* ('(?:' || array_to_string(t.patterns, ')|(?:') || ')')
         order by t.priority
         limit 1;
    exception
        -- a rule with options of its own, as (?x), stands only alone
        when invalid_regular_expression then
            select t.query_type into found
              from pgsearch.query_types as t
             where t.query_type = any (possible)
               and exists (select from unnest(t.patterns) as r(pattern) where normalized ~* r.pattern)
             order by t.priority
             limit 1;
    end;
    return coalesce(found, otherwise);
end;
$$;

comment on function pgsearch._query_type_by_rules(text) is
'The type that the rules of query_types give, whatever classifier is active: what a learned classifier has to beat.
Argument: query. Null when the table is empty.';

create or replace function pgsearch._query_type_by_model(query text)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return (select p.query_type
              from (select l.query_type from pgsearch.predict_query_type(_query_type_by_model.query) as l limit 1) as p
             -- a type without a row there has no weights, and a question without a type would find nothing
             where exists (select from pgsearch.query_types as t where t.query_type = p.query_type));
end;
$$;

comment on function pgsearch._query_type_by_model(text) is
'The likeliest type by the learned classifier that is active. Argument: query. Null when none is active, or when its
answer is no row of query_types: then the rules stand.';

create or replace function pgsearch._query_type(query text)
returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce(case when exists (select from pgsearch.learned_models as m where m.kind = 'query_classifier' and m.active)
                         then pgsearch._query_type_by_model(query) end,
                    pgsearch._query_type_by_rules(query));
end;
$$;

comment on function pgsearch._query_type(text) is 'The type of classify_query alone, quickly: what the log writes down for each search.';

create or replace function pgsearch.classify_query(query text)
returns table (query_type text, weights jsonb, matched_rule text, priority integer)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    learned    constant text := pgsearch._query_type_by_model(query);
    chosen     constant text := coalesce(learned, pgsearch._query_type_by_rules(query));
    normalized constant text := pgsearch.normalize_query(left(coalesce(query, ''), 1000));
begin
    return query
    select t.query_type,
           t.weights,
           case when learned is not null then 'learned'
                else (select r.pattern from unnest(t.patterns) with ordinality as r(pattern, at) where normalized ~* r.pattern order by r.at limit 1) end,
           t.priority
      from pgsearch.query_types as t
     where t.query_type = chosen;
end;
$$;

comment on function pgsearch.classify_query(text) is
'The kind of question, by the learned classifier that is active (see activate_query_classifier) where its answer is a row
of query_types, else by the rules of that table: of the types, in order of priority, the first that has a pattern that
matches normalize_query(query); the type of the last priority takes what is left.
Returns one row (none when the table is empty): query_type, weights (of each signal of search_code), matched_rule (the
regular expression; learned; null for what is left), priority.
Example:
select query_type, weights from pgsearch.classify_query(''which route handles the login?'');';
