"""Calls that read the roll-ups of the search log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pgsearch.client.calls.call import (
    Call,
    _object,
    _of_application,
    _of_period,
    _rows,
    _text,
    _value,
)


@dataclass(frozen=True, slots=True)
class RolledUpDay:
    """A day (UTC) of the search log that was rolled up: its rows of searches and events, and the seconds it took."""

    day: date
    searches: int
    events: int
    seconds: float


def refresh_search_stats(since: datetime | None = None, until: datetime | None = None) -> Call[list[RolledUpDay]]:
    """Roll the search log up into the tables that statistics are read from; by default the days that changed."""
    return _rows("refresh_search_stats", RolledUpDay, {"since::timestamptz": since, "until::timestamptz": until})


@dataclass(frozen=True, slots=True)
class SearchStats:
    """The searches of a period; see the SQL function search_stats for what each column means. Rates are 0 .. 1."""

    starts_at: datetime
    total_queries: float
    unique_sessions: float | None
    unique_users: float | None
    avg_latency_ms: float | None
    p50_latency_ms: float | None
    p95_latency_ms: float | None
    p99_latency_ms: float | None
    error_rate: float
    no_result_rate: float
    low_confidence_rate: float
    reformulation_rate: float
    click_through_rate: float | None
    no_click_rate: float | None
    mean_click_position: float | None
    mrr: float | None
    helpful_count: float
    unhelpful_count: float


def search_stats(
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    step: str = "day",
    application: str | None = None,
) -> Call[list[SearchStats]]:
    """Volume, latency percentiles, no-result and click rates by hour, day, week, month, or of the period as a whole."""
    return _rows("search_stats", SearchStats, {**_of_application(collection, since, until, application), "step": step})


@dataclass(frozen=True, slots=True)
class QueryStats:
    """The searches for one query; `click_through_rate` is None where no event was ever received."""

    query_normalized: str
    user_query: str
    query_count: float
    no_result_rate: float
    click_through_rate: float | None
    avg_confidence: float | None


def top_queries(
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    top_n: int = 20,
    application: str | None = None,
) -> Call[list[QueryStats]]:
    """The most frequent queries."""
    return _rows(
        "top_queries", QueryStats, {**_of_application(collection, since, until, application), "top_n::integer": top_n}
    )


def queries_without_results(
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    top_n: int = 20,
    application: str | None = None,
) -> Call[list[QueryStats]]:
    """Queries that found nothing, most frequent first."""
    return _rows(
        "queries_without_results",
        QueryStats,
        {**_of_application(collection, since, until, application), "top_n::integer": top_n},
    )


@dataclass(frozen=True, slots=True)
class SlowQuery:
    """A query by the mean time of its searches."""

    query_normalized: str
    user_query: str
    query_count: float
    avg_latency_ms: float


def slow_queries(
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    top_n: int = 20,
    application: str | None = None,
) -> Call[list[SlowQuery]]:
    """The queries whose searches take longest on average."""
    return _rows(
        "slow_queries", SlowQuery, {**_of_application(collection, since, until, application), "top_n::integer": top_n}
    )


def queries_without_clicks(
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    top_n: int = 20,
    application: str | None = None,
) -> Call[list[QueryStats]]:
    """Queries whose hits were not clicked, most frequent first."""
    return _rows(
        "queries_without_clicks",
        QueryStats,
        {**_of_application(collection, since, until, application), "top_n::integer": top_n},
    )


@dataclass(frozen=True, slots=True)
class WeightEffect:
    """How searches that were fused in one way were clicked."""

    search_mode: str
    fusion_strategy: str
    query_type: str
    weights: Mapping[str, Any] | None
    total_queries: float
    click_through_rate: float | None
    mrr: float | None
    mean_click_position: float | None
    no_result_rate: float
    avg_latency_ms: float | None


def weight_effect(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Call[list[WeightEffect]]:
    """Clicks by search mode, fusion strategy, query type and weights."""
    return _rows("weight_effect", WeightEffect, _of_period(collection, since, until))


@dataclass(frozen=True, slots=True)
class LatencyBucket:
    """Searches that took more than `from_ms` and at most `to_ms` milliseconds."""

    from_ms: float
    to_ms: float
    query_count: float


def latency_histogram(
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    application: str | None = None,
) -> Call[list[LatencyBucket]]:
    """Searches by latency, in buckets of which each is 2 % wider than the one before."""
    return _rows("latency_histogram", LatencyBucket, _of_application(collection, since, until, application))


@dataclass(frozen=True, slots=True)
class NodeStats:
    """A chunk (`node_id`) of a collection (`repo_id`) with its impressions, clicks and expected clicks."""

    repo_id: str
    node_id: str
    query_count: float
    avg_rank: float | None
    impressions: float
    clicks: float
    ctr: float | None
    expected_clicks: float | None
    coec: float | None


def popular_chunks(collection: str | None = None, top_n: int = 50) -> Call[list[NodeStats]]:
    """The chunks that most searches of the last days returned."""
    return _rows("popular_chunks", NodeStats, {"collection": collection, "top_n::integer": top_n})


def click_through_rates(
    collection: str | None = None, min_impressions: float = 10, top_n: int = 1000
) -> Call[list[NodeStats]]:
    """Chunks by the share of their impressions that were clicked."""
    return _rows(
        "click_through_rates",
        NodeStats,
        {"collection": collection, "min_impressions::float8": min_impressions, "top_n::integer": top_n},
    )


@dataclass(frozen=True, slots=True)
class RolledUpMessages:
    """A day (UTC) of messages that was rolled up, and the seconds it took."""

    day: date
    messages: int
    seconds: float


def refresh_chat_stats(since: datetime | None = None, until: datetime | None = None) -> Call[list[RolledUpMessages]]:
    """Roll conversations up into the tables that their statistics are read from; by default the days that changed."""
    return _rows("refresh_chat_stats", RolledUpMessages, {"since::timestamptz": since, "until::timestamptz": until})


@dataclass(frozen=True, slots=True)
class ChatStats:
    """The conversations of a period; see the SQL function chat_stats for what each column means. Rates are 0 .. 1."""

    starts_at: datetime
    total_queries: int
    answer_count: int
    unique_sessions: float | None
    unique_users: float | None
    avg_response_ms: float | None
    p50_response_ms: float | None
    p95_response_ms: float | None
    p99_response_ms: float | None
    input_tokens: int
    output_tokens: int
    error_count: int
    regeneration_count: int
    error_rate: float | None
    regeneration_rate: float | None


def chat_stats(
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    step: str = "day",
    application: str | None = None,
) -> Call[list[ChatStats]]:
    """Questions, users, latency, tokens and errors by hour, day, week, month, or of the period as a whole."""
    return _rows("chat_stats", ChatStats, {**_of_application(collection, since, until, application), "step": step})


@dataclass(frozen=True, slots=True)
class ChatUsage:
    """What a user (by hash) or a model had to do with conversations."""

    value: str
    total_queries: int
    answer_count: int
    input_tokens: int
    output_tokens: int
    error_count: int
    regeneration_count: int
    avg_response_ms: float | None
    p95_response_ms: float | None
    last_day: date


def chat_usage(
    dimension: str,
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    top_n: int = 20,
    application: str | None = None,
) -> Call[list[ChatUsage]]:
    """Conversations by user or by model, most used first."""
    return _rows(
        "chat_usage",
        ChatUsage,
        {"dimension": dimension, **_of_application(collection, since, until, application), "top_n::integer": top_n},
    )


@dataclass(frozen=True, slots=True)
class SearchUsage:
    """How much a user or an application searches."""

    value: str
    searches: float
    no_result_rate: float
    last_at: datetime


def search_usage(
    dimension: str,
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    top_n: int = 20,
    application: str | None = None,
) -> Call[list[SearchUsage]]:
    """Searches by user or by application, most first."""
    return _rows(
        "search_usage",
        SearchUsage,
        {"dimension": dimension, **_of_application(collection, since, until, application), "top_n::integer": top_n},
    )


@dataclass(frozen=True, slots=True)
class ApplicationUsage:
    """How much an application searches and chats; an empty name: none was named, or one that is rarely used."""

    application: str
    searches: float
    no_result_rate: float | None
    chat_queries: int
    share: float | None
    last_day: date


def application_usage(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None, top_n: int = 20
) -> Call[list[ApplicationUsage]]:
    """How much each application searches and chats, most used first."""
    return _rows(
        "application_usage", ApplicationUsage, {**_of_period(collection, since, until), "top_n::integer": top_n}
    )


@dataclass(frozen=True, slots=True)
class CollectionUsage:
    """How much a collection is used by searches and conversations."""

    collection: str
    searches: float
    chat_queries: int
    conversations: int
    total_tokens: int
    error_count: float
    share: float | None
    last_day: date | None


def collection_usage(
    since: datetime | None = None, until: datetime | None = None, application: str | None = None
) -> Call[list[CollectionUsage]]:
    """How much each collection is used, most used first."""
    return _rows(
        "collection_usage",
        CollectionUsage,
        {"since::timestamptz": since, "until::timestamptz": until, "application": application},
    )


@dataclass(frozen=True, slots=True)
class ScoreShare:
    """Answers whose passages had a score from `from_score` up to `to_score`."""

    from_score: float
    to_score: float
    answer_count: float
    share: float | None


def score_distribution(
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    application: str | None = None,
) -> Call[list[ScoreShare]]:
    """Answers by the score of the search that fed them."""
    return _rows("score_distribution", ScoreShare, _of_application(collection, since, until, application))


@dataclass(frozen=True, slots=True)
class SessionLength:
    """Conversations of so many turns."""

    turns: int
    conversations: float
    share: float | None


def session_lengths(
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    application: str | None = None,
) -> Call[list[SessionLength]]:
    """Conversations by their number of turns."""
    return _rows("session_lengths", SessionLength, _of_application(collection, since, until, application))


def analytics_summary(
    collection_name: str | None = None,
    *,
    date_from: date | None = None,
    date_to: date | None = None,
    application: str | None = None,
) -> Call[dict[str, Any]]:
    """The statistics of conversations over a period as one document."""
    return _value(
        "analytics_summary",
        dict,
        {
            "collection_name": collection_name,
            "date_from::date": date_from,
            "date_to::date": date_to,
            "application": application,
        },
    )


@dataclass(frozen=True, slots=True)
class TimelinePoint:
    """The conversations of a day or an hour; times are seconds."""

    starts_at: datetime
    total_queries: int
    unique_sessions: float | None
    unique_users: float | None
    avg_response_time: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    total_tokens: int
    error_count: int
    regeneration_count: int


def analytics_timeline(
    collection_name: str | None = None,
    *,
    period: str = "daily",
    days: int = 7,
    application: str | None = None,
) -> Call[list[TimelinePoint]]:
    """The statistics of conversations over the last days, one row a day or hour."""
    return _rows(
        "analytics_timeline",
        TimelinePoint,
        {"collection_name": collection_name, "period": period, "days::integer": days, "application": application},
    )


@dataclass(frozen=True, slots=True)
class FaqCandidate:
    """A question that several sessions asked, with the best answer it got."""

    question: str
    variants: list[str]
    sessions: float
    answer: str | None
    query_id: UUID | None
    helpful: int
    unhelpful: int
    last_asked_at: datetime


def faq_candidates(
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    min_sessions: int = 3,
    top_n: int = 20,
    application: str | None = None,
) -> Call[list[FaqCandidate]]:
    """Questions that several sessions asked, in one spelling or another."""
    return _rows(
        "faq_candidates",
        FaqCandidate,
        {
            **_of_application(collection, since, until, application),
            "min_sessions::integer": min_sessions,
            "top_n::integer": top_n,
        },
    )


@dataclass(frozen=True, slots=True)
class PromptSuggestion:
    """Something that went wrong again and again, with examples and what to do about it."""

    kind: str
    count: float
    share: float | None
    examples: list[str]
    suggestion: str


def prompt_suggestions(
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    top_n: int = 5,
    application: str | None = None,
) -> Call[list[PromptSuggestion]]:
    """What to change about prompts and pages, by what went wrong, most frequent first."""
    return _rows(
        "prompt_suggestions",
        PromptSuggestion,
        {**_of_application(collection, since, until, application), "top_n::integer": top_n},
    )


@dataclass(frozen=True, slots=True)
class Anomaly:
    """An hour that is unlike the same hours of the weeks before, `z` standard deviations away."""

    hour: datetime
    source: str
    measure: str
    value: float
    expected: float
    z: float


def anomalies(
    day: date | None = None, *, collection: str | None = None, threshold: float = 4, application: str | None = None
) -> Call[list[Anomaly]]:
    """Hours of a day that are unlike the same hours of the same weekday of the four weeks before."""
    return _rows(
        "anomalies",
        Anomaly,
        {"day::date": day, "collection": collection, "threshold::float8": threshold, "application": application},
    )


def report(
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    application: str | None = None,
) -> Call[dict[str, Any]]:
    """The statistics of searches and conversations over a period as one document."""
    return _value("report", dict, _of_application(collection, since, until, application))


@dataclass(frozen=True, slots=True)
class LogCheck:
    """Something that log_health looked at."""

    check_name: str
    status: str
    number: int | None
    detail: str


def log_health(days: int = 2) -> Call[list[LogCheck]]:
    """Whether the log of searches and conversations is whole."""
    return _rows("log_health", LogCheck, {"days::integer": days})


@dataclass(frozen=True, slots=True)
class ReformulatedQuery:
    """A query and the words in which the same user asked again; `clicked_rate` is of the first of them."""

    user_query: str
    reformulated_to: str
    times: float
    similarity: float | None
    clicked_rate: float | None


def reformulated_queries(
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    top_n: int = 20,
    application: str | None = None,
) -> Call[list[ReformulatedQuery]]:
    """Queries that were asked again in other words, with these words, most frequent pairs first."""
    return _rows(
        "reformulated_queries",
        ReformulatedQuery,
        {**_of_application(collection, since, until, application), "top_n::integer": top_n},
    )


def mark_answered(query: str, answered_by: str, answered: bool = True) -> Call[int]:
    """Write down that a query that failed was seen to, or take that back; returns how many failures it resolved."""
    return _value("mark_answered", int, {"query": query, "answered_by": answered_by, "answered::boolean": answered})


@dataclass(frozen=True, slots=True)
class AnsweredQuery:
    """A query that somebody has seen to; `failed_at`: the first search after it that failed, None: none yet."""

    query_normalized: str
    user_query: str
    answered_by: str
    answered_at: datetime
    failed_at: datetime | None


def list_answered(top_n: int = 100) -> Call[list[AnsweredQuery]]:
    """Queries that were seen to, first those that failed again."""
    return _rows("list_answered", AnsweredQuery, {"top_n::integer": top_n})


def query_history(
    query: str,
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    application: str | None = None,
) -> Call[dict[str, Any]]:
    """One query over a period: its days, what it showed and what was clicked, and what was typed next."""
    return _value("query_history", dict, {"query": query, **_of_application(collection, since, until, application)})


def logged_search(query_id: UUID | str) -> Call[dict[str, Any] | None]:
    """One search of the log as it was, with what became of it; None when it is not there."""
    return _value("logged_search", _object, {"query_id::uuid": _text(query_id)})


@dataclass(frozen=True, slots=True)
class PageAttention:
    """A page with what searches made of it: how often it was shown, and clicked, against what its ranks explain."""

    page_id: int
    collection_name: str
    external_id: str
    title: str
    query_count: float
    impressions: float
    clicks: float
    ctr: float | None
    expected_clicks: float | None
    coec: float | None
    updated_at: datetime


def page_attention(
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    show: str = "ignored",
    min_impressions: float = 10,
    top_n: int = 20,
) -> Call[list[PageAttention]]:
    """Pages that are shown and not clicked, clicked most, or never found."""
    return _rows(
        "page_attention",
        PageAttention,
        {
            **_of_period(collection, since, until),
            "show": show,
            "min_impressions::float8": min_impressions,
            "top_n::integer": top_n,
        },
    )


@dataclass(frozen=True, slots=True)
class PageQuery:
    """A query that found a page."""

    query_normalized: str
    user_query: str
    shown: float
    avg_rank: float
    clicked: float


def page_queries(
    page_id: int, since: datetime | None = None, until: datetime | None = None, top_n: int = 20
) -> Call[list[PageQuery]]:
    """The queries that found a page, most frequent first."""
    return _rows(
        "page_queries",
        PageQuery,
        {
            "page_id::bigint": page_id,
            "since::timestamptz": since,
            "until::timestamptz": until,
            "top_n::integer": top_n,
        },
    )


def keep_report(
    collection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    application: str | None = None,
) -> Call[int]:
    """Make a report and keep it; returns its id."""
    return _value("keep_report", int, _of_application(collection, since, until, application))


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A report that was kept, and how many unusual hours it tells of."""

    report_id: int
    collection: str
    date_from: date
    date_to: date
    created_at: datetime
    anomalies: int
    application: str | None


def list_reports(top_n: int = 50) -> Call[list[KeptReport]]:
    """The reports that were kept, the latest first."""
    return _rows("list_reports", KeptReport, {"top_n::integer": top_n})


def get_report(report_id: int) -> Call[dict[str, Any] | None]:
    """A report as it was kept; None when there is none."""
    return _value("get_report", _object, {"report_id::bigint": report_id})
