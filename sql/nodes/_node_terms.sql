-- A question as the names of code understand it: whole names, their words, and words that nothing here has, which may be misspelt.
--
-- The words are weighted by how rare they are among the nodes, because templates repeat themselves ("function",
-- "module"). Frequencies are counted by the index and no further than most_counted: what is commoner than that is
-- common.

create or replace function pgsearch._query_names(query text)
returns table (name text, worth float8)
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select n.name, max(n.worth)
      from (
            -- "POST /api/search": the method and the path, the path alone, and its end, because a prefix may be set elsewhere
            select lower(concat_ws(' ', m[1], regexp_replace(pgsearch._route_path(m[2]), '/[0-9]+(?=/|$)', '/{}', 'g'))) as name, 1::float8 as worth
              from regexp_matches(_query_names.query, E'(?:\\m(get|post|put|patch|delete|head|options)\\s+)?(?<![\\w./])(/[A-Za-z0-9_.{}<>:/-]*)', 'gi') as m
             union all
            select regexp_replace(pgsearch._route_path(m[1]), '/[0-9]+(?=/|$)', '/{}', 'g'), 0.8::float8
              from regexp_matches(_query_names.query, E'(?<![\\w./])(/[A-Za-z0-9_.{}<>:/-]+)', 'g') as m
             union all
            select '/' || array_to_string(s.parts[g.at:], '/'), 0.5::float8
              from regexp_matches(_query_names.query, E'(?<![\\w./])(/[A-Za-z0-9_.{}<>:/-]+)', 'g') as m
                   cross join lateral (select string_to_array(regexp_replace(pgsearch._route_path(m[1]), '/[0-9]+(?=/|$)', '/{}', 'g'), '/') as parts) as s
                   cross join lateral generate_series(3, least(cardinality(s.parts), 10)) as g(at)
             union all
            -- what can only be an identifier: has an underscore, a dot, a hump, a bracket after it, or stands in backticks
            select lower(i[1]), 1::float8
              from regexp_matches(_query_names.query, E'(?<![A-Za-z0-9_./])(_*[A-Za-z][A-Za-z0-9_]*(?:\\.[A-Za-z_][A-Za-z0-9_]*)*)(\\(|`)?', 'g') as i
             where i[1] ~ E'[A-Za-z0-9]_|_[A-Za-z0-9]|\\.|[a-z0-9][A-Z]|[A-Z]{2}[a-z]'
                or i[2] is not null) as n
     where n.name <> ''
       and octet_length(n.name) <= 2046
     group by n.name
     order by 2 desc, 1
     limit 12;
end;
$$;

comment on function pgsearch._query_names(text) is
'Whole names that the question says, lower case, with what a match is worth (0 .. 1): route paths with their method,
alone, and without their first parts; identifiers that cannot be plain words. At most twelve.';

create or replace function pgsearch._asking_words()
returns text[]
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
select '{a,an,and,api,are,can,class,code,defined,did,do,does,file,find,for,function,how,i,implementation,implemented,in,is,it,me,method,module,of,on,or,show,that,the,there,this,to,what,when,where,which,who,with,
         구현,메서드,모듈,어디,어디서,어디에,정의,코드,클래스,함수}'::text[];
$$;

comment on function pgsearch._asking_words() is 'Words that a question about code is put in, rather than what it is about: they count a quarter among names.';

create or replace function pgsearch._node_terms(
    query       text,
    collections text[],
    out terms       tsquery[],
    out own_terms   tsquery[],
    out path_terms  tsquery[],
    out gains       float8[],
    out total       float8,
    out names       tsquery[],
    out worths      float8[],
    out unknown     text[],
    out unknown_gains float8[],
    out driving     tsquery
)
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_indexscan = off
set gin_fuzzy_search_limit = 0
as $$
declare
    most_counted constant integer := 3000;
    -- what is excluded (-word) is no name that is asked for
    wanted       constant text := regexp_replace(left(normalize(coalesce(_node_terms.query, ''), NFKC), 1000), E'(?<!\\S)-(?!-)("[^"]*"|\\S+)', ' ', 'g');
    parsed       record;
    nodes        float8;
