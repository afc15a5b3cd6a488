-- How long each stage of a search took.

create or replace function pgsearch._lap(laps pgsearch.search_laps, stage text)
returns pgsearch.search_laps
language sql volatile parallel safe
return (laps.started,
        clock_timestamp(),
        laps.timings || jsonb_build_object(stage, round(extract(epoch from clock_timestamp() - laps.last) * 1000, 3))
       )::pgsearch.search_laps;

comment on function pgsearch._lap(pgsearch.search_laps, text) is
'The laps with one more: the milliseconds since the last, to three decimals.';
