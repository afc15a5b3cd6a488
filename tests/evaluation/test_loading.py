"""A corpus and its vectors into a collection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pgsearch import Client
from pgsearch.errors import InvalidValueError
from pgsearch.evaluation import EvaluationError
from pgsearch.evaluation.collections import Vectors, read_collection
from pgsearch.evaluation.loading import is_judged_by_page, load_corpus, load_vectors

# One direction a document; the empty one has none.
MATRIX = np.array(
    [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.6, 0.8, 0], [0, 0.6, 0.8], [0, 0, 0]],
    dtype=np.float16,
)


def _matrix(rows: int) -> Vectors:
    return MATRIX[:rows]


def _titles(client: Client, collection: str) -> set[str]:
    found = client.connection.execute("select title from pgsearch.pages where collection = %s", (collection,))
    return {title for (title,) in found}


def test_a_document_is_one_passage_with_its_title_as_page_title(client: Client, bicycles: Path) -> None:
    loaded = load_corpus(client, bicycles / "corpus.jsonl", "bicycles", text_config="english")

    assert (loaded.unchanged, loaded.pages, loaded.chunks) == (False, 6, 6)
    (hit,) = client.search("dynamo", collections="bicycles", search_mode="fts").hits
    assert (hit.external_id, hit.title, hit.metadata["_id"]) == ("lamp", "Lamps", "lamp")
    assert hit.content == "A dynamo in the hub feeds the lamp without a battery."


def test_a_corpus_that_is_there_is_not_loaded_again(client: Client, bicycles: Path) -> None:
    corpus = bicycles / "corpus.jsonl"
    load_corpus(client, corpus, "bicycles")
    client.connection.execute("create temp table before as select chunk_id, xmin::text as version from pgsearch.chunks")

    again = load_corpus(client, corpus, "bicycles")

    assert (again.unchanged, again.pages, again.chunks) == (True, 6, 6)
    changed = client.connection.execute(
        "select count(*) from pgsearch.chunks as c full join before as b"
        " on b.chunk_id = c.chunk_id and b.version = c.xmin::text where b.chunk_id is null or c.chunk_id is null"
    ).fetchone()
    assert changed == (0,)


def test_a_corpus_that_changed_is_loaded_and_what_left_it_is_deleted(client: Client, bicycles: Path) -> None:
    corpus = bicycles / "corpus.jsonl"
    load_corpus(client, corpus, "bicycles")
    lines = corpus.read_text(encoding="utf-8").replace("Lamps", "Lights").splitlines(keepends=True)
    corpus.write_text("".join(lines[1:]), encoding="utf-8")

    again = load_corpus(client, corpus, "bicycles")

    assert (again.unchanged, again.pages) == (False, 5)
    assert _titles(client, "bicycles") == {"The chain", "Gears", "Lights", "Saddle", ""}


def test_a_collection_with_other_pages_is_not_touched(client: Client, bicycles: Path) -> None:
    client.create_collection("wiki")
    client.put_pages("wiki", [{"external_id": "home", "title": "Home", "content": "Welcome."}])

    with pytest.raises(EvaluationError, match="holds 1 pages that are not from"):
        load_corpus(client, bicycles / "corpus.jsonl", "wiki")

    assert _titles(client, "wiki") == {"Home"}


def test_a_bad_line_keeps_the_whole_corpus_out(client: Client, bicycles: Path) -> None:
    corpus = bicycles / "corpus.jsonl"
    corpus.write_text(corpus.read_text(encoding="utf-8") + '{"_id": "broken"}\n', encoding="utf-8")

    with pytest.raises(Exception, match=r'"text" is missing'):
        load_corpus(client, corpus, "bicycles")

    assert _titles(client, "bicycles") == set()


def test_another_text_configuration_than_that_of_the_collection_is_refused(client: Client, bicycles: Path) -> None:
    corpus = bicycles / "corpus.jsonl"
    load_corpus(client, corpus, "bicycles", text_config="english")

    with pytest.raises(InvalidValueError, match=r"exists with text_config pg_catalog\.english"):
        load_corpus(client, corpus, "bicycles", text_config="simple")


def test_vectors_are_stored_for_their_passages_and_indexed(client: Client, bicycles: Path) -> None:
    corpus = bicycles / "corpus.jsonl"
    load_corpus(client, corpus, "bicycles")

    loaded = load_vectors(client, corpus, "bicycles", "three-d", _matrix)

    assert (loaded.unchanged, loaded.stored) == (False, 6)
    hits = client.search("", [0.6, 0.8, 0], collections="bicycles", search_mode="vector", top_k=2).hits
    assert [hit.external_id for hit in hits] == ["lamp", "chain"]
    statement = client.vector_index_statement("three-d")
    indexes = client.connection.execute(
        "select indexname from pg_indexes where indexdef like '%USING hnsw%'"
    ).fetchall()
    assert [name for (name,) in indexes if name in statement] == [name for (name,) in indexes]
    assert len(indexes) == 1


def test_vectors_that_are_there_are_not_stored_again(client: Client, bicycles: Path) -> None:
    corpus = bicycles / "corpus.jsonl"
    load_corpus(client, corpus, "bicycles")
    load_vectors(client, corpus, "bicycles", "three-d", _matrix)

    assert load_vectors(client, corpus, "bicycles", "three-d", _matrix).unchanged


def test_vectors_that_changed_are_noticed(client: Client, bicycles: Path) -> None:
    corpus = bicycles / "corpus.jsonl"
    load_corpus(client, corpus, "bicycles")
    load_vectors(client, corpus, "bicycles", "three-d", _matrix)

    turned = load_vectors(client, corpus, "bicycles", "three-d", lambda rows: MATRIX[:rows, ::-1])

    assert (turned.unchanged, turned.stored) == (False, 6)
    (hit,) = client.search("", [0, 0, 1], collections="bicycles", search_mode="vector", top_k=1).hits
    assert hit.external_id == "brakes"


def test_passages_of_a_page_get_their_own_vectors(client: Client, villages: Path) -> None:
    corpus = villages / "corpus.jsonl"
    load_corpus(client, corpus, "villages")

    load_vectors(client, corpus, "villages", "three-d", _matrix)

    (hit,) = client.search("", [0, 0, 1], collections="villages", search_mode="vector", top_k=1).hits
    assert (hit.external_id, hit.metadata["_id"]) == ("elm", "elm#0")


def test_judgments_tell_by_themselves_whether_they_name_pages_or_passages(client: Client, villages: Path) -> None:
    corpus = villages / "corpus.jsonl"
    load_corpus(client, corpus, "villages")

    by_page = read_collection(villages).judgments
    by_passage = read_collection(villages, split="passages").judgments

    assert is_judged_by_page(client, corpus, "villages", by_page)
    assert not is_judged_by_page(client, corpus, "villages", by_passage)


def test_a_corpus_without_pages_is_judged_by_passage(client: Client, bicycles: Path) -> None:
    corpus = bicycles / "corpus.jsonl"
    load_corpus(client, corpus, "bicycles")

    assert not is_judged_by_page(client, corpus, "bicycles", read_collection(bicycles).judgments)
