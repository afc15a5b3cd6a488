"""The rows that come back: one frozen dataclass for each shape of result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

LOGGED_OF_A_HIT = ("chunk_id", "external_id", "score", "signals", "match_reason")


@dataclass(frozen=True, slots=True)
class ChunkScore:
    """A chunk found by one signal; `score` as the signal defines it, higher is better, `rank` from 1."""

    chunk_id: int
    page_id: int
    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class Bm25Score:
    """A chunk found by BM25; `approximate` when a better one may have been missed."""

    chunk_id: int
    page_id: int
    score: float
    rank: int
    approximate: bool


@dataclass(frozen=True, slots=True)
class NearChunk:
    """A chunk found by its embedding; `distance` as the model measures it, lower is better."""

    chunk_id: int
    page_id: int
    score: float
    distance: float
    rank: int


@dataclass(frozen=True, slots=True)
class PageScore:
    """A page found by the spelling of its title, `score` 0 .. 1."""

    page_id: int
    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class CandidatePage:
    """A page found by the text of its chunks; `rank` is the best text rank among them."""

    page_id: int
    external_id: str
    title: str
    rank: float
    hit_chunks: int


@dataclass(frozen=True, slots=True)
class ChunkRank:
    """Text rank of one chosen chunk."""

    chunk_id: int
    fts_rank: float


@dataclass(frozen=True, slots=True)
class ChunkSimilarity:
    """Similarity of one chosen chunk to the query's embedding."""

    chunk_id: int
    score: float


@dataclass(frozen=True, slots=True)
class ChunkContext:
    """A chunk's text with that of its neighbours."""

    chunk_id: int
    context: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One result of a search; see the SQL function search_hybrid for what each column means."""

    rank: int
    page_id: int
    chunk_id: int
    collection: str
    external_id: str
    title: str
    heading: str
    content: str
    context: str | None
    snippet: str
    score: float
    display_score: float
    match_reason: str
    signals: Mapping[str, Any]
    hit_chunks: int
    tags: list[str]
    source: str | None
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A whole search: its hits, and what happened on the way to them.

    `signals` are those that really ran, `confidence` (0 .. 1) is how sure the first hit is, judged before fusion,
    `notes` say what was left out and why, `timings` are milliseconds a stage, `candidates` how many each signal found.
    `query_id` names the search to log_feedback; `logged` says whether it is in the log. Of a search in mode code the
    hits are CodeHits, `query_type` is the type of the question and `weights` are those of its signals.
    """

    search_mode: str
    signals: list[str]
    fusion: str
    confidence: float
    approximate: bool
    notes: list[str]
    timings: Mapping[str, float]
    candidates: Mapping[str, int]
    query_id: str
    logged: bool
    hits: Sequence[Hit] = field(default_factory=list)
    query_type: str | None = None
    weights: Mapping[str, float] | None = None

    @classmethod
    def from_json(cls, outcome: Mapping[str, Any]) -> SearchResult:
        """Build the result from the JSON object that the SQL function search gives."""
        hits: list[Hit] = [
            CodeHit(**{"classified_as" if key == "query_type" else key: value for key, value in hit.items()})
            if "node_id" in hit
            else Hit(**hit)
            for hit in outcome["hits"]
        ]
        return cls(**{**outcome, "hits": hits})

    def to_log(self) -> dict[str, Any]:
        """What the SQL function log_result wants to know of this result: all but the texts of its hits."""
        told = {of.name: getattr(self, of.name) for of in fields(self) if getattr(self, of.name) is not None}
        return {**told, "hits": [{name: getattr(hit, name) for name in LOGGED_OF_A_HIT} for hit in self.hits]}


