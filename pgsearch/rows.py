"""The rows that come back: one frozen dataclass for each shape of result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


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
    `query_id` names the search to log_feedback; `logged` says whether it is in the log.
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
    hits: list[Hit] = field(default_factory=list)

    @classmethod
    def from_json(cls, outcome: Mapping[str, Any]) -> SearchResult:
        """Build the result from the JSON object that the SQL function search gives."""
        return cls(**{**outcome, "hits": [Hit(**hit) for hit in outcome["hits"]]})


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
