-- What may be said of a file of the archive.

create or replace function pgsearch._check_archive(day date, kind text, path text, sha256 text)
returns void
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    wrong constant text := case
                           when day is null or not isfinite(day) then 'its day is not known'
                           when coalesce(kind, '') not in ('messages', 'conversations')
                               then format('its kind is %s', coalesce(quote_literal(left(kind, 40)), 'null'))
                           when coalesce(path, '') = '' or char_length(path) > 1000
                               then format('its path has %s characters', coalesce(char_length(path), 0))
                           when coalesce(sha256, '') !~ '^[0-9a-f]{64}$' then 'its sha256 is none'
                           end;
begin
    if wrong is not null then
        raise exception using
            errcode = 'PS003',
            message = format('a file of the archive cannot be recorded: %s', wrong),
            hint    = 'Give a day, the kind messages or conversations, a path of 1 to 1000 characters, and a sha256 of 64 hexadecimal '
                      || 'digits.';
    end if;
end;
$$;

comment on function pgsearch._check_archive(date, text, text, text) is 'Raises PS003 for a file that cannot be one of the archive.';
