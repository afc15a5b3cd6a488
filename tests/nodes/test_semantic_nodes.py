"""Nodes in: what is stored, what is kept, what goes, and which chunk a node belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from pgsearch import Client
from pgsearch.client.calls.nodes import PutNodes
from pgsearch.errors import PgsearchError

SMALL, LARGE = "small", "large"


def symbol(name: str, summary: str = "A function.", **more: Any) -> dict[str, Any]:
    """A node of app.py; `more` are further keys, of metadata those that no column has."""
    keys = {"summary_method", "embedding", "code_hash", "doc_type", "source_table", "source_id"}
    return {
        "node_id": f"app.{name}",
        "node_type": "symbol",
        "summary": summary,
        "source_table": "pages",
        "source_id": "app.py",
        "metadata": {
            "qualified_name": f"app.{name}",
            "name": name.rpartition(".")[2],
            **{key: value for key, value in more.items() if key not in keys},
        },
        **{key: value for key, value in more.items() if key in keys},
    }


def chunk(symbol: str, line: int, end_line: int) -> Mapping[str, Any]:
    return {"content": f"# {symbol} {line}", "metadata": {"symbol": symbol, "line": line, "end_line": end_line}}


@pytest.fixture
def repo(client: Client) -> Client:
    """A repository of one file with three chunks, and two models."""
    client.put_pages(
        "repo",
        [
            {
                "external_id": "app.py",
                "title": "app.py",
                "chunks": [chunk("app", 1, 4), chunk("app.Box", 5, 20), chunk("app.Box.open", 9, 12)],
            }
        ],
    )
    client.register_model(SMALL, 2)
    client.register_model(LARGE, 3)
    return client


@contextmanager
def refused(sqlstate: str, *, names: str = "") -> Iterator[None]:
    """The call inside must be refused by the database with `sqlstate` and a hint; message or hint holds `names`."""
    with pytest.raises((PgsearchError, psycopg.Error)) as caught:
        yield
    error = caught.value if isinstance(caught.value, psycopg.Error) else caught.value.__cause__
    assert isinstance(error, psycopg.Error)
    assert error.sqlstate == sqlstate, str(error)
    assert error.diag.message_hint
    assert names in f"{error.diag.message_primary}\n{error.diag.message_hint}"


def put(client: Client, model: str, *nodes: Mapping[str, Any]) -> PutNodes:
    (report,) = client.put_nodes("repo", model, nodes)
    return report


def stored(client: Client, columns: str = "model, summary, embedding::text") -> list[tuple[Any, ...]]:
    return client.connection.execute(
        f"select {columns} from pgsearch.semantic_nodes order by node_id, model".encode()
    ).fetchall()


def chunk_of(client: Client, node_id: str) -> str | None:
    rows = client.connection.execute(
        "select c.content from pgsearch.semantic_nodes as n left join pgsearch.chunks as c on c.chunk_id = n.chunk_id"
        " where n.node_id = %s",
        [node_id],
    ).fetchall()
    return str(rows[0][0]) if rows[0][0] is not None else None


# Insert, update, leave alone


def test_what_did_not_change_is_not_written_again(repo: Client) -> None:
    nodes = [symbol("Box", line=5, in_degree=3), symbol("Box.open", line=9)]
    assert put(repo, "", *nodes) == PutNodes(2, 0, 0, 0, 0)
    before = stored(repo, "ctid::text, xmin::text")

    assert put(repo, "", *nodes) == PutNodes(0, 0, 2, 0, 0)
    assert stored(repo, "ctid::text, xmin::text") == before

    nodes[0]["metadata"]["in_degree"] = 4
    assert put(repo, "", *nodes) == PutNodes(0, 1, 1, 0, 0)


def test_a_node_that_comes_twice_is_stored_as_it_came_last(repo: Client) -> None:
    assert put(repo, "", symbol("f", "first"), symbol("f", "second")).inserted == 1
    assert stored(repo, "summary") == [("second",)]


def test_an_embedding_stays_while_the_summary_does(repo: Client) -> None:
    put(repo, SMALL, symbol("f", "One.", embedding=[1, 2]))
    put(repo, SMALL, symbol("f", "One.", line=7))
    assert stored(repo) == [(SMALL, "One.", "[1,2]")]

    put(repo, SMALL, symbol("f", "Two."))
    assert stored(repo) == [(SMALL, "Two.", None)]

    assert put(repo, SMALL, symbol("f", "Two.", embedding="[3,4]")).updated == 1
    assert put(repo, SMALL, symbol("f", "Two.", embedding=[3, 4])).unchanged == 1


# Summaries of language models


def test_a_template_does_not_replace_the_summary_of_a_language_model_of_the_same_code(repo: Client) -> None:
    put(repo, SMALL, symbol("f", "Template.", code_hash="a"))
    put(repo, SMALL, symbol("f", "What f is really for.", summary_method="llm", embedding=[1, 0]))

    report = put(repo, SMALL, symbol("f", "Template, better worded.", code_hash="a", line=30))

    assert report.summaries_kept == 1
    assert stored(repo, "summary, summary_method, embedding::text, metadata ->> 'line'") == [
        ("What f is really for.", "llm", "[1,0]", "30")
    ]


def test_changed_code_takes_the_summary_of_the_language_model_away_in_every_model(repo: Client) -> None:
    put(repo, SMALL, symbol("f", "Template.", code_hash="a", embedding=[1, 0]))
    put(repo, LARGE, symbol("f", "What f was for.", summary_method="llm", embedding=[1, 0, 0]))
    assert stored(repo, "code_hash") == [("a",), ("a",)]

    put(repo, SMALL, symbol("f", "New template.", code_hash="b", embedding=[0, 1]))

    assert stored(repo) == [(LARGE, "New template.", None), (SMALL, "New template.", "[0,1]")]
    assert [node.summary for node in repo.list_missing_node_embeddings("repo", LARGE)] == ["New template."]


def test_without_a_code_hash_the_template_stands_for_the_code(repo: Client) -> None:
    put(repo, LARGE, symbol("f", "Template."))
    put(repo, LARGE, symbol("f", "What f is for.", summary_method="llm"))

    assert put(repo, LARGE, symbol("f", "Template.")).summaries_kept == 1
    assert put(repo, LARGE, symbol("f", "Template of other code.")).summaries_kept == 0
    assert stored(repo, "summary, summary_method") == [("Template of other code.", "template")]


def test_rows_of_other_models_follow_the_node_to_its_new_line(repo: Client) -> None:
    put(repo, SMALL, symbol("Box.open", line=9))
    put(repo, LARGE, symbol("Box.open", "Opens.", summary_method="llm", line=9))
    put(repo, SMALL, symbol("Box.open", line=10))
    assert stored(repo, "summary, metadata ->> 'line'") == [("Opens.", "10"), ("A function.", "10")]


# The chunk of a node


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("Box.open", 99, "# app.Box.open 9"),  # by its name, wherever the line
        ("Box.shut", 15, "# app.Box 5"),  # by the line
        ("Box.lid", 10, "# app.Box.open 9"),  # the innermost that has the line
        ("elsewhere", 99, "# app 1"),  # the first of the page
    ],
)
def test_a_node_belongs_to_the_chunk_that_defines_it(repo: Client, name: str, line: int, expected: str) -> None:
    assert put(repo, "", symbol(name, line=line)).unlinked == 0
    assert chunk_of(repo, f"app.{name}") == expected


def test_a_node_may_name_its_chunk(repo: Client) -> None:
    ((chunk_id,),) = repo.connection.execute("select max(chunk_id) from pgsearch.chunks").fetchall()
    put(repo, "", symbol("f", source_table="chunks", source_id=str(chunk_id)))
    assert chunk_of(repo, "app.f") == "# app.Box.open 9"


def test_a_node_without_its_page_is_stored_and_counted_as_unlinked(repo: Client) -> None:
    nodes = [symbol("f", source_id="gone.py"), symbol("g", source_table="chunks", source_id="999999999")]
    assert put(repo, "", *nodes).unlinked == 2


def test_a_node_outlives_its_chunk_and_finds_the_new_one(repo: Client) -> None:
    put(repo, "", symbol("Box.open", line=9))
    repo.put_pages("repo", [{"external_id": "app.py", "chunks": [chunk("app.Box.open", 10, 13)]}])
    assert chunk_of(repo, "app.Box.open") is None

    assert put(repo, "", symbol("Box.open", line=9)).updated == 1
    assert chunk_of(repo, "app.Box.open") == "# app.Box.open 10"


# What is gone


def test_nodes_that_are_not_kept_go_of_one_model_or_of_all(repo: Client) -> None:
    for model in (SMALL, LARGE, ""):
        put(repo, model, symbol("f"), symbol("g"))

    assert repo.delete_missing_nodes("repo", LARGE, ["app.f"]) == 1
    assert repo.delete_missing_nodes("repo", None, ["app.f"]) == 2
    assert stored(repo, "node_id, model") == [("app.f", ""), ("app.f", LARGE), ("app.f", SMALL)]
    assert repo.delete_missing_nodes("repo", None, []) == 3


def test_a_collection_takes_its_nodes_with_it(repo: Client) -> None:
    put(repo, SMALL, symbol("f"))
    assert repo.delete_collection("repo") == 1
    assert stored(repo) == []


# Vectors


def test_the_most_important_nodes_are_embedded_first(repo: Client) -> None:
    put(repo, SMALL, symbol("a"), symbol("b", importance_score=0.4), symbol("c", importance_score=0.7))
    assert [n.node_id for n in repo.list_missing_node_embeddings("repo", SMALL)] == ["app.c", "app.b", "app.a"]
    assert [n.node_id for n in repo.list_missing_node_embeddings("repo", SMALL, batch_size=1)] == ["app.c"]


def test_a_vector_of_a_summary_that_changed_meanwhile_is_not_stored(repo: Client) -> None:
    put(repo, SMALL, symbol("a", "old"), symbol("b", "same"))
    missing = repo.list_missing_node_embeddings("repo", SMALL)
    put(repo, SMALL, symbol("a", "new"))

    ids, types, summaries = zip(*((n.node_id, n.node_type, n.summary) for n in missing), strict=True)
    assert repo.put_node_embeddings("repo", SMALL, ids, types, [[1, 0], [0, 1]], summaries) == 1
    assert [(n.node_id, n.summary) for n in repo.list_missing_node_embeddings("repo", SMALL)] == [("app.a", "new")]


def test_vectors_of_nodes_that_are_not_there_are_passed_over(repo: Client) -> None:
    assert repo.put_node_embeddings("repo", SMALL, ["app.none"], ["symbol"], [[1, 0]]) == 0


@pytest.mark.parametrize(("distance", "storage"), [("cosine", "vector"), ("l2", "halfvec"), ("inner_product", "bit")])
def test_the_index_statement_builds_an_index_for_every_kind_of_model(
    client: Client, distance: str, storage: str
) -> None:
    model_id = client.register_model("it's", 8, distance=distance if storage != "bit" else "cosine", storage=storage)
    for concurrently in (True, False):
        client.connection.execute(client.node_index_statement("it's", concurrently=concurrently).encode())
    ((definition,),) = client.connection.execute(
        "select indexdef from pg_indexes where indexname = %s", [f"semantic_nodes_hnsw_{model_id}"]
    ).fetchall()
    assert "hnsw" in definition
    assert "it''s" in definition


# Names


@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        ("BaseEventLoop", "base event loop"),
        ("run_in_executor", "run in executor"),
        ("HTTPServer", "http server"),
        ("getURLNow", "get url now"),
        ("utf8Decoder", "utf8 decoder"),
        ("/api/users/{user_id}", "api users user id"),
        ("전기차_보조금", "전기차 보조금"),
    ],
)
def test_identifiers_fall_into_the_words_that_people_say(client: Client, identifier: str, words: str) -> None:
    ((split,),) = client.connection.execute("select pgsearch._split_identifiers(%s)", [identifier]).fetchall()
    assert split.lower().split() == words.split()


def test_the_names_of_a_node_stand_in_it_whole_and_in_words(repo: Client) -> None:
    route = {
        **symbol("search_endpoint", "Handles it.", route="/api/items/{id}", method="GET"),
        "node_id": "GET /api/items/{id}",
        "node_type": "route",
    }
    put(repo, "", route)
    for wanted, found in (
        ("'get /api/items/{}':A", True),
        ("'/items/{}':A", True),
        ("'app.search_endpoint':A", True),
        ("items:B", True),
        ("endpoint:C", True),
        ("handles:D", True),
        ("'post /api/items/{}'", False),
    ):
        statement = "select summary_tsv @@ %s::tsquery from pgsearch.semantic_nodes"
        assert repo.connection.execute(statement, [wanted]).fetchall() == [(found,)], wanted


# Refusals


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"node_id": None}, "node_id"),
        ({"node_id": ""}, "node_id"),
        ({"node_id": "x" * 1001}, "1000"),
        ({"node_type": "function"}, "symbol, route, doc, issue"),
        ({"doc_type": "novel"}, "readme, adr, design"),
        ({"summary": " "}, "summary"),
        ({"summary": 5}, "summary"),
        ({"summary": "x" * 16_001}, "16000"),
        ({"summary_method": "guess"}, "template, llm"),
        ({"source_table": "files"}, "pages, chunks"),
        ({"source_table": "chunks", "source_id": "a"}, "chunk_id"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"importance_score": 1.5}}, "importance_score"),
        ({"metadata": {"importance_score": "high"}}, "importance_score"),
        ({"metadata": {"name": 5}}, "strings"),
        ({"embedding": [1, "x"]}, "embedding"),
        ({"embedding": {"a": 1}}, "embedding"),
        ({"embedding": []}, "embedding"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_one_node_that_cannot_be_stored_stops_the_call_and_is_named(
    repo: Client, change: Mapping[str, Any], named: str
) -> None:
    with refused("PS003", names=named):
        put(repo, SMALL, symbol("good"), {**symbol("bad"), **change})
    assert stored(repo) == []


def test_calls_that_make_no_sense_are_refused(repo: Client) -> None:
    with refused("PS001"):
        repo.put_nodes("nowhere", "", [])
    with refused("PS008"):
        put(repo, "unknown", symbol("f"))
    with refused("PS008"):
        put(repo, "", symbol("f", embedding=[1, 2]))
    with refused("PS004", names="2 dimensions"):
        put(repo, LARGE, symbol("f", embedding=[1, 2]))
    with refused("PS003"):
        repo.connection.execute("select pgsearch.put_nodes('repo', '', '{}')")
    with refused("PS003"):
        repo.connection.execute("select pgsearch.delete_missing_nodes('repo', null, null)")
    with refused("PS003"):
        repo.put_node_embeddings("repo", SMALL, ["app.f"], [], [[1, 2]])
    with refused("PS003"):
        repo.connection.execute("select pgsearch.put_node_embeddings('repo', 'small', '{a}', '{symbol}', '{\"[x]\"}')")
    with refused("PS004"):
        repo.put_node_embeddings("repo", SMALL, ["app.f"], ["symbol"], [[1, 2, 3]])
    with refused("PS008"):
        repo.list_missing_node_embeddings("repo", "")
    with refused("PS003"):
        repo.list_missing_node_embeddings("repo", SMALL, batch_size=0)
    with refused("PS008"):
        repo.node_index_statement("unknown")


def test_the_symbols_of_a_long_file_are_not_sorted_beside_all_its_chunks(client: Client) -> None:
    names = [f"app.f{number}" for number in range(1500)]
    chunks = [chunk(name, 2 * line, 2 * line + 1) for line, name in enumerate(names)]
    client.put_pages("repo", [{"external_id": "app.py", "chunks": chunks}])
    written = "select temp_bytes from pg_stat_database where datname = current_database()"
    client.connection.execute("select pg_stat_force_next_flush()")
    before = client.connection.execute(written).fetchone()

    # one in three is named by no chunk, and belongs to the innermost around its line
    stored = client.put_nodes(
        "repo",
        "",
        [
            symbol(name.removeprefix("app.") if line % 3 else f"inner{line}", line=2 * line)
            for line, name in enumerate(names)
        ],
    )

    assert (stored[0].inserted, stored[0].unlinked) == (1500, 0)
    client.connection.execute("select pg_stat_force_next_flush()")
    assert client.connection.execute(written).fetchone() == before
    wrong = client.connection.execute(
        "select n.node_id from pgsearch.semantic_nodes as n join pgsearch.chunks as c using (chunk_id)"
        " where c.metadata -> 'line' <> n.metadata -> 'line'"
    ).fetchall()
    assert wrong == []
