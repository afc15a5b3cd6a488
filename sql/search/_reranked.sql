-- The head of the list re-scored by a function of the caller's: a cross-encoder in the database, a rule of the house, a
-- learned model.

create or replace function pgsearch._reranked(hits jsonb, query text, reranker text, one_a_page boolean)
returns jsonb
language plpgsql stable parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    called    regprocedure;
    reordered jsonb;
begin
    if starts_with(reranker, 'learned:') then
        select coalesce(jsonb_agg(x.hit order by x.score desc, x.at), '[]')
          into reordered
          from (select h.hit || jsonb_build_object('reranked', r.score) as hit,
                       r.score,
                       h.at,
                       row_number() over (partition by h.hit ->> 'page_id' order by r.score desc, h.at) as of_page
                  from jsonb_array_elements(hits) with ordinality as h(hit, at)
                       join pgsearch._learned_scores(substr(reranker, 9), query, hits) as r
                         on r.chunk_id = (h.hit ->> 'chunk_id')::bigint) as x
         where x.of_page = 1 or not one_a_page;
        return reordered;
    end if;

    called := pgsearch._named_function(reranker, 'text, bigint[]');
    if called is null then
        raise exception using
            errcode = 'PS003',
            message = format('there is no function %s(text, bigint[])', reranker),
            hint    = 'Give the schema-qualified name of a function (query text, chunk_ids bigint[]) '
                      || 'that returns table (chunk_id bigint, score float8).';
    end if;

    execute format($statement$
        select jsonb_agg(x.hit order by x.score desc nulls last, x.at)
          from (select h.hit || jsonb_build_object('reranked', r.score) as hit,
                       r.score,
                       h.at,
                       row_number() over (partition by h.hit ->> 'page_id' order by r.score desc nulls last, h.at) as of_page
                  from jsonb_array_elements($1) with ordinality as h(hit, at)
                       left join %s($2, $3) as r(chunk_id, score) on r.chunk_id = (h.hit ->> 'chunk_id')::bigint) as x
         where x.of_page = 1 or not $4$statement$,
        called::regproc)
       into reordered
      using hits, query, array(select (h ->> 'chunk_id')::bigint from jsonb_array_elements(hits) as h), one_a_page;

    return coalesce(reordered, '[]');
end;
$$;

comment on function pgsearch._reranked(jsonb, text, text, boolean) is
'The hits in the order of the scores that function reranker(query text, chunk_ids bigint[]) returns as (chunk_id bigint,
score float8); hits it leaves out come last. "learned:NAME" is the learned reranker NAME (see _learned_scores).
one_a_page keeps the best of each page. Error: PS003 no such function.';
