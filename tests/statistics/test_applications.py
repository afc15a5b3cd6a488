"""Figures by application, against plain SQL over the log."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server
from tests.statistics.conftest import YESTERDAY, Log

APPLICATIONS = ("shop", "intranet", None)
PERIOD = (YESTERDAY - timedelta(days=2), datetime.now(UTC) + timedelta(days=1))

_SEARCHES = """
select sum(q.sample_weight), count(distinct q.session_id), sum(q.sample_weight * q.latency_ms) / sum(q.sample_weight),
       sum(q.sample_weight) filter (where q.result_count = 0) / sum(q.sample_weight),
       sum(q.sample_weight) filter (where exists (select from pgsearch.events as e where e.query_id = q.query_id))
       / sum(q.sample_weight)
  from pgsearch.queries as q
 where coalesce(q.application, '') = %s
   and (%s::text is null or q.collection = %s)
"""
_QUERIES = """
select q.query_normalized, sum(q.sample_weight),
       coalesce(sum(q.sample_weight) filter (where q.result_count = 0), 0),
       coalesce(sum(q.sample_weight) filter (where exists (select from pgsearch.events as e
                                                            where e.query_id = q.query_id)), 0),
       sum(q.sample_weight * q.latency_ms) / sum(q.sample_weight)
  from pgsearch.queries as q
 where q.application = %s
 group by 1
"""
_REFORMULATED = """
select pgsearch.normalize_query(f.user_query), pgsearch.normalize_query(f.context ->> 'reformulated_to'),
       sum(q.sample_weight)
  from pgsearch.search_failures as f
       join pgsearch.queries as q on q.query_id = f.query_id
 where f.failure_reason = 'user_reformulated'
   and q.application = %s
 group by 1, 2
"""
_MESSAGES = """
select count(*) filter (where m.role = 'user'), count(*) filter (where m.role = 'assistant'),
       count(*) filter (where m.error_type is not null), coalesce(sum(m.output_tokens), 0)::bigint,
       count(distinct m.session_id)
  from pgsearch.messages as m
 where m.application = %s
