"""One search of the house: each room of sql/ and of the client does once what it is there for, in seconds.

They run in the order of the file on one database, as a first application would go; each looks only at what it did.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from pgsearch import Client, cli
from pgsearch.database.sources import ROOMS
from pgsearch.search_logger import SearchLogger
from tests.library import CARS

pytestmark = pytest.mark.quick

QUERY = "전기차 보조금"


@pytest.fixture
def client(house: str) -> Iterator[Client]:
    with Client(house) as connected:
        yield connected


def test_every_room_is_visited() -> None:
    rooms = set(ROOMS)
    visited = {name.removeprefix("test_room_") for name in vars(sys.modules[__name__]) if name.startswith("test_room_")}

    assert visited == rooms


def test_room_ground(client: Client) -> None:
    assert client.default_settings()["fusion"] == "adaptive"


def test_room_text(client: Client) -> None:
    (asked,) = client.parse_query('"electric car" -charging', text_config="english")

    assert (asked.keywords, asked.excluded) == (["'electr' <-> 'car'"], "'charg'")


def test_room_pages(client: Client) -> None:
    (put,) = client.put_pages("smoke", [{"external_id": "1", "title": "Roses", "content": "Roses want sun."}])

    assert put.status == "inserted"
    assert client.delete_pages("smoke", ["1", "2"]) == 1


def test_room_sources(client: Client, house: str) -> None:
    with psycopg.connect(house, autocommit=True) as connection:
        connection.execute("create table public.smoke (id integer primary key, body text)")
        client.follow_table("public.smoke", "followed", content="body")
        connection.execute("insert into public.smoke values (7, 'Violets want shade.')")
    client.work()

    assert client.search("violets", collections="followed").hits[0].external_id == "7"
    assert client.unfollow_table("public.smoke", delete_pages=True) == 1


def test_room_embeddings(client: Client) -> None:
    client.put_query_embedding("subjects", QUERY, CARS)

    assert client.cached_query_embedding("subjects", QUERY) == list(CARS)


def test_room_candidates(client: Client) -> None:
    by_words = client.search_bm25(QUERY, top_n=5)
    by_meaning = client.search_vector(CARS, top_n=5, collections="wiki")

    assert by_words[0].chunk_id == by_meaning[0].chunk_id


def test_room_fusion(house: str) -> None:
    with psycopg.connect(house) as connection:
        fused = connection.execute(
            "select chunk_id from pgsearch.fuse('rrf', '{1,2,2}', '{text,text,vector}', '{9,8,1}')"
        ).fetchall()

    assert fused == [(2,), (1,)]


def test_room_search(client: Client) -> None:
    found = client.search(QUERY, CARS, collections="wiki")

    assert (found.hits[0].external_id, found.hits[0].match_reason) == ("subsidy", "title+vector")
    assert found.notes == []


def test_room_nodes(client: Client) -> None:
    node = {
        "node_id": "roses",
        "node_type": "symbol",
        "summary": "Roses want sun",
        "source_table": "pages",
        "source_id": "garden",
    }
    (put,) = client.put_nodes("guides", "", [node])

    assert (put.inserted, put.unlinked) == (1, 0)


def test_room_learned(client: Client) -> None:
    (asked,) = client.classify_query("which route handles the login?")

    assert asked.query_type == "API_LOCATION"


def test_code_is_searched(client: Client) -> None:
    assert client.search_code("where do roses want sun?", collections="guides")[0].node_id == "roses"


def test_room_log(client: Client) -> None:
    found = client.search(QUERY, collections="wiki", context={"user_id": "lee"})

    assert found.logged
    assert found.query_id is not None
    client.log_feedback(found.query_id, clicked_rank=1)
    clicks = client.connection.execute(
        "select object_id from pgsearch.events where query_id = %s and action_name = 'click'", [found.query_id]
    ).fetchall()
    assert clicks == [(str(found.hits[0].chunk_id),)]


def test_room_conversations(client: Client) -> None:
    said = "select pgsearch.log_turn('how do roses grow?', 'in the sun', context => '{\"user_id\": \"lee\"}')"
    client.connection.execute(said.encode())
    titles = client.connection.execute("select title from pgsearch.list_conversations(user_id => 'lee')").fetchall()

    assert titles == [("how do roses grow?",)]


def test_room_statistics(client: Client) -> None:
    today = datetime.now(UTC)
    client.refresh_search_stats(today - timedelta(days=1), today + timedelta(days=1))

    assert client.top_queries("wiki")[0].user_query == QUERY


def test_room_learning(client: Client) -> None:
    assert client.judgments_from_clicks("clicks", "wiki", min_impressions=1) > 0


def test_room_experiments(client: Client) -> None:
    measured = client.ranking_metrics(["a", "b"], ["a"], [1.0], k=10)

    assert measured is not None
    assert measured.ndcg == 1.0


def test_room_operate(client: Client) -> None:
    assert [check.check_name for check in client.doctor() if check.status == "fail"] == []


def test_a_folder_is_ingested_and_searched_from_the_shell(
    house: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "roses.md").write_text("# Roses\n\nRoses want sun.", encoding="utf-8")

    assert cli.main(["ingest", str(tmp_path), "--collection", "shell", "--dsn", house]) == 0
    assert cli.main(["search", "roses", "--collection", "shell", "--dsn", house]) == 0
    assert "Roses" in capsys.readouterr().out


def test_a_search_made_elsewhere_is_logged(house: str) -> None:
    with SearchLogger(house) as logger:
        query_id = logger.log_search("tulips")
    with psycopg.connect(house) as connection:
        stored = connection.execute(
            "select user_query from pgsearch.queries where query_id = %s", [query_id]
        ).fetchall()

    assert stored == [("tulips",)]
