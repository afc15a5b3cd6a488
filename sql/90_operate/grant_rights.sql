-- Who may what: the whole permission story on one page.
--
-- search: read pages and their statistics, call every search. Nothing else is readable: not what others searched.
-- log: have searches and events stored, through two functions that run with the rights of the owner and give nothing back but counts.
-- read_log: read searches, events and failures, with their texts and users. hash_user stays with the owner: who may call it can try names.
-- Everything else (putting pages, settings, partitions, forgetting users) is for the owner, and for whom the owner grants it by hand.

create or replace function pgsearch.grant_rights(role_name text, rights text[])
returns void
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    known constant text[] := '{search,log,read_log}';
    granted text;
    wanted  text;
begin
    if rights is null or cardinality(rights) = 0 or not rights <@ known then
        raise exception using
            errcode = 'PS002',
            message = format('unknown right %s', coalesce((select quote_literal(r) from unnest(rights) as r where r <> all (known) limit 1), 'null')),
            hint    = 'Known rights: search, log, read_log; give an array, such as ''{search,log}''.';
    end if;
    if not exists (select from pg_roles as r where r.rolname = role_name) then
        raise exception using
            errcode = 'PS003',
            message = format('there is no role %s', coalesce(quote_literal(role_name), 'null')),
            hint    = 'Make it with CREATE ROLE first.';
    end if;

    execute format('grant usage on schema pgsearch to %I', role_name);
    foreach granted in array rights loop
        for wanted in
            select unnest(case granted
                          when 'search' then array[
                              'select on pgsearch.collections, pgsearch.pages, pgsearch.chunks, pgsearch.embedding_models, pgsearch.embeddings, pgsearch.embedding_centres',
                              'select on pgsearch.lexeme_stats, pgsearch.collection_stats, pgsearch.confidence_breakpoints',
                              'select on pgsearch.query_types, pgsearch.learned_models, pgsearch.semantic_nodes, pgsearch.query_embeddings, pgsearch.experiments']
                          when 'log' then array[
                              'execute on function pgsearch._store_searches(jsonb, jsonb, boolean), pgsearch._store_events(jsonb)']
                          when 'read_log' then array[
                              'select on pgsearch.queries, pgsearch.events, pgsearch.search_failures',
                              'select on pgsearch.search_logs, pgsearch.query_logs, pgsearch.search_failure_logs, pgsearch.ubi_queries, pgsearch.ubi_events',
                              'select on pgsearch.gen_ai_retrieval, pgsearch.impressions',
                              'select on pgsearch.search_stats_hourly, pgsearch.search_stats_daily, pgsearch.latency_hourly, pgsearch.unique_actors, pgsearch.top_queries_daily',
                              'select on pgsearch.object_stats_daily, pgsearch.position_stats_daily, pgsearch.weight_stats_daily, pgsearch.recent_nodes, pgsearch.search_stats_seen',
                              'select on pgsearch.position_click_rates, pgsearch.node_stats_daily, pgsearch.node_popularity, pgsearch.training_readiness']
                          end)
        loop
            execute format('grant %s to %I', wanted, role_name);
        end loop;
    end loop;
end;
$$;

comment on function pgsearch.grant_rights(text, text[]) is
'Grants a role rights: search (search, and read pages), log (have searches and events stored, without reading any), read_log (read searches, events and failures). Give an application ''{search,log}'', and who looks at its statistics ''{read_log}''.
role_name: an existing role; rights: array of the names. Again does no harm; a deploy keeps what was granted. Only the owner of the schema may call it. Errors: PS002 unknown right, PS003 unknown role.';
