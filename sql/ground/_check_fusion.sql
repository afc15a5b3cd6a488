-- The names of the fusion strategies: options are checked against them before anything is searched.

create or replace function pgsearch._fusion_names()
returns text[]
language sql immutable parallel safe
return array['adaptive', 'convex', 'distribution', 'legacy', 'rrf', 'rrf_boost', 'weighted'];

comment on function pgsearch._fusion_names() is 'The fusion strategies there are.';

create or replace function pgsearch._check_fusion(fusion text)
returns void
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if fusion is null or fusion <> all (pgsearch._fusion_names()) then
        raise exception using
            errcode = 'PS002',
            message = format('unknown fusion %s', coalesce(quote_literal(fusion), 'null')),
            hint    = format('Known strategies: %s.', array_to_string(pgsearch._fusion_names(), ', '));
    end if;
end;
$$;

comment on function pgsearch._check_fusion(text) is 'Raises PS002, naming the known strategies, for an unknown one.';
