-- depends: 0005_embedding_work
-- One table of summaries for symbols, routes, documents and issues, and the kinds of question that decide which signals count (seed document 002).

-- BaseEventLoop, run_in_executor and /users/{id} as the words that people ask with. Letters by range, because classes depend on the collation.
create or replace function pgsearch._split_identifiers(content text)
returns text
language plpgsql immutable parallel safe strict
as $$
begin
    return pg_catalog.regexp_replace(
               pg_catalog.regexp_replace(
                   pg_catalog.regexp_replace(content, '[][_./\\:{}<>()#@=*+|&,;"''`-]+', ' ', 'g'),
                   '([a-z0-9])([A-Z])', '\1 \2', 'g'),
               '([A-Z])([A-Z][a-z])', '\1 \2', 'g');
end;
$$;

comment on function pgsearch._split_identifiers(text) is
'The text with identifiers split into words: at underscores, dots, slashes and other signs, and where a small letter or digit meets a capital (BaseEventLoop, HTTPServer).';

-- What a question may call a route by: /users/{id}, /users/<int:id> and /users/:id are one path.
create or replace function pgsearch._route_path(path text)
returns text
language plpgsql immutable parallel safe strict
as $$
begin
    return pg_catalog.lower(pg_catalog.regexp_replace(
               pg_catalog.regexp_replace(path, '\{[^}/]*\}|<[^>/]*>|:[A-Za-z_][A-Za-z0-9_]*', '{}', 'g'), '(.)/+$', '\1'));
end;
$$;

comment on function pgsearch._route_path(text) is 'A route path in lower case, each parameter as {}, no slash at its end.';

create or replace function pgsearch._node_names(node_id text, metadata jsonb)
returns text[]
language plpgsql immutable parallel safe
as $$
declare
    names  text[] := '{}';
    whole  text;
    parts  text[];
    method text;
begin
    -- base_events.BaseEventLoop.run is asked for as BaseEventLoop.run and as run
    foreach whole in array array[node_id, metadata operator(pg_catalog.->>) 'qualified_name', metadata operator(pg_catalog.->>) 'name'] loop
        parts := pg_catalog.string_to_array(pg_catalog.lower(whole), '.');
        for part in greatest(1, pg_catalog.cardinality(parts) operator(pg_catalog.-) 5) .. coalesce(pg_catalog.cardinality(parts), 0) loop
            names := names operator(pg_catalog.||) pg_catalog.array_to_string(parts[part:], '.');
        end loop;
    end loop;

    -- /api/users is asked for as POST /api/users, as /api/users and, where the prefix is set elsewhere, as /users
    if metadata operator(pg_catalog.->>) 'route' is not null then
        parts := pg_catalog.string_to_array(pgsearch._route_path(metadata operator(pg_catalog.->>) 'route'), '/');
        for part in 2 .. pg_catalog.cardinality(parts) loop
            whole := '/' operator(pg_catalog.||) pg_catalog.array_to_string(parts[part:], '/');
            continue when whole operator(pg_catalog.!~) '[a-z0-9]' and part operator(pg_catalog.>) 2;
            names := names operator(pg_catalog.||) whole;
            foreach method in array pg_catalog.regexp_split_to_array(pg_catalog.lower(coalesce(metadata operator(pg_catalog.->>) 'method', '')), '[^a-z]+') loop
                if method operator(pg_catalog.<>) '' then
                    names := names operator(pg_catalog.||) (method operator(pg_catalog.||) ' ' operator(pg_catalog.||) whole);
                end if;
            end loop;
        end loop;
    end if;

    return names;
end;
$$;

comment on function pgsearch._node_names(text, jsonb) is
'Every whole name of a node, lower case: its id, its qualified name with fewer and fewer prefixes (at most six parts), the path of a route with fewer and fewer prefixes, with and without the method.';

