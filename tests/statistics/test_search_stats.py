"""The roll-ups and what is read from them, against the log itself."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from psycopg.conninfo import make_conninfo

from pgsearch import Client, cli
from pgsearch.upkeep.maintenance import maintain
from tests.properties import examples
from tests.refusals import refused
from tests.statistics.conftest import YESTERDAY, Log

ROLL_UPS = (
    "search_stats_hourly",
    "latency_hourly",
    "search_stats_daily",
    "unique_actors",
    "top_queries_daily",
    "reformulations_daily",
    "object_stats_daily",
    "position_stats_daily",
    "weight_stats_daily",
    "recent_nodes",
)


def contents(client: Client) -> dict[str, list[Any]]:
    """Every roll-up, row by row; a key that says nothing is left out."""
    rows = "select (to_jsonb(t) - 'row_id')::text from pgsearch.{} as t order by 1"
    return {table: client.connection.execute(rows.format(table).encode()).fetchall() for table in ROLL_UPS}


@pytest.fixture
def busy_log(log: Log) -> list[dict[str, Any]]:
    """400 searches of a day with clicks; what was written comes back, to be counted here in another way."""
    with log.together():
        return _written(log)


def _written(log: Log) -> list[dict[str, Any]]:
    rng = random.Random(7)
    written = []
    for number in range(400):
        hits = [str(rng.randint(1, 30)) for _ in range(rng.choice([0, 3, 8]))]
        hits = list(dict.fromkeys(hits))
        search: dict[str, Any] = {
            "query": f"query {rng.randint(1, 40)}",
            "hits": hits,
            "collection": rng.choice(["wiki", "code"]),
            "session_id": f"s{rng.randint(1, 60)}",
            "latency_ms": rng.lognormvariate(3, 1),
            "weights": {"text": rng.choice([1, 2])},
            "fusion_strategy": rng.choice(["rrf", "adaptive"]),
            "sample_weight": rng.choice([1, 4]),
            "application": rng.choice([None, "shop", "intranet"]),
        }
        query_id = log.search(at=number * 24 / 400, **search)
        clicks = rng.sample(range(1, len(hits) + 1), rng.choice([0, 0, 1, 2]) if len(hits) > 1 else 0)
        for rank in clicks:
            log.event(query_id, object_id=hits[rank - 1], position=rank)
        written.append({**search, "clicks": clicks, "hour": number * 24 // 400})
    return written


def test_statistics_agree_with_the_log_counted_by_hand(client: Client, busy_log: list[dict[str, Any]]) -> None:
    client.refresh_search_stats()

    for collection in ("wiki", "code", None):
        (day,) = client.search_stats(collection, YESTERDAY, YESTERDAY + timedelta(days=1))
        rows = [row for row in busy_log if collection in (None, row["collection"])]
        total = sum(row["sample_weight"] for row in rows)

        def mean(value: Any, rows: list[dict[str, Any]] = rows, total: float = total) -> float:
            return float(sum(row["sample_weight"] * value(row) for row in rows) / total)

        assert day.starts_at == YESTERDAY
        assert day.total_queries == total
        assert day.unique_sessions == len({row["session_id"] for row in rows})
        assert day.avg_latency_ms == pytest.approx(mean(lambda row: row["latency_ms"]))
        assert day.no_result_rate == pytest.approx(mean(lambda row: not row["hits"]))
        assert day.click_through_rate == pytest.approx(mean(lambda row: bool(row["clicks"])))
        assert day.no_click_rate == pytest.approx(1 - mean(lambda row: bool(row["clicks"])))
        assert day.mrr == pytest.approx(mean(lambda row: 1 / min(row["clicks"]) if row["clicks"] else 0))
        assert day.mean_click_position == pytest.approx(
            mean(lambda row: sum(row["clicks"])) / mean(lambda row: len(row["clicks"]))
        )
        by_latency = sorted((row["latency_ms"], row["sample_weight"]) for row in rows)
        for fraction, found in ((0.5, day.p50_latency_ms), (0.95, day.p95_latency_ms), (0.99, day.p99_latency_ms)):
            passed = 0.0
            for latency, weight in by_latency:
                passed += weight
                if passed >= fraction * total:
                    assert found == pytest.approx(latency, rel=0.01)
                    break


def test_hours_add_up_to_the_day_and_days_to_the_whole(client: Client, busy_log: list[dict[str, Any]]) -> None:
    client.refresh_search_stats()
    hours = client.search_stats(None, YESTERDAY, YESTERDAY + timedelta(days=1), "hour")
    (day,) = client.search_stats(None, YESTERDAY, YESTERDAY + timedelta(days=1), "day")
    (whole,) = client.search_stats(None, YESTERDAY - timedelta(days=3), YESTERDAY + timedelta(days=2), "all")

    assert len(hours) == 24
    assert sum(hour.total_queries for hour in hours) == day.total_queries == whole.total_queries
    sessions = [len({row["session_id"] for row in busy_log if row["hour"] == hour}) for hour in range(24)]
    assert [hour.unique_sessions for hour in hours] == sessions
    assert whole.unique_sessions == day.unique_sessions
    assert whole.p95_latency_ms == day.p95_latency_ms


def test_statistics_outlive_the_log(client: Client, busy_log: list[dict[str, Any]]) -> None:
    client.refresh_search_stats()
    before = contents(client), client.search_stats(), client.top_queries(), client.popular_chunks()
    client.connection.execute("truncate pgsearch.queries, pgsearch.events")

    assert client.refresh_search_stats() == []
    assert client.refresh_search_stats(YESTERDAY - timedelta(days=9)) == []
    assert (contents(client), client.search_stats(), client.top_queries(), client.popular_chunks()) == before


def test_rolling_up_twice_changes_nothing(client: Client, busy_log: list[dict[str, Any]]) -> None:
    (first,) = client.refresh_search_stats()
    before = contents(client)

    assert (first.searches, first.events) == (400, sum(len(row["clicks"]) for row in busy_log))
    assert client.refresh_search_stats() == []
    assert contents(client) == before
    assert [day.day for day in client.refresh_search_stats(YESTERDAY)] == [YESTERDAY.date()]
    assert contents(client) == before


def test_a_late_click_is_counted_and_nothing_else_is_rolled_up_again(client: Client, log: Log) -> None:
    early = log.search(at=-48)
    log.search(at=0)
    log.event(log.search(at=1), position=1)
    assert len(client.refresh_search_stats()) == 2

    log.event(early, position=2, at=60)

    assert [day.day for day in client.refresh_search_stats()] == [(YESTERDAY - timedelta(days=2)).date()]
    first, *_ = client.search_stats(None, YESTERDAY - timedelta(days=2))
    assert (first.click_through_rate, first.mean_click_position) == (1, 2)
    assert client.refresh_search_stats() == []


def test_a_search_that_arrives_late_is_counted(client: Client, log: Log) -> None:
    log.search(at=0)
    log.search(at=-72)
    client.refresh_search_stats()
    log.search(at=-71)

    (again,) = client.refresh_search_stats()
    assert (again.day, again.searches) == ((YESTERDAY - timedelta(days=3)).date(), 2)


def test_days_that_were_named_do_not_hide_those_before_them(client: Client, log: Log) -> None:
    log.search(at=-24 * 30)
    log.search()
    assert [day.day for day in client.refresh_search_stats(YESTERDAY)] == [YESTERDAY.date()]
    assert [day.day for day in client.refresh_search_stats()] == [(YESTERDAY - timedelta(days=30)).date()]
    assert client.refresh_search_stats() == []


def test_several_may_roll_up_at_once(client: Client, dsn: str, busy_log: list[dict[str, Any]]) -> None:
    outcomes: list[int] = []

    def refresh() -> None:
        with Client(dsn) as other:
            outcomes.append(len(other.refresh_search_stats()))

    threads = [threading.Thread(target=refresh) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # one did it, the others found it done
    assert sorted(outcomes) == [0, 0, 0, 1]
    assert sum(day.total_queries for day in client.search_stats()) == sum(row["sample_weight"] for row in busy_log)


def test_a_click_rate_is_null_without_any_event_and_0_without_a_click(client: Client, log: Log) -> None:
    searched = log.search(at=0)
    log.search(at=1, collection="code")
    client.refresh_search_stats()
    (before,) = client.search_stats("wiki", YESTERDAY)
    assert (before.click_through_rate, before.no_click_rate, before.mrr) == (None, None, None)
    assert client.queries_without_clicks("wiki") == []

    log.event(searched, "feedback", value=0)
    client.refresh_search_stats()

    (after,) = client.search_stats("wiki", YESTERDAY)
    assert (after.click_through_rate, after.no_click_rate, after.mrr) == (0, 1, 0)
    assert after.unhelpful_count == 1
    (other,) = client.search_stats("code", YESTERDAY)
    assert other.click_through_rate is None
    # of both together only the tracked searches count
    (both,) = client.search_stats(None, YESTERDAY)
    assert both.click_through_rate == 0
    assert [query.query_count for query in client.queries_without_clicks()] == [2]


def test_queries_by_frequency_without_results_and_without_clicks(client: Client, log: Log) -> None:
    for number, (query, hits, clicked) in enumerate(
        [("Roses", ["1"], True), ("roses ", ["1"], False), ("tulips", [], False), ("oak", ["2"], False)] * 2
        + [("roses", ["1"], True)]
    ):
        query_id = log.search(query, hits, at=number / 10, confidence=0.5)
        if clicked:
            log.event(query_id, position=1)
    client.refresh_search_stats()

    top = client.top_queries("wiki")
    assert [(row.query_normalized, row.query_count) for row in top] == [("roses", 5), ("oak", 2), ("tulips", 2)]
    assert top[0].click_through_rate == pytest.approx(3 / 5)
    assert top[0].avg_confidence == pytest.approx(0.5)
    assert [(row.query_normalized, row.no_result_rate) for row in client.queries_without_results()] == [("tulips", 1)]
    assert [row.query_normalized for row in client.queries_without_clicks(top_n=2)] == ["oak", "roses"]
    assert client.top_queries("code") == []


def test_typing_is_one_query_the_last(client: Client, log: Log) -> None:
    for number, typed in enumerate(("el", "elec", "electric car")):
        log.search(typed, at=number / 1000, search_id="typing-1")
    log.search("electric car", at=1)
    client.refresh_search_stats()

    assert [(row.query_normalized, row.query_count) for row in client.top_queries()] == [("electric car", 2)]
    (day,) = client.search_stats(None, YESTERDAY)
    assert day.total_queries == 4


def test_weights_are_compared_by_their_clicks(client: Client, log: Log) -> None:
    for number in range(6):
        weights = {"text": 1 + number % 2}
        query_id = log.search(at=number / 10, weights=weights, fusion_strategy="rrf", query_type="question")
        if number != 3:
            log.event(query_id, position=1 if weights["text"] == 1 else 2)
    client.refresh_search_stats()

    one, two = sorted(client.weight_effect("wiki"), key=lambda row: str(row.weights))
    assert (one.weights, one.click_through_rate, one.mrr, one.mean_click_position) == ({"text": 1}, 1, 1, 1)
    assert two.weights == {"text": 2}
    assert two.click_through_rate == pytest.approx(2 / 3)
    assert two.mrr == pytest.approx(1 / 3)
    assert (two.query_type, two.fusion_strategy, two.total_queries) == ("question", "rrf", 3)


def test_the_latency_histogram_holds_every_search_in_its_bucket(client: Client, log: Log) -> None:
    latencies = [0.0, 0.01, 3.0, 3.01, 250.0]
    for number, latency in enumerate(latencies):
        log.search(at=number / 10, latency_ms=latency)
    client.refresh_search_stats()

    buckets = client.latency_histogram("wiki")
    assert sum(bucket.query_count for bucket in buckets) == len(latencies)
    for latency in latencies[2:]:
        assert any(bucket.from_ms < latency <= bucket.to_ms * (1 + 1e-9) for bucket in buckets)
    assert (buckets[0].from_ms, buckets[0].query_count) == (0, 2)


@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(
        st.lists(st.floats(0.011, 1e6, allow_nan=False), min_size=1, max_size=60),
        min_size=1,
        max_size=4,
    )
)
def test_percentiles_of_merged_histograms_are_within_1_per_cent(
    conn: psycopg.Connection[Any], parts: list[list[float]]
) -> None:
    ((merged, exact),) = conn.execute(
        """
        with parts as (
            select p.at, pgsearch._latency_bucket(v.value::float8) as bucket, count(*)::float8 as counted
              from jsonb_array_elements(%(parts)s::text::jsonb) with ordinality as p(part, at)
                   cross join lateral jsonb_array_elements(p.part) as v(value)
             group by 1, 2
        ), merged as (
            select bucket, sum(counted) as counted from parts group by bucket
        )
        select (select pgsearch._latency_percentiles(array_agg(bucket order by bucket),
                                                     array_agg(counted order by bucket), '{0.5,0.95,0.99}')
                  from merged),
               (select percentile_disc('{0.5,0.95,0.99}'::float8[]) within group (order by v.value::float8)
                  from jsonb_array_elements(%(parts)s::text::jsonb) as p(part)
                       cross join lateral jsonb_array_elements(p.part) as v(value))
        """,
        {"parts": str(parts)},
    ).fetchall()
    assert merged == pytest.approx(exact, rel=0.0101)


@pytest.mark.parametrize("count", [1, 100, 2_000, 20_000])
def test_sketches_estimate_how_many_are_different_and_merge(conn: psycopg.Connection[Any], count: int) -> None:
    ((estimate, empty),) = conn.execute(
        """
        select pgsearch._sketch_estimate(array(
                   -- two halves that overlap, each its own sketch
                   select max(pgsearch._sketch_register(hashtextextended('s' || n, 0)))
                     from generate_series(1, %(n)s::integer * 2 / 3) as n
                    group by pgsearch._sketch_register(hashtextextended('s' || n, 0)) >> 6
                   union all
                   select max(pgsearch._sketch_register(hashtextextended('s' || n, 0)))
                     from generate_series(%(n)s::integer / 3 + 1, %(n)s::integer) as n
                    group by pgsearch._sketch_register(hashtextextended('s' || n, 0)) >> 6)),
               pgsearch._sketch_estimate('{}')
        """,
        {"n": count},
    ).fetchall()
    assert estimate == pytest.approx(count, rel=0.07)
    assert empty == 0


def test_sessions_of_several_days_are_estimated_as_a_union(client: Client, log: Log) -> None:
    with log.together():
        for day in range(3):
            for session in range(20):
                log.search(at=24 * -day + session / 100, session_id=f"s{session + day * 10}", user_id=f"u{session}")
    client.refresh_search_stats()

    (whole,) = client.search_stats("wiki", YESTERDAY - timedelta(days=2), YESTERDAY + timedelta(days=1), "all")
    # 0 .. 39, and not the 60 that the days add up to
    assert whole.unique_sessions == pytest.approx(40, rel=0.1)
    assert whole.unique_users == pytest.approx(20, rel=0.1)


def test_wrong_arguments_are_refused(conn: psycopg.Connection[Any]) -> None:
    for statement, state, names in (
        ("select * from pgsearch.search_stats(step => 'minute')", "PS002", "hour, day, week, month, all"),
        ("select * from pgsearch.search_stats(step => null)", "PS002", "hour"),
        ("select * from pgsearch.search_stats(null, '2025-01-02', '2025-01-01')", "PS003", "later"),
        ("select * from pgsearch.refresh_search_stats('2025-01-02', '2025-01-02')", "PS003", "later"),
        ("select * from pgsearch.top_queries(top_n => -1)", "PS003", "top_n"),
        ("select * from pgsearch.popular_chunks(top_n => null)", "PS003", "top_n"),
        ("select * from pgsearch.click_through_rates(min_impressions => 'NaN')", "PS003", "min_impressions"),
        ("select * from pgsearch.build_golden_set(min_impressions => 0)", "PS003", "min_impressions"),
        ("select * from pgsearch.export_qrels(click_model => 'pbm')", "PS002", "coec"),
        ("select * from pgsearch.export_qrels(judgment_list => 'none')", "PS003", "judgment list"),
        ("select * from pgsearch.export_ltr(null, '2025-01-02', '2025-01-01')", "PS003", "later"),
        ("select * from pgsearch.export_late_interaction(max_rows => -1)", "PS003", "max_rows"),
        ("select * from pgsearch.export_ubi('clicks')", "PS002", "queries, events"),
        ("select pgsearch.import_ubi('clicks', '[]')", "PS002", "queries, events"),
        ("select pgsearch.import_ubi('queries', '{}')", "PS003", "array"),
        ("select pgsearch.import_ubi('queries', '[]', position_base => 2)", "PS003", "position_base"),
    ):
        with refused(state, names=names):
            conn.execute(statement.encode())


def test_maintenance_rolls_the_log_up(client: Client, dsn: str, log: Log) -> None:
    log.search()
    maintain(dsn)
    assert [day.total_queries for day in client.search_stats()] == [1]


def test_who_may_read_the_log_may_read_its_statistics_and_not_roll_it_up(
    client: Client, dsn: str, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    log.event(log.search(), position=1)
    client.refresh_search_stats()
    role = "pgsearch_test_reader_of_statistics"
    client.connection.execute(f"create role {role} login")
    try:
        client.grant_rights(role, ["read_log"])
        theirs = make_conninfo(dsn, user=role)
        for what in ("summary", "top-queries", "no-clicks", "weights", "latency"):
            assert cli.main(["stats", what, "--dsn", theirs, "--json"]) == 0
            captured = capsys.readouterr()
            assert captured.out
            assert "may not roll the log up" in captured.err
        with Client(theirs) as reader, pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.refresh_search_stats()
    finally:
        client.connection.execute(f"drop owned by {role}")
        client.connection.execute(f"drop role {role}")


def test_an_empty_log_has_no_statistics(client: Client) -> None:
    assert client.refresh_search_stats() == []
    assert client.search_stats() == []
    assert client.search_stats(step="all") == []
    assert client.top_queries() == []
    assert client.weight_effect() == []
    assert client.latency_histogram() == []
    assert client.popular_chunks() == []
    assert client.click_through_rates() == []
    assert client.build_golden_set() == []
