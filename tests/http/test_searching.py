"""GET /api/wiki/search, feedback, the log of searches of elsewhere, and suggestions."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from pgsearch import Client
from tests.http.conftest import Site, problem


def search(site: Site, **parameters: Any) -> dict[str, Any]:
    answer = site.client.get("/api/wiki/search", params=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_search_gives_what_the_client_gives_with_scores_for_people(site: Site) -> None:
    found = search(site, q="전기차 보조금", top_k=3)
    with Client(site.dsn) as client:
        result = client.search("전기차 보조금", top_k=3)
        hits = result.hits

    assert [hit["external_id"] for hit in found["hits"]] == [hit.external_id for hit in hits]
    assert [hit["score"] for hit in found["hits"]] == [hit.display_score for hit in hits]
    assert [hit["raw_score"] for hit in found["hits"]] == [hit.score for hit in hits]
    assert [hit["match_reason"] for hit in found["hits"]] == [hit.match_reason for hit in hits]
    assert all(0 <= hit["score"] <= 1 for hit in found["hits"])
    assert found["timing"]["fusion_ms"] >= 0
    assert (found["total"], found["total_exact"], found["facets"]) == (result.total, result.total_exact, None)
    assert "debug" not in found


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("auto", "auto"),
        ("hybrid", "auto"),
        ("fts", "fts"),
        ("lexical", "lexical"),
        ("trgm", "lexical"),
        ("vector", "vector"),
    ],
)
def test_a_mode_goes_by_both_of_its_names(site: Site, given: str, meant: str) -> None:
    assert search(site, q="보조금", search_mode=given)["search_mode"] == meant


@pytest.mark.parametrize("fusion", ["legacy", "rrf", "rrf_boost", "adaptive"])
def test_debug_says_mode_fusion_candidates_and_hits(site: Site, fusion: str) -> None:
    found = search(site, q="보조금", fusion=fusion, debug=True)

    assert found["fusion"] == fusion
    assert found["debug"]["notes"][:4] == [
        "mode: auto",
        f"fusion: {fusion}",
        f"candidates: {', '.join(f'{name} {count}' for name, count in found['debug']['candidates'].items())}",
        f"hits: {len(found['hits'])}",
    ]


def test_a_limit_of_pages_gives_each_page_once(site: Site) -> None:
    many = search(site, q="spring garden roses tulips", top_k=8, collection="guides")
    few = search(site, q="spring garden roses tulips", top_k=8, page_limit=1, collection="guides")

    assert len(many["hits"]) > 1
    assert len(few["hits"]) == 1


def test_a_window_shows_the_neighbours(site: Site) -> None:
    (hit,) = search(site, q="tulips", top_k=1, window=1)["hits"]

    assert "Roses" in hit["context"]
    assert search(site, q="tulips", top_k=1)["hits"][0]["context"] is None


def test_embedding_what_is_missing_says_where_it_cannot(site: Site) -> None:
    assert any("embedder" in note for note in search(site, q="tulips", embed_missing=True)["notes"])


def test_a_search_is_logged_with_who_asked_and_the_id_of_the_request(site: Site) -> None:
    answer = site.client.get(
        "/api/wiki/search",
        params={"q": "tulips", "user_id": "lee", "session_id": "s1"},
        headers={"X-Request-ID": "abc-1"},
    )

    with psycopg.connect(site.dsn) as connection:
        row = connection.execute(
            "select user_id, session_id, application, metadata ->> 'request_id' from pgsearch.queries"
            " where query_id = %s",
            [answer.json()["query_id"]],
        ).fetchone()
    assert answer.headers["x-request-id"] == "abc-1"
    assert row is not None
    assert row[1:] == ("s1", "pgsearch serve", "abc-1")


@pytest.mark.parametrize(
    ("parameters", "status", "code"),
    [
        ({}, 422, None),
        ({"q": "x", "search_mode": "bogus"}, 422, "PS002"),
        ({"q": "x", "fusion": "bogus"}, 422, "PS002"),
        ({"q": "x", "top_k": "-1"}, 422, "PS003"),
        ({"q": "x", "top_k": "many"}, 422, None),
        ({"q": "x", "top_k": str(10**30)}, 422, "PS003"),
        ({"q": "x", "window": "99"}, 422, "PS003"),
        ({"q": "x", "page_limit": "-2"}, 422, "PS003"),
        ({"q": "x", "collection": "nowhere"}, 404, "PS001"),
        ({"q": "a\0b"}, 422, "PS003"),
    ],
    ids=["no query", "mode", "fusion", "negative", "no number", "huge", "window", "pages", "collection", "NUL"],
)
def test_what_is_wrong_is_told_as_a_problem(
    site: Site, parameters: dict[str, str], status: int, code: str | None
) -> None:
    told = problem(site.client.get("/api/wiki/search", params=parameters), status)

    assert told.get("code") == code
    assert told["detail"]


@pytest.mark.parametrize(
    "query", ["", "😀🎉", "가" * 5000, '"', "%00%ff"], ids=["empty", "emoji", "long", "quote", "percents"]
)
def test_odd_queries_have_an_answer(site: Site, query: str) -> None:
    assert search(site, q=query)["query"] == query


def test_feedback_is_stored_under_either_name_of_the_search(site: Site) -> None:
    query_id = search(site, q="tulips")["query_id"]
    clicked = site.client.post("/api/search/feedback", json={"log_id": query_id, "clicked_rank": 1, "dwell_time": 2.5})
    opinion = site.client.post("/api/search/feedback", json={"query_id": query_id, "was_helpful": True})

    assert clicked.json()["stored"] is opinion.json()["stored"] is True
    with psycopg.connect(site.dsn) as connection:
        names = connection.execute(
            "select action_name from pgsearch.events where query_id = %s order by action_name", [query_id]
        ).fetchall()
    assert ("click",) in names
    assert len(names) >= 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query_id": "no uuid"},
        {"clicked_rank": 1},
        {"query_id": str(uuid4()), "clicked_rank": 1},
        {"query_id": "01a2239e-b0b1-739e-9f78-3333b3218b6b", "clicked_rank": 0},
        {"query_id": "01a2239e-b0b1-739e-9f78-3333b3218b6b", "clicked": 1},
        {"query_id": "01a2239e-b0b1-739e-9f78-3333b3218b6b", "context": {"bogus": 1}},
    ],
    ids=["empty", "no id", "without", "another version", "rank", "field", "context"],
)
def test_wrong_feedback_is_refused(site: Site, body: dict[str, Any]) -> None:
    problem(site.client.post("/api/search/feedback", json=body), 422)


def test_a_search_of_elsewhere_is_logged_and_takes_feedback(site: Site) -> None:
    entry = {
        "query": "find login",
        "repo_id": "my-repo",
        "results": [{"chunk_id": "c1", "score": 0.9}],
        "session_id": "s",
    }
    logged = site.client.post("/api/search/log", json=entry).json()
    told = site.client.post("/api/search/feedback", json={"query_id": logged["query_id"], "clicked_chunk_id": "c1"})

    assert logged["log_id"] == logged["query_id"]
    assert told.json()["stored"] is True
    assert problem(site.client.post("/api/search/log", json={"bogus": 1}), 422)["code"] == "PS002"
    problem(site.client.post("/api/search/log", json=[1]), 422)


def test_suggestions_are_titles_and_what_several_searched_for(serve: Callable[..., Site]) -> None:
    site = serve()
    for person in ("kim", "lee", "park"):
        search(site, q="charging battery", user_id=person)
    search(site, q="charging alone")
    with Client(site.dsn) as client:
        client.refresh_search_stats()

    found = site.client.get("/api/search/suggestions", params={"q": "charging"}).json()["suggestions"]

    assert found[0] == {"text": "charging battery", "kind": "query", "page_id": None}
    assert ("Charging stations", "title") in [(one["text"], one["kind"]) for one in found]
    assert "charging alone" not in [one["text"] for one in found]


def test_without_its_database_a_server_keeps_feedback_until_it_is_back(serve: Callable[..., Site]) -> None:
    site = serve()
    query_id = search(site, q="tulips")["query_id"]
    away = "alter database {} with allow_connections {}"
    with psycopg.connect(site.dsn, autocommit=True) as connection:
        name = connection.info.dbname
        other = psycopg.connect(connection.info.dsn, dbname="postgres", autocommit=True)
        with other:
            other.execute(away.format(name, "false").encode())
            other.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = %s and application_name = 'pgsearch serve'",
                [name],
            )
            waiting = site.client.post("/api/search/feedback", json={"query_id": query_id, "clicked_rank": 1})
            problem(site.client.get("/api/wiki/search", params={"q": "tulips"}), 503)
            assert site.client.get("/health/live").status_code == 200
            assert site.client.get("/health/ready").status_code == 503
            other.execute(away.format(name, "true").encode())
        assert waiting.json() == {"event_id": None, "stored": False}

        # whoever was refused waits before the next attempt
        stored = "select action_name from pgsearch.events"
        until = time.monotonic() + 90
        while not connection.execute(stored).fetchall() and time.monotonic() < until:
            time.sleep(0.1)
        assert connection.execute(stored).fetchall() == [("click",)]
        assert site.stop() == 0


def test_filters_paging_facets_and_listing_are_those_of_the_client(site: Site) -> None:
    wanted = {"collection": {"exists": True}}
    assert "Known keys" in str(
        site.client.get("/api/wiki/search", params={"q": "a", "filter": json.dumps(wanted)}).json()
    )

    filter = {"created_at": {"gte": "2000-01-01"}}
    given = {"filter": json.dumps(filter), "offset": 1, "facets": ["tags", "collection"], "distinct": True}
    with Client(site.dsn) as client:
        for query in ("전기차 보조금", ""):
            options = {"offset": 1, "facets": ["tags", "collection"], "distinct": True}
            result = client.search(query, top_k=3, filter=filter, options=options)
            found = search(site, q=query, top_k=3, **given)
            assert [(hit["rank"], hit["external_id"], hit["copies"]) for hit in found["hits"]] == [
                (hit.rank, hit.external_id, hit.copies) for hit in result
            ]
            assert query != "" or found["hits"][0]["rank"] == 2
            assert (found["total"], found["total_exact"]) == (result.total, result.total_exact)
            assert found["facets"] == {
                name: [{"value": of.value, "count": of.count} for of in counts]
                for name, counts in (result.facets or {}).items()
            }


def test_relevance_and_age_are_options_of_a_search_by_http_as_well(site: Site) -> None:
    options = {"min_relevance": 0.6, "recency_half_life_days": 30.0, "recency_key": "date"}
    with Client(site.dsn) as client:
        result = client.search("전기차 보조금", top_k=20, options=options)
    found = search(site, q="전기차 보조금", top_k=20, **options)

    assert [hit["external_id"] for hit in found["hits"]] == [hit.external_id for hit in result]
    assert found["hits"][0]["external_id"] == "subsidy"
    assert search(site, q="전기차 보조금", min_relevance=1)["hits"] == []
    assert set(result.notes) <= set(found["notes"])
    assert any('no date under "date"' in note for note in found["notes"])
    assert site.client.get("/api/wiki/search", params={"q": "a", "min_relevance": "nan"}).status_code == 422
