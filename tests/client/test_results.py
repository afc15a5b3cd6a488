"""A result is read like the list of its hits, and shows itself in a notebook without trusting what pages say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

import pgsearch
from pgsearch import Client, Hit, SearchResult
from pgsearch.client.calls.search import CodeHit
from tests.library import CARS

HOSTILE = "<script>alert(1)</script>\"' & <img src=x onerror=alert(1)>"


class Elements(HTMLParser):
    """The elements of a text, with what stands in their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append(tag)
        self.open.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words += data


@pytest.fixture(scope="module")
def found(library_dsn: str) -> SearchResult:
    with Client(library_dsn) as client:
        return client.search("전기차 보조금", CARS, collections="wiki", context={"log": False})


def made(**changes: Any) -> Hit:
    values: dict[str, Any] = {
        **{"rank": 1, "page_id": 1, "chunk_id": 1, "collection": "wiki", "external_id": "a", "title": "A"},
        **{"heading": "A · B", "content": "text", "context": None, "snippet": "a <mark>b</mark> c", "score": 2.0},
        **{
            "display_score": 1.0,
            "relevance": 0.9,
            "match_reason": "text",
            "hit_chunks": 1,
            "tags": [],
            "source": None,
            "metadata": {},
            "copies": None,
        },
        "signals": {"text": {"rank": 1, "score": 3.0, "weight": 1, "contribution": 2.0}},
    }
    return Hit(**{**values, **changes})


def result_of(hits: list[Hit], **changes: Any) -> SearchResult:
    values: dict[str, Any] = {
        **{"search_mode": "auto", "signals": ["text"], "fusion": "rrf", "confidence": 1.0, "approximate": False},
        **{"notes": [], "timings": {"total_ms": 1.5}, "candidates": {}, "query_id": "q", "logged": False},
    }
    return SearchResult(**{**values, **changes}, hits=hits)


def test_it_is_read_like_the_list_of_its_hits(found: SearchResult) -> None:
    assert len(found) == len(found.hits) > 1
    assert [hit.rank for hit in found] == [hit.rank for hit in found.hits]
    assert list(found) == list(found.hits)


def test_it_is_true_when_there_are_hits_and_false_when_there_are_none(found: SearchResult) -> None:
    assert found
    assert not replace(found, hits=[])


def test_a_notebook_shows_the_marked_excerpt_and_a_bar_for_each_signal(found: SearchResult) -> None:
    shown = Elements(found._repr_html_())

    assert shown.open == []
    assert shown.opened.count("li") == len(found)
    assert shown.opened.count("mark") == sum(hit.snippet.count("<mark>") for hit in found) > 0
    assert shown.opened.count("dt") == sum(
        isinstance(signal, dict) and "score" in signal for hit in found for signal in hit.signals.values()
    )
    assert f"{len(found)} hits · by " in shown.words
    for hit in found:
        assert f"{hit.rank}. {hit.title}" in shown.words


def test_the_best_of_a_signal_has_the_longest_bar_and_none_is_longer_than_its_place() -> None:
    result = [
        made(signals={"text": {"score": 4.0, "contribution": 1.0}, "vector": {"score": -0.5, "contribution": 0.1}}),
        made(rank=2, signals={"text": {"score": 1.0, "contribution": 0.2}, "vector": {"score": 0.0}}),
        made(rank=3, signals={"recency": {"factor": 2.0}, "reranked": 7.5, "text": {"score": None}}),
    ]
    widths = re.findall(r"<dt[^>]*>(\w+)</dt><dd><i><b style=\"width:(\d+)%\">", result_of(result)._repr_html_())

    assert widths == [("text", "100"), ("vector", "0"), ("text", "25"), ("vector", "0"), ("reranked", "100")]


@pytest.mark.parametrize("field", ["title", "heading", "snippet", "collection", "external_id", "match_reason"])
def test_what_a_page_says_is_text_and_no_markup(field: str) -> None:
    shown = Elements(made(**{field: HOSTILE})._repr_html_())

    assert {"script", "img"}.isdisjoint(shown.opened)
    assert {name for name, _ in shown.attributes} == {"class", "title", "style"}
    assert "alert(1)" in shown.words


def test_names_of_signals_and_notes_are_text_too() -> None:
    hit = made(signals={HOSTILE: {"score": 1.0}})
    shown = Elements(result_of([hit], notes=[HOSTILE], signals=[HOSTILE])._repr_html_())

    assert {"script", "img"}.isdisjoint(shown.opened)
    assert shown.words.count(HOSTILE) == 3


def test_an_excerpt_is_shown_as_it_was_written() -> None:
    shown = Elements(made(snippet="a &lt;b&gt; <mark>x &amp; y</mark>")._repr_html_())

    assert "a <b> x & y" in shown.words


def test_nothing_found_is_shown_as_no_hits_with_the_notes() -> None:
    shown = Elements(result_of([], notes=["no such word"], signals=[])._repr_html_())

    assert "0 hits · no signal ran" in shown.words
    assert "no such word" in shown.words


def test_a_hit_shows_itself_alone_and_so_does_one_of_code() -> None:
    values: dict[str, Any] = {name: getattr(made(), name) for name in Hit.__dataclass_fields__}
    hit = CodeHit(**values, node_id="n", node_type="symbol", summary="s", classified_as="GENERAL")

    assert hit._repr_html_() == made()._repr_html_()
    assert Elements(hit._repr_html_()).opened.count("li") == 1


# the function of the package


@pytest.fixture
def asked(library_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The models that were asked for the vector of a query; they know only cars."""
    models: list[str] = []

    class Embedder:
        def embed(self, texts: list[str]) -> list[Any]:
            return [CARS] * len(texts)

    def embedder_for(model: str | None, *_: Any, **__: Any) -> Embedder:
        models.append(str(model))
        return Embedder()

    with Client(library_dsn) as client:
        monkeypatch.setattr(pgsearch, "_default_client", lambda: client)
        monkeypatch.setattr("pgsearch.client.registered.embedder_for", embedder_for)
        yield models


def test_the_query_is_embedded_by_the_model_of_the_collections(asked: list[str]) -> None:
    found = pgsearch.search("보조금", collections="wiki", context={"log": False})

    assert asked == ["subjects"]
    assert "vector" in found.signals
    assert found.notes == []


def test_the_query_is_embedded_by_the_model_that_the_options_name(asked: list[str]) -> None:
    found = pgsearch.search("보조금", options={"model": "subjects"}, context={"log": False})

    assert asked == ["subjects"]
    assert "vector" in found.signals


@pytest.mark.parametrize(("query", "mode"), [("보조금", "fts"), ("보조금", "lexical"), (" ", "auto")])
def test_a_search_that_wants_no_vector_asks_no_model(asked: list[str], query: str, mode: Any) -> None:
    pgsearch.search(query, collections="wiki", search_mode=mode, context={"log": False})

    assert asked == []


def test_a_query_without_a_vector_says_why(library_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Client(library_dsn) as client:
        monkeypatch.setattr(pgsearch, "_default_client", lambda: client)
        found = pgsearch.search("보조금", collections="wiki", context={"log": False})

    assert "The embedder of model 'subjects' is not known here" in found.notes[-1]
