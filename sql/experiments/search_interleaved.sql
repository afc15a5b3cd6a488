-- One search answered by two variants at once: whose hits are clicked more often wins. Far fewer searches tell than in an A/B test.

create or replace function pgsearch.search_interleaved(
    experiment text,
    query      text,
    embedding  vector  default null,
    top_k      integer default 8,
    filter     jsonb   default '{}',
    context    jsonb   default '{}'
)
returns jsonb
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen   constant pgsearch.experiments := pgsearch._experiment(search_interleaved.experiment, 'interleaving');
    searched constant text[] := case when chosen.collection <> '' then array[chosen.collection] end;
    id       text;
    outcomes jsonb[];
    variant  jsonb;
    outcome  jsonb;
    teams    jsonb;
begin
    context := coalesce(search_interleaved.context, '{}');
    perform pgsearch._check_context(context);
    id := coalesce(context ->> 'query_id', pgsearch.uuid7()::text);

    -- after the end there is nothing to compare: the control alone, logged as any other search
    if chosen.finished_at is not null then
        outcome := pgsearch.search(search_interleaved.query, search_interleaved.embedding, searched, 'auto', search_interleaved.top_k, null,
                                   search_interleaved.filter, chosen.variants #> '{0,options}', context);
        return outcome || jsonb_build_object('teams',    (select coalesce(jsonb_agg(1), '[]') from jsonb_array_elements(outcome -> 'hits')),
                                             'variants', jsonb_build_array(chosen.variants #> '{0,name}'));
    end if;

    for variant in select v from jsonb_array_elements(chosen.variants) as v loop
        outcomes := outcomes || pgsearch._search(search_interleaved.query, search_interleaved.embedding, searched, 'auto', search_interleaved.top_k, null,
                                                 search_interleaved.filter, variant -> 'options');
    end loop;

    select outcomes[1] || jsonb_build_object(
               'hits',     coalesce(jsonb_agg(m.hit || jsonb_build_object('rank', m.place) order by m.place), '[]'),
               'notes',    (select coalesce(jsonb_agg(distinct n), '[]') from unnest(outcomes) as o cross join lateral jsonb_array_elements(o -> 'notes') as n),
               'variants', (select jsonb_agg(v -> 'name') from jsonb_array_elements(chosen.variants) as v)),
           coalesce(jsonb_agg(m.team order by m.place), '[]')
      into outcome, teams
      from (select i.place, i.team, h.hit
              from pgsearch.interleave(array(select h ->> 'chunk_id' from jsonb_array_elements(outcomes[1] -> 'hits') as h order by (h ->> 'rank')::integer),
                                       array(select h ->> 'chunk_id' from jsonb_array_elements(outcomes[2] -> 'hits') as h order by (h ->> 'rank')::integer),
                                       hashtextextended(id, 0)) as i
                   cross join lateral (select h as hit
                                         from jsonb_array_elements(outcomes[i.team] -> 'hits') as h
                                        where h ->> 'chunk_id' = i.id) as h
             where i.place <= search_interleaved.top_k) as m;

    return outcome
           || jsonb_build_object('teams', teams)
           || pgsearch._log_quietly(
                  search_interleaved.query, searched, search_interleaved.top_k, search_interleaved.filter, '{}',
                  context || jsonb_build_object('query_id', id, 'experiment', chosen.experiment, 'variant', 'interleaved',
                                                'query_attributes', coalesce(context -> 'query_attributes', '{}') || jsonb_build_object('teams', teams)),
                  outcome);
end;
$$;

comment on function pgsearch.search_interleaved(text, text, vector, integer, jsonb, jsonb) is
'One search of an interleaving experiment: the hits of its two variants in one list by team draft (see interleave),
logged with the team of each hit.
Arguments:
- experiment (its name)
- query
- embedding (null: without the vector signal)
- top_k (0 .. 1000)
- filter
- context (see search)
Returns what search returns, and teams (1 or 2 for each hit: whose it is) and variants (their names). Give clicks to
log_feedback as always; experiment_results counts the votes. After finish_experiment the first variant alone answers.
Errors: PS003 unknown experiment or one of another type; otherwise as search.';
