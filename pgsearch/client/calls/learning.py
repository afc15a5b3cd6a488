"""Calls about learning: judgments, training data, configurations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from pgsearch.client.calls.call import Call, Names, _json, _names, _none, _of_period, _rows, _value
from pgsearch.database.vectors import Vector, as_vector


@dataclass(frozen=True, slots=True)
class GoldenChunk:
    """A chunk that users chose (label positive) or passed over (negative); its texts are None when it is gone."""

    label: str
    chunk_id: str
    repo_id: str
    external_id: str | None
    title: str | None
    content: str | None
    impressions: float
    clicks: float
    ctr: float
    expected_clicks: float | None
    coec: float | None
    queries: list[str]


def build_golden_set(
    collection: str | None = None,
    min_impressions: float = 10,
    positive_limit: int = 100,
    negative_limit: int = 100,
) -> Call[list[GoldenChunk]]:
    """Chunks that users clicked most, and least, when they saw them."""
    return _rows(
        "build_golden_set",
        GoldenChunk,
        {
            "collection": collection,
            "min_impressions::float8": min_impressions,
            "positive_limit::integer": positive_limit,
            "negative_limit::integer": negative_limit,
        },
    )


@dataclass(frozen=True, slots=True)
class RankedExample:
    """A hit of a list for learning to rank: `label` 0 .. 2, `place` as shown from 1, numbers of its signals."""

    query_group: int
    query_id: UUID
    query: str
    object_id: str
    external_id: str | None
    place: int
    label: int
    weight: float
    features: Mapping[str, Any]


def export_ltr(
    collection: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Call[list[RankedExample]]:
    """Lists for learning to rank: what was seen, what was clicked, the signals as they were."""
    return _rows("export_ltr", RankedExample, _of_period(collection, since, until))


@dataclass(frozen=True, slots=True)
class LateInteractionExample:
    """A search with late interaction scores and what its user made of it."""

    log_id: str
    query: str
    max_sim_scores: Any
    result_chunk_ids: list[str]
    clicked_rank: int | None
    was_helpful: bool | None
    logged_at: datetime


def export_late_interaction(collection: str | None = None, max_rows: int = 1000) -> Call[list[LateInteractionExample]]:
    """Searches with late interaction scores whose user clicked or judged."""
    return _rows(
        "export_late_interaction",
        LateInteractionExample,
        {"collection": collection, "max_rows::integer": max_rows},
    )


@dataclass(frozen=True, slots=True)
class Judgment:
    """How good a page is for a query: `grade` from 0, `rating` the ratio that it comes from."""

    query_key: str
    query: str
    doc_id: str
    grade: int
    rating: float | None
    impressions: float | None
    clicks: float | None
    expected_clicks: float | None


def export_qrels(
    collection: str | None = None,
    click_model: str = "coec",
    min_impressions: float = 10,
    since: datetime | None = None,
    until: datetime | None = None,
    judgment_list: str | None = None,
) -> Call[list[Judgment]]:
    """Judgments of pages for queries, made from clicks or those of a judgment list."""
    return _rows(
        "export_qrels",
        Judgment,
        {
            "collection": collection,
            "click_model": click_model,
            "min_impressions::float8": min_impressions,
            "since::timestamptz": since,
            "until::timestamptz": until,
            "judgment_list": judgment_list,
        },
    )


def export_ubi(
    kind: str, collection: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Call[list[dict[str, Any]]]:
    """The log as queries or events of User Behavior Insights 1.3."""
    return _rows("export_ubi", dict, {"kind": kind, **_of_period(collection, since, until)})


def import_ubi(
    kind: str,
    records: Sequence[Mapping[str, Any]],
    collection: str = "",
    position_base: int = 1,
    copies: Sequence[int] | None = None,
) -> Call[dict[str, Any]]:
    """Store queries or events of User Behavior Insights; says how many, and which were refused."""
    return _value(
        "import_ubi",
        dict,
        {
            "kind": kind,
            "records": Jsonb([dict(record) for record in records]),
            "collection": collection,
            "position_base::integer": position_base,
            "copies::integer[]": None if copies is None else list(copies),
        },
    )


@dataclass(frozen=True, slots=True)
class CandidateSignals:
    """A candidate with its signals before fusion; see the SQL function candidate_signals for what each means."""

    chunk_id: int
    page_id: int
    external_id: str
    text_score: float | None
    vector_score: float | None
    centred_score: float | None
    title_score: float | None
    lexical_score: float | None
    tags: float
    article: float
    ordinal: float
    length: float
    coverage: float
    word_information: float | None
    confidence: float


def candidate_signals(
    query: str,
    embedding: Vector | None = None,
    *,
    collections: Names | None = None,
    options: Mapping[str, Any] | None = None,
) -> Call[list[CandidateSignals]]:
    """Every candidate of a search with its signals before fusion."""
    return _rows(
        "candidate_signals",
        CandidateSignals,
        {
            "query": query,
            "embedding": as_vector(embedding),
            "collections::text[]": _names(collections),
            "options": _json(options),
        },
    )


def judgments_from_clicks(
    list_name: str,
    collection: str,
    *,
    click_model: str = "coec",
    min_impressions: float = 10,
    max_rank: int = 10,
    since: datetime | None = None,
    until: datetime | None = None,
    actions: Sequence[str] | None = None,
) -> Call[int]:
    """Fill a judgment list from the search log; returns how many judgments it holds."""
    return _value(
        "judgments_from_clicks",
        int,
        {
            "list_name": list_name,
            "collection": collection,
            "click_model": click_model,
            "min_impressions::float8": min_impressions,
            "max_rank::integer": max_rank,
            "since::timestamptz": since,
            "until::timestamptz": until,
            "actions::text[]": None if actions is None else list(actions),
        },
    )


def put_configuration(
    configuration: str, collection: str, options: Mapping[str, Any], *, metrics: Mapping[str, Any] | None = None
) -> Call[None]:
    """Store options of a search under a name."""
    return _value(
        "put_configuration",
        _none,
        {
            "configuration": configuration,
            "collection": collection,
            "options": _json(options),
            "metrics": _json(metrics),
        },
    )


def activate_configuration(configuration: str, *, collection: str | None = None) -> Call[int]:
    """Searches of the collection (None: the one it was made for) use the configuration from now on."""
    return _value("activate_configuration", int, {"configuration": configuration, "collection": collection})


def roll_back_configuration(collection: str) -> Call[str]:
    """Undo the last activation in the collection; returns the name of the configuration."""
    return _value("roll_back_configuration", str, {"collection": collection})


@dataclass(frozen=True, slots=True)
class SearchConfiguration:
    """Options of a search under a name; `in_use` when it is the last one activated in a collection."""

    configuration: str
    collection: str
    in_use: bool
    options: Mapping[str, Any]
    metrics: Mapping[str, Any]
    created_at: datetime


def list_configurations() -> Call[list[SearchConfiguration]]:
    """The search configurations, the newest first."""
    return _rows("list_configurations", SearchConfiguration, {})


@dataclass(frozen=True, slots=True)
class Activation:
    """A configuration that was activated in a collection, and the settings that it replaced."""

    activation_id: int
    collection_name: str
    configuration: str
    previous_settings: Mapping[str, Any]
    activated_at: datetime
    rolled_back_at: datetime | None


def list_activations(collection: str | None = None) -> Call[list[Activation]]:
    """The activations of configurations, the last first."""
    return _rows("list_activations", Activation, {"collection": collection})
