-- Functions of others, which are chosen by their names: to mask the log, to rerank.

create or replace function pgsearch._named_function(name text, arguments text)
returns regprocedure
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
begin
    -- exactly one function or none, whose text form is quoted; what is no name at all is an error of its own
    return to_regprocedure(format('%s(%s)', name, arguments));
exception
    when syntax_error or invalid_name or invalid_text_representation then
        return null;
end;
$$;

comment on function pgsearch._named_function(text, text) is
'The function of this schema-qualified name that takes these types of arguments; null: there is none.';
