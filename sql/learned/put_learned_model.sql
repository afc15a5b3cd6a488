-- A learned model into the database it serves, with the figures that speak for it.

create or replace function pgsearch.put_learned_model(
    model      text,
    kind       text,
    collection text,
    content    jsonb,
    features   text[],
    metrics    jsonb default '{}'
)
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform pgsearch._check_name('a learned model', model);
    if kind is null or kind not in ('reranker', 'query_classifier') or content is null or features is null then
        raise exception using
            errcode = 'PS003',
            message = format('the learned model %s of kind %s cannot be stored', coalesce(quote_literal(model), 'null'), coalesce(quote_literal(kind), 'null')),
            hint    = 'It needs a kind (reranker or query_classifier), its content and the names of its features.';
    end if;
    if coalesce(put_learned_model.collection, '') <> '' then
        perform pgsearch._check_collections(array[put_learned_model.collection]);
    end if;

    insert into pgsearch.learned_models as m (name, kind, collection, model, features, metrics)
    values (put_learned_model.model, put_learned_model.kind, coalesce(put_learned_model.collection, ''), convert_to(content::text, 'utf8'), put_learned_model.features,
            coalesce(put_learned_model.metrics, '{}'))
    on conflict (name) do update
       set kind       = excluded.kind,
           collection = excluded.collection,
           model      = excluded.model,
           features   = excluded.features,
           metrics    = excluded.metrics,
           active     = false,
           created_at = now();
end;
$$;

comment on function pgsearch.put_learned_model(text, text, text, jsonb, text[], jsonb) is
'Stores a learned model under a name, in place of what had that name.
Arguments:
- model (its name)
- kind (reranker or query_classifier)
- collection (empty or null: any)
- content (JSON, see _learned_scores and predict_query_type)
- features (their names, in order)
- metrics (what was measured)
It changes no search: a reranker is used through option rerank (''learned:NAME''), a classifier after
activate_query_classifier.
Errors: PS001 unknown collection, PS003 a part is missing.';
