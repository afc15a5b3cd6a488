"""What the server counts, for Prometheus; each app has counters of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)


class Metrics:
    """Counters of requests, searches and answers."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "pgsearch_http_requests",
            "Requests by route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "pgsearch_http_request_seconds",
            "Seconds until a request was answered.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.under_way = Gauge("pgsearch_http_requests_under_way", "Requests under way.", registry=self.registry)
        self.answers = Counter(
            "pgsearch_chat_answers",
            "Answers by method (model, extracts, none) and error.",
            ("method", "error"),
            registry=self.registry,
        )
        self.first_token = Histogram(
            "pgsearch_chat_first_token_seconds",
            "Seconds until an answer began.",
            ("method",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.tokens = Counter("pgsearch_chat_tokens", "Tokens by direction.", ("direction",), registry=self.registry)

    def watch(self, pool: Callable[[], Mapping[str, int]], log: Callable[[], Mapping[str, float]]) -> None:
        """Tell of the pool and of what is logged too."""
        self.registry.register(_Watched(pool, log))

    def text(self) -> bytes:
        """Everything in the format of Prometheus."""
        return generate_latest(self.registry)


class _Watched(Collector):
    """Figures that others keep, read when they are asked for."""

    def __init__(self, pool: Callable[[], Mapping[str, int]], log: Callable[[], Mapping[str, float]]) -> None:
        self._pool = pool
        self._log = log

    def collect(self) -> Iterable[Metric]:
        """Pool and log as they are now."""
        stats = self._pool()
        pool = GaugeMetricFamily("pgsearch_pool_connections", "Connections of the pool.", labels=["state"])
        for state, key in (("open", "pool_size"), ("free", "pool_available"), ("most", "pool_max")):
            pool.add_metric([state], stats.get(key, 0))
        yield pool
        yield GaugeMetricFamily(
            "pgsearch_pool_waiting", "Requests that wait for a connection.", value=stats.get("requests_waiting", 0)
        )
        logged = CounterMetricFamily("pgsearch_logged", "Rows for the log by what became of them.", labels=["outcome"])
        for outcome, count in self._log().items():
            logged.add_metric([outcome], count)
        yield logged