begin
    parsed := pgsearch._parse_for(pgsearch._split_identifiers(wanted), _node_terms.collections, 'or');
    select count(*)
      into nodes
      from (select
              from pgsearch.semantic_nodes as n
             where _node_terms.collections is null
                or n.repo_id = any (_node_terms.collections)
             limit most_counted) as n;

    with counted as (
        select l.lexeme,
               array_to_tsvector(array[l.lexeme])::text as quoted,
               l.weight * case when l.lexeme = any (pgsearch._asking_words()) then 0.25::float8 else 1 end as weight,
               (select count(*)
                  from (select
                          from pgsearch.semantic_nodes as n
                         where n.summary_tsv @@ array_to_tsvector(array[l.lexeme])::text::tsquery
                           and (_node_terms.collections is null or n.repo_id = any (_node_terms.collections))
                         limit most_counted) as n)::float8 as frequency
          from unnest(parsed.lexemes, parsed.weights) as l(lexeme, weight)
         where l.lexeme <> ''
           and octet_length(l.lexeme) <= 2046
         limit 64
    ),
    weighted as (
        select c.*,
               c.weight * ln(1 + (greatest(nodes, c.frequency) - c.frequency + 0.5::float8) / (c.frequency + 0.5::float8)) as gain,
               -- nothing here has it: a word of the question, or a misspelt name
               c.frequency = 0 and c.lexeme ~ '^[a-z0-9]{4,}$' and c.weight >= 0.5 as may_be_misspelt
          from counted as c
    ),
    cumulated as (
        select w.*,
               sum(w.gain) filter (where w.frequency > 0) over (order by w.gain desc, w.lexeme) - w.gain as before,
               sum(w.gain) filter (where w.frequency > 0) over () as found
          from weighted as w
    )
    select array_agg(c.quoted::tsquery order by c.gain desc, c.lexeme) filter (where c.frequency > 0),
           array_agg((c.quoted || ':B')::tsquery order by c.gain desc, c.lexeme) filter (where c.frequency > 0),
           array_agg((c.quoted || ':C')::tsquery order by c.gain desc, c.lexeme) filter (where c.frequency > 0),
           array_agg(c.gain order by c.gain desc, c.lexeme) filter (where c.frequency > 0),
           sum(c.gain) filter (where c.frequency > 0 or c.may_be_misspelt),
           -- a node that has none of the words that make up seven tenths of the question is not looked at
           string_agg(c.quoted, ' | ' order by c.gain desc, c.lexeme) filter (where c.frequency > 0 and c.before < 0.7::float8 * c.found)::tsquery,
           array_agg(c.lexeme order by c.gain desc, c.lexeme) filter (where c.may_be_misspelt),
           array_agg(c.gain order by c.gain desc, c.lexeme) filter (where c.may_be_misspelt)
      into terms, own_terms, path_terms, gains, total, driving, unknown, unknown_gains
      from cumulated as c;

    select array_agg((array_to_tsvector(array[q.name])::text || ':A')::tsquery order by q.worth desc, q.name),
           array_agg(q.worth order by q.worth desc, q.name)
      into names, worths
      from pgsearch._query_names(wanted) as q;

    unknown       := unknown[1:8];
    unknown_gains := unknown_gains[1:8];
end;
$$;

comment on function pgsearch._node_terms(text, text[]) is
'What a question asks of the names and summaries of nodes. Arguments: query, collections (null: all).
Returns one row; parallel arrays: terms (tsquery of each word that some node has), own_terms (the same, in the own
name), path_terms (in the qualified name), gains (weight × idf, idf = ln(1 + (N - df + 0.5) / (df + 0.5)), both counted
up to 3,000); total (sum of the gains); names (whole names, see _query_names) and worths; unknown (at most eight words
that no node has) and unknown_gains; driving (matches every node worth a look). Null where there is nothing.';
