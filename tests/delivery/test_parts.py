"""The parts of the delivery that need no database."""

from __future__ import annotations

import json
import logging
from typing import Any

import psycopg
from hypothesis import given
from hypothesis import strategies as st

from pgsearch.delivery.batches import Delivery
from pgsearch.delivery.breaker import FIRST_PAUSE, LONGEST_PAUSE, CircuitBreaker
from pgsearch.delivery.lines import line
from pgsearch.delivery.outbox import MemoryOutbox
from pgsearch.uuids import uuid7

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
    max_leaves=12,
)


@given(anything)
def test_whatever_is_logged_becomes_json_that_jsonb_can_hold(value: Any) -> None:
    written = line({"query": value})

    assert json.loads(written).keys() == {"query"}
    assert "\0" not in written
    assert "\\u0000" not in written.replace("\\\\", "")
    written.encode("utf-8")


def test_the_breaker_opens_after_three_failures_and_waits_longer_each_time() -> None:
    clock = [0.0]
    breaker = CircuitBreaker(3, lambda: clock[0])
    for _ in range(2):
        breaker.failed()
    opened_early = breaker.is_open
    assert not opened_early

    pauses = []
    for _ in range(9):
        breaker.failed()
        opened = clock[0]
        while breaker.is_open:
            clock[0] += 0.5
        pauses.append(clock[0] - opened)

    assert pauses[0] == FIRST_PAUSE
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE

    breaker.succeeded()
    breaker.failed()
    assert not breaker.is_open


def test_a_batch_refused_as_a_whole_is_halved_until_the_row_at_fault_stands_alone() -> None:
    delivery = Delivery(MemoryOutbox(100, 100), CircuitBreaker(), logging.getLogger("pgsearch.test"))
    for number in range(10):
        delivery.accept(json.dumps(number))

    statements = delivery.statements()
    payload = next(statements)
    try:
        while True:
            rows = json.loads(payload)
            answer: Any = {"stored": len(rows), "duplicates": 0, "rejected": []}
            payload = statements.send(psycopg.DataError("bad") if 6 in rows else answer)
    except StopIteration:
        pass

    counters = delivery.counters
    assert (counters.stored, counters.rejected, counters.pending, counters.failures) == (9, 1, 0, 0)


def test_ids_carry_their_time_in_order() -> None:
    ids = [uuid7() for _ in range(2000)]

    assert len(set(ids)) == 2000
    assert ids == sorted(ids)
    assert {(i.version, i.variant) for i in ids} == {(7, "specified in RFC 4122")}
