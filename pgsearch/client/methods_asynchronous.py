"""The asynchronous methods of a client: one for each SQL function, written by `make docs` from the calls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from pgsearch.client.calls import candidates as _candidates
from pgsearch.client.calls import conversations as _conversations
from pgsearch.client.calls import embeddings as _embeddings
from pgsearch.client.calls import experiments as _experiments
from pgsearch.client.calls import fusion as _fusion
from pgsearch.client.calls import ground as _ground
from pgsearch.client.calls import learned as _learned
from pgsearch.client.calls import learning as _learning
from pgsearch.client.calls import log as _log
from pgsearch.client.calls import nodes as _nodes
from pgsearch.client.calls import operate as _operate
from pgsearch.client.calls import pages as _pages
from pgsearch.client.calls import search as _search
from pgsearch.client.calls import sources as _sources
from pgsearch.client.calls import statistics as _statistics
from pgsearch.client.calls import text as _text
from pgsearch.client.calls.call import Call, Fusion, Names, SearchMode, either
from pgsearch.client.calls.candidates import (
    Bm25Score,
    CandidatePage,
    ChunkRank,
    ChunkScore,
    ChunkSimilarity,
    NearChunk,
    PageScore,
)
from pgsearch.client.calls.conversations import (
    ArchiveDay,
    ArchivedConversation,
    ArchivedMessage,
    ArchiveErasure,
    KeptConversation,
    ListedConversation,
)
from pgsearch.client.calls.embeddings import (
    DroppedRows,
    EmbeddingModel,
    EmbeddingStatus,
    EmbeddingWorker,
    FailedEmbedding,
    MissingEmbedding,
    ModelCoverage,
    StalePage,
)
from pgsearch.client.calls.experiments import (
    AssignedVariant,
    ComparedQuery,
    EvaluatedVariant,
    Experiment,
    ExperimentQuery,
    ExperimentResult,
    InterleavedDocument,
    InterleavedResult,
    QuerySet,
    QuerySetEntry,
    RankingMetrics,
    RaterAgreement,
    Rating,
)
from pgsearch.client.calls.fusion import FusionCalibration, FusionProbe, RelevanceLevel
from pgsearch.client.calls.learned import ClassifiedQuery, QueryTypeProbability
from pgsearch.client.calls.learning import (
    Activation,
    CandidateSignals,
    GoldenChunk,
    Judgment,
    LateInteractionExample,
    RankedExample,
    SearchConfiguration,
)
from pgsearch.client.calls.log import LogPartition
from pgsearch.client.calls.nodes import MissingNodeEmbedding, PopularNode, PutNodes
from pgsearch.client.calls.operate import Check, IndexSize, MaintenanceStep, MeasuredRecall
from pgsearch.client.calls.pages import CopiedPage, PutPage, TextStatsAge, TextStatsRefresh
from pgsearch.client.calls.search import ChunkContext, Hit, SearchResult, StagePlan, Suggestion
from pgsearch.client.calls.sources import FollowedLoad, FollowedTable, FollowedWork, RefusedRow
from pgsearch.client.calls.statistics import (
    Anomaly,
    AnsweredQuery,
    ApplicationUsage,
    ChatStats,
    ChatUsage,
    CollectionUsage,
    FaqCandidate,
    KeptReport,
    LatencyBucket,
    LogCheck,
    NodeStats,
    PageAttention,
    PageQuery,
    PromptSuggestion,
    QueryStats,
    ReformulatedQuery,
    RolledUpDay,
    RolledUpMessages,
    ScoreShare,
    SearchStats,
    SearchUsage,
    SessionLength,
    SlowQuery,
    TimelinePoint,
    WeightEffect,
)
from pgsearch.client.calls.text import AnalysedLexeme, ParsedQuery
from pgsearch.database.vectors import Vector
from pgsearch.ingest.pages import Page

Result = TypeVar("Result")


class AsyncMethods(ABC):
    """A method for each SQL function that a client calls."""

    @abstractmethod
    async def run(self, call: Call[Result]) -> Result:
        """Run a call."""

    async def search_bm25(
        self,
        query: str,
        *,
        top_k: int = 100,
        collections: Names | None = None,
        filter: Mapping[str, Any] | None = None,
        operator: str = "or",
        exact: bool = True,
        top_n: int | None = None,
        collection: Names | None = None,
    ) -> list[Bm25Score]:
        """Chunks by BM25; `exact` false is faster and says that it is approximate.

        Arguments:
            query: websearch syntax, see parse_query
            top_k: 0 .. 10000
            collections: None: all
            filter: see _filter_page_ids
            operator: 'or' or 'and'
            exact: false: faster, with bounds that a chunk could exceed but hardly does
            top_n: top_k, under its other name
            collection: collections, under its other name
        """
        return await self.run(
            _candidates.search_bm25(
                query=query,
                top_n=either("top_k", top_k, 100, "top_n", top_n),
                collections=either("collections", collections, None, "collection", collection),
                filter=filter,
                operator=operator,
                exact=exact,
            )
        )

    async def search_fts(
        self,
        query: str,
        *,
        top_k: int = 100,
        collections: Names | None = None,
        filter: Mapping[str, Any] | None = None,
        operator: str = "or",
        top_n: int | None = None,
        collection: Names | None = None,
    ) -> list[ChunkScore]:
        """Chunks by PostgreSQL's ts_rank_cd.

        Arguments:
            query: websearch syntax, see parse_query
            top_k: how many at most
            collections: None: all
            filter: see _filter_page_ids
            operator: 'or' or 'and'
            top_n: top_k, under its other name
            collection: collections, under its other name
        """
        return await self.run(
            _candidates.search_fts(
                query=query,
                top_n=either("top_k", top_k, 100, "top_n", top_n),
                collections=either("collections", collections, None, "collection", collection),
                filter=filter,
                operator=operator,
            )
        )

    async def search_vector(
        self,
        embedding: Vector,
        *,
        top_k: int = 100,
        collections: Names | None = None,
        filter: Mapping[str, Any] | None = None,
        model: str = "",
        top_n: int | None = None,
        collection: Names | None = None,
    ) -> list[NearChunk]:
        """Chunks by the distance of their embeddings.

        Arguments:
            embedding: of the query, with the dimensions of the model
            top_k: how many at most
            collections: None: all
            filter: see _filter_page_ids
            model: empty: the default of the collections
            top_n: top_k, under its other name
            collection: collections, under its other name
        """
        return await self.run(
            _candidates.search_vector(
                embedding=embedding,
                top_n=either("top_k", top_k, 100, "top_n", top_n),
                collections=either("collections", collections, None, "collection", collection),
                filter=filter,
                model=model,
            )
        )

    async def search_lexical(
        self,
        query: str,
        *,
        top_k: int = 100,
        collections: Names | None = None,
        filter: Mapping[str, Any] | None = None,
        threshold: float = 0.3,
        top_n: int | None = None,
        collection: Names | None = None,
    ) -> list[PageScore]:
        """Pages by the spelling of their titles, typing errors forgiven.

        Arguments:
            query: the text that was typed
            top_k: how many at most
            collections: None: all
            filter: see _filter_page_ids
            threshold: 0 .. 1, least score
            top_n: top_k, under its other name
            collection: collections, under its other name
        """
        return await self.run(
            _candidates.search_lexical(
                query=query,
                top_n=either("top_k", top_k, 100, "top_n", top_n),
                collections=either("collections", collections, None, "collection", collection),
                filter=filter,
                threshold=threshold,
            )
        )

    async def candidate_pages(
        self,
        query: str,
        *,
        top_k: int = 8,
        chunk_oversample: int | None = None,
        collections: Names | None = None,
        filter: Mapping[str, Any] | None = None,
        operator: str = "or",
        page_limit: int | None = None,
        collection: Names | None = None,
    ) -> list[CandidatePage]:
        """Pages by the text of their chunks; `chunk_oversample` chunks are looked at (page_limit × 50 by default).

        Arguments:
            query: the text that was typed
            top_k: pages returned
            chunk_oversample: chunks looked at; None: page_limit × 50, up to × 200 finds more pages of few hits each
            collections: None: all
            filter: tags, any_tags, source, metadata, external_ids, page_ids
            operator: 'or' or 'and'
            page_limit: top_k, under its other name
            collection: collections, under its other name
        """
        return await self.run(
            _candidates.candidate_pages(
                query=query,
                page_limit=either("top_k", top_k, 8, "page_limit", page_limit),
                chunk_oversample=chunk_oversample,
                collections=either("collections", collections, None, "collection", collection),
                filter=filter,
                operator=operator,
            )
        )

    async def fts_rank_for_chunk_ids(
        self, query: str, chunk_ids: Sequence[int], *, operator: str = "or"
    ) -> list[ChunkRank]:
        """Rank chosen chunks by text; ids of any number, unknown ones are left out of the answer.

        Arguments:
            query: syntax as parse_query
            chunk_ids: their ids
            operator: 'and' asks for all words; 'or' for any
        """
        return await self.run(_candidates.fts_rank_for_chunk_ids(query=query, chunk_ids=chunk_ids, operator=operator))

    async def similarity_for_chunk_ids(
        self, embedding: Vector, page_ids: Sequence[int], chunk_ids: Sequence[int], *, model: str = ""
    ) -> list[ChunkSimilarity]:
        """Similarity of chosen chunks to the query's embedding; `page_ids` names the page of each chunk.

        Arguments:
            embedding: of the query
            page_ids: parallel: the page of each chunk
            chunk_ids: parallel: the page of each chunk
            model: empty: the default one
        """
        return await self.run(
            _candidates.similarity_for_chunk_ids(
                embedding=embedding, page_ids=page_ids, chunk_ids=chunk_ids, model=model
            )
        )

    async def filter_index_statement(self, key: str, *, concurrently: bool = True) -> str:
        """The CREATE INDEX statement for filters by range on a key of the metadata.

        Arguments:
            key: of the metadata, as it stands in filters; with dots a path
            concurrently: false: at once, while nobody writes
        """
        return await self.run(_candidates.filter_index_statement(key=key, concurrently=concurrently))

    async def log_message(self, entry: Mapping[str, Any]) -> dict[str, Any] | None:
        """Store one message of a conversation; returns the ids of both (None when entry says log=False).

        Arguments:
            entry: role (user, assistant, system or tool; required), content (the text), conversation_id (of any form,
                at most 255 characters; a new one without it), message_id (a UUIDv7, see uuid7; its time is the time of
                the message), ts (the time, when there is no id), external_id (of another system: with ts it makes the
                id, so that the same again is known), session_id, user_id (stored as hash_user(user_id)), collection,
                application, consent (whether the user lets texts be kept), parent_message_id, query_id (of the search
                that fed an answer), retrieved_docs (array of the passages, when there is no query_id), retrieval_query,
                retrieved_count, reranking_used, top_scores, retrieval_score (0 .. 1: how good the best passage is; else
                the best of top_scores where they are from 0 to 1, else the confidence of the search), reasoning_level,
                llm_model, temperature, max_tokens, top_p, input_tokens, output_tokens, response_time_ms,
                retrieval_time_ms, first_token_ms, error_type (when it failed), is_regeneration, metadata, log (false:
                nothing is stored, and None comes back). Also known are log_id, collection_name, message_type,
                message_content, created_at, and the objects llm_params, retrieval_info and performance, as the view
                chat_logs has them
        """
        return await self.run(_conversations.log_message(entry=entry))

    async def log_turn(
        self,
        question: str | None,
        answer: str | None = None,
        *,
        conversation_id: str | None = None,
        query_id: UUID | str | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Store a question and its answer; returns the ids of the conversation and of both messages.

        Arguments:
            question: None: the answer was made again, or came unasked
            answer: None with error_type in context: there is none
            conversation_id: at most 255 characters; None: a new conversation
            query_id: of the search that fed the answer, as search() gave it
            context: what log_message knows besides (user_id, session_id, collection, application and consent are of
                both messages, everything else of the answer: llm_model, response_time_ms, input_tokens, error_type,
                is_regeneration ...), question_id and answer_id (UUIDv7 each, so that a retry is known)
        """
        return await self.run(
            _conversations.log_turn(
                question=question, answer=answer, conversation_id=conversation_id, query_id=query_id, context=context
            )
        )

    async def get_conversation(
        self,
        conversation_id: str,
        *,
        user_id: str | None = None,
        session_id: str | None = None,
        reader: str | None = None,
    ) -> dict[str, Any] | None:
        """A conversation with its messages, for its owner or, on record, for a reader; None when it is not there.

        Arguments:
            conversation_id: its id
            user_id: whose it must be
            session_id: of which session it must be; where the session has the id of the conversation and a user is
                known, user_id has to be given as well
            reader: who reads that of somebody else, as people know them (at most 255 characters): it is written into
                conversation_reads. One of the three must be given
        """
        return await self.run(
            _conversations.get_conversation(
                conversation_id=conversation_id, user_id=user_id, session_id=session_id, reader=reader
            )
        )

    async def list_conversations(
        self,
        *,
        user_id: str | None = None,
        session_id: str | None = None,
        reader: str | None = None,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        query: str | None = None,
        sampling_reason: str | None = None,
        top_k: int = 20,
        after: str | None = None,
        application: str | None = None,
        unhappy: bool = False,
        model: str | None = None,
        top_n: int | None = None,
    ) -> list[ListedConversation]:
        """Conversations of a user or session, or, on record, of everybody; those with the latest message first.

        Arguments:
            user_id: of this user
            session_id: of this session
            reader: of everybody, read by so-called (at most 255 characters): it is written into conversation_reads. One
                of the three must be given
            collection: None: all
            since: times of the last message, from since up to but not including until; None: no bound
            until: times of the last message, from since up to but not including until; None: no bound
            query: words that a message must have, all of them, among its first 2,000 characters; quotes and minus as in
                a search (None or without words: any)
            sampling_reason: as should_save_conversation gives it; None: any
            top_k: 0 .. 1000 rows
            after: the conversation_id of the last row of the page before
            application: None: all
            unhappy: only those in which something went wrong: an error, an answer that was made once more, or passages
                that hardly fit (a score below 0.3)
            model: only those with an answer of this model (as it is logged; None: all), looked for among the 20,000
                latest of the others
            top_n: top_k, under its other name
        """
        return await self.run(
            _conversations.list_conversations(
                user_id=user_id,
                session_id=session_id,
                reader=reader,
                collection=collection,
                since=since,
                until=until,
                query=query,
                sampling_reason=sampling_reason,
                top_n=either("top_k", top_k, 20, "top_n", top_n),
                after=after,
                application=application,
                unhappy=unhappy,
                model=model,
            )
        )

    async def should_save_conversation(self, conversation_id: str) -> list[KeptConversation]:
        """Whether the texts of a conversation are kept, as it is now; no row for one that is not known.

        Arguments:
            conversation_id: its id
        """
        return await self.run(_conversations.should_save_conversation(conversation_id=conversation_id))

    async def finalize_conversations(
        self, conversation_id: str | None = None, *, idle: timedelta | None = None
    ) -> dict[str, int]:
        """End conversations that are silent, keep or remove their texts, and remove what has expired; returns how many.

        Arguments:
            conversation_id: None: all that are silent long enough, or finished as their application said; a given one
                ends now
            idle: 0 .. 10 years of silence; None: the setting idle_minutes, 30 at first
        """
        return await self.run(_conversations.finalize_conversations(conversation_id=conversation_id, idle=idle))

    async def summarize_conversation(
        self, conversation_id: str, *, summary: str | None = None, method: str | None = None
    ) -> str | None:
        """Store the summary of a conversation, by default one made of its questions; returns it.

        Arguments:
            conversation_id: its id
            summary: as a language model wrote it, 1 to 10000 characters (None: one is made here of the first and the
                last question and the figures)
            method: template or llm; None: by whether summary is given
        """
        return await self.run(
            _conversations.summarize_conversation(conversation_id=conversation_id, summary=summary, method=method)
        )

    async def set_consent(self, user_id: str, granted: bool) -> dict[str, int]:
        """Write down whether a user lets the texts of conversations be kept; a refusal removes those that are there.

        Arguments:
            user_id: as messages are logged with
            granted: whether the user does
        """
        return await self.run(_conversations.set_consent(user_id=user_id, granted=granted))

    async def set_chat_settings(
        self, settings: Mapping[str, Any] | None = None, *, collection: str | None = None
    ) -> dict[str, Any]:
        """Set which conversations are kept with their texts; returns the settings in force.

        Arguments:
            settings: object with any of sample_rate (0 .. 1, share of those without a reason to be kept; 1 at first),
                min_score (0 .. 1; 0.5), long_turns (1 .. 100000; 5), idle_minutes (1 .. 525600 of silence that end a
                conversation; 30). Others stay as they are
            collection: None: all that have no settings of their own
        """
        return await self.run(_conversations.set_chat_settings(settings=settings, collection=collection))

    async def list_archives(
        self, *, since: date | None = None, until: date | None = None, compress_after: timedelta | None = None
    ) -> list[ArchiveDay]:
        """The files of the archive, and the days that are not in it yet.

        Arguments:
            since: days from since up to but not including until (None: no bound); today is not over, and no day of it
            until: days from since up to but not including until (None: no bound); today is not over, and no day of it
            compress_after: 0 .. 100 years; None: as set_log_retention says
        """
        return await self.run(_conversations.list_archives(since=since, until=until, compress_after=compress_after))

    async def announce_archive(self, day: date, kind: str, path: str, sha256: str) -> None:
        """Say that a file of the archive is about to take its place.

        Arguments:
            day: messages or conversations
            kind: messages or conversations
            path: below the folder of the archive
            sha256: of its text before it is compressed, as 64 hexadecimal digits
        """
        return await self.run(_conversations.announce_archive(day=day, kind=kind, path=path, sha256=sha256))

    async def record_archive(
        self,
        day: date,
        kind: str,
        path: str,
        *,
        row_count: int,
        contents: int,
        bytes: int,
        sha256: str,
        compressed: bool = False,
    ) -> None:
        """Write down a file of the archive that was read back and agreed.

        Arguments:
            day: messages or conversations
            kind: messages or conversations
            path: below the folder of the archive
            row_count: lines, and how many messages in them have a text
            contents: lines, and how many messages in them have a text
            bytes: of its text before it is compressed
            sha256: of its text before it is compressed
            compressed: whether the file is gzipped
        """
        return await self.run(
            _conversations.record_archive(
                day=day,
                kind=kind,
                path=path,
                row_count=row_count,
                contents=contents,
                bytes=bytes,
                sha256=sha256,
                compressed=compressed,
            )
        )

    async def check_archive(self, day: date, kind: str, sha256: str | None) -> bool:
        """Say what the file of a day is now (None: not there); returns whether it agrees.

        Arguments:
            day: messages or conversations
            kind: messages or conversations
            sha256: of its text before it is compressed; None: it is not there, or cannot be read
        """
        return await self.run(_conversations.check_archive(day=day, kind=kind, sha256=sha256))

    async def drop_archive(self, day: date, kind: str) -> bool:
        """Forget the file of a day that has expired; False when it has not.

        Arguments:
            day: messages or conversations
            kind: messages or conversations
        """
        return await self.run(_conversations.drop_archive(day=day, kind=kind))

    async def archive_messages(
        self,
        since: datetime,
        until: datetime,
        *,
        after: UUID | None = None,
        top_k: int = 2000,
        max_bytes: int = 4000000,
        top_n: int | None = None,
    ) -> list[ArchivedMessage]:
        """A page of messages as lines of the archive, in the order of their ids.

        Arguments:
            since: messages from since up to but not including until
            until: messages from since up to but not including until
            after: None: from the first
            top_k: 1 .. 100000
            max_bytes: 1 .. 100000000
            top_n: top_k, under its other name
        """
        return await self.run(
            _conversations.archive_messages(
                since=since,
                until=until,
                after=after,
                top_n=either("top_k", top_k, 2000, "top_n", top_n),
                max_bytes=max_bytes,
            )
        )

    async def archive_conversations(
        self,
        since: datetime,
        until: datetime,
        *,
        after_ended: datetime | None = None,
        after_id: str | None = None,
        top_k: int = 200,
        top_n: int | None = None,
    ) -> list[ArchivedConversation]:
        """A page of conversations as lines of the archive, in the order in which they ended.

        Arguments:
            since: those that ended from since up to but not including until
            until: those that ended from since up to but not including until
            after_ended: None: from the first
            after_id: None: from the first
            top_k: 1 .. 10000
            top_n: top_k, under its other name
        """
        return await self.run(
            _conversations.archive_conversations(
                since=since,
                until=until,
                after_ended=after_ended,
                after_id=after_id,
                top_n=either("top_k", top_k, 200, "top_n", top_n),
            )
        )

    async def list_archive_erasures(self) -> list[ArchiveErasure]:
        """Who is to be erased from the files of the archive."""
        return await self.run(_conversations.list_archive_erasures())

    async def finish_archive_erasure(self, user_hash: str, requested_at: datetime) -> bool:
        """Say that a user was erased from every file of the archive.

        Arguments:
            user_hash: as list_archive_erasures has them
            requested_at: as list_archive_erasures has them
        """
        return await self.run(_conversations.finish_archive_erasure(user_hash=user_hash, requested_at=requested_at))

    async def import_chat(self, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Store messages of another chat log or of an archive; says how many were stored, and which were refused.

        Arguments:
            entries: array of objects with the keys of log_message, also under the names of chat_logs (message_type,
                message_content, ...), each with its time, and user_hash, which is stored as it is. Without
                conversation_id those of one session_id are one conversation; without an id (log_id, external_id,
                message_id) a message is known by its time, role and text
        """
        return await self.run(_conversations.import_chat(entries=entries))

    async def register_model(
        self, model: str, dimensions: int, *, distance: str = "cosine", storage: str = "vector"
    ) -> int:
        """Make an embedding model known; returns its id.

        Arguments:
            model: full name
            dimensions: length of its vectors
            distance: cosine, inner_product, l2
            storage: vector up to 2,000 dimensions, halfvec up to 4,000, bit up to 16,000
        """
        return await self.run(
            _embeddings.register_model(model=model, dimensions=dimensions, distance=distance, storage=storage)
        )

    async def set_default_model(self, collection: str, model: str | None, *, least_coverage: float = 0) -> None:
        """Choose the embedding model that searches of the collection use; None for none.

        Refused when fewer than `least_coverage` (0 .. 1) of its chunks have a current vector of the model.

        Arguments:
            collection: its name; None, where that is the default: all
            model: its name
            least_coverage: 0 .. 1: refuse unless at least this share of the chunks has a current vector of the model; 1
                for a switch that loses nothing
        """
        return await self.run(
            _embeddings.set_default_model(collection=collection, model=model, least_coverage=least_coverage)
        )

    async def refresh_embedding_centres(self, collection: str | None = None) -> int:
        """Compute anew what the embeddings of a collection have in common; returns how many centres were written.

        Arguments:
            collection: its name; None, where that is the default: all
        """
        return await self.run(_embeddings.refresh_embedding_centres(collection=collection))

    async def vector_index_statement(self, model: str, *, concurrently: bool = True) -> str:
        """The CREATE INDEX statement of the model's HNSW index.

        Arguments:
            model: its name
            concurrently: build it while others read and write; such a statement runs outside of transactions only
        """
        return await self.run(_embeddings.vector_index_statement(model=model, concurrently=concurrently))

    async def list_missing_embeddings(
        self, model: str, *, collection: str | None = None, after_chunk_id: int = 0, batch_size: int = 256
    ) -> list[MissingEmbedding]:
        """Chunks that the model has not embedded, or that changed since, in order of chunk_id.

        Arguments:
            model: its name
            collection: its name; None, where that is the default: all
            after_chunk_id: only chunks with a greater id
            batch_size: how many at most
        """
        return await self.run(
            _embeddings.list_missing_embeddings(
                model=model, collection=collection, after_chunk_id=after_chunk_id, batch_size=batch_size
            )
        )

    async def list_stale_pages(
        self, model: str, *, collection: str | None = None, top_k: int = 100, top_n: int | None = None
    ) -> list[StalePage]:
        """Pages that a search by meaning does not find, or finds by what they said before.

        Arguments:
            model: its name
            collection: None: all
            top_k: 0 .. 10000 rows
            top_n: top_k, under its other name
        """
        return await self.run(
            _embeddings.list_stale_pages(
                model=model, collection=collection, top_n=either("top_k", top_k, 100, "top_n", top_n)
            )
        )

    async def put_embeddings(
        self, model: str, chunk_ids: Sequence[int], content_hashes: Sequence[bytes], embeddings: Sequence[Vector]
    ) -> int:
        """Store one embedding a chunk; returns how many were stored.

        Arguments:
            model: its name
            chunk_ids: parallel to the two that follow
            content_hashes: as list_missing_embeddings gave them
            embeddings: as text, '[0.1,0.2]'
        """
        return await self.run(
            _embeddings.put_embeddings(
                model=model, chunk_ids=chunk_ids, content_hashes=content_hashes, embeddings=embeddings
            )
        )

    async def claim_embeddings(
        self,
        model: str,
        *,
        collection: str | None = None,
        batch_size: int = 256,
        lease_seconds: int = 600,
        worker: str = "",
        after_chunk_id: int | None = None,
        failed_before: datetime | None = None,
        alone: bool = False,
    ) -> list[MissingEmbedding]:
        """Chunks to embed that nobody else gets for `lease_seconds`; see the SQL function for how a walk goes on.

        Arguments:
            model: its name
            collection: its name; None, where that is the default: all
            batch_size: how many at most
            lease_seconds: after how long others may claim what was not stored
            worker: name of the worker
            after_chunk_id: only chunks with a larger id, in the order of ids: begin with 0 and go on with the last one
                claimed, so that each is handed out once in a walk; None: any that are due, found among the pages put
                lately (every chunk is compared once an hour)
            failed_before: failed chunks are handed out again when they failed before this time; None: a minute after
                the first failure, two after the second, and so on. After five attempts a chunk is given up
            alone: nothing while anybody else holds a lease of the model
        """
        return await self.run(
            _embeddings.claim_embeddings(
                model=model,
                collection=collection,
                batch_size=batch_size,
                lease_seconds=lease_seconds,
                worker=worker,
                after_chunk_id=after_chunk_id,
                failed_before=failed_before,
                alone=alone,
            )
        )

    async def fail_embeddings(self, model: str, chunk_ids: Sequence[int], errors: Sequence[str | None]) -> int:
        """End the claims of chunks that were not embedded; an error that is None gives the chunk back uncounted.

        Arguments:
            model: its name
            chunk_ids: their ids
            errors: why each failed; None gives the chunk back and counts nothing
        """
        return await self.run(_embeddings.fail_embeddings(model=model, chunk_ids=chunk_ids, errors=errors))

    async def retry_failed_embeddings(self, model: str, *, collection: str | None = None) -> int:
        """Let failed and given-up chunks be claimed at once, with no attempts counted; returns how many.

        Arguments:
            model: its name
            collection: its name; None, where that is the default: all
        """
        return await self.run(_embeddings.retry_failed_embeddings(model=model, collection=collection))

    async def renew_embedding_claims(self, model: str, worker: str, *, lease_seconds: int = 600) -> int:
        """Prolong what a worker has claimed and not stored, as long as it lives; returns how many chunks.

        Arguments:
            model: its name
            worker: name of the worker
            lease_seconds: after how long others may claim what was not stored
        """
        return await self.run(
            _embeddings.renew_embedding_claims(model=model, worker=worker, lease_seconds=lease_seconds)
        )

    async def release_embedding_claims(self, model: str, workers: Names, *, lost: bool = False) -> int:
        """End all claims of workers; `lost` when they died over the chunks, so that the attempt counts.

        Arguments:
            model: its name
            workers: name of the worker, or several
            lost: the workers died over them, so the attempt counts
        """
        return await self.run(_embeddings.release_embedding_claims(model=model, workers=workers, lost=lost))

    async def list_embedding_workers(self, model: str, *, collection: str | None = None) -> list[EmbeddingWorker]:
        """Who holds chunks of the model just now, how many, and until when.

        Arguments:
            model: its name
            collection: its name; None, where that is the default: all
        """
        return await self.run(_embeddings.list_embedding_workers(model=model, collection=collection))

    async def embedding_status(self, model: str, *, collection: str | None = None) -> list[EmbeddingStatus]:
        """How many chunks are embedded, missing, claimed, to be tried again, given up: one row.

        Arguments:
            model: its name
            collection: its name; None, where that is the default: all
        """
        return await self.run(_embeddings.embedding_status(model=model, collection=collection))

    async def list_failed_embeddings(
        self, model: str, *, collection: str | None = None, batch_size: int = 100
    ) -> list[FailedEmbedding]:
        """Chunks whose last attempt failed, those given up first, with the error.

        Arguments:
            model: its name
            collection: its name; None, where that is the default: all
            batch_size: how many at most
        """
        return await self.run(
            _embeddings.list_failed_embeddings(model=model, collection=collection, batch_size=batch_size)
        )

    async def cached_query_embedding(self, model: str, query: str) -> list[float] | None:
        """The embedding of a query that was kept for this model; None when there is none.

        Arguments:
            model: its name
            query: the text that was typed
        """
        return await self.run(_embeddings.cached_query_embedding(model=model, query=query))

    async def put_query_embedding(self, model: str, query: str, embedding: Vector, *, most_kept: int = 10000) -> bool:
        """Keep the embedding of a query, and drop the least recently used when there are too many.

        Arguments:
            model: its name
            query: the text that was typed
            embedding: of the query, by the model
            most_kept: how many queries are kept for the model
        """
        return await self.run(
            _embeddings.put_query_embedding(model=model, query=query, embedding=embedding, most_kept=most_kept)
        )

    async def list_models(self) -> list[EmbeddingModel]:
        """The embedding models, what they hold, and the state of their indexes."""
        return await self.run(_embeddings.list_models())

    async def model_coverage(self, model: str) -> list[ModelCoverage]:
        """How much of each collection the model has embedded.

        Arguments:
            model: its name
        """
        return await self.run(_embeddings.model_coverage(model=model))

    async def drop_model(self, model: str, *, batch_size: int | None = None) -> list[DroppedRows]:
        """Delete a model with its vectors; at most `batch_size` rows a call (None: all), so call again until done.

        Arguments:
            model: its name
            batch_size: most rows deleted by this call, None: all of them; 0 only looks whether the model may go
        """
        return await self.run(_embeddings.drop_model(model=model, batch_size=batch_size))

    async def default_model(self, collections: Names | None = None, *, collection: Names | None = None) -> str | None:
        """The embedding model that searches of the collections use, None without one; UnknownModelError when several.

        Arguments:
            collections: None: all
            collection: collections, under its other name
        """
        return await self.run(
            _embeddings.default_model(collections=either("collections", collections, None, "collection", collection))
        )

    async def ranking_metrics(
        self, doc_ids: Sequence[str], judged_ids: Sequence[str], ratings: Sequence[float], *, k: int = 10
    ) -> RankingMetrics | None:
        """Measures of one ranking held against judgments; None when nothing relevant was judged.

        Arguments:
            doc_ids: the ranking, best first; a document that comes again counts once
            judged_ids: parallel: what was judged; above 0 is relevant
            ratings: parallel: what was judged; above 0 is relevant
            k: 1 .. 10000
        """
        return await self.run(
            _experiments.ranking_metrics(doc_ids=doc_ids, judged_ids=judged_ids, ratings=ratings, k=k)
        )

    async def create_query_set(
        self,
        query_set: str,
        *,
        sampling: str = "pptss",
        size: int = 200,
        collection: str = "",
        since: datetime | None = None,
        seed: int = 0,
    ) -> int:
        """Draw queries from the log: random, pptss, topn, failures; or manual, an empty set. Returns how many there
        are.

        Arguments:
            query_set: its name
            sampling: random: each query that was asked alike; pptss: likelier the more often it was asked; topn: the
                most frequent; failures: the most frequent of unresolved search_failures; manual: none, see add_queries
            size: 1 .. 100000 queries at most
            collection: empty: all
            since: None: the whole log
            seed: another one draws others
        """
        return await self.run(
            _experiments.create_query_set(
                query_set=query_set, sampling=sampling, size=size, collection=collection, since=since, seed=seed
            )
        )

    async def add_queries(self, query_set: str, queries: Sequence[str]) -> int:
        """Add chosen queries to a set; returns how many were new to it.

        Arguments:
            query_set: its name
            queries: texts of at most 2000 bytes; empty ones are passed over
        """
        return await self.run(_experiments.add_queries(query_set=query_set, queries=queries))

    async def put_judgments(
        self,
        judgment_list: str,
        judgments: Sequence[Mapping[str, Any]],
        *,
        judgment_type: str = "manual",
        collection: str = "",
    ) -> int:
        """Store judgments {"query", "doc_id", "rating"}, which replace earlier ones of the list; returns how many.

        Arguments:
            judgment_list: its name
            judgments: array of {"query", "doc_id": external_id of a page, "rating": above 0 for relevant, "judge",
                "explanation"}
            judgment_type: manual, imported, llm
            collection: that they are about; empty: any
        """
        return await self.run(
            _experiments.put_judgments(
                judgment_list=judgment_list, judgments=judgments, judgment_type=judgment_type, collection=collection
            )
        )

    async def put_rating(
        self,
        judgment_list: str,
        query: str,
        doc_id: str,
        judge: str,
        *,
        rating: float | None = None,
        collection: str = "",
    ) -> float | None:
        """Store what one rater thinks of a page, or take it back (None); returns the mean of all raters.

        Arguments:
            judgment_list: its name; made when it is new
            query: the text that was typed
            doc_id: external_id of the page
            judge: who rates
            rating: 0 not relevant .. 3 exactly this; None: take back what this rater said
            collection: that a new list is about; empty: any
        """
        return await self.run(
            _experiments.put_rating(
                judgment_list=judgment_list,
                query=query,
                doc_id=doc_id,
                judge=judge,
                rating=rating,
                collection=collection,
            )
        )

    async def list_ratings(self, judgment_list: str, *, judge: str | None = None) -> list[Rating]:
        """What raters said of pages, the last first.

        Arguments:
            judgment_list: its name
            judge: whose; None: of all raters
        """
        return await self.run(_experiments.list_ratings(judgment_list=judgment_list, judge=judge))

    async def rater_agreement(self, judgment_list: str) -> list[RaterAgreement]:
        """How far the raters of a judgment list agree; one row.

        Arguments:
            judgment_list: its name
        """
        return await self.run(_experiments.rater_agreement(judgment_list=judgment_list))

    async def create_experiment(
        self,
        experiment: str,
        experiment_type: str,
        variants: Sequence[Mapping[str, Any]],
        *,
        collection: str = "",
        query_set: str | None = None,
        judgment_list: str | None = None,
    ) -> None:
        """Set up an experiment: offline, ab_test or interleaving; the first variant is the control.

        Arguments:
            experiment: its name
            experiment_type: offline: variants are measured on judged queries, see evaluate_query; ab_test: each user
                gets one, see assign_variant; interleaving: the results of two are mixed, see search_interleaved
            variants: array of {"name", "options": of a search, "configuration": name of a search configuration,
                "share": of the users}; the first is the control; options are written down as they are now
            collection: empty: all
            query_set: offline: the queries; None: all of the list
            judgment_list: offline
        """
        return await self.run(
            _experiments.create_experiment(
                experiment=experiment,
                experiment_type=experiment_type,
                variants=variants,
                collection=collection,
                query_set=query_set,
                judgment_list=judgment_list,
            )
        )

    async def list_experiment_queries(self, experiment: str) -> list[ExperimentQuery]:
        """The judged queries of an offline experiment.

        Arguments:
            experiment: its name
        """
        return await self.run(_experiments.list_experiment_queries(experiment=experiment))

    async def evaluate_query(
        self, experiment: str, query: str, embedding: Vector | None = None, *, k: int = 10
    ) -> list[EvaluatedVariant]:
        """Search a judged query with every variant of an offline experiment, and measure what is found.

        Arguments:
            experiment: its name
            query: spelled as in the judgment list
            embedding: of the query; None: without the vector signal
            k: cut-off, 1 .. 1000
        """
        return await self.run(_experiments.evaluate_query(experiment=experiment, query=query, embedding=embedding, k=k))

    async def assign_variant(self, experiment: str, unit: str) -> AssignedVariant:
        """The variant of an ab_test for a user, always the same, with the options to search with.

        Arguments:
            experiment: its name
            unit: what stays the same for one user: an id
        """
        return await self.run(_experiments.assign_variant(experiment=experiment, unit=unit))

    async def interleave(
        self, first_ids: Sequence[str], second_ids: Sequence[str], *, seed: int = 0
    ) -> list[InterleavedDocument]:
        """Two rankings as one list, in which each click is a vote (team draft).

        Arguments:
            first_ids: best first
            second_ids: best first
            seed: decides the coin: another for each search
        """
        return await self.run(_experiments.interleave(first_ids=first_ids, second_ids=second_ids, seed=seed))

    async def search_interleaved(
        self,
        experiment: str,
        query: str,
        embedding: Vector | None = None,
        *,
        top_k: int = 8,
        filter: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> InterleavedResult:
        """One search of an interleaving experiment: the hits of both variants in one list, logged with their teams.

        Arguments:
            experiment: its name
            query: the text that was typed
            embedding: None: without the vector signal
            top_k: 0 .. 1000
            filter: tags, any_tags, source, metadata, external_ids, page_ids
            context: see search
        """
        return await self.run(
            _experiments.search_interleaved(
                experiment=experiment, query=query, embedding=embedding, top_k=top_k, filter=filter, context=context
            )
        )

    async def experiment_results(self, experiment: str) -> list[ExperimentResult]:
        """What an experiment says so far, each variant against the first, with interval and p-value.

        Arguments:
            experiment: its name
        """
        return await self.run(_experiments.experiment_results(experiment=experiment))

    async def compare_queries(self, experiment: str, *, measure: str = "ndcg") -> list[ComparedQuery]:
        """The queries that an offline experiment measured, those that differ most first.

        Arguments:
            experiment: its name
            measure: ndcg, average_precision, reciprocal_rank, precision_at_k, recall_at_k
        """
        return await self.run(_experiments.compare_queries(experiment=experiment, measure=measure))

    async def finish_experiment(self, experiment: str) -> list[dict[str, Any]]:
        """End an experiment and keep its results.

        Arguments:
            experiment: its name
        """
        return await self.run(_experiments.finish_experiment(experiment=experiment))

    async def list_query_sets(self) -> list[QuerySet]:
        """The query sets, by name."""
        return await self.run(_experiments.list_query_sets())

    async def list_queries(self, query_set: str) -> list[QuerySetEntry]:
        """The queries of a query set, in the order in which they were drawn or added.

        Arguments:
            query_set: its name
        """
        return await self.run(_experiments.list_queries(query_set=query_set))

    async def list_experiments(self) -> list[Experiment]:
        """The experiments, in the order in which they began."""
        return await self.run(_experiments.list_experiments())

    async def draw_fusion_probes(self, collection: str, model: str) -> int:
        """Choose the chunks by which a calibration of the fusion asks; returns how many wait to be judged.

        Arguments:
            collection: its name; None, where that is the default: all
            model: its name
        """
        return await self.run(_fusion.draw_fusion_probes(collection=collection, model=model))

    async def list_fusion_probes(self, collection: str, model: str, *, batch_size: int = 32) -> list[FusionProbe]:
        """What was chosen and nobody has judged yet.

        Arguments:
            collection: its name; None, where that is the default: all
            model: its name
            batch_size: 1 .. 10000: how many
        """
        return await self.run(_fusion.list_fusion_probes(collection=collection, model=model, batch_size=batch_size))

    async def put_fusion_probes(
        self,
        collection: str,
        model: str,
        kinds: Sequence[str],
        chunk_ids: Sequence[int],
        *,
        held_out_embeddings: Sequence[Vector | None] | None = None,
        rest_embeddings: Sequence[Vector | None] | None = None,
        vector_ranks: Sequence[int | None] | None = None,
    ) -> int:
        """Judge what was listed, by its two embeddings each, or by where a fitted model found it; returns how many.

        Arguments:
            collection: its name; None, where that is the default: all
            model: its name
            kinds: parallel, as list_fusion_probes gave them
            chunk_ids: parallel, as list_fusion_probes gave them
            held_out_embeddings: parallel to them, in the text form of vectors; None for a text that cannot be embedded:
                it is asked for no more
            rest_embeddings: parallel to them, in the text form of vectors; None for a text that cannot be embedded: it
                is asked for no more
            vector_ranks: in place of the embeddings, for a model that was fitted on the collection and has to be judged
                by a fit that has not seen what was held out: 1 for the first, 0 for what is not among the first hundred
        """
        return await self.run(
            _fusion.put_fusion_probes(
                collection=collection,
                model=model,
                kinds=kinds,
                chunk_ids=chunk_ids,
                held_out_embeddings=held_out_embeddings,
                rest_embeddings=rest_embeddings,
                vector_ranks=vector_ranks,
            )
        )

    async def calibrate_fusion(self, collection: str, model: str) -> float:
        """Have searches trust words beside the model as far as what was judged says; returns the shift.

        pgsearch.embedding.calibrate_fusion draws, embeds and judges before it calls this.

        Arguments:
            collection: its name; None, where that is the default: all
            model: its name
        """
        return await self.run(_fusion.calibrate_fusion(collection=collection, model=model))

    async def list_fusion_calibrations(
        self, *, collection: str | None = None, model: str | None = None
    ) -> list[FusionCalibration]:
        """What the calibrations found, a row for each collection and model with embeddings.

        Arguments:
            collection: None: all
            model: None: all
        """
        return await self.run(_fusion.list_fusion_calibrations(collection=collection, model=model))

    async def calibrate_relevance(
        self, collection: str | None = None, *, changed_only: bool = False
    ) -> list[RelevanceLevel]:
        """Measure what scores are worth in a collection, for relevance and confidence, from the collection itself.

        Arguments:
            collection: None: all
            changed_only: true: only where a tenth of the texts came or went since
        """
        return await self.run(_fusion.calibrate_relevance(collection=collection, changed_only=changed_only))

    async def default_settings(self) -> dict[str, Any]:
        """Every option with its default."""
        return await self.run(_ground.default_settings())

    async def classify_query(self, query: str) -> list[ClassifiedQuery]:
        """What kind of question it is, with the weights of its signals and the rule that said so.

        Arguments:
            query: the text that was typed
        """
        return await self.run(_learned.classify_query(query=query))

    async def put_learned_model(
        self,
        model: str,
        kind: str,
        collection: str,
        content: Mapping[str, Any],
        features: Sequence[str],
        *,
        metrics: Mapping[str, Any] | None = None,
    ) -> None:
        """Store a learned reranker or query classifier.

        Arguments:
            model: its name
            kind: reranker or query_classifier
            collection: empty or None: any
            content: JSON, see _learned_scores and predict_query_type
            features: their names, in order
            metrics: what was measured
        """
        return await self.run(
            _learned.put_learned_model(
                model=model, kind=kind, collection=collection, content=content, features=features, metrics=metrics
            )
        )

    async def predict_query_type(self, query: str, *, model: str | None = None) -> list[QueryTypeProbability]:
        """Kinds of question, the likeliest first, by a learned classifier; empty when none is active.

        Arguments:
            query: the text that was typed
            model: a learned model; None: the active one
        """
        return await self.run(_learned.predict_query_type(query=query, model=model))

    async def activate_query_classifier(self, model: str | None) -> str | None:
        """Choose the classifier of predict_query_type, None for none; returns the one before.

        Arguments:
            model: its name
        """
        return await self.run(_learned.activate_query_classifier(model=model))

    async def build_golden_set(
        self,
        collection: str | None = None,
        min_impressions: float = 10,
        positive_limit: int = 100,
        negative_limit: int = 100,
    ) -> list[GoldenChunk]:
        """Chunks that users clicked most, and least, when they saw them.

        Arguments:
            collection: None: all
            min_impressions: 1 or more; chunks seen less often are left out
            positive_limit: chunks with the highest click-through rate, and at least one click
            negative_limit: chunks with the lowest; 0 .. 1000000
        """
        return await self.run(
            _learning.build_golden_set(
                collection=collection,
                min_impressions=min_impressions,
                positive_limit=positive_limit,
                negative_limit=negative_limit,
            )
        )

    async def export_ltr(
        self, collection: str | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> list[RankedExample]:
        """Lists for learning to rank: what was seen, what was clicked, the signals as they were.

        Arguments:
            collection: None: all
            since: searches from since up to but not including until; None: no bound
            until: searches from since up to but not including until; None: no bound
        """
        return await self.run(_learning.export_ltr(collection=collection, since=since, until=until))

    async def export_late_interaction(
        self, collection: str | None = None, max_rows: int = 1000
    ) -> list[LateInteractionExample]:
        """Searches with late interaction scores whose user clicked or judged.

        Arguments:
            collection: None: all
            max_rows: 0 .. 100000000, 1000
        """
        return await self.run(_learning.export_late_interaction(collection=collection, max_rows=max_rows))

    async def export_qrels(
        self,
        collection: str | None = None,
        click_model: str = "coec",
        min_impressions: float = 10,
        since: datetime | None = None,
        until: datetime | None = None,
        judgment_list: str | None = None,
    ) -> list[Judgment]:
        """Judgments of pages for queries, made from clicks or those of a judgment list.

        Arguments:
            collection: None: all
            click_model: coec: clicks / expected clicks at the ranks where the page was really shown; ctr: clicks /
                impressions
            min_impressions: pairs seen less often for the query are left out
            since: searches from since up to but not including until; None: no bound
            until: searches from since up to but not including until; None: no bound
            judgment_list: name: its judgments as they are, rounded to grades, and nothing from clicks
        """
        return await self.run(
            _learning.export_qrels(
                collection=collection,
                click_model=click_model,
                min_impressions=min_impressions,
                since=since,
                until=until,
                judgment_list=judgment_list,
            )
        )

    async def export_ubi(
        self, kind: str, collection: str | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> list[dict[str, Any]]:
        """The log as queries or events of User Behavior Insights 1.3.

        Arguments:
            kind: queries, events
            collection: None: all; of events those about its searches
            since: from since up to but not including until; None: no bound
            until: from since up to but not including until; None: no bound
        """
        return await self.run(_learning.export_ubi(kind=kind, collection=collection, since=since, until=until))

    async def import_ubi(
        self,
        kind: str,
        records: Sequence[Mapping[str, Any]],
        collection: str = "",
        position_base: int = 1,
        copies: Sequence[int] | None = None,
    ) -> dict[str, Any]:
        """Store queries or events of User Behavior Insights; says how many, and which were refused.

        Arguments:
            kind: queries, events; queries first, so that events find their search
            records: JSON array
            collection: that was searched; empty: all or several
            position_base: 0 or 1: the ordinal that the sender gives the first hit; stored from 1
            copies: for each record how many equal ones came before it in the file; None: none, so equal records of the
                array are stored once
        """
        return await self.run(
            _learning.import_ubi(
                kind=kind, records=records, collection=collection, position_base=position_base, copies=copies
            )
        )

    async def candidate_signals(
        self,
        query: str,
        embedding: Vector | None = None,
        *,
        collections: Names | None = None,
        options: Mapping[str, Any] | None = None,
        collection: Names | None = None,
    ) -> list[CandidateSignals]:
        """Every candidate of a search with its signals before fusion.

        Arguments:
            query: words, "phrases", +required, -excluded
            embedding: of the query, for the vector signal; None leaves it out
            collections: None: all
            options: see default_settings; offset: hits to leave out before the first, such as {"offset": 20}; distinct:
                each text once
            collection: collections, under its other name
        """
        return await self.run(
            _learning.candidate_signals(
                query=query,
                embedding=embedding,
                collections=either("collections", collections, None, "collection", collection),
                options=options,
            )
        )

    async def judgments_from_clicks(
        self,
        list_name: str,
        collection: str,
        *,
        click_model: str = "coec",
        min_impressions: float = 10,
        max_rank: int = 10,
        since: datetime | None = None,
        until: datetime | None = None,
        actions: Sequence[str] | None = None,
    ) -> int:
        """Fill a judgment list from the search log; returns how many judgments it holds.

        Arguments:
            list_name: name of the judgment list
            collection: its name; None, where that is the default: all
            click_model: coec, clicks / (expected clicks + 1), where a search expects of each of its places the click
                rate that the place has over the whole log (Zhang and Jones 2007); ctr, clicks / impressions; sdbn,
                attraction × satisfaction of the simplified dynamic Bayesian network (Chapelle and Zhang 2009: pages
                above the last click were looked at, the last click satisfied), with one more look at each page
            min_impressions: pages shown fewer times for the query are left out (searches, weighted by sample_weight)
            max_rank: 1 .. 1000): hits further down count as not shown; since (inclusive) and until (exclusive
            since: from when on; None: from the beginning
            until: until when; None: now
            actions: events that count as a click (None: click)
        """
        return await self.run(
            _learning.judgments_from_clicks(
                list_name=list_name,
                collection=collection,
                click_model=click_model,
                min_impressions=min_impressions,
                max_rank=max_rank,
                since=since,
                until=until,
                actions=actions,
            )
        )

    async def put_configuration(
        self,
        configuration: str,
        collection: str,
        options: Mapping[str, Any],
        *,
        metrics: Mapping[str, Any] | None = None,
    ) -> None:
        """Store options of a search under a name.

        Arguments:
            configuration: its name
            collection: that it was made for
            options: as in default_settings
            metrics: any JSON object: what was measured
        """
        return await self.run(
            _learning.put_configuration(
                configuration=configuration, collection=collection, options=options, metrics=metrics
            )
        )

    async def activate_configuration(self, configuration: str, *, collection: str | None = None) -> int:
        """Searches of the collection (None: the one it was made for) use the configuration from now on.

        Arguments:
            configuration: its name
            collection: its name; None, where that is the default: all
        """
        return await self.run(_learning.activate_configuration(configuration=configuration, collection=collection))

    async def roll_back_configuration(self, collection: str) -> str:
        """Undo the last activation in the collection; returns the name of the configuration.

        Arguments:
            collection: its name; None, where that is the default: all
        """
        return await self.run(_learning.roll_back_configuration(collection=collection))

    async def list_configurations(self) -> list[SearchConfiguration]:
        """The search configurations, the newest first."""
        return await self.run(_learning.list_configurations())

    async def list_activations(self, collection: str | None = None) -> list[Activation]:
        """The activations of configurations, the last first.

        Arguments:
            collection: None: all
        """
        return await self.run(_learning.list_activations(collection=collection))

    async def log_search(self, entry: Mapping[str, Any]) -> UUID | None:
        """Store a search that was made elsewhere; returns its id, for log_feedback (None when entry says log=False).

        Arguments:
            entry: query (required), query_id (a UUIDv7, see uuid7; its time is the time of the search), ts (the time,
                when there is no id), collection or collections (names), results (array, best first, of ids or of
                objects with chunk_id, external_id, score, signals, match_reason), result_count (default: how many
                results), top_k, candidate_count (default: result_count), search_mode, fusion_strategy, weights,
                confidence (0 .. 1; default: what compute_confidence says of the first result's score and match_reason,
                where both or the mode tell what it means), latency_ms, timings (milliseconds a stage), approximate,
                reranking_used, error_type (when it failed), late_interaction_scores (object, such as {"max_sims":
                [...]}), user_id, client_id, session_id, search_id (groups the searches of one intent), conversation_id,
                application, environment, intent, query_type (default: see classify_query), experiment, variant,
                query_attributes, metadata, external_id (of another system), query_response_id, sample_weight (how many
                searches it stands for, when the caller samples; else the setting log.sample_rate decides), log (false:
                nothing is stored, and None comes back)
        """
        return await self.run(_log.log_search(entry=entry))

    async def log_feedback(
        self,
        query_id: UUID | str,
        *,
        action_name: str = "click",
        clicked_rank: int | None = None,
        clicked_chunk_id: str | int | None = None,
        dwell_ms: float | None = None,
        was_helpful: bool | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> UUID:
        """Store what a user did with a search: a click with its rank from 1, an opinion, any other action.

        Arguments:
            query_id: as search() or log_search() gave it; the search itself may be stored later
            action_name: click, impression, or any action of the UBI standard (at most 100 characters)
            clicked_rank: rank of the hit as shown, from 1
            clicked_chunk_id: its chunk_id as text (without it: the hit at clicked_rank, when the search is stored
                already)
            dwell_ms: milliseconds spent on it
            was_helpful: an opinion, stored as a row of its own (action feedback, value 1 or 0) beside another action,
                on the hit or, without one, on the whole answer
            context: more columns of events, which the arguments go before (event_id, ts, user_id, client_id,
                session_id, application, object_id, object_id_type, message, event_attributes ...)
        """
        return await self.run(
            _log.log_feedback(
                query_id=query_id,
                action_name=action_name,
                clicked_rank=clicked_rank,
                clicked_chunk_id=clicked_chunk_id,
                dwell_ms=dwell_ms,
                was_helpful=was_helpful,
                context=context,
            )
        )

    async def log_batch(self, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Store many searches and events, each with its "type"; says how many were stored, and which were refused.

        Arguments:
            entries: array of objects with "type": "search" (and the keys of log_search), "event" (and the columns of
                pgsearch.events: query_id, action_name, object_id, position, dwell_ms, value, event_id, ts ...),
                "feedback" (and the arguments of log_feedback, the keys of its context among them), "message" (and the
                keys of log_message), "turn" (and the arguments of log_turn, the keys of its context among them) or
                "finish" (and conversation_id, user_id, ts: that conversation is over, and decided about at the next
                upkeep). Give query_id, event_id, message_id and answer_id (uuid7), so that a retry is known
        """
        return await self.run(_log.log_batch(entries=entries))

    async def ensure_partitions(self, first_day: date | None = None, last_day: date | None = None) -> int:
        """Make the daily partitions of the log, by default of the next seven days; returns how many were made.

        Arguments:
            first_day: None: today
            last_day: None: in seven days
        """
        return await self.run(_log.ensure_partitions(first_day=first_day, last_day=last_day))

    async def list_partitions(self) -> list[LogPartition]:
        """The days of the log, their size, and which have expired."""
        return await self.run(_log.list_partitions())

    async def drop_partition(self, partition: str) -> bool:
        """Drop an expired day of the log; False when it is in use: try again.

        Arguments:
            partition: its name, as list_partitions gives it
        """
        return await self.run(_log.drop_partition(partition=partition))

    async def set_log_retention(
        self,
        *,
        keep_queries: timedelta | None = None,
        keep_events: timedelta | None = None,
        keep_messages: timedelta | None = None,
        keep_contents: timedelta | None = None,
        keep_contents_high: timedelta | None = None,
        compress_archive_after: timedelta | None = None,
        keep_archive: timedelta | None = None,
        require_archive: bool | None = None,
    ) -> None:
        """Set how long searches, events, messages and their texts are kept; None leaves it as it is.

        Arguments:
            keep_queries: None: as it is
            keep_events: None: as it is
            keep_messages: None: as it is
            keep_contents: texts of messages, 30 days at first
            keep_contents_high: those of conversations with retention_priority high (errors, regenerations, low scores),
                90 days at first
            compress_archive_after: when files of the archive are compressed (from 0), 7 days at first
            keep_archive: files of the archive; for ever at first, and for 100 years stands for that
            require_archive: whether a day of messages is dropped only after its file was verified, false at first
        """
        return await self.run(
            _log.set_log_retention(
                keep_queries=keep_queries,
                keep_events=keep_events,
                keep_messages=keep_messages,
                keep_contents=keep_contents,
                keep_contents_high=keep_contents_high,
                compress_archive_after=compress_archive_after,
                keep_archive=keep_archive,
                require_archive=require_archive,
            )
        )

    async def set_log_privacy(
        self, *, hash_users: bool | None = None, mask: str | None = None, require_consent: bool | None = None
    ) -> None:
        """Set whether users are logged as hashes, which SQL function masks the texts, and whether those of users who
        were never asked are kept; None leaves it as it is.

        Arguments:
            hash_users: whether hash_user(user_id) is stored for user_id
            mask: name of a function (text) returns text, such as one that blanks out phone numbers, that the texts of
                searches and events and messages go through (empty: none). It runs with the rights of the owner of the
                log
            require_consent: whether texts of conversations are kept only of users who agreed (see set_consent), not of
                all who did not refuse. Users of conversations are stored by their hash in any case
        """
        return await self.run(_log.set_log_privacy(hash_users=hash_users, mask=mask, require_consent=require_consent))

    async def hash_user(self, user_id: str) -> str:
        """What stands in the log for a user when users are hashed.

        Arguments:
            user_id: as it was given to the searches
        """
        return await self.run(_log.hash_user(user_id=user_id))

    async def forget(self, user_id: str) -> dict[str, int]:
        """Remove every trace of a user from the log; returns how many rows went, by table.

        Arguments:
            user_id: as it was given to the searches
        """
        return await self.run(_log.forget(user_id=user_id))

    async def popular_nodes(self, collection: str, *, top_k: int = 50, top: int | None = None) -> list[PopularNode]:
        """The nodes that were found most in the last seven days, then the most important ones: what to upgrade first.

        Arguments:
            collection: the collection
            top_k: 0 .. 100000: how many
            top: top_k, under its other name
        """
        return await self.run(_nodes.popular_nodes(repo_id=collection, top=either("top_k", top_k, 50, "top", top)))

    async def put_nodes(self, collection: str, model: str, nodes: Sequence[Mapping[str, Any]]) -> list[PutNodes]:
        """Store the semantic nodes of a repository; what did not change is not written. Model "": found by words alone.

        Arguments:
            collection: the collection
            model: a registered embedding model, or '' for nodes that only words find
            nodes: an array of objects {node_id, node_type (symbol, route, doc, issue), summary (required), doc_type
                (readme, adr, design), summary_method (template, llm), source_table (pages, chunks), source_id
                (external_id of the page, or a chunk_id), metadata, embedding (of the summary; optional), code_hash
                (fingerprint of the code; without one the template summary stands for it)}
        """
        return await self.run(_nodes.put_nodes(repo_id=collection, model=model, nodes=nodes))

    async def delete_missing_nodes(self, collection: str, model: str | None, keep_node_ids: Sequence[str]) -> int:
        """Delete the nodes that are not among those to keep, of one model or (None) of all; returns how many rows.

        Arguments:
            collection: the collection
            model: only its rows; None: the rows of every model, which is what a complete indexing run wants
            keep_node_ids: ids of the nodes that stay
        """
        return await self.run(_nodes.delete_missing_nodes(repo_id=collection, model=model, keep_node_ids=keep_node_ids))

    async def list_missing_node_embeddings(
        self, collection: str, model: str, *, batch_size: int = 256
    ) -> list[MissingNodeEmbedding]:
        """Nodes that wait for their vector, the most important first.

        Arguments:
            collection: the collection
            model: its name
            batch_size: 1 .. 100000
        """
        return await self.run(
            _nodes.list_missing_node_embeddings(repo_id=collection, model=model, batch_size=batch_size)
        )

    async def put_node_embeddings(
        self,
        collection: str,
        model: str,
        node_ids: Sequence[str],
        node_types: Sequence[str],
        embeddings: Sequence[Vector],
        summaries: Sequence[str] | None = None,
    ) -> int:
        """Store one embedding a node; returns how many were stored. With `summaries`, only where the node still has it.

        Arguments:
            collection: the collection
            model: its name
            node_ids: parallel to those that follow
            node_types: parallel to node_ids
            embeddings: as text, '[0.1,0.2]'
            summaries: what was embedded; None: not compared
        """
        return await self.run(
            _nodes.put_node_embeddings(
                repo_id=collection,
                model=model,
                node_ids=node_ids,
                node_types=node_types,
                embeddings=embeddings,
                summaries=summaries,
            )
        )

    async def node_index_statement(self, model: str, *, concurrently: bool = True) -> str:
        """The CREATE INDEX statement of the HNSW index over the model's nodes.

        Arguments:
            model: its name
            concurrently: build it while others read and write; such a statement runs outside of transactions only
        """
        return await self.run(_nodes.node_index_statement(model=model, concurrently=concurrently))

    async def measure_recall(
        self, model: str, *, collection: str | None = None, sample: int = 50, k: int = 10
    ) -> list[MeasuredRecall]:
        """Recall of the vector search against the exact one, with stored vectors as queries.

        Arguments:
            model: its name
            collection: None: over everything, and each of the twenty largest collections
            sample: 1 .. 10000 stored vectors asked as queries
            k: 1 .. 1000: how many of the nearest should be found
        """
        return await self.run(_operate.measure_recall(model=model, collection=collection, sample=sample, k=k))

    async def grant_rights(self, role_name: str, rights: Sequence[str], user_id: str | None = None) -> None:
        """Grant a role rights: search, log (have searches stored, for `user_id` alone when given), read_log.

        Arguments:
            role_name: an existing role
            rights: array of the names
            user_id: the one user whom the role, and every member of it, may log for (with the right log; None: as it
                is, at first anybody; empty: anybody)
        """
        return await self.run(_operate.grant_rights(role_name=role_name, rights=rights, user_id=user_id))

    async def doctor(self) -> list[Check]:
        """What keeps searches from being right or fast, and what mends it."""
        return await self.run(_operate.doctor())

    async def list_indexes(self) -> list[IndexSize]:
        """The indexes of pgsearch, largest first; those of the partitions of a table are one."""
        return await self.run(_operate.list_indexes())

    async def maintain(self) -> list[MaintenanceStep]:
        """The upkeep of the database, VACUUM apart, in one transaction; `pgsearch maintain` commits after each step."""
        return await self.run(_operate.maintain())

    async def create_collection(
        self,
        collection: str,
        *,
        text_config: str | None = "pg_catalog.simple",
        settings: Mapping[str, Any] | None = None,
    ) -> bool:
        """Make a collection; False when it stood already, with the same text configuration.

        Arguments:
            collection: its name
            text_config: a text search configuration such as english or pg_catalog.simple (None: whichever it has,
                pg_catalog.simple for a new one)
            settings: overrides of pgsearch.default_settings()
        """
        return await self.run(
            _pages.create_collection(collection=collection, text_config=text_config, settings=settings)
        )

    async def set_text_config(self, collection: str, text_config: str) -> int:
        """Give a collection another text configuration; every chunk is analysed anew. Returns how many there were.

        Arguments:
            collection: its name; None, where that is the default: all
            text_config: such as english or pg_catalog.simple
        """
        return await self.run(_pages.set_text_config(collection=collection, text_config=text_config))

    async def delete_collection(self, collection: str) -> int:
        """Delete a collection with its pages, chunks, embeddings and statistics; returns how many pages it had.

        Arguments:
            collection: its name; None, where that is the default: all
        """
        return await self.run(_pages.delete_collection(collection=collection))

    async def empty_collection(self, collection: str) -> int:
        """Delete all pages of a collection, which stays with its settings; returns how many pages it had.

        Arguments:
            collection: its name; None, where that is the default: all
        """
        return await self.run(_pages.empty_collection(collection=collection))

    async def put_pages(
        self, collection: str, pages: Iterable[Page | Mapping[str, Any]], keep_going: bool = False
    ) -> list[PutPage]:
        """Insert or update pages in one transaction; unchanged content is not touched.

        A page that cannot be stored is a RefusedPageError that says which and why, and nothing is stored; with
        `keep_going` it is refused by itself, in its row of the answer. An external_id may also be an int, a UUID or
        a date; dates, UUIDs and Decimals in the metadata become text and numbers.

        Arguments:
            collection: its name; None, where that is the default: all
            pages: an array of objects {external_id (required, a string or a whole number, which is stored as text),
                title, content or chunks, format, tags, source, metadata}
            keep_going: whether a page that cannot be stored is refused by itself; false: it is an error and keeps the
                others out
        """
        return await self.run(_pages.put_pages(collection=collection, pages=pages, keep_going=keep_going))

    async def delete_pages(self, collection: str, external_ids: Sequence[object]) -> int:
        """Delete pages by their external ids, given as put_pages takes them; returns how many there were.

        Arguments:
            collection: its name; None, where that is the default: all
            external_ids: those that do not exist are passed over
        """
        return await self.run(_pages.delete_pages(collection=collection, external_ids=external_ids))

    async def get_page(
        self,
        page_id: int | None = None,
        *,
        collection: str | None = None,
        external_id: str | None = None,
        from_chunk: int = 0,
        max_characters: int = 20000,
    ) -> dict[str, Any] | None:
        """A page with its text, or a portion of it; None when it is not there.

        Arguments:
            page_id: it alone names the page
            collection: instead of page_id, with external_id
            external_id: of put_pages
            from_chunk: 0, or next_chunk of the portion before
            max_characters: 1 .. 1000000: whole chunks up to that many, but always one
        """
        return await self.run(
            _pages.get_page(
                page_id=page_id,
                collection=collection,
                external_id=external_id,
                from_chunk=from_chunk,
                max_characters=max_characters,
            )
        )

    async def text_stats_staleness(self, collection: str | None = None) -> list[TextStatsAge]:
        """How far the statistics of words lag behind the chunks.

        Arguments:
            collection: its name; None, where that is the default: all
        """
        return await self.run(_pages.text_stats_staleness(collection=collection))

    async def refresh_text_stats(self, collection: str | None = None) -> list[TextStatsRefresh]:
        """Count the words of a collection anew, or of all, where they have changed.

        Arguments:
            collection: its name; None, where that is the default: all
        """
        return await self.run(_pages.refresh_text_stats(collection=collection))

    async def list_copies(
        self, collection: str | None = None, top_k: int = 100, *, top_n: int | None = None
    ) -> list[CopiedPage]:
        """Pages whose text another page has too, word for word.

        Arguments:
            collection: None: all, also across collections
            top_k: 0 .. 10000 rows
            top_n: top_k, under its other name
        """
        return await self.run(
            _pages.list_copies(collection=collection, top_n=either("top_k", top_k, 100, "top_n", top_n))
        )

    async def collection_settings(self, collection: str) -> dict[str, Any]:
        """Every option as it holds in a collection.

        Arguments:
            collection: its name
        """
        return await self.run(_pages.collection_settings(collection=collection))

    async def log_result(
        self,
        result: SearchResult,
        query: str,
        *,
        collections: Names | None = None,
        top_k: int = 8,
        filter: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
        collection: Names | None = None,
    ) -> dict[str, Any]:
        """Store the row of a search that was made with log=False and whose hits were changed since; says if it was.

        Arguments:
            result: the object that search returned, called with context {"log": false}, with its hits as they were
                shown, best first; a hit with "reranked" among its signals says that they were reranked
            query: the text that was typed
            collections: one or several; None: all
            top_k: how many at most
            filter: tags, any_tags, source, metadata, external_ids, page_ids
            options: see default_settings
            context: what the log is to know of the search: user_id, session_id ..., or log=False
            collection: collections, under its other name
        """
        return await self.run(
            _search.log_result(
                result=result,
                query=query,
                collections=either("collections", collections, None, "collection", collection),
                top_k=top_k,
                filter=filter,
                options=options,
                context=context,
            )
        )

    async def search_hybrid(
        self,
        query: str,
        embedding: Vector | None = None,
        *,
        collections: Names | None = None,
        search_mode: SearchMode = "auto",
        top_k: int = 8,
        fusion: Fusion | None = None,
        filter: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        collection: Names | None = None,
    ) -> list[Hit]:
        """The best chunks, as plain rows.

        Arguments:
            query: words, "phrases", +required, -excluded
            embedding: of the query, for the vector signal; None leaves it out
            collections: None: all
            search_mode: auto or hybrid: every signal there is; fts: words; vector: meaning; lexical or trgm: spelling
                of titles; code: see search_code
            top_k: 0 .. 1000
            fusion: strategy; None: the setting
            filter: what pages have to meet, in every signal: tags, any_tags, source, metadata, created_at, updated_at,
                external_ids, page_ids; operators eq, ne, gt, gte, lt, lte, in, not_in, any_of, contains, exists, not;
                and, or, not. Such as {"tags": "howto", "metadata": {"year": {"gte": 2023}, "authors": "lee"}}, or
                {"or": [{"source": "wiki"}, {"updated_at": {"gte": "2026-01-01"}}]}; _filter_page_ids tells the whole
                language. With an empty query the pages that pass are listed, each by its first chunk, the newest first:
                by the date under the option recency_key, else those put last first
            options: see default_settings; offset: hits to leave out before the first, such as {"offset": 20}; distinct:
                each text once
            collection: collections, under its other name
        """
        return await self.run(
            _search.search_hybrid(
                query=query,
                embedding=embedding,
                collections=either("collections", collections, None, "collection", collection),
                search_mode=search_mode,
                top_k=top_k,
                fusion=fusion,
                filter=filter,
                options=options,
            )
        )

    async def search_pages(
        self,
        query: str,
        embedding: Vector | None = None,
        *,
        collections: Names | None = None,
        search_mode: SearchMode = "auto",
        top_k: int = 8,
        fusion: Fusion | None = None,
        filter: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        collection: Names | None = None,
        page_limit: int | None = None,
    ) -> list[Hit]:
        """The best pages, each once, by its best chunk.

        Arguments:
            query: words, "phrases", +required, -excluded
            embedding: of the query, for the vector signal; None leaves it out
            collections: None: all
            search_mode: auto or hybrid: every signal there is; fts: words; vector: meaning; lexical or trgm: spelling
                of titles; code: see search_code
            top_k: how many at most
            fusion: strategy; None: the setting
            filter: what pages have to meet, in every signal: tags, any_tags, source, metadata, created_at, updated_at,
                external_ids, page_ids; operators eq, ne, gt, gte, lt, lte, in, not_in, any_of, contains, exists, not;
                and, or, not. Such as {"tags": "howto", "metadata": {"year": {"gte": 2023}, "authors": "lee"}}, or
                {"or": [{"source": "wiki"}, {"updated_at": {"gte": "2026-01-01"}}]}; _filter_page_ids tells the whole
                language. With an empty query the pages that pass are listed, each by its first chunk, the newest first:
                by the date under the option recency_key, else those put last first
            options: see default_settings; offset: hits to leave out before the first, such as {"offset": 20}; distinct:
                each text once
            collection: collections, under its other name
            page_limit: top_k, under its other name
        """
        return await self.run(
            _search.search_pages(
                query=query,
                embedding=embedding,
                collections=either("collections", collections, None, "collection", collection),
                search_mode=search_mode,
                page_limit=either("top_k", top_k, 8, "page_limit", page_limit),
                fusion=fusion,
                filter=filter,
                options=options,
            )
        )

    async def explain_search(
        self,
        query: str,
        embedding: Vector | None = None,
        *,
        collections: Names | None = None,
        filter: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        collection: Names | None = None,
    ) -> list[StagePlan]:
        """Plan, index, rows and milliseconds of each candidate stage, from EXPLAIN ANALYZE.

        Arguments:
            query: words, "phrases", +required, -excluded
            embedding: of the query, for the vector signal; None leaves it out
            collections: None: all
            filter: what pages have to meet, in every signal: tags, any_tags, source, metadata, created_at, updated_at,
                external_ids, page_ids; operators eq, ne, gt, gte, lt, lte, in, not_in, any_of, contains, exists, not;
                and, or, not. Such as {"tags": "howto", "metadata": {"year": {"gte": 2023}, "authors": "lee"}}, or
                {"or": [{"source": "wiki"}, {"updated_at": {"gte": "2026-01-01"}}]}; _filter_page_ids tells the whole
                language. With an empty query the pages that pass are listed, each by its first chunk, the newest first:
                by the date under the option recency_key, else those put last first
            options: see default_settings; offset: hits to leave out before the first, such as {"offset": 20}; distinct:
                each text once
            collection: collections, under its other name
        """
        return await self.run(
            _search.explain_search(
                query=query,
                embedding=embedding,
                collections=either("collections", collections, None, "collection", collection),
                filter=filter,
                options=options,
            )
        )

    async def explain_hit(
        self,
        query: str,
        *,
        chunk_id: int | None = None,
        page_id: int | None = None,
        embedding: Vector | None = None,
        collections: Names | None = None,
        search_mode: SearchMode = "auto",
        top_k: int = 8,
        fusion: Fusion | None = None,
        filter: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        collection: Names | None = None,
    ) -> dict[str, Any]:
        """Why a chunk, or the best chunk of a page, is where it is for a query, or is not found.

        Arguments:
            query: words, "phrases", +required, -excluded
            chunk_id: exactly one
            page_id: exactly one
            embedding: of the query, for the vector signal; None leaves it out
            collections: None: all
            search_mode: auto or hybrid: every signal there is; fts: words; vector: meaning; lexical or trgm: spelling
                of titles; code: see search_code
            top_k: 0 .. 1000
            fusion: strategy; None: the setting
            filter: what pages have to meet, in every signal: tags, any_tags, source, metadata, created_at, updated_at,
                external_ids, page_ids; operators eq, ne, gt, gte, lt, lte, in, not_in, any_of, contains, exists, not;
                and, or, not. Such as {"tags": "howto", "metadata": {"year": {"gte": 2023}, "authors": "lee"}}, or
                {"or": [{"source": "wiki"}, {"updated_at": {"gte": "2026-01-01"}}]}; _filter_page_ids tells the whole
                language. With an empty query the pages that pass are listed, each by its first chunk, the newest first:
                by the date under the option recency_key, else those put last first
            options: see default_settings; offset: hits to leave out before the first, such as {"offset": 20}; distinct:
                each text once
            collection: collections, under its other name
        """
        return await self.run(
            _search.explain_hit(
                query=query,
                chunk_id=chunk_id,
                page_id=page_id,
                embedding=embedding,
                collections=either("collections", collections, None, "collection", collection),
                search_mode=search_mode,
                top_k=top_k,
                fusion=fusion,
                filter=filter,
                options=options,
            )
        )

    async def expand_window(self, chunk_ids: Sequence[int], *, neighbours: int = 1) -> list[ChunkContext]:
        """Chunks with up to that many neighbours on each side.

        Arguments:
            chunk_ids: their ids
            neighbours: 0 .. 100: how many on each side
        """
        return await self.run(_search.expand_window(chunk_ids=chunk_ids, neighbours=neighbours))

    async def suggest(
        self, prefix: str, *, collections: Names | None = None, top_k: int = 8, collection: Names | None = None
    ) -> list[Suggestion]:
        """What to offer while somebody types.

        Arguments:
            prefix: what was typed so far; its first 200 characters count, upper and lower case are alike
            collections: None: all
            top_k: 0 .. 100 suggestions
            collection: collections, under its other name
        """
        return await self.run(
            _search.suggest(
                prefix=prefix,
                collections=either("collections", collections, None, "collection", collection),
                top_k=top_k,
            )
        )

    async def follow_table(
        self,
        table_name: str,
        collection: str,
        *,
        id: str | Sequence[str] | None = None,
        title: str | Sequence[str] | None = None,
        content: str | Sequence[str] | None = None,
        chunks: str | None = None,
        tags: str | Sequence[str] | None = None,
        source: str | Sequence[str] | None = None,
        metadata: Sequence[str] | None = None,
        format: str = "text",
        split: bool = True,
        mode: str = "queued",
        watch: Mapping[str, str | Sequence[str]] | None = None,
        respect_row_security: bool | None = None,
        load: bool = True,
    ) -> list[FollowedLoad]:
        """Keep the rows of a table or view as pages of a collection.

        Arguments:
            table_name: with its schema
            collection: made when it is not there; it follows one table
            id: the column that a row is known by, or several as '{country,number}'; None: the primary key
            title: a column, several as '{a,b}', or an expression over columns
            content: as title: text that is split into chunks
            chunks: instead of content: a JSON array of chunks as put_pages takes them
            tags: an array, a JSON array, or a text between commas
            source: as title: where the page comes from
            metadata: array of columns
            format: of the content: text, markdown or code
            split: false: the content is one chunk as it is, of at most 16,000 characters
            mode: queued: the writer's transaction leaves a note, work() does the rest; immediate: the same statement
                stores up to 250 rows, for small tables
            watch: for a view: each table whose changes change it, and its columns that hold the id, as
                '{"public.articles": "id", "public.comments": "article_id"}'
            respect_row_security: must be given for a table with row level security: true: who searches finds what he
                may read in the table; false: everything
            load: false: leave the load to work(), in transactions of its own
        """
        return await self.run(
            _sources.follow_table(
                table_name=table_name,
                collection=collection,
                id=id,
                title=title,
                content=content,
                chunks=chunks,
                tags=tags,
                source=source,
                metadata=metadata,
                format=format,
                split=split,
                mode=mode,
                watch=watch,
                respect_row_security=respect_row_security,
                load=load,
            )
        )

    async def unfollow_table(
        self, table_name: str, collection: str | None = None, *, delete_pages: bool = False
    ) -> int:
        """End that a table is followed; returns how many pages were deleted with it.

        Arguments:
            table_name: with its schema, as it was followed; it may be dropped by now
            collection: None: all that follow the table
            delete_pages: true: the pages go too; false: they stay as they are
        """
        return await self.run(
            _sources.unfollow_table(table_name=table_name, collection=collection, delete_pages=delete_pages)
        )

    async def list_followed(self) -> list[FollowedTable]:
        """The followed tables, how far behind their pages are, and what was refused."""
        return await self.run(_sources.list_followed())

    async def work(self, max_rows: int | None = None, *, collection: str | None = None) -> list[FollowedWork]:
        """Bring the pages of followed tables up to date, by up to so many rows.

        Arguments:
            max_rows: about how many rows at most; None: all that wait, in one transaction
            collection: None: all that follow a table
        """
        return await self.run(_sources.work(max_rows=max_rows, collection=collection))

    async def list_refused_rows(self, collection: str | None = None, *, max_rows: int = 100) -> list[RefusedRow]:
        """The rows of followed tables that could not be stored, the last ones first.

        Arguments:
            collection: None: all
            max_rows: 0 .. 1000000
        """
        return await self.run(_sources.list_refused_rows(collection=collection, max_rows=max_rows))

    async def retry_refused_rows(self, collection: str | None = None) -> int:
        """Queue the rows that were refused once more; returns how many.

        Arguments:
            collection: its name; None, where that is the default: all
        """
        return await self.run(_sources.retry_refused_rows(collection=collection))

    async def refresh_search_stats(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> list[RolledUpDay]:
        """Roll the search log up into the tables that statistics are read from; by default the days that changed.

        Arguments:
            since: days in UTC from since up to but not including until are rolled up whether they changed or not; both
                None: days that changed, looking back 7 days from the last that was rolled up, and as far as late events
                reach; log older than that must be named
            until: days in UTC from since up to but not including until are rolled up whether they changed or not; both
                None: days that changed, looking back 7 days from the last that was rolled up, and as far as late events
                reach; log older than that must be named
        """
        return await self.run(_statistics.refresh_search_stats(since=since, until=until))

    async def search_stats(
        self,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        step: str = "day",
        application: str | None = None,
    ) -> list[SearchStats]:
        """Volume, latency percentiles, no-result and click rates by hour, day, week, month, or of the period as a
        whole.

        Arguments:
            collection: None: all together
            since: whole days in UTC from since up to but not including until; None: the last 30 days, for step hour
                since yesterday
            until: whole days in UTC from since up to but not including until; None: the last 30 days, for step hour
                since yesterday
            step: hour, day, week, month: one row each; all: one row
            application: as it is logged, see application_usage; None: all
        """
        return await self.run(
            _statistics.search_stats(
                collection=collection, since=since, until=until, step=step, application=application
            )
        )

    async def top_queries(
        self,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        top_k: int = 20,
        application: str | None = None,
        *,
        top_n: int | None = None,
    ) -> list[QueryStats]:
        """The most frequent queries.

        Arguments:
            collection: None: all
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
            top_k: 0 .. 10000 rows
            application: as it is logged, see application_usage; None: all
            top_n: top_k, under its other name
        """
        return await self.run(
            _statistics.top_queries(
                collection=collection,
                since=since,
                until=until,
                top_n=either("top_k", top_k, 20, "top_n", top_n),
                application=application,
            )
        )

    async def queries_without_results(
        self,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        top_k: int = 20,
        application: str | None = None,
        *,
        top_n: int | None = None,
    ) -> list[QueryStats]:
        """Queries that found nothing, most frequent first.

        Arguments:
            collection: None: all
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
            top_k: 0 .. 10000 rows
            application: as it is logged, see application_usage; None: all
            top_n: top_k, under its other name
        """
        return await self.run(
            _statistics.queries_without_results(
                collection=collection,
                since=since,
                until=until,
                top_n=either("top_k", top_k, 20, "top_n", top_n),
                application=application,
            )
        )

    async def slow_queries(
        self,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        top_k: int = 20,
        application: str | None = None,
        *,
        top_n: int | None = None,
    ) -> list[SlowQuery]:
        """The queries whose searches take longest on average.

        Arguments:
            collection: None: all
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
            top_k: 0 .. 10000 rows
            application: as it is logged, see application_usage; None: all
            top_n: top_k, under its other name
        """
        return await self.run(
            _statistics.slow_queries(
                collection=collection,
                since=since,
                until=until,
                top_n=either("top_k", top_k, 20, "top_n", top_n),
                application=application,
            )
        )

    async def queries_without_clicks(
        self,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        top_k: int = 20,
        application: str | None = None,
        *,
        top_n: int | None = None,
    ) -> list[QueryStats]:
        """Queries whose hits were not clicked, most frequent first.

        Arguments:
            collection: None: all
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
            top_k: 0 .. 10000 rows
            application: as it is logged, see application_usage; None: all
            top_n: top_k, under its other name
        """
        return await self.run(
            _statistics.queries_without_clicks(
                collection=collection,
                since=since,
                until=until,
                top_n=either("top_k", top_k, 20, "top_n", top_n),
                application=application,
            )
        )

    async def weight_effect(
        self, collection: str | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> list[WeightEffect]:
        """Clicks by search mode, fusion strategy, query type and weights.

        Arguments:
            collection: None: all
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
        """
        return await self.run(_statistics.weight_effect(collection=collection, since=since, until=until))

    async def latency_histogram(
        self,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        application: str | None = None,
    ) -> list[LatencyBucket]:
        """Searches by latency, in buckets of which each is 2 % wider than the one before.

        Arguments:
            collection: None: all
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
            application: as it is logged, see application_usage; None: all
        """
        return await self.run(
            _statistics.latency_histogram(collection=collection, since=since, until=until, application=application)
        )

    async def popular_chunks(
        self, collection: str | None = None, top_k: int = 50, *, top_n: int | None = None
    ) -> list[NodeStats]:
        """The chunks that most searches of the last days returned.

        Arguments:
            collection: its name; None, where that is the default: all
            top_k: how many at most
            top_n: top_k, under its other name
        """
        return await self.run(
            _statistics.popular_chunks(collection=collection, top_n=either("top_k", top_k, 50, "top_n", top_n))
        )

    async def click_through_rates(
        self, collection: str | None = None, min_impressions: float = 10, top_k: int = 1000, *, top_n: int | None = None
    ) -> list[NodeStats]:
        """Chunks by the share of their impressions that were clicked.

        Arguments:
            collection: None: all
            min_impressions: chunks seen less often are left out, as their rate says nothing
            top_k: 0 .. 1000000 rows
            top_n: top_k, under its other name
        """
        return await self.run(
            _statistics.click_through_rates(
                collection=collection,
                min_impressions=min_impressions,
                top_n=either("top_k", top_k, 1000, "top_n", top_n),
            )
        )

    async def refresh_chat_stats(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> list[RolledUpMessages]:
        """Roll conversations up into the tables that their statistics are read from; by default the days that changed.

        Arguments:
            since: days in UTC from since up to but not including until are rolled up whether they changed or not; both
                None: days that changed, looking back 7 days from the last that was rolled up; what was imported for
                days before must be named
            until: days in UTC from since up to but not including until are rolled up whether they changed or not; both
                None: days that changed, looking back 7 days from the last that was rolled up; what was imported for
                days before must be named
        """
        return await self.run(_statistics.refresh_chat_stats(since=since, until=until))

    async def chat_stats(
        self,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        step: str = "day",
        application: str | None = None,
    ) -> list[ChatStats]:
        """Questions, users, latency, tokens and errors by hour, day, week, month, or of the period as a whole.

        Arguments:
            collection: None: all together
            since: whole days in UTC from since up to but not including until; None: the last 30 days, for step hour
                since yesterday
            until: whole days in UTC from since up to but not including until; None: the last 30 days, for step hour
                since yesterday
            step: hour, day, week, month: one row each; all: one row
            application: as it is logged, see application_usage; None: all
        """
        return await self.run(
            _statistics.chat_stats(collection=collection, since=since, until=until, step=step, application=application)
        )

    async def chat_usage(
        self,
        dimension: str,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        top_k: int = 20,
        application: str | None = None,
        *,
        top_n: int | None = None,
    ) -> list[ChatUsage]:
        """Conversations by user or by model, most used first.

        Arguments:
            dimension: user, model
            collection: None: all
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
            top_k: 0 .. 10000 rows
            application: as it is logged, see application_usage; None: all
            top_n: top_k, under its other name
        """
        return await self.run(
            _statistics.chat_usage(
                dimension=dimension,
                collection=collection,
                since=since,
                until=until,
                top_n=either("top_k", top_k, 20, "top_n", top_n),
                application=application,
            )
        )

    async def search_usage(
        self,
        dimension: str,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        top_k: int = 20,
        application: str | None = None,
        *,
        top_n: int | None = None,
    ) -> list[SearchUsage]:
        """Searches by user or by application, most first.

        Arguments:
            dimension: user: user_id, else client_id, else session_id, as they are logged; application
            collection: None: all
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
            top_k: 0 .. 10000 rows
            application: as it is logged, see application_usage; None: all
            top_n: top_k, under its other name
        """
        return await self.run(
            _statistics.search_usage(
                dimension=dimension,
                collection=collection,
                since=since,
                until=until,
                top_n=either("top_k", top_k, 20, "top_n", top_n),
                application=application,
            )
        )

    async def application_usage(
        self,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        top_k: int = 20,
        *,
        top_n: int | None = None,
    ) -> list[ApplicationUsage]:
        """How much each application searches and chats, most used first.

        Arguments:
            collection: None: all
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
            top_k: 0 .. 10000 rows
            top_n: top_k, under its other name
        """
        return await self.run(
            _statistics.application_usage(
                collection=collection, since=since, until=until, top_n=either("top_k", top_k, 20, "top_n", top_n)
            )
        )

    async def collection_usage(
        self, since: datetime | None = None, until: datetime | None = None, application: str | None = None
    ) -> list[CollectionUsage]:
        """How much each collection is used, most used first.

        Arguments:
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
            application: as it is logged, see application_usage; None: all
        """
        return await self.run(_statistics.collection_usage(since=since, until=until, application=application))

    async def score_distribution(
        self,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        application: str | None = None,
    ) -> list[ScoreShare]:
        """Answers by the score of the search that fed them.

        Arguments:
            collection: None: all
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
            application: as it is logged, see application_usage; None: all
        """
        return await self.run(
            _statistics.score_distribution(collection=collection, since=since, until=until, application=application)
        )

    async def session_lengths(
        self,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        application: str | None = None,
    ) -> list[SessionLength]:
        """Conversations by their number of turns.

        Arguments:
            collection: None: all
            since: whole days in UTC on which conversations began; None: the last 30 days
            until: whole days in UTC on which conversations began; None: the last 30 days
            application: as it is logged, see application_usage; None: all
        """
        return await self.run(
            _statistics.session_lengths(collection=collection, since=since, until=until, application=application)
        )

    async def analytics_summary(
        self,
        collection_name: str | None = None,
        *,
        date_from: date | None = None,
        date_to: date | None = None,
        application: str | None = None,
    ) -> dict[str, Any]:
        """The statistics of conversations over a period as one document.

        Arguments:
            collection_name: None: all together
            date_from: days in UTC, both included; None: the last 30 days, until today
            date_to: days in UTC, both included; None: the last 30 days, until today
            application: as it is logged, see application_usage; None: all
        """
        return await self.run(
            _statistics.analytics_summary(
                collection_name=collection_name, date_from=date_from, date_to=date_to, application=application
            )
        )

    async def analytics_timeline(
        self,
        collection_name: str | None = None,
        *,
        period: str = "daily",
        days: int = 7,
        application: str | None = None,
    ) -> list[TimelinePoint]:
        """The statistics of conversations over the last days, one row a day or hour.

        Arguments:
            collection_name: None: all together
            period: daily, hourly; in UTC
            days: 1 .. 3660, hourly 1 .. 366; with today
            application: as it is logged, see application_usage; None: all
        """
        return await self.run(
            _statistics.analytics_timeline(
                collection_name=collection_name, period=period, days=days, application=application
            )
        )

    async def faq_candidates(
        self,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        min_sessions: int = 3,
        top_k: int = 20,
        application: str | None = None,
        *,
        top_n: int | None = None,
    ) -> list[FaqCandidate]:
        """Questions that several sessions asked, in one spelling or another.

        Arguments:
            collection: None: all
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
            min_sessions: 1 .. 1000000 that must have asked it
            top_k: 0 .. 1000 rows
            application: as it is logged, see application_usage; None: all
            top_n: top_k, under its other name
        """
        return await self.run(
            _statistics.faq_candidates(
                collection=collection,
                since=since,
                until=until,
                min_sessions=min_sessions,
                top_n=either("top_k", top_k, 20, "top_n", top_n),
                application=application,
            )
        )

    async def prompt_suggestions(
        self,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        top_k: int = 5,
        application: str | None = None,
        *,
        top_n: int | None = None,
    ) -> list[PromptSuggestion]:
        """What to change about prompts and pages, by what went wrong, most frequent first.

        Arguments:
            collection: None: all
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
            top_k: 0 .. 100 examples of each kind, the latest or most frequent
            application: as it is logged, see application_usage; None: all
            top_n: top_k, under its other name
        """
        return await self.run(
            _statistics.prompt_suggestions(
                collection=collection,
                since=since,
                until=until,
                top_n=either("top_k", top_k, 5, "top_n", top_n),
                application=application,
            )
        )

    async def anomalies(
        self,
        day: date | None = None,
        *,
        collection: str | None = None,
        threshold: float = 4,
        application: str | None = None,
    ) -> list[Anomaly]:
        """Hours of a day that are unlike the same hours of the same weekday of the four weeks before.

        Arguments:
            day: in UTC; None: today, as far as its hours are over
            collection: None: all together
            threshold: 0 .. 1000000: how many standard deviations away
            application: as it is logged, see application_usage; None: all
        """
        return await self.run(
            _statistics.anomalies(day=day, collection=collection, threshold=threshold, application=application)
        )

    async def report(
        self,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        application: str | None = None,
    ) -> dict[str, Any]:
        """The statistics of searches and conversations over a period as one document.

        Arguments:
            collection: None: all
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
            application: as it is logged, see application_usage; None: all
        """
        return await self.run(
            _statistics.report(collection=collection, since=since, until=until, application=application)
        )

    async def log_health(self, days: int = 2) -> list[LogCheck]:
        """Whether the log of searches and conversations is whole.

        Arguments:
            days: 1 .. 3660 days back that are looked at
        """
        return await self.run(_statistics.log_health(days=days))

    async def reformulated_queries(
        self,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        top_k: int = 20,
        application: str | None = None,
        *,
        top_n: int | None = None,
    ) -> list[ReformulatedQuery]:
        """Queries that were asked again in other words, with these words, most frequent pairs first.

        Arguments:
            collection: None: all
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
            top_k: 0 .. 10000 rows
            application: as it is logged, see application_usage; None: all
            top_n: top_k, under its other name
        """
        return await self.run(
            _statistics.reformulated_queries(
                collection=collection,
                since=since,
                until=until,
                top_n=either("top_k", top_k, 20, "top_n", top_n),
                application=application,
            )
        )

    async def mark_answered(self, query: str, answered_by: str, answered: bool = True) -> int:
        """Write down that a query that failed was seen to, or take that back; returns how many failures it resolved.

        Arguments:
            query: at most 2,000 bytes
            answered_by: 1 to 255 characters: who has seen to it
            answered: false takes the mark back
        """
        return await self.run(_statistics.mark_answered(query=query, answered_by=answered_by, answered=answered))

    async def list_answered(self, top_k: int = 100, *, top_n: int | None = None) -> list[AnsweredQuery]:
        """Queries that were seen to, first those that failed again.

        Arguments:
            top_k: 0 .. 10000 rows
            top_n: top_k, under its other name
        """
        return await self.run(_statistics.list_answered(top_n=either("top_k", top_k, 100, "top_n", top_n)))

    async def query_history(
        self,
        query: str,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        application: str | None = None,
    ) -> dict[str, Any]:
        """One query over a period: its days, what it showed and what was clicked, and what was typed next.

        Arguments:
            query: the text that was typed
            collection: None: all
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
            application: as it is logged, see application_usage; None: all
        """
        return await self.run(
            _statistics.query_history(
                query=query, collection=collection, since=since, until=until, application=application
            )
        )

    async def logged_search(self, query_id: UUID | str) -> dict[str, Any] | None:
        """One search of the log as it was, with what became of it; None when it is not there.

        Arguments:
            query_id: as search and log_search gave it
        """
        return await self.run(_statistics.logged_search(query_id=query_id))

    async def page_attention(
        self,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        show: str = "ignored",
        min_impressions: float = 10,
        top_k: int = 20,
        top_n: int | None = None,
    ) -> list[PageAttention]:
        """Pages that are shown and not clicked, clicked most, or never found.

        Arguments:
            collection: None: all
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
            show: ignored: shown and clicked less than their ranks explain, worst first, chosen among the 200 + 3 top_n
                pages that are so by their mean rank; clicked: clicked most; never_found: pages that no search of the
                period returned, longest unchanged first
            min_impressions: pages seen less often are left out, as their rate says nothing; not of never_found
            top_k: 0 .. 10000 rows
            top_n: top_k, under its other name
        """
        return await self.run(
            _statistics.page_attention(
                collection=collection,
                since=since,
                until=until,
                show=show,
                min_impressions=min_impressions,
                top_n=either("top_k", top_k, 20, "top_n", top_n),
            )
        )

    async def page_queries(
        self,
        page_id: int,
        since: datetime | None = None,
        until: datetime | None = None,
        top_k: int = 20,
        *,
        top_n: int | None = None,
    ) -> list[PageQuery]:
        """The queries that found a page, most frequent first.

        Arguments:
            page_id: as searches tell it
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
            top_k: 0 .. 10000 rows
            top_n: top_k, under its other name
        """
        return await self.run(
            _statistics.page_queries(
                page_id=page_id, since=since, until=until, top_n=either("top_k", top_k, 20, "top_n", top_n)
            )
        )

    async def keep_report(
        self,
        collection: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        application: str | None = None,
    ) -> int:
        """Make a report and keep it; returns its id.

        Arguments:
            collection: None: all
            since: whole days in UTC; None: the last 30 days
            until: whole days in UTC; None: the last 30 days
            application: as it is logged, see application_usage; None: all
        """
        return await self.run(
            _statistics.keep_report(collection=collection, since=since, until=until, application=application)
        )

    async def list_reports(self, top_k: int = 50, *, top_n: int | None = None) -> list[KeptReport]:
        """The reports that were kept, the latest first.

        Arguments:
            top_k: 0 .. 10000 rows
            top_n: top_k, under its other name
        """
        return await self.run(_statistics.list_reports(top_n=either("top_k", top_k, 50, "top_n", top_n)))

    async def get_report(self, report_id: int) -> dict[str, Any] | None:
        """A report as it was kept; None when there is none.

        Arguments:
            report_id: as keep_report and list_reports tell it
        """
        return await self.run(_statistics.get_report(report_id=report_id))

    async def parse_query(
        self, query: str, *, text_config: str = "pg_catalog.simple", operator: str = "or"
    ) -> list[ParsedQuery]:
        """What a query asks for: its lexemes, requirements and exclusions.

        Arguments:
            query: only its first 32,000 characters count, of a phrase 1,000, and 500 of the terms with a sign or
                required
            text_config: name of a text search configuration
            operator: 'or': any word will do; 'and': every word is required
        """
        return await self.run(_text.parse_query(query=query, text_config=text_config, operator=operator))

    async def normalize_query(self, query: str) -> str:
        """The query as logs group it: NFKC, lower case, single spaces.

        Arguments:
            query: the text that was typed
        """
        return await self.run(_text.normalize_query(query=query))

    async def explain_analysis(
        self, content: str, query: str = "", *, text_config: str = "pg_catalog.simple"
    ) -> list[AnalysedLexeme]:
        """What the words of a text and of a query are to a search, and which of them meet.

        Arguments:
            content: of which the first 20,000 characters are looked at
            query: the text that was typed
            text_config: name of a text search configuration
        """
        return await self.run(_text.explain_analysis(content=content, query=query, text_config=text_config))
