-- depends: 0015_words_and_wholes
-- What a page is called and what is said of it are searched: titles by their normal form, tags, note and summary by their words.

-- The normal form names the signs that it leaves out instead of asking what is a letter: that depends on the locale, and
-- under C no Hangul is one.
create or replace function pgsearch._title_key(title text)
returns text
language plpgsql immutable parallel safe strict
as $$
declare
    -- what separates, quotes or ends, but + and #: C, C++ and C# are three things
    signs   constant text := E'[\\u0001-"$-*,-/:-@[-`{-\\u00BF\\u119E\\u2000-\\u206F'
                              '\\u2E00-\\u2E7F\\u3000-\\u3004\\u3008-\\u3020\\u3030\\u30A0\\u30FB\\u318D\\uFE10-\\uFE6F]+';
    accents constant text := E'[\\u0300-\\u036F\\u1AB0-\\u1AFF\\u1DC0-\\u1DFF\\u20D0-\\u20FF\\uFE00-\\uFE0F]+';
    most    constant integer := 200;
    key     text := title;
begin
    if pg_catalog.octet_length(title) operator(pg_catalog.>) pg_catalog.char_length(title) then
        key := pg_catalog.normalize(key, 'NFKD');
        key := pg_catalog.normalize(pg_catalog.regexp_replace(key, accents, '', 'g'), 'NFC');
    end if;

    key := pg_catalog.regexp_replace(pg_catalog.lower(key), signs, '', 'g');
    if pg_catalog.octet_length(key) operator(pg_catalog.>) pg_catalog.char_length(key) then
        key := pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(key, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe');
        key := pg_catalog.translate(key, 'øđłıς', 'odliσ');
    end if;

    -- a title of signs alone is known by its signs
    if key operator(pg_catalog.=) '' then
        key := pg_catalog.regexp_replace(title, '[[:space:]]+', '', 'g');
    end if;
    return pg_catalog.left(key, most);
end;
$$;

comment on function pgsearch._title_key(text) is
'The normal form of a title: without case, spaces, accents and punctuation other than + and #, its first 200 characters.
A title of nothing but punctuation is its own.';

create or replace function pgsearch._analyze_fields(text_config text, tags text[], metadata jsonb)
returns tsvector
language plpgsql immutable parallel safe
as $$
declare
    -- all of it together stays below what a tsvector holds
    most constant integer := 20000;
begin
    if pg_catalog.cardinality(tags) operator(pg_catalog.=) 0
       and not metadata operator(pg_catalog.?|) '{note,summary}'::pg_catalog.text[] then
        return ''::pg_catalog.tsvector;
    end if;

    return pg_catalog.setweight(
               pgsearch._analyze(text_config, pg_catalog.left(pg_catalog.array_to_string(tags, ' '), most)), 'A')
           operator(pg_catalog.||)
           pg_catalog.setweight(
               pgsearch._analyze(text_config, pg_catalog.left(coalesce(metadata operator(pg_catalog.->>) 'note', ''), most)), 'B')
           operator(pg_catalog.||)
           pg_catalog.setweight(
               pgsearch._analyze(text_config, pg_catalog.left(coalesce(metadata operator(pg_catalog.->>) 'summary', ''), most)), 'C');
end;
$$;

comment on function pgsearch._analyze_fields(text, text[], jsonb) is
'tsvector of what is said of a page: its tags with weight A, note and summary of its metadata with weights B and C, the
first 20,000 characters of each.';

-- Pages are rewritten once; they are few beside chunks, and their texts are in the chunks.
alter table pgsearch.pages
-- squawk-ignore adding-field-with-default
  add column if not exists fields_tsv tsvector not null generated always as (pgsearch._analyze_fields(text_config, tags, metadata)) stored;

comment on column pgsearch.pages.fields_tsv is 'Lexemes of tags (weight A), note (B) and summary (C), the last two of the metadata.';

-- most pages of most collections have nothing in it
-- squawk-ignore require-concurrent-index-creation
create index if not exists pages_fields_tsv_gin
    on pgsearch.pages
 using gin (fields_tsv)
 where fields_tsv <> ''::tsvector;

-- squawk-ignore require-concurrent-index-creation
create index if not exists pages_title_key
    on pgsearch.pages ((pgsearch._title_key(title)) collate "C", collection, page_id);

-- What a question about the whole of a repository is answered with, whatever its words are: few among the nodes.
-- squawk-ignore require-concurrent-index-creation
create index if not exists semantic_nodes_overview
    on pgsearch.semantic_nodes (repo_id)
 where node_type = 'doc' and doc_type is not null
    or metadata ->> 'kind' = 'module';

do $$
begin
    if not exists (select from pg_attribute as a
                    where a.attrelid = to_regclass('pgsearch.search_request') and a.attname = 'title_keys') then
        alter type pgsearch.search_request
            add attribute title_keys text[];
    end if;

    if not exists (select from pg_attribute as a
                    where a.attrelid = to_regclass('pgsearch.search_findings') and a.attname = 'field_pages') then
        alter type pgsearch.search_findings
            add attribute field_pages  bigint[],
            add attribute field_scores float8[],
            add attribute field_names  text[],
            add attribute same_titled  bigint[],
            add attribute sameness     float8[];
    end if;
end;
$$;

comment on type pgsearch.search_request is
'What a search is asked, read once by _ask: settings are those of the collections with the options, model is null
without one, candidates is how many each signal is to find, use_text, use_vector and use_title are the signals that run,
wanted is what _search is to give, title_keys are the normal forms of titles that the query may be.';
comment on type pgsearch.search_findings is
'What a search has found so far, filled stage by stage: by_text and by_vector (what the signals found, best first),
titled_pages; field_pages with what their fields are worth and which they are, same_titled (pages that are called as the
query is, and how exactly: 1 or 2); chunk_ids with page_ids and their scores on every signal (all candidates, by
chunk_id, parallel); sampled (the note on it, where BM25 ranked a sample), information (of the words), signals (that
ran), candidates (how many each found), hits (ranked objects), notes.';
