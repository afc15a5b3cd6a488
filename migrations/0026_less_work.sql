-- depends: 0025_written_dates
-- What a pattern of a kind of question cannot do without, so that it is compiled for the few queries that it may match.
--
-- PostgreSQL compiles a regular expression in every session anew, and the four of the rules took a sixth of the time of the
-- first search. By pattern and not by kind, so that a pattern that an owner writes or changes is tried as it was.

alter table pgsearch.query_types
    add column if not exists hints jsonb not null default '{}';

comment on column pgsearch.query_types.hints is
'For a pattern, letters one of which stands in everything that it matches, in lower case: {"where is.*declared": ["where
is"]}. A pattern without them is tried on every query.';

with shipped (query_type, digest, hints) as (
    values
        ('API_LOCATION', '6ffcfc427eaf15c721307966740f2923263ee56fad67dad91a80371a6a39393f', '[
            [" /"],
            ["/"],
            ["api", "endpoint", "route", "url", "handler"],
            ["api", "endpoint", "route", "url"],
            ["api", "엔드포인트", "라우트", "라우터", "경로", "url"],
            ["api", "엔드포인트", "라우트"]]'::jsonb),
        ('LOG_LOCATION', '0902886ac8e200591ca6767f08a1c0ced7fbe05f745a1c918b57231a77f6a55a', E'[
            ["\\u0022"],
            ["\\u0022"],
            ["where"],
            ["where", "come from", "comes from"],
            ["로그", "메시지", "예외"],
            ["로그", "메시지"]]'),
        ('STRUCTURE', '13f5e832762ad8009101c39747b55626811ccdd0f2669ce56d02081d07481631', '[
            ["structure", "architecture", "layout", "design", "overview", "organisation", "organization"],
            ["architecture", "overview"],
            ["structure of", "layout of", "design of"],
            ["organised", "organized", "structured", "laid out", "built up"],
            ["together"],
            ["구조", "구성", "설계", "아키텍처", "개요"],
            ["구조", "구성", "설계", "아키텍처"]]'),
        ('FUNCTION_IMPL', '9b3efd72bcf25080b3306cb9d9241e65b7be6f99ca08945448dac977b6bc069c', '[
            ["function", "method", "class", "coroutine", "decorator", "constructor", "implement", "def"],
            ["()"],
            ["where is", "where are"],
            ["함수", "메서드", "메소드", "클래스", "데코레이터", "생성자", "코루틴", "구현", "정의"]]')
),

hinted as (
    select t.query_type, jsonb_object_agg(t.patterns[h.number::integer], h.letters) as hints
      from shipped as s
           join pgsearch.query_types as t on t.query_type = s.query_type
           cross join jsonb_array_elements(s.hints) with ordinality as h(letters, number)
     -- the patterns as they were shipped
     where encode(sha256(convert_to(array_to_string(t.patterns, '|'), 'UTF8')), 'hex') = s.digest
     group by t.query_type
)

update pgsearch.query_types as t
   set hints = h.hints
  from hinted as h
 where t.query_type = h.query_type;

-- A search reads what is pending one entry after the other: 4 MB of it, the default, took as long as the search itself.
alter index pgsearch.chunks_content_tsv_gin set (gin_pending_list_limit = 1024);

do $$
begin
    if not exists (select from pg_attribute as a
                    where a.attrelid = 'pgsearch.parsed_query'::regclass and a.attname = 'different') then
        -- how many lexemes the query has, before the most telling were chosen
        alter type pgsearch.parsed_query
            add attribute different integer;
    end if;
end;
$$;

-- What was counted of chunks that were rewritten or deleted since, so that a refresh takes it back instead of counting all.
create table if not exists pgsearch.revised_chunks (
    collection   text     not null references pgsearch.collections (collection) on update cascade on delete cascade,
    chunk_id     bigint   not null,
    content_hash bytea    not null,
    text_config  text     not null,
    content_tsv  tsvector not null,
    primary key (collection, chunk_id)
);

comment on table pgsearch.revised_chunks is
'Chunks that the last refresh_text_stats counted and that were rewritten or deleted since, as they were then: put_pages and
delete_pages write them, the next refresh takes them back. One that is missing here costs a count of all.';
