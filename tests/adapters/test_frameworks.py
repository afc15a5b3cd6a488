"""Adapters for LangChain, LlamaIndex and Haystack, over these packages as they are; skipped where they are not.

They are in no extra of the tests, for their size: make an environment with the extras langchain, llamaindex and
haystack beside `test`, and run `pytest -m packages`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from pgsearch import Client
from tests.how_tos import blocks

pytestmark = pytest.mark.packages

FLOWERS = {"roses": [1.0, 0.0], "spring": [0.0, 1.0]}


def meaning(text: str) -> list[float]:
    return [
        float(sum(word in text.lower() for word in words)) + 0.1 for words in (("rose", "sun"), ("tulip", "spring"))
    ]


@pytest.fixture
def here(dsn: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PGSEARCH_DSN", dsn)
    return dsn


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    """Closes what a program of the page leaves open."""
    with ExitStack() as stack:
        yield stack


def run(opened: ExitStack, language: str, **names: Any) -> dict[str, Any]:
    (program,) = [block for kind, block in blocks("frameworks.md") if kind == language]
    exec(program, names)
    if "client" in names:
        opened.callback(names["client"].close)
    return names


def test_langchain_stores_retrieves_and_deletes(here: str, client: Client, opened: ExitStack) -> None:
    embeddings = pytest.importorskip("langchain_core.embeddings")

    class Meaning(embeddings.Embeddings):  # type: ignore[misc, name-defined]
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [meaning(text) for text in texts]

        def embed_query(self, text: str) -> list[float]:
            return meaning(text)

    names = run(opened, "langchain", embedding=Meaning())

    store, retriever = names["store"], names["retriever"]
    assert [document.id for document in store.similarity_search("roses", k=1)] == ["roses"]
    (found,) = retriever.invoke("roses and sun")
    assert (found.id, found.page_content, found.metadata["author"]) == ("tulips", "Tulips bloom in spring.", "kim")
    assert client.logged_search(found.metadata["query_id"]) is not None
    assert store.similarity_search_with_relevance_scores("roses")[0][1] > 0
    assert [document.page_content for document in store.get_by_ids(["roses", "none"])] == ["Roses want sun."]
    assert [round(row.coverage, 2) for row in client.model_coverage("langchain")] == [1.0]
    assert store.delete(["roses"])
    assert [document.id for document in store.similarity_search("roses sun")] == ["tulips"]
    assert type(store).from_texts(["Zinc."], Meaning(), client=client, collection="metals").similarity_search("zinc")


def test_llama_index_retrieves(here: str, client: Client, opened: ExitStack) -> None:
    pytest.importorskip("llama_index.core")
    from llama_index.core.embeddings import BaseEmbedding

    class Meaning(BaseEmbedding):  # type: ignore[misc]
        def _get_text_embedding(self, text: str) -> list[float]:
            return meaning(text)

        def _get_query_embedding(self, query: str) -> list[float]:
            return meaning(query)

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return meaning(query)

    client.put_pages("notes", [{"external_id": "tulips", "title": "Tulips", "content": "Tulips bloom in spring."}])

    found = run(opened, "llamaindex", embed_model=Meaning())["retriever"].retrieve("spring")

    assert [(node.node.text, node.node.metadata["external_id"]) for node in found] == [
        ("Tulips bloom in spring.", "tulips")
    ]
    assert 0 < found[0].score <= 1


def test_haystack_writes_and_retrieves_in_pipelines_that_can_be_stored(
    here: str, client: Client, opened: ExitStack
) -> None:
    haystack = pytest.importorskip("haystack")

    names = run(opened, "haystack")

    documents = names["answer"]["retriever"]["documents"]
    assert documents[0].content == "Roses want sun."
    assert [row.embedded for row in client.model_coverage("haystack")] == [2]
    again = haystack.Pipeline.loads(names["querying"].dumps(), allowed_modules=["pgsearch.adapters.haystack"])
    for pipeline, component in ((names["indexing"], "writer"), (names["querying"], "retriever"), (again, "retriever")):
        opened.callback(pipeline.get_component(component).client.close)
    assert again.run({"retriever": {"query": "tulips"}})["retriever"]["documents"]
