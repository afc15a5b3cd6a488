-- What a search of code is asked beside what every search is: the type of the question with its weights, and a further
-- model of the nodes.

create or replace function pgsearch._code_signals()
returns text[]
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select array['graph', 'lexical', 'semantic_large_node', 'semantic_small_code', 'semantic_small_node'];
$$;

comment on function pgsearch._code_signals() is 'The signals of search_code, by name.';

create or replace function pgsearch._code_weights(query text, options jsonb, out query_type text, out weights jsonb)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    given constant jsonb := nullif(options -> 'weights', 'null');
    entry record;
begin
    if coalesce(jsonb_typeof(options -> 'query_type'), 'null') <> 'null' then
        select t.query_type, t.weights
          into query_type, weights
          from pgsearch.query_types as t
         where t.query_type = options ->> 'query_type';
        if not found then
            raise exception using
                errcode = 'PS002',
                message = format('unknown query_type %s', quote_literal(options ->> 'query_type')),
                hint    = format('Known types: %s.', (select string_agg(t.query_type, ', ' order by t.priority)
                                                        from pgsearch.query_types as t));
        end if;
    else
        select t.query_type, t.weights
          into query_type, weights
          from pgsearch.query_types as t
         where t.query_type = pgsearch._query_type(_code_weights.query);
    end if;

    if given is not null then
        if jsonb_typeof(given) <> 'object' then
            raise exception using
                errcode = 'PS003',
                message = format('option "weights" must be an object, not %s', given),
                hint    = 'Write it as ''{"lexical": 0.5, "graph": 0}''.';
        end if;
        for entry in select key, value from jsonb_each(given) loop
            if entry.key <> all (pgsearch._code_signals()) then
                raise exception using
                    errcode = 'PS002',
                    message = format('unknown key "%s" in option "weights"', entry.key),
                    hint    = format('Known signals: %s.', array_to_string(pgsearch._code_signals(), ', '));
            end if;
            if jsonb_typeof(entry.value) <> 'number' or entry.value::numeric not between 0 and 1000000 then
                raise exception using
                    errcode = 'PS003',
                    message = format('option "weights.%s" is out of range: %s', entry.key, entry.value),
                    hint    = 'It must be a number from 0 to 1000000.';
            end if;
        end loop;
        weights := coalesce(weights, '{}') || given;
    end if;
end;
$$;

comment on function pgsearch._code_weights(text, jsonb) is
'Type of a question and the weights of its signals: options "query_type" and "weights" (by signal, over those of the
type) where given, else classify_query. Errors: PS002 unknown type or signal, PS003 a weight that is none.';

create or replace function pgsearch._large_model(
    model       text,
    small       text,
    collections text[],
    embedding   vector
)
returns pgsearch.embedding_models
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    found_names text[];
    dimensions  integer := pgsearch._dimensions(embedding);
begin
    if coalesce(model, '') <> '' then
        return pgsearch._embedding_model(model, collections, embedding);
    end if;

    select array_agg(m.model order by m.model)
      into found_names
      from pgsearch.embedding_models as m
     where m.model is distinct from small
       and exists (select
                     from pgsearch.semantic_nodes as n
                    where n.model = m.model
                      and (collections is null or n.repo_id = any (collections)));

    if cardinality(found_names) > 1 then
        raise exception using
            errcode = 'PS008',
            message = format('the nodes have several further embedding models: %s', array_to_string(found_names, ', ')),
            hint    = 'Name one with the option "large_model".';
    end if;
    if found_names is null then
        return null;
    end if;

    return pgsearch._embedding_model(found_names[1], collections, embedding);
end;
$$;

comment on function pgsearch._large_model(text, text, text[], vector) is
'The model of the large embedding: the one that is named, else the only one besides small that has nodes in the
collections; null when there is none. Errors: PS004 wrong dimensions, PS008 unknown model or several.';

create or replace function pgsearch._ask_code(
    query       text,
    embedding   vector,
    collections text[],
    top_k       integer,
    filter      jsonb,
    options     jsonb,
    wanted      text
)
returns pgsearch.search_request
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    own_keys constant text[] := array['query_type', 'large_embedding', 'large_model', 'weights'];
    asked    pgsearch.search_request;
    code     pgsearch.code_request;
    small    text;
begin
    if jsonb_typeof(coalesce(options, '{}')) <> 'object' then
        perform pgsearch._check_settings(options);
    end if;
    options := coalesce(options, '{}');
    asked   := pgsearch._ask(query       => query,
                             embedding   => embedding,
                             collections => collections,
                             search_mode => 'code',
                             top_k       => top_k,
                             fusion      => 'convex',
                             filter      => filter,
                             options     => options - own_keys,
                             wanted      => wanted);

    select w.query_type, w.weights
      into code.query_type, code.weights
      from pgsearch._code_weights(query, options) as w;

    if coalesce(options ->> 'large_embedding', '') <> '' then
        if options ->> 'large_embedding' !~ E'^\\s*\\[\\s*[-+0-9.eE]+(\\s*,\\s*[-+0-9.eE]+)*\\s*\\]\\s*$' then
            raise exception using
                errcode = 'PS003',
                message = format('large_embedding is no list of finite numbers: %s', left(options ->> 'large_embedding', 60)),
                hint    = 'Give it as ''[0.1,0.2]''.';
        end if;
        code.large_embedding := pgsearch._to_vector(options ->> 'large_embedding');
        small                := coalesce((asked.model).model, (pgsearch._embedding_model(asked.settings ->> 'model', collections)).model);
        code.large_model     := pgsearch._large_model(
                                    model       => options ->> 'large_model',
                                    small       => small,
                                    collections => collections,
                                    embedding   => code.large_embedding);
        if (code.large_model).model_id is null then
            asked.notes := asked.notes || 'No node has an embedding of a further model: semantic_large_node is left out.'::text;
        elsif (code.large_model).distance = 'cosine' and pgsearch._vector_norm(code.large_embedding) = 0 then
            code.large_model := null;
            asked.notes      := asked.notes || 'The large embedding of the query is a zero vector: semantic_large_node is left out.'::text;
        end if;
    end if;
    asked.code := code;

    if (asked.settings ->> 'diversity')::float8 > 0 or (asked.settings ->> 'recency_half_life_days')::float8 > 0 then
        asked.notes    := asked.notes || 'The options diversity and recency_half_life_days do not take part in a search of code.'::text;
        asked.settings := asked.settings || '{"diversity": 0, "recency_half_life_days": 0}';
    end if;
    return asked;
end;
$$;

comment on function pgsearch._ask_code(text, vector, text[], integer, jsonb, jsonb, text) is
'The request of a search of code from the arguments of _search_code, which it checks; adds code.';
