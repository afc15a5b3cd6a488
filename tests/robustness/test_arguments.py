"""Every argument but the query: null, negative, huge, of the wrong kind, hostile. Refused by name, or taken as text."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import psycopg
import pytest

from pgsearch import Client
from pgsearch.errors import (
    EmbeddingMismatchError,
    InvalidValueError,
    SearchError,
    UnknownCollectionError,
    UnknownModelError,
    UnknownNameError,
)
from tests.library import CARS
from tests.refusals import refused
from tests.robustness.conftest import Select

INJECTIONS = (
    "'; drop schema pgsearch cascade; --",
    "wiki'; select pg_sleep(10); --",
    "') or true --",
    '"; drop table pgsearch.chunks; --',
    "wiki\\' or 1=1 --",
    "$$; drop schema pgsearch cascade; $$",
    "{wiki}",
    "%s %(collections)s",
    "pgsearch.chunks",
)

injections = pytest.mark.parametrize("text", INJECTIONS)


@pytest.fixture(autouse=True)
def unharmed(library: Client) -> Any:
    """Whatever a test sends, the library is as it was."""
    statement = "select count(*), sum(hashtext(content)), (select count(*) from pg_proc) from pgsearch.chunks"
    before = library.connection.execute(statement).fetchall()
    yield
    assert library.connection.execute(statement).fetchall() == before


# SQL in every text argument


@injections
def test_sql_in_a_query_is_text(library: Client, text: str) -> None:
    library.search(text, CARS, collections="wiki")
    library.search_fts(text)
    library.search_lexical(text)
    library.normalize_query(text)
    library.parse_query(text)


@injections
def test_sql_in_the_name_of_a_collection_is_an_unknown_name(library: Client, text: str) -> None:
    for call in (
        lambda: library.search("a", collections=text),
        lambda: library.search_fts("a", collections=[text]),
        lambda: library.search_vector(CARS, collections=text),
        lambda: library.search_lexical("abc", collections=text),
        lambda: library.candidate_pages("a", collections=text),
        lambda: library.explain_search("a", collections=text),
        lambda: library.list_missing_embeddings("subjects", collection=text),
        lambda: library.set_default_model(text, "subjects"),
        lambda: library.delete_pages(text, ["a"]),
        lambda: library.delete_collection(text),
    ):
        with pytest.raises(UnknownCollectionError):
            call()


@injections
def test_sql_in_the_name_of_a_model_is_an_unknown_name(library: Client, text: str) -> None:
    for call in (
        lambda: library.search_vector(CARS, model=text),
        lambda: library.similarity_for_chunk_ids(CARS, [1], [1], model=text),
        lambda: library.search("a", CARS, options={"model": text}),
        lambda: library.vector_index_statement(text),
        lambda: library.list_missing_embeddings(text),
        lambda: library.put_embeddings(text, [], [], []),
        lambda: library.set_default_model("wiki", text),
    ):
        with pytest.raises(UnknownModelError):
            call()


@injections
def test_sql_in_other_names_is_an_unknown_name(library: Client, text: str) -> None:
    for call in (
        lambda: library.search("a", search_mode=text),  # type: ignore[arg-type]
        lambda: library.search("a", fusion=text),  # type: ignore[arg-type]
        lambda: library.search("a", options={"fusion": text}),
        lambda: library.search("a", options={"operator": text}),
        lambda: library.search("a", options={text: 1}),
        lambda: library.search("a", options={"weights": {text: 1}}),
        lambda: library.search("a", filter={text: 1}),
        lambda: library.search_fts("a", operator=text),
        lambda: library.register_model("new", 3, distance=text),
        lambda: library.register_model("new", 3, storage=text),
    ):
        with pytest.raises(UnknownNameError) as caught:
            call()
        assert caught.value.hint
    for refusal in (
        lambda: library.parse_query("a", text_config=text),
        lambda: library.create_collection("new", text_config=text),
        lambda: library.search("roses", options={"rerank": text}),
    ):
        with pytest.raises(InvalidValueError) as wrong:
            refusal()
        assert wrong.value.hint


@injections
def test_sql_in_the_values_of_a_filter_is_text(library: Client, text: str) -> None:
    for filter in (
        {"source": text},
        {"source": [text]},
        {"tags": [text]},
        {"any_tags": [text]},
        {"external_ids": [text]},
        {"metadata": {text: text}},
        {"metadata": {"a": {text: [text]}}},
    ):
        # what begins with a dollar is no key, but an operator
        operator = text.startswith("$") and "metadata" in filter
        with pytest.raises(UnknownNameError, match="unknown operator") if operator else nullcontext():
            assert library.search("battery", filter=filter).hits == []


@injections
def test_sql_in_a_metadata_key_for_dates_is_text(library: Client, text: str) -> None:
    options = {"recency_half_life_days": 10, "recency_key": text}
    assert [hit.external_id for hit in library.search("battery", options=options).hits] == ["car-chargers"]


# Names of functions: only a function of the right shape runs


@pytest.mark.parametrize(
    "name",
    [
        "no_such_function",
        "pg_catalog.nope",
        "a.b.c.d",
        "pg_sleep",
        "pgsearch.search",
        "",
        " ",
        '"',
        "(",
        "f(text",
        "1",
        "a b",
        "é",
        "pg_catalog.lower",
    ],
)
def test_a_reranker_that_is_no_function_of_the_right_shape_is_refused(library: Client, name: str) -> None:
    if name == "":
        assert library.search("roses", options={"rerank": name}).hits
        return
    with pytest.raises(InvalidValueError) as caught:
        library.search("roses", options={"rerank": name})
    assert caught.value.hint


# Vectors


@pytest.mark.parametrize("embedding", [[1.0], [1.0] * 3, [1.0] * 5, [1.0] * 16_000])
def test_vectors_of_wrong_dimensions_are_refused(library: Client, embedding: list[float]) -> None:
    for call in (
        lambda: library.search("a", embedding, collections="wiki"),
        lambda: library.search_pages("a", embedding, collections="wiki"),
        lambda: library.search_vector(embedding, model="subjects"),
        lambda: library.similarity_for_chunk_ids(embedding, [1], [1], model="subjects"),
        lambda: library.explain_search("a", embedding, collections="wiki"),
    ):
        with pytest.raises(EmbeddingMismatchError, match=f"{len(embedding)} dimensions"):
            call()


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf"), 1e39])
def test_vectors_with_numbers_that_are_none_are_refused(library: Client, wrong: float) -> None:
    for call in (
        lambda: library.search("a", [1, 0, 0, wrong], collections="wiki"),
        lambda: library.search_vector([wrong] * 4, model="subjects"),
        lambda: library.similarity_for_chunk_ids([wrong] * 4, [1], [1], model="subjects"),
    ):
        with pytest.raises(InvalidValueError):
            call()


@pytest.mark.parametrize("embedding", [[0.0] * 4, [-0.0] * 4, [1e-300] * 4])
def test_a_vector_without_a_direction_is_left_out_and_that_is_said(library: Client, embedding: list[float]) -> None:
    result = library.search("보조금", embedding, collections="wiki")

    assert result.hits[0].external_id == "subsidy"
    assert "vector" not in result.signals
    assert any("zero vector" in note for note in result.notes)
    assert library.search_vector(embedding, model="subjects") == []


@pytest.mark.parametrize("embedding", [[1e38] * 4, [-3e38] * 4, [1e-30, 0, 0, 0], [1e-38] * 4])
def test_very_long_and_very_short_vectors_have_a_direction(library: Client, embedding: list[float]) -> None:
    scores = [row.score for row in library.search_vector(embedding, model="subjects")]
    unit = [x / max(abs(y) for y in embedding) for x in embedding]
    assert scores == pytest.approx([row.score for row in library.search_vector(unit, model="subjects")], abs=1e-4)


# Numbers


@pytest.mark.parametrize("number", [-1, -(2**31), 2**31 - 1])
def test_limits_out_of_range_are_refused(library: Client, number: int) -> None:
    for call in (
        lambda: library.search("a", top_k=number),
        lambda: library.search_hybrid("a", top_k=number),
        lambda: library.search_pages("a", page_limit=number),
        lambda: library.search_fts("a", top_n=number),
        lambda: library.search_vector(CARS, top_n=number, model="subjects"),
        lambda: library.search_lexical("abc", top_n=number),
        lambda: library.candidate_pages("a", page_limit=number),
        lambda: library.candidate_pages("a", chunk_oversample=number),
        lambda: library.expand_window([1], neighbours=number),
        lambda: library.list_missing_embeddings("subjects", batch_size=number),
    ):
        with pytest.raises(InvalidValueError) as caught:
            call()
        assert caught.value.hint


@pytest.mark.parametrize("number", [2**31, -(2**40), 2**70])
def test_numbers_that_the_database_cannot_hold_are_refused(library: Client, number: int) -> None:
    for call in (
        lambda: library.search("a", top_k=number),
        lambda: library.search_fts("a", top_n=number),
        lambda: library.candidate_pages("a", page_limit=number),
        lambda: library.register_model("new", number),
    ):
        with pytest.raises(InvalidValueError):
            call()


def test_ids_that_do_not_exist_are_passed_over(library: Client) -> None:
    strange = [0, -1, 2**62, -(2**62)]
    assert library.fts_rank_for_chunk_ids("roses", strange) == []
    assert library.expand_window(strange) == []
    assert library.similarity_for_chunk_ids(CARS, strange, strange, model="subjects") == []
    assert library.search("roses", filter={"page_ids": strange}).hits == []


# Nothing where something is needed


@pytest.mark.parametrize(
    "statement",
    [
        "select pgsearch.search(null, null, null, null, null, null, null, null)",
        "select pgsearch.search('a', search_mode => null)",
        "select pgsearch.search('a', top_k => null)",
        "select pgsearch.search_fts('a', null)",
        "select pgsearch.search_fts('a', operator => null)",
        "select pgsearch.search_lexical('a', null)",
        "select pgsearch.search_vector('[1,0,0,0]', null, '{wiki}')",
        "select pgsearch.candidate_pages('a', null)",
        "select pgsearch.candidate_pages('a', operator => null)",
        "select pgsearch.fts_rank_for_chunk_ids('a', '{1}', null)",
        "select pgsearch.expand_window('{1}', null)",
        "select pgsearch.parse_query('a', null)",
        "select pgsearch.parse_query('a', 'simple', null)",
        "select pgsearch.fuse(null, '{1}', '{text}', '{1}')",
        "select pgsearch.register_model(null, 3)",
        "select pgsearch.register_model('a', null)",
        "select pgsearch.put_embeddings('subjects', '{1}', null, null)",
        "select pgsearch.list_missing_embeddings('subjects', batch_size => null)",
        "select pgsearch.set_default_model(null, 'subjects')",
        "select pgsearch.create_collection(null)",
        "select pgsearch.delete_collection(null)",
        "select pgsearch.set_text_config(null, 'simple')",
        "select pgsearch.set_text_config('wiki', null)",
        "select pgsearch.put_pages(null, '[]')",
        "select pgsearch.put_pages('wiki', null)",
        "select pgsearch.delete_pages(null, '{a}')",
    ],
)
def test_null_where_a_value_is_needed_is_refused(library: Client, statement: str) -> None:
    with library.connection.transaction(force_rollback=True), pytest.raises(psycopg.Error) as caught:
        library.connection.execute(statement.encode())
    state = caught.value.sqlstate
    assert state is not None
    assert state.startswith("PS"), f"{statement}: {state} {caught.value}"


@pytest.mark.parametrize(
    "statement",
    [
        "select * from pgsearch.search_hybrid(null)",
        "select * from pgsearch.search_pages(null)",
        "select * from pgsearch.search_fts(null)",
        "select * from pgsearch.search_lexical(null)",
        "select * from pgsearch.search_vector(null)",
        "select * from pgsearch.candidate_pages(null)",
        "select * from pgsearch.fts_rank_for_chunk_ids(null, '{1000000}')",
        "select * from pgsearch.fts_rank_for_chunk_ids('a', null)",
        "select * from pgsearch.expand_window(null)",
        "select * from pgsearch.explain_search(null)",
        "select * from pgsearch.search_hybrid('zebra', null, null, 'auto', 8, null, null, null)",
    ],
)
def test_null_where_nothing_may_be_given_finds_nothing(select: Select, statement: str) -> None:
    assert select(statement) == []


def test_refusals_of_one_call_do_not_spoil_the_next(library: Client) -> None:
    for _ in range(3):
        with pytest.raises(SearchError):
            library.search("a", collections="nope")
        assert library.search("battery").hits


def test_metadata_with_odd_keys_is_found_by_them(library: Client) -> None:
    with library.connection.transaction(force_rollback=True):
        metadata = {'it\'s "odd"; --': {"": ["가", None, 1.5]}, "%s": True}
        library.put_pages("odd", [{"external_id": "'; --", "title": "Odd", "content": "zinc", "metadata": metadata}])
        (hit,) = library.search("zinc", collections="odd", filter={"metadata": metadata}).hits
        assert hit.metadata == metadata
        assert library.search("zinc", collections="odd", filter={"external_ids": ["'; --"]}).hits == [hit]


@pytest.mark.parametrize("name", ["it's", 'a "quoted" name', "전기차", "a/b", "x" * 255, "%s", " spaces ", "\\"])
def test_a_collection_may_have_any_name(library: Client, name: str) -> None:
    with library.connection.transaction(force_rollback=True):
        library.put_pages(name, [{"external_id": "a", "content": "zinc"}])
        (hit,) = library.search("zinc", collections=name).hits
        assert hit.collection == name


def test_a_name_that_is_none_is_refused(select: Select) -> None:
    for name in ("", "x" * 256):
        with refused("PS003", names="255"):
            select("select pgsearch.create_collection(%s)", name)