-- The words of a node's own name (executor of run_in_executor), by which names are told apart; those of its module and class come after.
create or replace function pgsearch._analyze_name(text_config text, node_id text, metadata jsonb)
returns tsvector
language plpgsql immutable parallel safe
as $$
begin
    return pgsearch._analyze(text_config, pgsearch._split_identifiers(coalesce(
               metadata operator(pg_catalog.->>) 'route',
               metadata operator(pg_catalog.->>) 'name',
               pg_catalog.regexp_replace(coalesce(metadata operator(pg_catalog.->>) 'qualified_name', node_id), '^.*\.', ''))));
end;
$$;

comment on function pgsearch._analyze_name(text, text, jsonb) is
'tsvector of the words of a node''s own name: the path of its route, its name, or the last part of its qualified name or id.';

create or replace function pgsearch._analyze_node(text_config text, node_id text, summary text, metadata jsonb)
returns tsvector
language plpgsql immutable parallel safe
as $$
declare
    names    constant text[] := pgsearch._node_names(node_id, metadata);
    analyzed tsvector := '';
    name     text;
begin
    -- array_to_tsvector quotes a lexeme the way tsvector reads it
    foreach name in array names loop
        if pg_catalog.octet_length(name) operator(pg_catalog.>) 0 and pg_catalog.octet_length(name) operator(pg_catalog.<=) 2046 then
            analyzed := analyzed
                        operator(pg_catalog.||) (pg_catalog.array_to_tsvector(array[name])::pg_catalog.text operator(pg_catalog.||) ':1A')::pg_catalog.tsvector;
        end if;
    end loop;

    return analyzed
           operator(pg_catalog.||) pg_catalog.setweight(pgsearch._analyze_name(text_config, node_id, metadata), 'B')
           operator(pg_catalog.||) pg_catalog.setweight(
               pgsearch._analyze(text_config, pgsearch._split_identifiers(
                   coalesce(metadata operator(pg_catalog.->>) 'method', '')
                   operator(pg_catalog.||) ' ' operator(pg_catalog.||)
                   coalesce(metadata operator(pg_catalog.->>) 'qualified_name', metadata operator(pg_catalog.->>) 'name', node_id))), 'C')
           operator(pg_catalog.||) pgsearch._analyze(text_config, pgsearch._split_identifiers(summary));
end;
$$;

comment on function pgsearch._analyze_node(text, text, text, jsonb) is
'tsvector of a node: its whole names (see _node_names) with weight A, the words of its own name B, those of its qualified name and method C, those of its summary D.';

-- A rule that is no regular expression would fail every search, so it is refused when it is written.
create or replace function pgsearch._are_patterns(patterns text[])
returns boolean
language plpgsql immutable parallel safe strict
as $$
declare
    pattern text;
begin
    foreach pattern in array patterns loop
        perform '' operator(pg_catalog.~*) pattern;
    end loop;
    return true;
end;
$$;

comment on function pgsearch._are_patterns(text[]) is 'True when all are regular expressions; the error of the first that is none (2201B) otherwise.';

create table if not exists pgsearch.semantic_nodes (
    repo_id        text        not null references pgsearch.collections (collection) on update cascade on delete cascade,
    node_id        text        not null check (node_id <> ''),
    node_type      text        not null check (node_type in ('symbol', 'route', 'doc', 'issue')),
    doc_type       text        check (doc_type in ('readme', 'adr', 'design')),
    summary        text        not null,
    summary_method text        not null default 'template' check (summary_method in ('template', 'llm')),
    model          text        not null,
    embedding      vector,
    source_table   text        check (source_table in ('pages', 'chunks')),
    source_id      text,
    metadata       jsonb       not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    code_hash      text,
    text_config    text        not null default 'pg_catalog.simple',
    page_id        bigint,
    chunk_id       bigint,
    name           text        not null generated always as
                               (lower(coalesce(metadata ->> 'route', metadata ->> 'qualified_name', metadata ->> 'name', node_id))) stored,
    name_words     integer     not null generated always as (length(pgsearch._analyze_name(text_config, node_id, metadata))) stored,
    summary_tsv    tsvector    not null generated always as (pgsearch._analyze_node(text_config, node_id, summary, metadata)) stored,
    updated_at     timestamptz not null default now(),
    primary key (repo_id, node_id, node_type, model),
    foreign key (page_id, chunk_id) references pgsearch.chunks (page_id, chunk_id) on delete set null
);

