"""CVE-2018-1058: whoever may create objects must not be able to have a search run them.

The schema "evil" stands first in the search path and holds look-alikes of what the functions use, each of which fires a
canary; temporary tables carry the names of ours. No canary may fire, whatever is called.
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server
from tests.library import CARS, put_library
from tests.security.functions import functions

CANARY = "the canary fired"

_FUNCTIONS = (
    "lower(text)",
    "length(text)",
    "char_length(text)",
    "octet_length(text)",
    "btrim(text)",
    "left(text, integer)",
    "substr(text, integer)",
    "substr(text, integer, integer)",
    "translate(text, text, text)",
    "format(text, variadic text[])",
    "replace(text, text, text)",
    "strpos(text, text)",
    "quote_literal(text)",
    "quote_ident(text)",
    "concat_ws(text, variadic text[])",
    "regexp_replace(text, text, text, text)",
    "array_to_string(text[], text)",
    "unnest(text[])",
    "unnest(bigint[])",
    "cardinality(text[])",
    "cardinality(bigint[])",
    "jsonb_typeof(jsonb)",
    "jsonb_each(jsonb)",
    "jsonb_object_keys(jsonb)",
    "jsonb_array_elements(jsonb)",
    "jsonb_array_elements_text(jsonb)",
    "to_jsonb(text)",
    "to_tsvector(regconfig, text)",
    "phraseto_tsquery(regconfig, text)",
    "numnode(tsquery)",
    "ts_rank_cd(tsvector, tsquery)",
    "array_to_tsvector(text[])",
    "ts_delete(tsvector, text[])",
    'setweight(tsvector, "char")',
    "sha256(bytea)",
    "convert_to(text, name)",
    "exp(float8)",
    "round(numeric, integer)",
    "clock_timestamp()",
    "set_config(text, text, boolean)",
    "current_setting(text)",
    "similarity(text, text)",
    "word_similarity(text, text)",
    "inner_product(public.vector, public.vector)",
    "vector_dims(public.vector)",
    "vector_norm(public.vector)",
    "l2_normalize(public.vector)",
    "binary_quantize(public.vector)",
    "hashtextextended(text, bigint)",
    "pg_advisory_xact_lock(bigint)",
    "greatest(float8, float8)",
    "now()",
    "to_regprocedure(text)",
)

_OPERATORS = (
    ("@@", "tsvector", "tsquery", "boolean"),
    ("<=>", "public.vector", "public.vector", "float8"),
    ("<#>", "public.vector", "public.vector", "float8"),
    ("<->", "public.vector", "public.vector", "float8"),
    ("%>", "text", "text", "boolean"),
    ("=", "text", "text", "boolean"),
    ("<>", "text", "text", "boolean"),
    ("~", "text", "text", "boolean"),
    ("!~", "text", "text", "boolean"),
    ("||", "text", "text", "text"),
    ("||", "text[]", "text", "text"),
    ("||", "jsonb", "jsonb", "jsonb"),
    ("||", "tsquery", "tsquery", "tsquery"),
    ("||", "tsvector", "tsvector", "tsvector"),
    ("&&", "tsquery", "tsquery", "tsquery"),
    ("&&", "text[]", "text[]", "boolean"),
    ("@>", "jsonb", "jsonb", "boolean"),
    ("@>", "text[]", "text[]", "boolean"),
    ("?", "jsonb", "text", "boolean"),
    ("->", "jsonb", "text", "jsonb"),
    ("->>", "jsonb", "text", "text"),
    ("#>>", "jsonb", "text[]", "text"),
    ("-", "jsonb", "text[]", "jsonb"),
    ("=", "bigint", "bigint", "boolean"),
    ("=", "integer", "integer", "boolean"),
    (">", "float8", "float8", "boolean"),
    ("*", "float8", "float8", "float8"),
    ("+", "float8", "float8", "float8"),
    ("-", "float8", "float8", "float8"),
    ("/", "float8", "float8", "float8"),
    ("<", "bigint", "bigint", "boolean"),
    ("=", "bytea", "bytea", "boolean"),
)

_TABLES = (
    "collections",
    "pages",
    "chunks",
    "embedding_models",
    "embeddings",
    "lexeme_stats",
    "collection_stats",
)


@pytest.fixture(scope="module")
def hijacked(pg_server: Server, pg_template: NoopExecutor) -> Iterator[Client]:
    """A client on the library whose session has the evil search path and the temporary tables."""
    with cloned(pg_server, pg_template.template_dbname) as dsn, Client(dsn) as client:
        put_library(client)
        connection = client.connection
        connection.execute("create schema evil")
        for signature in _FUNCTIONS:
            name, arguments = signature.split("(", 1)
            connection.execute(
                f'create function evil."{name}"({arguments} returns text language plpgsql'
                f" as $$ begin raise exception using message = '{CANARY}: {name}'; end $$".encode()
            )
        for number, (operator, left, right, result) in enumerate(_OPERATORS):
            connection.execute(
                f"create function evil.operator_{number}({left}, {right}) returns {result} language plpgsql"
                f" as $$ begin raise exception using message = '{CANARY}: {operator}'; end $$".encode()
            )
            connection.execute(
                f"create operator evil.{operator} (function = evil.operator_{number},"
                f" leftarg = {left}, rightarg = {right})".encode()
            )
        for table in _TABLES:
            connection.execute(f"create temporary table {table} (canary text)".encode())
        connection.execute("set search_path = evil, pg_temp, public, pg_catalog")
        yield client


@pytest.mark.parametrize(
    "statement",
    [
        "select lower('A')",
        "select to_tsvector('simple', 'a') @@ to_tsquery('a')",
        "select '[1,0]'::public.vector <=> '[1,0]'::public.vector",
        "select 'a'::text = 'a'::text",
        "select * from unnest(array['a'])",
    ],
)
def test_the_canary_fires_where_names_are_not_qualified(hijacked: Client, statement: str) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match=CANARY):
        hijacked.connection.execute(statement.encode())


def test_unqualified_tables_would_be_the_temporary_ones(hijacked: Client) -> None:
    assert hijacked.connection.execute("select * from chunks").fetchall() == []


def test_searches_answer_as_ever(hijacked: Client) -> None:
    for mode in ("auto", "fts", "vector", "lexical"):
        hits = hijacked.search("전기차 보조금 -zebra", CARS, collections="wiki", search_mode=mode).hits
        assert hits[0].external_id == "subsidy"
    for fusion in ("adaptive", "convex", "distribution", "legacy", "rrf", "rrf_boost", "weighted"):
        hits = hijacked.search_pages('"전기차 보조금" 제12조', CARS, collections="wiki", fusion=fusion)
        assert hits[0].external_id == "subsidy"
    options = {"window": 1, "require_keywords": True, "operator": "and", "diversity": 0.5, "recency_half_life_days": 1}
    assert hijacked.search("전기차 보조금", CARS, collections="wiki", options=options).hits
    filter = {"tags": ["법"], "any_tags": ["법"], "source": ["handbook"], "metadata": {"team": "cars"}}
    assert hijacked.search_hybrid("보조금", CARS, collections="wiki", filter=filter)[0].external_id == "subsidy"
    assert hijacked.search_hybrid("running mice roses", collections="guides")
    assert hijacked.explain_search("보조금", CARS, collections="wiki")
    assert hijacked.candidate_pages("보조금")[0].external_id == "subsidy"
    assert hijacked.search_lexical("Postgers")


def test_pages_are_put_as_ever(hijacked: Client) -> None:
    for content in ("하나 둘 셋", "하나 넷 셋"):
        (row,) = hijacked.put_pages("new", [{"external_id": "a", "title": "제목", "tags": ["x"], "content": content}])
        assert row.status in ("inserted", "updated")
    assert hijacked.search_hybrid("넷 셋", collections="new")[0].external_id == "a"
    hijacked.register_model("evil model", 3, storage="bit")
    (missing,) = hijacked.list_missing_embeddings("evil model", collection="new")
    hijacked.put_embeddings("evil model", [missing.chunk_id], [missing.content_hash], [[1, 2, 3]])
    assert hijacked.search_vector([1, 2, 3], model="evil model")
    assert hijacked.delete_pages("new", ["a"]) == 1


_BY_NAME: dict[str, object] = {
    "collection": "wiki",
    "collections": ["wiki"],
    "model": "subjects",
    "query": '탄핵 "절차" -없다 +심판 제12조',
    "text_config": "english",
    "operator": "and",
    "fusion": "adaptive",
    "search_mode": "auto",
    "filter": '{"tags": ["법"]}',
    "options": "{}",
    "settings": "{}",
    "pages": '[{"external_id": "z", "title": "Z", "content": "하나. 둘."}]',
    "distance": "cosine",
    "storage": "vector",
    "dimensions": 4,
    "embedding": "[0,1,0,0]",
    "boosts": "{}",
    "weights": "{}",
    "signals": ["text"],
    "signal_names": ["text", "vector"],
    "signal_scores": [1.0, 0.5],
    "format": "markdown",
    "statement": "select 1",
    "threshold": 0.3,
    "reranker": "",
}
_BY_TYPE: dict[str, object] = {
    "text": "탄핵",
    "integer": 3,
    "bigint": 1,
    "double precision": 0.5,
    "real": 0.5,
    "numeric": 1,
    "boolean": False,
    "jsonb": "{}",
    "bigint[]": [1, 2],
    "text[]": ["탄핵", "a"],
    "double precision[]": [1.0, 0.5],
    "bytea[]": [b"a", b"b"],
    "bytea": b"a",
    "public.vector": "[0,1,0,0]",
    "vector": "[0,1,0,0]",
    "tsquery": "a",
    "tsvector": "a",
    "timestamp with time zone": "2024-01-01",
    "tsquery[]": ["a", "b"],
    "jsonb[]": ["{}", "{}"],
    "integer[]": [1, 2],
    "uuid": "00000000-0000-0000-0000-000000000000",
    "date": "2024-01-01",
    "interval": "1 day",
}


def test_no_function_at_all_fires_the_canary(hijacked: Client) -> None:
    """Each is called with something of the right type; that it may refuse it is no matter here."""
    connection = hijacked.connection
    with connection.transaction():
        connection.execute("set local search_path = public, pg_catalog")
        every = functions(connection)
    fired, went_through = [], 0
    for function in every:
        values, casts = [], []
        for name, kind in zip(function.argument_names, function.argument_types, strict=False):
            kind = kind.removeprefix("public.") if kind != "public.vector" else kind
            value = _BY_NAME.get(name, _BY_TYPE.get(kind, _BY_TYPE.get(kind.removeprefix("public."))))
            if isinstance(value, list) != kind.endswith("[]"):
                value = _BY_TYPE.get(kind)
            values.append(value)
            casts.append(f"%s::{'public.' if kind == 'vector' else ''}{kind}")
        if len(values) != len(function.argument_types):
            continue
        try:
            with connection.transaction(force_rollback=True):
                connection.execute(f"select pgsearch.{function.name}({', '.join(casts)})".encode(), values)
                went_through += 1
        except psycopg.Error as error:
            if CANARY in str(error) or "canary" in str(error):
                fired.append(f"{function.signature}: {error}")
    assert fired == []
    assert went_through > 0.6 * len(every)
