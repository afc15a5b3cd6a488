"""The law of the functions: what every one of them must have, read from the catalog and from the files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from pgsearch import AsyncClient, Client
from tests.security.functions import Function, defined_in, files, functions, without_comments, without_strings

pytestmark = pytest.mark.quick

PINNED = "search_path=pg_catalog, pg_temp"

# Public functions that a client has no use for: arithmetic that a search does inside, and steps that other functions
# or the bulk loader take.
WITHOUT_METHOD = {
    "abandon_load",
    "begin_load",
    "bm25_scores_for_chunk_ids",
    "boost_factors",
    "check_load",
    "compute_confidence",
    "compute_confidence_hybrid",
    "delete_missing_pages",
    "diversify",
    "finish_load",
    "fuse",
    "legacy_scores",
    "list_read_files",
    "load_pages",
    "neighbour_scores",
    "normalize_display_scores",
    "note_read_files",
    "reanalyze",  # pgsearch maintain
    "snippet",
    "split_content",
    "uuid7",  # pgsearch.uuid7()
}


@pytest.fixture(scope="module")
def law(catalog: psycopg.Connection[Any]) -> list[Function]:
    found = functions(catalog)
    assert len(found) > 50
    return found


def names(found: list[Function]) -> list[str]:
    return [function.signature for function in found]


def test_every_function_pins_its_search_path_or_is_bound_when_it_is_created(law: list[Function]) -> None:
    assert [
        function.signature
        for function in law
        if function.from_sql_folder and PINNED not in function.settings and not function.standard_body
    ] == []


def test_what_tables_depend_on_names_everything_in_full(law: list[Function]) -> None:
    """pg_restore runs those functions with an empty search_path; a setting would keep them from being inlined."""
    kept = [function for function in law if not function.from_sql_folder and not function.standard_body]
    assert {function.name for function in kept} >= {"_analyze", "_analyze_chunk", "_segment"}
    for function in kept:
        body = without_strings(function.definition.split("$function$")[1])
        called = set(re.findall(r"(?<![\w.])(\w+)\s*\(", body)) - {"in", "any", "operator", "from"}
        assert not called - {"coalesce", "nullif", "greatest", "least", "normalize"}, (function.name, called)


def test_every_function_says_what_it_is_for(law: list[Function]) -> None:
    assert [function.signature for function in law if len(function.comment or "") < 20] == []


def test_the_comment_of_a_public_function_names_its_arguments(law: list[Function]) -> None:
    silent = [
        f"{function.name}: {argument}"
        for function in law
        # "Arguments and errors as search_hybrid" names them elsewhere
        if function.public and not re.search(r"rguments\b[^.]* as \w+", function.comment or "")
        for argument in function.argument_names
        if argument not in (function.comment or "")
    ]
    assert silent == []


def test_a_name_stands_for_one_function(law: list[Function]) -> None:
    assert [name for name, count in Counter(function.name for function in law).items() if count > 1] == []


def test_no_function_runs_with_the_rights_of_its_owner_for_everyone(
    law: list[Function], catalog: psycopg.Connection[Any]
) -> None:
    open_to_all = [
        function.signature
        for function in law
        if function.security_definer
        and catalog.execute(
            "select has_function_privilege('public', %s::regprocedure, 'execute')", [function.signature]
        ).fetchall()[0][0]
    ]
    assert open_to_all == []


def test_what_runs_with_the_rights_of_its_owner_is_pinned_and_known(law: list[Function]) -> None:
    """A new one is looked at before it is added: what does it give back, and what may it be made to do?"""
    definers = [function for function in law if function.security_definer]
    assert {function.name for function in definers} == {
        "_cached_query_embedding",
        "_finish_conversations",
        "_list_conversations",
        "_read_conversation",
        "_share_query_embedding",
        "_store_consent",
        "_store_events",
        "_store_messages",
        "_store_searches",
        "hash_user",
        "work",
    }
    assert [function.name for function in definers if PINNED not in function.settings] == []


def test_every_view_reads_with_the_rights_of_who_asks(catalog: psycopg.Connection[Any]) -> None:
    views = catalog.execute(
        "select c.relname, coalesce(c.reloptions @> '{security_invoker=true}', false) as invoker from pg_class as c"
        " where c.relnamespace = 'pgsearch'::regnamespace and c.relkind = 'v'"
    ).fetchall()
    assert len(views) > 10
    assert [view.relname for view in views if not view.invoker] == []


# They look at rows that they have by key, or only write the statement that another one runs.
WITHOUT_GIN_SCAN = {
    "_json_containment",
    "_json_equality",
    "_list_condition",
    "_matching_statement",
    "_bm25_statement",
    "_count_matching",
    "_count_statement",
    "_pasted_statement",
    "_drawn_chunks",
    "_fields_statement",
    "_first_chunks",
    "_fts_statement",
    "_fused_adaptive",
    "_gather_text",
    "_lexical_statement",
    "_node_score_expression",
    "_node_words_scores",
    "_node_words_statement",
    "_phrase_statement",
    "_store_events",
    "_trigram_word_match",
    "_with_all_keywords",
    "_with_fields",
    "_without_excluded",
    "boost_factors",
    "explain_hit",
}


def test_what_scans_a_gin_index_is_not_thinned_out(law: list[Function]) -> None:
    scans = re.compile(r"@@|_trigram_word_match\(|\b(tags|metadata|context) (@>|&&) ")
    settings = {function.name: function.settings for function in law if scans.search(function.definition)}
    assert set(settings) >= WITHOUT_GIN_SCAN
    unpinned = [name for name in settings if "gin_fuzzy_search_limit=0" not in settings[name]]
    assert sorted(set(unpinned) - WITHOUT_GIN_SCAN) == []


def test_what_changes_settings_by_itself_and_whoever_calls_it_is_parallel_unsafe(law: list[Function]) -> None:
    """set_config is refused during a parallel operation; the SET clause of a function, undone at its end, is not."""
    by_name = {function.name: function for function in law}
    changing = {function.name for function in law if "set_config(" in function.definition}
    assert "_vector_walk" in changing

    unsafe = set(changing)
    while callers := {f.name for f in law if f.calls & unsafe and f.name not in unsafe}:
        unsafe |= callers
    assert [name for name in sorted(unsafe) if by_name[name].parallel != "u"] == []


def test_what_writes_is_volatile_and_parallel_unsafe(law: list[Function]) -> None:
    writes = re.compile(
        r"\b(insert\s+into|delete\s+from|update\s+pgsearch|create\s+(temp|table|index)|drop\s+table|pg_advisory)\b"
    )
    writing = [
        function for function in law if writes.search(without_strings(function.definition).split("$function$", 1)[-1])
    ]
    assert {"_put_pages", "register_model", "put_embeddings"} <= {function.name for function in writing}
    assert [function.name for function in writing if (function.volatility, function.parallel) != ("v", "u")] == []


def test_no_function_promises_more_than_those_it_calls(law: list[Function]) -> None:
    """A stable function that calls a volatile one would write behind the planner's back."""
    order = {"i": 0, "s": 1, "v": 2}
    by_name = {function.name: function for function in law}
    # only reads the clock
    harmless = {"_lap"}
    broken = [
        f"{function.name} ({function.volatility}) calls {called} ({by_name[called].volatility})"
        for function in law
        for called in function.calls & by_name.keys() - harmless
        if order[by_name[called].volatility] > order[function.volatility]
    ]
    assert broken == []


