"""Questions about code by type: the rules stand in a table, and an owner may change them."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest

from pgsearch import Client
from pgsearch.database.deploy import deploy
from tests.conftest import Select
from tests.thorough import draw, sampled

SEED_WEIGHTS = {
    "API_LOCATION": {"lexical": 0.1, "semantic_large_node": 0.5, "semantic_small_node": 0.2},
    "LOG_LOCATION": {"lexical": 0.6, "semantic_small_code": 0.2},
    "STRUCTURE": {"semantic_large_node": 0.4, "graph": 0.2},
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        # of seed document 002
        ("POST /search API where?", "API_LOCATION"),
        ("/api/search where?", "API_LOCATION"),
        ("/api/search 어디?", "API_LOCATION"),
        ("POST /search API 어디?", "API_LOCATION"),
        ('"error" log where?', "LOG_LOCATION"),
        ('"error" 로그 어디?', "LOG_LOCATION"),
        ("overall structure?", "STRUCTURE"),
        ("전체 구조는?", "STRUCTURE"),
        ("function implementation?", "FUNCTION_IMPL"),
        ("함수 구현은?", "FUNCTION_IMPL"),
        ("IndexingPipeline class?", "FUNCTION_IMPL"),
        ("IndexingPipeline 클래스는?", "FUNCTION_IMPL"),
        # others
        ("which endpoint handles user registration", "API_LOCATION"),
        ("GET /users/{id}", "API_LOCATION"),
        ("로그인 API는 어디서 처리해?", "API_LOCATION"),
        ("where is the login route handled", "API_LOCATION"),
        ("에러 로그 어디서 찍히나", "LOG_LOCATION"),
        ('where is "connection refused" raised', "LOG_LOCATION"),
        ("where do we log the request id", "LOG_LOCATION"),
        ("architecture of this project", "STRUCTURE"),
        ("how is the package organised", "STRUCTURE"),
        ("how do the parts fit together", "STRUCTURE"),
        ("프로젝트 아키텍처 설명해줘", "STRUCTURE"),
        ("which function parses the header", "FUNCTION_IMPL"),
        ("where is parse_header defined", "FUNCTION_IMPL"),
        ("parse_header() arguments", "FUNCTION_IMPL"),
        ("parse_header 함수 어디", "FUNCTION_IMPL"),
        ("FUNCTION IMPLEMENTATION", "FUNCTION_IMPL"),
        # what only looks like one
        ("and/or", "GENERAL"),
        ("catalogue of blogs", "GENERAL"),
        ("reading the apiary", "GENERAL"),
        ("retry after a timeout", "GENERAL"),
        ("시간 초과 후 재시도", "GENERAL"),
        ("", "GENERAL"),
    ],
)
def test_a_question_has_the_type_that_a_person_would_give_it(library: Client, query: str, expected: str) -> None:
    (found,) = library.classify_query(query)
    assert found.query_type == expected, found.matched_rule
    assert (found.matched_rule is None) == (expected == "GENERAL")


def test_a_query_that_is_null_or_very_long_is_classified_too(library: Client, select: Select) -> None:
    assert select("select query_type from pgsearch.classify_query(null)") == [("GENERAL",)]
    (found,) = library.classify_query('"' + "a " * 100_000 + '" log')
    assert found.query_type == "GENERAL"


def test_the_weights_of_every_type_sum_to_one_and_hold_those_of_the_seed(select: Select) -> None:
    types: dict[str, dict[str, float]] = dict(select("select query_type, weights from pgsearch.query_types"))
    assert set(types) == {"API_LOCATION", "LOG_LOCATION", "STRUCTURE", "FUNCTION_IMPL", "GENERAL"}
    for query_type, weights in types.items():
        assert sum(weights.values()) == pytest.approx(1), query_type
        assert SEED_WEIGHTS.get(query_type, {}).items() <= weights.items()


def test_an_owner_may_add_a_type_and_change_weights_and_a_deploy_keeps_both(client: Client, dsn: str) -> None:
    client.connection.execute(
        "insert into pgsearch.query_types values"
        " ('TEST_LOCATION', 5, array['\\mtests?\\M.*\\mwhere\\M'], '{\"lexical\": 1}', 'Where something is tested')"
    )
    client.connection.execute(
        """update pgsearch.query_types set weights = '{"graph": 1}' where query_type = 'GENERAL'"""
    )
    deploy(dsn)

    (found,) = client.classify_query("tests of the parser where?")
    assert (found.query_type, found.weights) == ("TEST_LOCATION", {"lexical": 1})
    assert client.classify_query("x")[0].weights == {"graph": 1}


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ("patterns = array['(unclosed']", "2201B"),
        ("weights = '{\"lexicl\": 1}'", "23514"),
        ("weights = '{\"lexical\": -1}'", "23514"),
        ('weights = \'{"lexical": "much"}\'', "23514"),
        ("weights = '{\"lexical\": 0}'", "23514"),
        ("query_type = 'not a name'", "23514"),
    ],
)
def test_a_rule_that_would_fail_every_search_is_refused_when_it_is_written(
    conn: psycopg.Connection[Any], change: str, state: str
) -> None:
    with pytest.raises(psycopg.Error) as caught:
        conn.execute(f"update pgsearch.query_types set {change} where query_type = 'GENERAL'".encode())
    assert caught.value.sqlstate == state


def test_hints_spare_expressions_and_change_no_type(conn: psycopg.Connection[Any], select: Select) -> None:
    rules = select("select patterns, hints from pgsearch.query_types where cardinality(patterns) > 0")
    assert all(set(patterns) == set(hints) for patterns, hints in rules)
    # pieces that expressions are made of, whole and in halves, so that most questions nearly are of a type
    words = sorted(
        {word for patterns, _ in rules for p in patterns for word in re.split(r"\\.|[^\w /\"(]+|_", p) if word}
    )
    pieces = [*words, *(word[: len(word) // 2] for word in words), *'/"()?Ⓐ', "x", "WHERE", "of the", "is", "get /a"]
    random = draw("hints")
    questions = [
        "".join(random.choice(pieces) + random.choice([" ", " ", ""]) for _ in range(random.randint(1, 5)))
        for _ in range(sampled(5000, 600))
    ]
    questions += ["get /a", '"a" log', "overall structure", "a function", "a"]
    statement = (
        "select q, pgsearch._query_type_by_rules(q) from unnest(%s::text[]) with ordinality as u(q, at) order by at"
    )

    hinted = select(statement, questions)
    conn.execute("update pgsearch.query_types set hints = '{}'")

    assert {found for _, found in hinted} == {"API_LOCATION", "LOG_LOCATION", "STRUCTURE", "FUNCTION_IMPL", "GENERAL"}
    assert conn.execute(statement, (questions,)).fetchall() == hinted


def test_a_pattern_that_an_owner_adds_needs_no_hints(client: Client) -> None:
    client.connection.execute(
        "update pgsearch.query_types set patterns = patterns || array['^budget'] where query_type = 'STRUCTURE'"
    )
    assert client.classify_query("budget of next year")[0].query_type == "STRUCTURE"


def test_no_question_makes_a_rule_run_long(library: Client) -> None:
    library.connection.execute("set statement_timeout = '2s'")
    try:
        for query in ("where " * 200, "/" * 1000, '"' * 1000, "어디 " * 300, "a_" * 500, "api " * 250):
            assert library.classify_query(query)
    finally:
        library.connection.execute("reset statement_timeout")
