-- A page as it is read: the text of its chunks in their order, in portions that a caller can hold.

create or replace function pgsearch.get_page(
    page_id        bigint  default null,
    collection     text    default null,
    external_id    text    default null,
    from_chunk     integer default 0,
    max_characters integer default 20000
)
returns jsonb
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
    shown   pgsearch.pages;
    portion record;
begin
    if (get_page.page_id is null) = (get_page.external_id is null)
       or (get_page.collection is null) <> (get_page.external_id is null) then
        raise exception using
            errcode = 'PS003',
            message = 'give either page_id, or collection and external_id',
            hint    = 'A hit has all three: its page_id alone names the page.';
    end if;
    perform pgsearch._check_range('from_chunk', from_chunk, 0, 2147483647);
    perform pgsearch._check_range('max_characters', max_characters, 1, 1000000);
    if get_page.collection is not null then
        perform pgsearch._check_collections(array[get_page.collection]);
    end if;

    select p.*
      into shown
      from pgsearch.pages as p
     where p.page_id = get_page.page_id
        or p.collection = get_page.collection and p.external_id = get_page.external_id;
    if shown.page_id is null then
        return null;
    end if;

    select string_agg(c.content, E'\n\n' order by c.ordinal) filter (where c.fits) as content,
           min(c.ordinal) filter (where not c.fits) as next_chunk,
           (select count(*) from pgsearch.chunks as k where k.page_id = shown.page_id) as chunks
      into portion
      from (select k.ordinal, k.content,
                   k.ordinal = min(k.ordinal) over () or sum(char_length(k.content)) over (order by k.ordinal) <= max_characters as fits
              from pgsearch.chunks as k
             where k.page_id = shown.page_id
               and k.ordinal >= from_chunk) as c;

    return jsonb_build_object(
        'page_id',     shown.page_id,
        'collection',  shown.collection,
        'external_id', shown.external_id,
        'title',       shown.title,
        'tags',        to_jsonb(shown.tags),
        'source',      shown.source,
        'metadata',    shown.metadata,
        'updated_at',  shown.updated_at,
        'chunks',      portion.chunks,
        'content',     coalesce(portion.content, ''),
        'next_chunk',  portion.next_chunk);
end;
$$;

comment on function pgsearch.get_page(bigint, text, text, integer, integer) is
'A page with its text, or the portion of it that begins at a chunk.
Arguments:
- page_id (it alone names the page)
- collection (instead of page_id, with external_id)
- external_id (of put_pages)
- from_chunk (0, or next_chunk of the portion before)
- max_characters (1 .. 1000000: whole chunks up to that many, but always one)
Returns {"page_id", "collection", "external_id", "title", "tags", "source", "metadata", "updated_at", "chunks" (how many there are),
"content" (chunks in page order, joined by blank lines), "next_chunk" (where the next portion begins; null: this was the last)}; null
when there is no such page.
Errors: PS001 unknown collection; PS003 not exactly one way to name the page, from_chunk or max_characters out of range.
Example:
select pgsearch.get_page(page_id => (select min(page_id) from pgsearch.pages));';
