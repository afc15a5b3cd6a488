-- How well the names and summary of a node match the words of a question: the part of the lexical signal that chunks do not have.

create or replace function pgsearch._node_score_expression(terms integer, names integer, unknown integer)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select format(
           -- how much of the question the node has, and how much of the node's own name the question says
           '(%s) / $5 * (0.7::float8 + 0.3::float8 * least(1, (%s) / greatest(n.name_words, 1)::float8)) + %s',
           coalesce((select string_agg(format('case when n.summary_tsv @@ $2[%1$s] then $4[%1$s] when n.summary_tsv @@ $3[%1$s] then 0.8::float8 * $4[%1$s]'
                                              ' when n.summary_tsv @@ $1[%1$s] then 0.6::float8 * $4[%1$s] else 0 end', i), ' + ' order by i)
                       from generate_series(1, terms) as i), '0::float8')
           || coalesce((select string_agg(format(' + case when pgsearch._trigram_word_similarity($8[%1$s], n.name) >= 0.5 '
                                                 'then 0.8::float8 * $9[%1$s] * pgsearch._trigram_word_similarity($8[%1$s], n.name) else 0 end', i), '' order by i)
                          from generate_series(1, unknown) as i), ''),
           coalesce((select string_agg(format('case when n.summary_tsv @@ $2[%s] then 1 else 0 end', i), ' + ' order by i)
                       from generate_series(1, terms) as i), '0::float8')
           || coalesce((select string_agg(format(' + case when pgsearch._trigram_word_similarity($8[%1$s], n.name) >= 0.5 then 0.8::float8 else 0 end', i), '' order by i)
                          from generate_series(1, unknown) as i), ''),
           -- a whole name is worth as much again as all the words
           coalesce((select 'greatest(' || string_agg(format('case when n.summary_tsv @@ $6[%1$s] then $7[%1$s] else 0 end', i), ', ' order by i) || ')'
                       from generate_series(1, names) as i), '0::float8'));
$$;

comment on function pgsearch._node_score_expression(integer, integer, integer) is
'The score of a node n (0 .. 2) by its words, for a statement with the parameters $1 terms, $2 own_terms, $3 path_terms,
$4 gains, $5 total, $6 names, $7 worths, $8 unknown, $9 unknown_gains (see _node_terms), and the number of terms, names
and unknown words.
Words: share of the question, by gain, that stands in the own name (× 1), the qualified name (× 0.8), the summary (×
0.6) or, for a word that nothing has, is like the name (× 0.8 × trigram similarity); times 0.7 + 0.3 × share of the own
name''s words that the question says; plus the worth of the best whole name.';

create or replace function pgsearch._node_words_statement(
    terms           integer,
    names           integer,
    unknown         integer,
    has_collections boolean,
    has_page_ids    boolean
)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select concat_ws(
    E'\n',
    'select s.node_id, s.node_type, s.page_id, s.chunk_id, s.score',
    '  from (select n.node_id, n.node_type, n.page_id, n.chunk_id, max(' || pgsearch._node_score_expression(terms, names, unknown) || ') as score',
    '          from (select n.node_id, n.node_type, n.page_id, n.chunk_id, n.name, n.name_words, n.summary_tsv',
    '                  from pgsearch.semantic_nodes as n',
    '                 where n.summary_tsv @@ $10',
    case when has_collections then '                   and n.repo_id = any ($11)' end,
    case when has_page_ids then '                   and n.page_id = any ($12)' end,
    '                 union all',
    '                select n.node_id, n.node_type, n.page_id, n.chunk_id, n.name, n.name_words, n.summary_tsv',
    '                  from unnest($8) as w(word)',
    '                       join pgsearch.semantic_nodes as n on pgsearch._trigram_word_match(n.name, w.word)',
    case when has_collections then '                                                        and n.repo_id = any ($11)' end,
    case when has_page_ids then '                                                        and n.page_id = any ($12)' end,
    '               ) as n',
    '         where n.chunk_id is not null',
    '         group by n.node_id, n.node_type, n.page_id, n.chunk_id) as s',
    ' where s.score > 0',
    ' order by s.score desc, s.node_id, s.node_type, s.chunk_id',
    ' limit $13');
$$;

