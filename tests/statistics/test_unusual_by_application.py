"""What is unusual, asked again and again, or to be changed in one application, against its log read by plain SQL."""

from __future__ import annotations

import random
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client, uuid7
from tests.clones import cloned
from tests.conftest import Server
from tests.statistics.conftest import YESTERDAY, Log

PERIOD = (YESTERDAY - timedelta(days=2), datetime.now(UTC) + timedelta(days=1))
QUESTIONS = ("How do roses grow?", "Where is the station?", "연말정산은 언제 하나요?", "Who repairs bicycles?")
WEEK = timedelta(weeks=1)
HOUR = timedelta(hours=1)

every_application = pytest.mark.parametrize("application", ["shop", "intranet"])

_HOURS = """
select date_trunc('hour', q.ts, 'UTC'), count(*), count(*) filter (where q.result_count = 0), sum(q.latency_ms)
  from pgsearch.queries as q
 where q.application = %s
 group by 1
"""
_ASKED = """
select pgsearch.normalize_query(t.content), count(distinct m.session_id)
  from pgsearch.messages as m
       join pgsearch.message_contents as t on t.message_id = m.message_id
 where m.role = 'user'
   and m.application = %s
 group by 1
having count(distinct m.session_id) >= 2
"""
_ANSWERED = """
select pgsearch.normalize_query(asked.content), answer.content
  from pgsearch.messages as m
       join pgsearch.message_contents as answer on answer.message_id = m.message_id
       join pgsearch.message_contents as asked on asked.message_id = m.parent_message_id
 where m.role = 'assistant'
   and m.error_type is null
   and m.application = %s
"""
# an answer that was made again and failed is an example of the failure
_FAILED = """
select 'regeneration', count(*), array_agg(t.content) filter (where m.error_type is null)
  from pgsearch.messages as m
       join pgsearch.message_contents as t on t.message_id = m.parent_message_id
 where m.is_regeneration and m.application = %(application)s
union all
select 'error', count(*), array_agg(t.content)
  from pgsearch.messages as m
       join pgsearch.message_contents as t on t.message_id = m.parent_message_id
 where m.error_type is not null and m.application = %(application)s
union all
select 'slow', count(*), '{}'
  from pgsearch.messages as m
 where m.role = 'assistant' and m.response_time_ms > 10000 and m.application = %(application)s
union all
select 'unhelpful', count(*), array_agg(q.user_query)
  from pgsearch.events as e
       join pgsearch.queries as q on q.query_id = e.query_id
 where e.action_name = 'feedback' and e.value = 0 and q.application = %(application)s
   and q.ts >= %(since)s
union all
select 'no_result', count(*), array_agg(distinct q.user_query)
  from pgsearch.queries as q
 where q.result_count = 0 and q.application = %(application)s
   and q.ts >= %(since)s
union all
select 'low_confidence', count(*), array_agg(distinct q.user_query)
  from pgsearch.queries as q
 where q.result_count > 0 and q.confidence < 0.5 and q.application = %(application)s
   and q.ts >= %(since)s
"""


@pytest.fixture(scope="module")
def used(pg_server: Server, pg_template: NoopExecutor) -> Iterator[Client]:
    """Five weeks of the same hours, of which the last day of one application is another, and conversations of both."""
    rng = random.Random(33)
    with cloned(pg_server, pg_template.template_dbname) as dsn, Client(dsn) as client:
        client.create_collection("wiki")
        log = Log(client)
        for weeks in range(5):
            _searches(log, rng, weeks)
        for number in range(60):
            _turn(client, rng, number)
        client.refresh_search_stats()
        yield client


def _searches(log: Log, rng: random.Random, weeks: int) -> None:
    with log.together():
        for application in ("shop", "intranet"):
            for hour in range(8, 12):
                is_odd = application == "shop" and weeks == 0 and hour == 9
                for number in range(70 if is_odd else rng.randint(20, 26)):
                    found = rng.random() > (0.7 if is_odd else 0.1)
                    query_id = log.search(
                        f"{application} query {rng.choice('abcd')}{'' if found else ' of nothing'}",
                        ["1"] if found else [],
                        at=hour + number / 100 - 168 * weeks,
                        application=application,
                        session_id=f"s{number}",
                        latency_ms=rng.uniform(20, 30) * (8 if is_odd else 1),
                        # a spelling is sure or it is not
                        confidence=0.9 if number % 5 else 0.1,
                    )
                    if found and number % 9 == 0:
                        log.event(query_id, "feedback", value=0)