comment on table pgsearch.semantic_nodes is 'One row a node and embedding model: the summary that stands for a symbol, a route, a document or an issue in a search.';
comment on column pgsearch.semantic_nodes.repo_id is 'The collection whose pages and chunks the node sums up.';
comment on column pgsearch.semantic_nodes.model is 'Full name of the embedding model of this row, such as text-embedding-3-small; empty for a node that only words find.';
comment on column pgsearch.semantic_nodes.source_id is 'external_id of the page, or the chunk_id, by source_table.';
comment on column pgsearch.semantic_nodes.metadata is 'importance_score (0 .. 1), path, line, name, qualified_name, method, route, in_degree and what else the builder knows.';
comment on column pgsearch.semantic_nodes.code_hash is 'Fingerprint of the code that the summary was made of: another one now means the summary is out of date.';
comment on column pgsearch.semantic_nodes.chunk_id is 'The chunk that defines the node, as put_nodes found it: the hit that a search shows; null when the chunk is gone.';
comment on column pgsearch.semantic_nodes.name is 'What the node is called, lower case: route, qualified name, name or id; looked up by trigrams.';
comment on column pgsearch.semantic_nodes.summary_tsv is 'Whole names (weight A), words of the own name (B), of the qualified name (C), of the summary (D).';
comment on column pgsearch.semantic_nodes.name_words is 'How many words the own name has: how much of it a question must say.';

create index if not exists semantic_nodes_summary_tsv_gin
    on pgsearch.semantic_nodes
 using gin (summary_tsv);

create index if not exists semantic_nodes_name_trgm_gin
    on pgsearch.semantic_nodes
 using gin (name gin_trgm_ops);

create index if not exists semantic_nodes_chunk
    on pgsearch.semantic_nodes (page_id, chunk_id);

create index if not exists semantic_nodes_model_repo
    on pgsearch.semantic_nodes (model, repo_id);

create table if not exists pgsearch.query_types (
    query_type  text    primary key check (query_type ~ '^[A-Z][A-Z_]*$'),
    priority    integer not null unique,
    patterns    text[]  not null default '{}' check (pgsearch._are_patterns(patterns)),
    weights     jsonb   not null check (jsonb_typeof(weights) = 'object'
                                        and weights - array['lexical', 'semantic_small_node', 'semantic_large_node', 'semantic_small_code', 'graph'] = '{}'
                                        and not jsonb_path_exists(weights, '$.* ? (@.type() != "number" || @ < 0)')
                                        and jsonb_path_exists(weights, '$.* ? (@ > 0)')),
    description text    not null
);

comment on table pgsearch.query_types is 'Kinds of question: the rules that recognise one, tried in order of priority, and the weight of each signal for it. Rows that stand are never changed by a deploy: they are their owner''s.';
comment on column pgsearch.query_types.patterns is 'Regular expressions, any of which makes the query one of this type; matched against normalize_query(query), without regard to case. The type of the last priority takes what is left.';
comment on column pgsearch.query_types.weights is 'Of lexical, semantic_small_node, semantic_large_node, semantic_small_code and graph; what is missing counts 0.';

