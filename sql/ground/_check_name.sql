-- Names are keys, and what an index can hold has an end: a name that is too long is refused in words.

create or replace function pgsearch._check_name(thing text, name text, most integer default 255)
returns void
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if coalesce(name, '') = '' or char_length(name) > most then
        raise exception using
            errcode = 'PS003',
            message = format('the name of %s must have 1 to %s characters, not %s', thing, most, coalesce(char_length(name), 0)),
            hint    = 'Give a short name, such as ''frequent-2026-11''.';
    end if;
end;
$$;

comment on function pgsearch._check_name(text, text, integer) is 'Raises PS003, naming the thing, unless the name has from 1 to most characters.';
