-- Two rankings in one list, so that each click is a vote.

create or replace function pgsearch.interleave(first_ids text[], second_ids text[], seed bigint default 0)
returns table (place integer, id text, team integer)
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    ids    text[];                   -- each id once
    first  integer[];                -- the rankings, as places in ids: whether one is taken is then read and not searched for
    second integer[];
    taken  boolean[];
    lists  integer[] := '{}';
    teams  integer[] := '{}';
    picked integer[] := '{0,0}';
    at     integer[] := '{1,1}';
    turn   integer;
    pick   integer;
begin
    perform pgsearch._check_range('seed', seed, -9223372036854775808, 9223372036854775807);

    with given as materialized (
        select 1 as team, f.id, f.at from unnest(first_ids) with ordinality as f(id, at) where f.id is not null
         union all
        select 2, s.id, s.at from unnest(second_ids) with ordinality as s(id, at) where s.id is not null
    ),
    numbered as (
        select g.team, g.at, g.id, dense_rank() over (order by g.id)::integer as number
          from given as g
    )
    select (select array_agg(d.id order by d.number) from (select distinct on (n.number) n.number, n.id from numbered as n order by n.number) as d),
           coalesce(array_agg(n.number order by n.at) filter (where n.team = 1), '{}'),
           coalesce(array_agg(n.number order by n.at) filter (where n.team = 2), '{}')
      into ids, first, second
      from numbered as n;
    taken := array_fill(false, array[coalesce(cardinality(ids), 0)]);

    -- each round the team with fewer picks chooses its best that is not there yet; a coin decides when they are level
    for step in 1 .. cardinality(taken) loop
        while taken[first[at[1]]] loop at[1] := at[1] + 1; end loop;
        while taken[second[at[2]]] loop at[2] := at[2] + 1; end loop;

        turn := case
                when at[1] > cardinality(first) then 2
                when at[2] > cardinality(second) then 1
                when picked[1] <> picked[2] then case when picked[1] < picked[2] then 1 else 2 end
                else 1 + (hashint8extended(step, seed) & 1)::integer
                end;
        pick         := case turn when 1 then first[at[1]] else second[at[2]] end;
        lists[step]  := pick;
        teams[step]  := turn;
        taken[pick]  := true;
        picked[turn] := picked[turn] + 1;
    end loop;

    return query
    select l.place::integer, i.id, l.team
      from unnest(lists, teams) with ordinality as l(number, team, place)
           join unnest(ids) with ordinality as i(id, number) on i.number = l.number
     order by l.place;
end;
$$;

comment on function pgsearch.interleave(text[], text[], bigint) is
'Team-draft interleaving (Radlinski, Kurup and Joachims 2008): one list out of two rankings, every id once.
Arguments:
- first_ids
- second_ids (best first)
- seed (decides the coin: another for each search); null ids are passed over
Returns place from 1, id, team (1 or 2: whose pick it is, and whose vote a click on it).
Error: PS003 no seed.
Example:
select * from pgsearch.interleave(''{a,b,c}'', ''{b,d,a}'', 42);';
