-- Somebody has seen to a query that failed: it leaves the lists of failures, until it fails again.

create or replace function pgsearch.mark_answered(query text, answered_by text, answered boolean default true)
returns integer
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
declare
    normalized constant text := pgsearch.normalize_query(coalesce(query, ''));
    most_bytes constant integer := 2000;
    marked_at  timestamptz;
    changed    integer;
begin
    perform pgsearch._check_name('who has answered', answered_by);
    -- an entry of the index holds no more
    if normalized = '' or octet_length(normalized) > most_bytes or answered is null then
        raise exception using
            errcode = 'PS003',
            message = case
                      when answered is null then 'it was not said whether the query is answered'
                      when normalized = '' then 'no query was named'
                      else format('the query is %s bytes long, at most %s are allowed', octet_length(normalized), most_bytes)
                      end,
            hint    = 'Give the query as it was searched for, and true or false.';
    end if;

    if answered then
        insert into pgsearch.answered_queries as a (query_normalized, user_query, answered_by)
        values (normalized, left(query, 10000), mark_answered.answered_by)
            on conflict (query_normalized) do update
           set user_query  = excluded.user_query,
               answered_by = excluded.answered_by,
               answered_at = excluded.answered_at,
               failed_at   = null
        returning a.answered_at into marked_at;
        update pgsearch.search_failures as f
           set resolved_at = marked_at
         where f.resolved_at is null
           and f.created_at <= marked_at
           and pgsearch.normalize_query(f.user_query) = normalized;
    else
        delete from pgsearch.answered_queries as a
         where a.query_normalized = normalized
        returning a.answered_at into marked_at;
        update pgsearch.search_failures as f
           set resolved_at = null
         where f.resolved_at = marked_at
           and pgsearch.normalize_query(f.user_query) = normalized;
    end if;
    get diagnostics changed = row_count;

    return changed;
end;
$$;

comment on function pgsearch.mark_answered(text, text, boolean) is
'Writes down that a query that failed was seen to: a page was written, a title changed. It leaves queries_without_results,
queries_without_clicks, reformulated_queries and the sets of create_query_set that are made of failures, in any spelling that
normalize_query makes the same, until it fails again: finds nothing, or is asked again in other words; for queries_without_clicks
also until it is not clicked on a later day.
Arguments:
- query (at most 2,000 bytes)
- answered_by (1 to 255 characters: who has seen to it)
- answered (false takes the mark back)
Returns how many searches of search_failures were resolved by it, or are open again.
Errors: PS003 no query, one that is too long, nobody named, answered null.';
