-- How many applications the roll-ups of a day keep apart.

create or replace function pgsearch._most_applications()
returns integer
language sql immutable parallel safe
return 20;

comment on function pgsearch._most_applications() is
'How many applications, the most used ones, a roll-up keeps apart on a day; the others are counted together, so that a program which
names another one in each search fills no table.';
