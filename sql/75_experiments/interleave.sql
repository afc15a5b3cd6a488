-- Two rankings in one list, so that each click is a vote.

create or replace function pgsearch.interleave(first_ids text[], second_ids text[], seed bigint default 0)
returns table (place integer, id text, team integer)
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    lists   text[] := '{}';
    teams   integer[] := '{}';
    picked  integer[] := '{0,0}';
    at      integer[] := '{1,1}';
    turn    integer;
    pick    text;
    longest constant integer := cardinality(first_ids) + cardinality(second_ids);
begin
    -- each round the team with fewer picks chooses its best that is not there yet; a coin decides when they are level
    for step in 1 .. coalesce(longest, coalesce(cardinality(first_ids), cardinality(second_ids), 0)) loop
        while first_ids[at[1]] = any (lists) loop at[1] := at[1] + 1; end loop;
        while second_ids[at[2]] = any (lists) loop at[2] := at[2] + 1; end loop;
        exit when at[1] > coalesce(cardinality(first_ids), 0) and at[2] > coalesce(cardinality(second_ids), 0);

        turn := case
                when at[1] > coalesce(cardinality(first_ids), 0) then 2
                when at[2] > coalesce(cardinality(second_ids), 0) then 1
                when picked[1] <> picked[2] then case when picked[1] < picked[2] then 1 else 2 end
                else 1 + (hashint8extended(step, seed) & 1)::integer
                end;
        pick         := case turn when 1 then first_ids[at[1]] else second_ids[at[2]] end;
        lists        := lists || pick;
        teams        := teams || turn;
        picked[turn] := picked[turn] + 1;
    end loop;

    return query
    select l.place::integer, l.id, l.team
      from unnest(lists, teams) with ordinality as l(id, team, place);
end;
$$;

comment on function pgsearch.interleave(text[], text[], bigint) is
'Team-draft interleaving (Radlinski, Kurup and Joachims 2008): one list out of two rankings, every id once. Arguments: first_ids, second_ids (best first), seed (decides the coin: another for each search).
Returns place from 1, id, team (1 or 2: whose pick it is, and whose vote a click on it).';