-- Hangul are letters too, so that "api는" has no word boundary after "api": what follows is looked at instead.
insert into pgsearch.query_types (query_type, priority, patterns, weights, description)
values ('API_LOCATION', 10,
        array['(^|[^a-z])(get|post|put|patch|delete|head|options) +/',
              '(^|[\s"''`])/[a-z0-9_{}<>:.-]+(/[a-z0-9_{}<>:.-]*)*["''`]?(에|는|은|를|을|의|가|이)?(\s|\?|$)',
              '(where|which|what|who)\M.*\m(api|apis|endpoint|endpoints|route|routes|url|handler)(?![a-z0-9_])',
              '\m(api|endpoint|route|url)(?![a-z0-9_]).*\m(where|handled|handler|defined|implemented)(?![a-z0-9_])',
              '(api|엔드포인트|라우트|라우터|경로|url)[^a-z0-9_]{0,4}.*(어디|어느|위치|처리|핸들러|찾)',
              '(어디|어느).*(api|엔드포인트|라우트)(?![a-z0-9_])'],
        '{"lexical": 0.1, "semantic_large_node": 0.5, "semantic_small_node": 0.2, "semantic_small_code": 0.1, "graph": 0.1}',
        'Where a route is handled: "POST /search API where?", "/api/search 어디?"'),
       ('LOG_LOCATION', 20,
        array['"[^"]+".*\m(log|logs|logged|logging|message|printed|raised)(?![a-z0-9_])',
              '\m(log|logged|message|printed|raised)(?![a-z0-9_]).*"[^"]+"',
              'where\M.*\m(log|logs|logged|printed|raised|thrown)(?![a-z0-9_])',
              '\m(log|logs|log message|error message)\M.*\m(where|come from|comes from)(?![a-z0-9_])',
              '(로그|에러 ?메시지|오류 ?메시지|경고 ?메시지|예외).*(어디|위치|찍|남|출력|발생)',
              '(어디|어느).*(로그|에러 ?메시지|오류 ?메시지)'],
        '{"lexical": 0.6, "semantic_small_code": 0.2, "semantic_small_node": 0.1, "semantic_large_node": 0.05, "graph": 0.05}',
        'Where a message is written: ''"error" log where?'', "에러 로그 어디서"'),
       ('STRUCTURE', 30,
        array['\m(overall|whole|general|high[- ]level|project|code ?base|repository|repo|package|system|module)\M.{0,24}\m(structure|architecture|layout|design|overview|organi[sz]ation)(?![a-z0-9_])',
              '\m(architecture|overview)\M',
              '\m(structure|layout|design) of (the |this )?\w+',
              'how (is|are)\M.*\m(organi[sz]ed|structured|laid out|built up)',
              'how do(es)?\M.*\m(fit|work|play) together',
              '(전체|전반|프로젝트|패키지|모듈|시스템|코드 ?베이스|저장소|코드).{0,8}(구조|구성|설계|아키텍처|개요)',
              '아키텍처|(구조|구성|설계)(는|은|가|를|도)? ?(어떻|뭐|무엇|설명|알려|\?|$)'],
        '{"semantic_large_node": 0.4, "graph": 0.2, "semantic_small_node": 0.2, "lexical": 0.1, "semantic_small_code": 0.1}',
        'How it all hangs together: "overall structure?", "전체 구조는?"'),
       ('FUNCTION_IMPL', 40,
        array['\m(function|functions|method|methods|class|classes|coroutine|decorator|constructor|implementation|implementations|implement|implements|implemented|def)(?![a-z0-9_])',
              '[a-z0-9_]\(\)',
              'where (is|are)\M.*\m(defined|declared)(?![a-z0-9_])',
              '(함수|메서드|메소드|클래스|데코레이터|생성자|코루틴|구현|정의)'],
        '{"lexical": 0.5, "semantic_small_node": 0.2, "semantic_large_node": 0.15, "semantic_small_code": 0.1, "graph": 0.05}',
        'How or where one function or class is written: "function implementation?", "함수 구현은?"'),
       ('GENERAL', 1000,
        '{}',
        '{"lexical": 0.5, "semantic_small_node": 0.2, "semantic_large_node": 0.15, "semantic_small_code": 0.1, "graph": 0.05}',
        'Everything else')
on conflict do nothing;
