"""Which nodes to upgrade first: those that were found most, then the most important."""

from __future__ import annotations

import pytest

from pgsearch import Client
from pgsearch.errors import InvalidValueError, UnknownCollectionError


@pytest.fixture
def repo(client: Client) -> Client:
    """Three functions a, b, c of one file, in chunks of their own; c is the most important."""
    client.put_pages(
        "repo",
        [{"external_id": "m.py", "chunks": [{"content": n, "metadata": {"symbol": f"m.{n}"}} for n in "abc"]}],
    )
    client.put_nodes(
        "repo",
        "",
        [
            {
                "node_id": f"m.{name}",
                "node_type": "symbol",
                "summary": f"function {name}",
                "source_table": "pages",
                "source_id": "m.py",
                "metadata": {"qualified_name": f"m.{name}", "importance_score": importance},
            }
            for name, importance in (("a", 0.3), ("b", 0.4), ("c", 0.8))
        ],
    )
    return client


def count(client: Client, name: str, days_ago: int, queries: float, sum_rank: float, collection: str = "repo") -> None:
    client.connection.execute(
        "insert into pgsearch.object_stats_daily"
        " (day, collection, object_id, query_count, sum_rank, impressions, clicks)"
        " select current_date - %s::integer, %s, coalesce(min(chunk_id)::text, %s), %s, %s, 10, 1"
        " from pgsearch.chunks where content = %s",
        [days_ago, collection, name, queries, sum_rank, name],
    )


def test_the_most_searched_come_first_then_the_most_important(repo: Client) -> None:
    count(repo, "b", 0, 2, 6)
    count(repo, "b", 3, 4, 6)
    count(repo, "a", 6, 1, 3)

    found = repo.popular_nodes("repo")

    assert [(n.node_id, n.query_count_7d, n.avg_rank, n.basis) for n in found] == [
        ("m.b", 6, 2.0, "searched"),
        ("m.a", 1, 3.0, "searched"),
        ("m.c", 0, None, "importance"),
    ]
    assert (found[0].impressions, found[0].clicks, found[0].summary_method) == (20, 2, "template")
    assert [n.node_id for n in repo.popular_nodes("repo", top=1)] == ["m.b"]
    assert repo.popular_nodes("repo", top=0) == []


def test_what_is_older_than_a_week_elsewhere_or_no_chunk_does_not_count(repo: Client) -> None:
    count(repo, "a", 7, 9, 9)
    count(repo, "a", 0, 9, 9, collection="other")
    count(repo, "m.py", 0, 9, 9)

    assert [(n.node_id, n.basis) for n in repo.popular_nodes("repo")] == [
        ("m.c", "importance"),
        ("m.b", "importance"),
        ("m.a", "importance"),
    ]


def test_a_node_that_was_upgraded_is_named_once_and_says_so(repo: Client) -> None:
    repo.register_model("large", 2)
    repo.put_nodes(
        "repo",
        "large",
        [{"node_id": "m.a", "node_type": "symbol", "summary": "What a is for.", "summary_method": "llm",
          "source_table": "pages", "source_id": "m.py", "metadata": {"qualified_name": "m.a"}}],
    )  # fmt: skip
    (a,) = (n for n in repo.popular_nodes("repo") if n.node_id == "m.a")
    assert (a.summary_method, a.summary) == ("llm", "What a is for.")


def test_bad_arguments_are_refused(repo: Client) -> None:
    with pytest.raises(UnknownCollectionError):
        repo.popular_nodes("nowhere")
    with pytest.raises(InvalidValueError):
        repo.popular_nodes("repo", top=-1)