def test_no_column_is_of_a_record_type_so_that_attributes_can_be_added(catalog: psycopg.Connection[Any]) -> None:
    of_records = (
        "select c.oid::regclass::text, a.attname from pg_attribute as a join pg_class as c on c.oid = a.attrelid"
        " join pg_type as t on t.oid = a.atttypid left join pg_type as e on e.oid = t.typelem"
        " where c.relnamespace = 'pgsearch'::regnamespace and 'c' in (t.typtype, e.typtype) and c.relkind"
    )
    assert catalog.execute(f"{of_records} in ('r', 'p', 'm', 'v')".encode()).fetchall() == []
    assert catalog.execute(f"{of_records} = 'c'".encode()).fetchall() != []


def test_no_column_is_of_a_type_that_blocks_pg_upgrade(catalog: psycopg.Connection[Any]) -> None:
    assert (
        catalog.execute(
            "select c.oid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute as a"
            " join pg_class as c on c.oid = a.attrelid where c.relnamespace = 'pgsearch'::regnamespace"
            " and c.relkind in ('r', 'p', 'm') and a.attnum > 0 and not a.attisdropped"
            " and a.atttypid::regtype::text ~ '^reg' and a.atttypid::regtype::text !~ '^(regclass|regtype|regrole)'"
        ).fetchall()
        == []
    )


def test_every_table_and_its_purpose_are_known(catalog: psycopg.Connection[Any]) -> None:
    assert (
        catalog.execute(
            "select c.relname from pg_class as c where c.relnamespace = 'pgsearch'::regnamespace"
            " and c.relkind in ('r', 'p') and c.relname !~ '^_?yoyo' and obj_description(c.oid, 'pg_class') is null"
        ).fetchall()
        == []
    )


# Catalog and files say the same; docs/functions.md too, see tests/project/test_documents.py


def test_the_catalog_holds_exactly_what_the_files_create(law: list[Function]) -> None:
    created = [name for text in files("sql").values() for name in defined_in(text)]
    migrated = [name for text in files("migrations").values() for name in defined_in(text)]

    assert [name for name, count in Counter(created).items() if count > 1] == []
    assert {function.name for function in law if function.from_sql_folder} == set(created)
    assert {function.name for function in law if not function.from_sql_folder} == set(migrated) - set(created)