def _turn(client: Client, rng: random.Random, number: int) -> None:
    application = rng.choice(("shop", "intranet"))
    question = rng.choice(QUESTIONS)
    failed = rng.random() < 0.2
    asked_at = YESTERDAY + timedelta(hours=6, minutes=number)
    entry: dict[str, Any] = {
        "type": "turn",
        "question": question.upper() if number % 3 == 0 else question,
        "answer": None if failed else f"{application} says {number}",
        "question_id": str(uuid7(asked_at)),
        "answer_id": str(uuid7(asked_at + timedelta(seconds=20))),
        "conversation_id": f"c{number}",
        "session_id": f"s{number % 9}",
        "application": application,
        "response_time_ms": 20_000 if number % 7 == 0 else 500,
        **({"error_type": "timeout"} if failed else {}),
        **({"is_regeneration": True} if number % 8 == 0 else {}),
    }
    assert client.log_batch([entry])["rejected"] == []


def rows(client: Client, statement: str, values: Sequence[Any] | Mapping[str, Any]) -> list[Any]:
    return client.connection.execute(statement.encode(), values).fetchall()


@every_application
def test_unusual_hours_of_an_application_are_those_of_its_searches(used: Client, application: str) -> None:
    logged = {hour.astimezone(UTC): figures for hour, *figures in rows(used, _HOURS, [application])}
    told = used.anomalies(YESTERDAY.date(), threshold=0, application=application)

    assert {(one.hour, one.measure): (one.value, one.expected, one.z) for one in told if one.source == "search"} == {
        place: pytest.approx(figures) for place, figures in unusual(logged).items()
    }
    strict = {(one.hour.hour, one.measure) for one in used.anomalies(YESTERDAY.date(), application=application)}
    odd = {(9, "volume"), (9, "no_result_rate"), (9, "latency_ms")}
    assert strict & odd == (odd if application == "shop" else set())


def unusual(logged: dict[datetime, list[float]]) -> dict[tuple[datetime, str], tuple[float, float, float]]:
    """The hours of yesterday beside the same and the neighbouring ones of the weeks before, by the book."""
    measured: dict[str, dict[datetime, tuple[float, float]]] = defaultdict(dict)
    at = min(logged)
    while at < YESTERDAY + 24 * HOUR:
        total, missed, latency = logged.get(at, (0, 0, 0))
        measured["volume"][at] = (total, 1)
        if total >= 20:
            measured["no_result_rate"][at] = (missed / total, total)
            measured["latency_ms"][at] = (latency / total, total)
        at += HOUR
    found = {}
    for measure, values in measured.items():
        for hour in (YESTERDAY + number * HOUR for number in range(24)):
            places = [hour - week * WEEK + step * HOUR for week in range(1, 5) for step in (-1, 0, 1)]
            before = [values[place][0] for place in places if place in values]
            if hour not in values or len(before) < 6:
                continue
            value, weight = values[hour]
            mean = statistics.fmean(before)
            least = {
                "volume": max(1, mean**0.5),
                "latency_ms": max(1, mean / 10),
                "no_result_rate": max(0.01, max(0, mean * (1 - mean) / weight) ** 0.5),
            }[measure]
            z = (value - mean) / max(statistics.stdev(before), least)
            if z > 0 or measure == "volume":
                found[hour, measure] = (value, mean, z)
    return found


@every_application
def test_questions_of_an_application_are_those_of_its_messages(used: Client, application: str) -> None:
    told = used.faq_candidates(None, *PERIOD, min_sessions=2, application=application)
    answers = {tuple(row) for row in rows(used, _ANSWERED, [application])}

    asked = dict(rows(used, _ASKED, [application]))
    assert len(asked) == len(QUESTIONS)
    named = {used.normalize_query(one.question): one for one in told}
    assert {question: one.sessions for question, one in named.items()} == asked
    assert {(question, one.answer) for question, one in named.items()} <= answers


@every_application
def test_suggestions_for_an_application_are_made_of_what_failed_in_it(used: Client, application: str) -> None:
    told = {one.kind: one for one in used.prompt_suggestions(None, *PERIOD, top_n=100, application=application)}
    given = {"application": application, "since": PERIOD[0].replace(hour=0, minute=0, second=0, microsecond=0)}
    expected = {kind: (count, sorted(examples)) for kind, count, examples in rows(used, _FAILED, given)}

    assert all(count for count, _ in expected.values())
    assert {kind: one.count for kind, one in told.items()} == {kind: count for kind, (count, _) in expected.items()}
    for kind in ("regeneration", "error", "unhelpful", "no_result"):
        assert sorted(told[kind].examples) == expected[kind][1], kind
    assert set(told["low_confidence"].examples) <= set(expected["low_confidence"][1])
    report = used.report(None, *PERIOD, application)
    assert {one["kind"]: one["count"] for one in report["suggestions"]} == {
        kind: count for kind, (count, _) in expected.items()
    }
    assert {one["question"] for one in report["faq_candidates"]} == {
        one.question for one in used.faq_candidates(None, *PERIOD, min_sessions=3, top_n=10, application=application)
    }