comment on function pgsearch._node_words_statement(integer, integer, integer, boolean, boolean) is
'Text of the search of nodes by words. Parameters: $1 .. $9 as _node_score_expression, $10 driving tsquery, $11
collections text[], $12 page ids bigint[], $13 limit.';

create or replace function pgsearch._node_words_top_n(
    query       text,
    collections text[],
    page_ids    bigint[],
    top_n       integer
)
returns table (node_id text, node_type text, page_id bigint, chunk_id bigint, score float8)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set pg_trgm.word_similarity_threshold = 0.5
set enable_seqscan = off
set enable_indexscan = off
set jit = off
set gin_fuzzy_search_limit = 0
as $$
declare
    asked   constant record := pgsearch._node_terms(_node_words_top_n.query, _node_words_top_n.collections);
    driving tsquery         := asked.driving;
    name    tsquery;
begin
    foreach name in array coalesce(asked.names, '{}') loop
        driving := coalesce(driving || name, name);
    end loop;

    if driving is null and asked.unknown is null or top_n <= 0 then
        return;
    end if;

    return query execute pgsearch._node_words_statement(
        coalesce(cardinality(asked.terms), 0), coalesce(cardinality(asked.names), 0), coalesce(cardinality(asked.unknown), 0), collections is not null, page_ids is not null)
    using asked.terms, asked.own_terms, asked.path_terms, asked.gains, coalesce(nullif(asked.total, 0), 1), asked.names, asked.worths,
          asked.unknown, asked.unknown_gains, driving, collections, page_ids, top_n;
end;
$$;

comment on function pgsearch._node_words_top_n(text, text[], bigint[], integer) is
'The top_n nodes by the words of a question (see _node_score_expression), each once however many models it has, through
the GIN index over the summaries and the trigram index over the names. Null stands for all collections, all pages.
Returns node_id, node_type, page_id, chunk_id, score (> 0), best first, ties by node_id.';

create or replace function pgsearch._node_words_scores(
    query       text,
    collections text[],
    page_ids    bigint[],
    chunk_ids   bigint[]
)
returns table (page_id bigint, chunk_id bigint, repo_id text, node_id text, node_type text, score float8, whole_name boolean)
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
set jit = off
set enable_seqscan = off
set enable_mergejoin = off
as $$
declare
    asked constant record  := pgsearch._node_terms(_node_words_scores.query, _node_words_scores.collections);
    names constant integer := coalesce(cardinality(asked.names), 0);
begin
    -- one row a node, whatever models it has: a summary of a language model may know words that the template does not
    return query execute format($statement$
        select n.page_id, n.at_chunk, n.repo_id, n.node_id, n.node_type, max(%s), bool_or(%s)
          from (select m.*, c.chunk_id as at_chunk
                  from unnest($10, $11) as c(page_id, chunk_id)
                       join pgsearch.semantic_nodes as m on m.page_id = c.page_id
                                                        and m.chunk_id = c.chunk_id
                 where m.node_type in ('symbol', 'route')
                 union all
                select m.*, c.chunk_id
                  from unnest($10, $11) as c(page_id, chunk_id)
                       join pgsearch.semantic_nodes as m on m.page_id = c.page_id
                 where m.node_type in ('doc', 'issue')) as n
         where $12 is null
            or n.repo_id = any ($12)
         group by n.page_id, n.at_chunk, n.repo_id, n.node_id, n.node_type$statement$,
        pgsearch._node_score_expression(coalesce(cardinality(asked.terms), 0), names, coalesce(cardinality(asked.unknown), 0)),
        coalesce((select string_agg(format('$7[%1$s] >= 0.8 and n.summary_tsv @@ $6[%1$s]', i), ' or ' order by i) from generate_series(1, names) as i), 'false'))
    using asked.terms, asked.own_terms, asked.path_terms, asked.gains, coalesce(nullif(asked.total, 0), 1), asked.names, asked.worths,
          asked.unknown, asked.unknown_gains, page_ids, chunk_ids, collections;
end;
$$;

comment on function pgsearch._node_words_scores(text, text[], bigint[], bigint[]) is
'The nodes of the given chunks (of a symbol or route: of its chunk; of a document or issue: of every chunk of its page),
each with its score by the words of a question, 0 for none, and whether its whole name is said.
page_ids and chunk_ids are parallel arrays (the page of each chunk); collections null: all.';