"""


@pytest.fixture(scope="module")
def used(pg_server: Server, pg_template: NoopExecutor) -> Iterator[Client]:
    """Three days of searches and conversations of two applications, and of some that named none."""
    with cloned(pg_server, pg_template.template_dbname) as dsn, Client(dsn) as client:
        for name in ("wiki", "code"):
            client.create_collection(name)
        log = Log(client)
        rng = random.Random(16)
        with log.together():
            for number in range(300):
                search: dict[str, Any] = {
                    "collection": rng.choice(["wiki", "code"]),
                    "hits": rng.choice([[], ["a", "b"], ["a", "b"]]),
                    "session_id": f"s{rng.randint(1, 20)}",
                    "latency_ms": rng.lognormvariate(3, 1),
                    "sample_weight": rng.choice([1, 4]),
                    "application": rng.choice(APPLICATIONS),
                }
                query_id = log.search(f"query {rng.choice('abcdefgh')}", at=number / 5 - 40, **search)
                if search["hits"] and rng.random() < 0.3:
                    log.event(query_id, position=1)
        for number in range(30):
            application = rng.choice(("shop", "intranet"))
            context = {"session_id": f"c{number % 7}", "application": application, "llm_model": rng.choice("xy")}
            answer = {"error_type": "timeout"} if rng.random() < 0.2 else {"output_tokens": rng.randint(1, 9)}
            client.log_turn("why", "because", conversation_id=f"c{number}", context={**context, **answer})
        client.refresh_search_stats()
        yield client


def rows(client: Client, statement: str, *values: object) -> list[Any]:
    return client.connection.execute(statement.encode(), values).fetchall()


@pytest.mark.parametrize("collection", [None, "wiki"], ids=["all", "wiki"])
@pytest.mark.parametrize("application", ["shop", "intranet"])
def test_statistics_of_an_application_are_those_of_its_searches(
    used: Client, application: str, collection: str | None
) -> None:
    ((total, sessions, latency, missed, clicked),) = rows(used, _SEARCHES, application, collection, collection)
    (whole,) = used.search_stats(collection, *PERIOD, "all", application)
    days = used.search_stats(collection, *PERIOD, "day", application)
    hours = used.search_stats(collection, *PERIOD, "hour", application)

    assert whole.total_queries == total == sum(day.total_queries for day in days)
    assert total == sum(hour.total_queries for hour in hours)
    assert whole.unique_sessions == pytest.approx(sessions, rel=0.1)
    assert whole.avg_latency_ms == pytest.approx(latency)
    assert whole.no_result_rate == pytest.approx(missed)
    assert whole.click_through_rate == pytest.approx(clicked)
    histogram = used.latency_histogram(collection, *PERIOD, application)
    assert sum(bucket.query_count for bucket in histogram) == total
    usage = {row.collection: row.searches for row in used.collection_usage(*PERIOD, application)}
    assert sum(usage.values() if collection is None else [usage["wiki"]]) == total


@pytest.mark.parametrize("application", ["shop", "intranet"])
def test_queries_of_an_application_are_those_of_its_searches(used: Client, application: str) -> None:
    told = {row[0]: row[1:] for row in rows(used, _QUERIES, application)}

    top = used.top_queries(None, *PERIOD, 100, application)
    assert {row.query_normalized: row.query_count for row in top} == {query: row[0] for query, row in told.items()}
    missed = used.queries_without_results(None, *PERIOD, 100, application)
    assert {row.query_normalized: row.query_count * row.no_result_rate for row in missed} == pytest.approx(
        {query: row[1] for query, row in told.items() if row[1]}
    )
    ignored = used.queries_without_clicks(None, *PERIOD, 100, application)
    assert {row.query_normalized: row.query_count * (row.click_through_rate or 0) for row in ignored} == pytest.approx(
        {query: row[2] for query, row in told.items() if row[2] < row[0]}
    )
    slow = used.slow_queries(None, *PERIOD, 100, application)
    assert {row.query_normalized: row.avg_latency_ms for row in slow} == pytest.approx(
        {query: row[3] for query, row in told.items()}
    )
    reworded = used.reformulated_queries(None, *PERIOD, 1000, application)
    assert {(row.user_query, row.reformulated_to): row.times for row in reworded} == {
        (before, after): times for before, after, times in rows(used, _REFORMULATED, application)
    }
    history = used.query_history("query a", None, *PERIOD, application)
    assert sum(day["query_count"] for day in history["days"]) == told["query a"][0]
    (seen,) = rows(
        used,
        "select count(*) from pgsearch.queries where application = %s and query_normalized = 'query a'",
        application,
    )
    assert len(history["searches"]) == min(seen[0], 20)
    users = used.search_usage("user", None, *PERIOD, 100, application)
    assert sum(row.searches for row in users) == sum(row[0] for row in told.values())


@pytest.mark.parametrize("application", ["shop", "intranet"])
def test_conversations_of_an_application_are_those_of_its_messages(used: Client, application: str) -> None:
    ((questions, answers, errors, tokens, sessions),) = rows(used, _MESSAGES, application)
    (whole,) = used.chat_stats(None, *PERIOD, "all", application)

    assert (whole.total_queries, whole.answer_count, whole.error_count) == (questions, answers, errors)
    assert (whole.output_tokens, whole.unique_sessions) == (tokens, sessions)
    assert used.analytics_summary(application=application)["metrics"]["total_queries"] == questions
    assert sum(point.total_queries for point in used.analytics_timeline(application=application)) == questions
    models = used.chat_usage("model", None, *PERIOD, application=application)
    assert sum(row.answer_count for row in models) == answers
    turns = used.session_lengths(None, *PERIOD, application)
    listed = used.list_conversations(reader="test", application=application, top_n=100)
    assert sum(row.conversations for row in turns) == len(listed) == questions
    unhappy = used.list_conversations(reader="test", application=application, unhappy=True, top_n=100)
    assert {one.conversation_id for one in unhappy} == {one.conversation_id for one in listed if one.error_count}
    told = used.report(None, *PERIOD, application)
    assert told["application"] == application
    assert told["conversations"]["total_queries"] == questions
    assert told["searches"]["total_queries"] == rows(used, _SEARCHES, application, None, None)[0][0]


def test_applications_are_told_with_what_they_do_and_together_they_are_all(used: Client) -> None:
    told = {row.application: row for row in used.application_usage(None, *PERIOD)}
    (whole,) = used.search_stats(None, *PERIOD, "all")

    assert told.keys() == {"shop", "intranet", ""}
    assert sum(row.searches for row in told.values()) == whole.total_queries
    assert sum(row.share or 0 for row in told.values()) == pytest.approx(1)
    for application, row in told.items():
        ((searches, *_, missed, _),) = rows(used, _SEARCHES, application, None, None)
        assert row.searches == searches
        assert row.no_result_rate == pytest.approx(missed)
    assert used.application_usage("nowhere", *PERIOD) == []
    assert used.search_stats("wiki", *PERIOD, "all", "nothing") == []
    # a row an hour and collection, whatever searched there
    assert (
        rows(used, "select from pgsearch.chat_statistics group by collection_name, date, hour having count(*) > 1")
        == []
    )


def test_of_applications_without_number_the_most_used_of_a_day_are_kept(client: Client, log: Log) -> None:
    with log.together():
        for number in range(30):
            for again in range(2 if number < 20 else 1):
                log.search(at=(number + again / 2) / 10, application=f"app-{number}")
    client.refresh_search_stats()

    told = {row.application: row.searches for row in client.application_usage(top_n=100)}
    assert told == {**{f"app-{number}": 2 for number in range(20)}, "": 10}
    assert [row.query_count for row in client.top_queries(application="app-3")] == [2]