def test_each_public_function_has_a_file_of_its_name_and_no_other_public_function_is_in_it() -> None:
    for path, text in files("sql").items():
        public = [name for name in defined_in(text) if not name.startswith("_")]
        assert public == ([] if path.stem.startswith("_") else [path.stem]), path


def test_each_file_opens_with_what_it_is_and_why() -> None:
    for folder in ("sql", "migrations"):
        assert [str(path) for path, text in files(folder).items() if not text.startswith("-- ")] == []


def test_every_public_function_has_a_method_of_both_clients(law: list[Function]) -> None:
    public = {function.name for function in law if function.public}
    without = {name for name in public if not hasattr(Client, name)}

    assert without == WITHOUT_METHOD & public, "give it a method, or add it to WITHOUT_METHOD"
    assert {name for name in public if not hasattr(AsyncClient, name)} == without


# Nothing newer than PostgreSQL 15, which no test here runs on

NEWER = {
    16: r"any_value\s*\(|array_shuffle|array_sample|random_normal|pg_input_is_valid|pg_input_error_info|date_add\s*\(|"
    r"date_subtract\s*\(|\berfc?\s*\(|system_user|is\s+(not\s+)?json\b|json_array(agg)?\s*\(|json_object(agg)?\s*\([^,)]*:|"
    r"\b\d+_\d+\b|\b0[xob][0-9a-f]+\b|(?<!force_)generic_plan",
    17: r"json_table|json_exists\s*\(|json_value\s*\(|json_query\s*\(|json_scalar|json_serialize|to_bin\s*\(|"
    r"to_oct\s*\(|unicode_assigned|uuid_extract|xmltext|merge_action|\brandom\s*\([^)]|on_error|explain\s*\([^)]*(serialize|memory)|"
    r"transaction_timeout|\bmaintain\s+on\b",
    18: r"uuidv[47]|array_sort|array_reverse|casefold|\bcrc32c?\s*\(|\bl?gamma\s*\(|returning\s+with\s*\(|\bvirtual\b|"
    r"without\s+overlaps|returning\s+(old|new)\.|jsonb_strip_nulls\s*\([^()]*,\s*true|pg_get_acl|not\s+enforced",
}
# at the beginning of a word, which is where most of a text is not looked at any further
NEWER_WORDS = re.compile(rf"\b(?:{'|'.join(NEWER.values())})")
# methods of jsonpath, which stand in strings
NEWER_PATHS = r"\.(bigint|boolean|date|decimal|integer|number|string|time|time_tz|timestamp|timestamp_tz)\(\d*\)"


def newer(text: str) -> list[str]:
    """What a text of SQL uses that PostgreSQL 15 does not know."""
    code = without_strings(text).lower()
    found = [match.group() for match in NEWER_WORDS.finditer(code)]
    return found + [match.group() for match in re.finditer(NEWER_PATHS, without_comments(text))]


def test_nothing_newer_than_postgresql_15_is_used() -> None:
    found = {str(path): newer(text) for folder in ("sql", "migrations") for path, text in files(folder).items()}
    assert {path: words for path, words in found.items() if words} == {}


@pytest.mark.parametrize(
    "text",
    [
        "select any_value(a)",
        "select 1_000",
        "select a is json",
        "select json_object('a': 1)",
        "select * from json_table(a, '$')",
        "select random(1, 6)",
        "select jsonb_path_query(a, '$.b.bigint()')",
        "select uuidv7()",
        "update a set b = 1 returning old.b",
        "select array_sort(a)",
    ],
)
def test_what_is_newer_is_noticed(text: str) -> None:
    assert newer(text)


def test_every_subquery_in_from_has_a_name_as_postgresql_15_wants() -> None:
    nameless = [
        f"{folder}/{path}: {excerpt}"
        for folder in ("sql", "migrations")
        for path, text in files(folder).items()
        for excerpt in _nameless(without_strings(text))
    ]
    assert nameless == []


def test_a_subquery_without_a_name_is_noticed() -> None:
    assert list(_nameless("select 1 from (select 2) where true"))
    assert list(_nameless("select 1 from (values (2));"))
    assert not list(_nameless("select 1 from (select (2)) as a join (select 3) b on true"))


def _nameless(text: str) -> Iterator[str]:
    for opening in re.finditer(r"\b(?:from|join|lateral)\s*\(\s*(?:select|values|with)\b", text, flags=re.IGNORECASE):
        depth = 0
        for position in range(text.index("(", opening.start()), len(text)):
            depth += {"(": 1, ")": -1}.get(text[position], 0)
            if depth == 0:
                after = re.match(r"\)\s*(\w+|[^\w\s])?", text[position:])
                name = (after.group(1) or "") if after else ""
                if not re.fullmatch(r"[a-z_]\w*", name) or name in (
                    "where",
                    "on",
                    "order",
                    "group",
                    "limit",
                    "union",
                    "join",
                ):
                    yield text[opening.start() : opening.start() + 60]
                break