@dataclass(frozen=True, slots=True)
class StagePlan:
    """How one stage of a search ran: its index, rows and milliseconds."""

    stage: str
    node: str
    index_name: str | None
    expected_index: str
    uses_index: bool
    rows: int
    milliseconds: float
    plan: list[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """What a query asks for, as the SQL function parse_query reads it; tsqueries in their text form."""

    lexemes: list[str]
    weights: list[float]
    required: str | None
    excluded: str | None
    keywords: list[str]
    words: list[str]
    truncated: bool


@dataclass(frozen=True, slots=True)
class PutPage:
    """What became of one page that was put: inserted, updated, unchanged, or refused with a reason."""

    external_id: str | None
    page_id: int | None
    status: str
    reason: str | None
    chunks_inserted: int
    chunks_kept: int
    chunks_deleted: int


@dataclass(frozen=True, slots=True)
class MissingEmbedding:
    """A chunk that waits for its vector; give content_hash back with it."""

    page_id: int
    chunk_id: int
    content_hash: bytes
    content: str


@dataclass(frozen=True, slots=True)
class TextStatsAge:
    """How far a collection's statistics of words lag behind; `staleness` is the share of chunks that came or went."""

    collection: str
    refreshed_at: datetime | None
    chunks: int
    added: int
    removed: int
    staleness: float
    stale: bool


@dataclass(frozen=True, slots=True)
class TextStatsRefresh:
    """What a refresh of a collection's statistics found: `change` is none, added (chunks only) or all."""

    collection: str
    change: str
    chunks: int
    total_tokens: int
    lexemes_changed: int


@dataclass(frozen=True, slots=True)
class LogPartition:
    """A day of the log, with its size on disk; `expired` when it is older than the log is kept."""

    partition: str
    parent: str
    day: date
    bytes: int
    expired: bool


@dataclass(frozen=True, slots=True)
class RankingMetrics:
    """How good a ranking is at its cut-off; `judged_at_k` is the share of it that anybody judged."""

    ndcg: float
    average_precision: float
    reciprocal_rank: float
    precision_at_k: float
    recall_at_k: float
    judged_at_k: float | None


@dataclass(frozen=True, slots=True)
class ExperimentQuery:
    """A query of an offline experiment, and how many judgments there are for it."""

    query: str
    judgments: int


@dataclass(frozen=True, slots=True)
class EvaluatedVariant:
    """A query as one variant of an experiment answered it."""

    variant: str
    ndcg: float
    average_precision: float
    reciprocal_rank: float
    precision_at_k: float
    recall_at_k: float
    judged_at_k: float | None
    latency_ms: float


@dataclass(frozen=True, slots=True)
class AssignedVariant:
    """The variant of a user, and the options of its searches."""

    variant: str
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class InterleavedDocument:
    """A place in an interleaved list; `team` 1 or 2 is whose pick it is."""

    place: int
    id: str
    team: int


@dataclass(frozen=True, slots=True)
class InterleavedResult:
    """A search answered by two variants at once: `teams` says for each hit whose it is, 1 or 2 of `variants`."""

    result: SearchResult
    teams: list[int]
    variants: list[str]

    @classmethod
    def from_json(cls, outcome: Mapping[str, Any]) -> InterleavedResult:
        """Build it from the JSON object that the SQL function search_interleaved gives."""
        rest = {key: value for key, value in outcome.items() if key not in ("teams", "variants")}
        return cls(SearchResult.from_json(rest), outcome["teams"], outcome["variants"])


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """A measure of one variant; `difference` to the first with its 95 % interval, None for the first itself."""

    variant: str
    measure: str
    units: int
    value: float
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    judged: float | None


@dataclass(frozen=True, slots=True)
class EmbeddingStatus:
    """How far a model is with the chunks; `claimed`, `retrying` and `gave_up` are parts of `missing`."""

    chunks: int
    embedded: int
    missing: int
    claimed: int
    retrying: int
    gave_up: int
    workers: int


@dataclass(frozen=True, slots=True)
class EmbeddingWorker:
    """A worker that holds chunks to embed, and until when unless it renews its claims."""

    worker: str
    claimed: int
    leased_until: datetime


@dataclass(frozen=True, slots=True)
class FailedEmbedding:
    """A chunk that could not be embedded, and why; `gave_up` when no attempt is left."""

    page_id: int
    chunk_id: int
    attempts: int
    gave_up: bool
    failed_at: datetime | None
    worker: str | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class CodeHit(Hit):
    """A chunk of code, with the node that explains it (None: no node belongs to it) and the type of the question."""

    node_id: str | None
    node_type: str | None
    summary: str | None
    classified_as: str


@dataclass(frozen=True, slots=True)
class ClassifiedQuery:
    """The type of a question; `matched_rule` is the regular expression that said so, None for the type of the rest."""

    query_type: str
    weights: Mapping[str, Any]
    matched_rule: str | None
    priority: int


@dataclass(frozen=True, slots=True)
class PopularNode:
    """A node worth a better summary. `basis` is "searched", or "importance" where nothing was searched."""

    node_id: str
    node_type: str
    name: str
    summary: str
    summary_method: str
    query_count_7d: float
    avg_rank: float | None
    impressions: float
    clicks: float
    importance: float
    basis: str


@dataclass(frozen=True, slots=True)
class PutNodes:
    """What became of the semantic nodes that were put; see the SQL function put_nodes for what each number means."""

    inserted: int
    updated: int
    unchanged: int
    summaries_kept: int
    unlinked: int


@dataclass(frozen=True, slots=True)
class MissingNodeEmbedding:
    """A node whose summary waits for its vector; give all three back with it."""

    node_id: str
    node_type: str
    summary: str


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """An embedding model: what it is, how many vectors stand, who uses it, and its HNSW index (name None: none)."""

    model: str
    dimensions: int
    distance: str
    storage: str
    vectors: int
    default_of: list[str]
    index_name: str | None
    index_valid: bool | None
    index_bytes: int | None


@dataclass(frozen=True, slots=True)
class ModelCoverage:
    """How much of a collection a model has embedded; `coverage` is embedded / chunks, 0 .. 1."""

    collection: str
    chunks: int
    embedded: int
    stale: int
    coverage: float
    is_default: bool


@dataclass(frozen=True, slots=True)
class DroppedRows:
    """How many rows of a model one call deleted, and whether it is gone now."""

    deleted: int
    done: bool


@dataclass(frozen=True, slots=True)
class MeasuredRecall:
    """Recall@k (0 .. 1) with its 95 % interval, and medians in milliseconds; `collection` None is over everything."""

    collection: str | None
    way: str
    queries: int
    recall: float
    recall_low: float
    recall_high: float
    search_ms: float
    exact_ms: float


@dataclass(frozen=True, slots=True)
class Check:
    """One check of doctor: status ok, warn or fail, what was found, and what mends it (None: nothing to do)."""

    check_name: str
    status: str
    detail: str
    fix: str | None


@dataclass(frozen=True, slots=True)
class RolledUpDay:
    """A day (UTC) of the search log that was rolled up: its rows of searches and events, and the seconds it took."""

    day: date
    searches: int
    events: int
    seconds: float


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


@dataclass(frozen=True, slots=True)
class QueryStats:
    """The searches for one query; `click_through_rate` is None where no event was ever received."""

    query_normalized: str
    user_query: str
    query_count: float
    no_result_rate: float
    click_through_rate: float | None
    avg_confidence: float | None


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


@dataclass(frozen=True, slots=True)
class LatencyBucket:
    """Searches that took more than `from_ms` and at most `to_ms` milliseconds."""

    from_ms: float
    to_ms: float
    query_count: float


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


@dataclass(frozen=True, slots=True)
class QueryTypeProbability:
    """A kind of question, and how likely the query is of it."""

    query_type: str
    probability: float
