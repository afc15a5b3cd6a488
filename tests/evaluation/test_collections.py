"""Reading a folder in the form of BEIR."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from pgsearch.evaluation import EvaluationError
from pgsearch.evaluation.collections import as_plain_words, corpus_digest, passage_ids, read_collection, read_vectors


def test_only_queries_with_a_relevant_document_are_kept_and_know_their_row(bicycles: Path) -> None:
    judged = read_collection(bicycles)

    assert [(query.query_id, query.row) for query in judged.queries] == [
        ("q-squeal", 0),
        ("q-dynamo", 2),
        ("q-unfindable", 3),
    ]
    assert judged.queries_in_file == 5
    assert judged.judgments == {
        "q-squeal": {"brakes": 2},
        "q-dynamo": {"lamp": 1, "gears": 0},
        "q-unfindable": {"saddle": 1},
    }


def test_a_split_chooses_its_own_queries_and_judgments(bicycles: Path) -> None:
    judged = read_collection(bicycles, split="winter")

    assert [query.query_id for query in judged.queries] == ["w-oil"]
    assert judged.judgments == {"w-oil": {"chain": 1}}


def test_named_files_win_over_the_split(bicycles: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "other.tsv"
    elsewhere.write_text("query-id\tcorpus-id\tscore\nw-oil\tgears\t1\n", encoding="utf-8")

    judged = read_collection(bicycles, queries="queries.winter.jsonl", qrels=str(elsewhere))

    assert judged.judgments == {"w-oil": {"gears": 1}}


def test_a_limit_counts_judged_queries(bicycles: Path) -> None:
    assert [query.query_id for query in read_collection(bicycles, limit=2).queries] == ["q-squeal", "q-dynamo"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('papers like "Spam and eggs" -toast +butter', "papers like Spam and eggs toast butter"),
        ("state-of-the-art C++ H2A.Z", "state-of-the-art C++ H2A.Z"),
        ("「금강산의 얼굴빛」 – 마이르 -하팅은", "금강산의 얼굴빛 마이르 하팅은"),
    ],
)
def test_plain_words_lose_the_syntax_and_nothing_else(text: str, words: str) -> None:
    assert as_plain_words(text) == words


def test_queries_are_read_as_plain_words_when_asked(bicycles: Path) -> None:
    (bicycles / "queries.jsonl").write_text('{"_id": "q-dynamo", "text": "\\"dynamo\\" -lamp"}\n', encoding="utf-8")

    assert read_collection(bicycles).queries[0].text == '"dynamo" -lamp'
    assert read_collection(bicycles, plain_words=True).queries[0].text == "dynamo lamp"


def test_a_packed_corpus_is_found_and_its_ids_come_in_file_order(bicycles: Path) -> None:
    plain = bicycles / "corpus.jsonl"
    (bicycles / "corpus.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()

    corpus = read_collection(bicycles).corpus

    assert corpus.name == "corpus.jsonl.gz"
    assert passage_ids(corpus) == ["brakes", "chain", "gears", "lamp", "saddle", "empty"]


def test_passages_of_one_page_keep_the_order_of_the_file(villages: Path) -> None:
    assert passage_ids(villages / "corpus.jsonl") == ["oak#0", "oak#1", "elm#0", "elm#1"]


def test_the_digest_changes_with_the_corpus(bicycles: Path) -> None:
    corpus = bicycles / "corpus.jsonl"
    before = corpus_digest(corpus)

    corpus.write_text(corpus.read_text(encoding="utf-8").replace("rubber", "cork"), encoding="utf-8")

    assert len(before) == 16
    assert corpus_digest(corpus) != before


def test_judgments_without_a_header_line_lose_nothing(bicycles: Path) -> None:
    (bicycles / "qrels.tsv").write_text("q-dynamo\tlamp\t1\n", encoding="utf-8")

    assert read_collection(bicycles).judgments == {"q-dynamo": {"lamp": 1}}


def test_vectors_must_have_one_row_a_line(bicycles: Path) -> None:
    np.save(bicycles / "three-d.corpus.f16.npy", np.ones((5, 3), dtype=np.float16))

    with pytest.raises(EvaluationError, match=r"shape \(5, 3\), and there are 6 corpus rows"):
        read_vectors(bicycles, "three-d", "corpus", 6)


def test_missing_vectors_name_those_that_are_there(bicycles: Path) -> None:
    np.save(bicycles / "three-d.corpus.f16.npy", np.ones((6, 3), dtype=np.float16))

    with pytest.raises(EvaluationError, match="There are no vectors") as raised:
        read_vectors(bicycles, "four-d", "corpus", 6)

    assert raised.value.hint == "Vectors there: three-d."


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("queries.jsonl", '{"_id": "q-dynamo"}\n', r"queries\.jsonl:1 is not a query"),
        ("qrels.tsv", "a\tb\tc\nq-dynamo\tlamp\tvery\n", r"qrels\.tsv:2 is not a judgment"),
        ("qrels.tsv", "a\tb\tc\nnobody\tlamp\t1\n", "has a relevant document"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(bicycles: Path, file: str, content: str, message: str) -> None:
    (bicycles / file).write_text(content, encoding="utf-8")

    with pytest.raises(EvaluationError, match=message):
        read_collection(bicycles)


def test_a_missing_file_of_a_split_names_those_that_are_there(bicycles: Path) -> None:
    with pytest.raises(EvaluationError, match=r"queries\.summer\.jsonl") as raised:
        read_collection(bicycles, split="summer")

    assert "queries.winter.jsonl" in str(raised.value.hint)


def test_a_folder_without_a_corpus_says_what_a_corpus_is(bicycles: Path) -> None:
    (bicycles / "corpus.jsonl").unlink()

    with pytest.raises(EvaluationError, match=r"has no corpus\.jsonl"):
        read_collection(bicycles)
