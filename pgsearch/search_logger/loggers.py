"""The loggers of searches and feedback: for programs with threads, and for asyncio."""

from __future__ import annotations

from collections.abc import Sequence

from pgsearch.delivery.asynchronous import AsyncBufferedLog
from pgsearch.delivery.blocking import BufferedLog
from pgsearch.search_logger import entries

_NAME = "pgsearch search logger"
_TELEMETRY = "pgsearch.search_telemetry"


class SearchLogger(BufferedLog):
    """Logs searches and feedback without ever raising, waiting for the database, or losing what it keeps.

    How rows are kept and stored, and the arguments, stand at BufferedLog. Troubles are warnings of the logger
    pgsearch.search_telemetry, without the texts of queries.
    """

    _name = _NAME
    _telemetry = _TELEMETRY

    def log_search(
        self,
        query: str,
        results: Sequence[object] = (),
        *,
        repo_id: str | None = None,
        late_interaction_scores: object = None,
        **fields: object,
    ) -> str:
        """Log a search; returns its id, for feedback, at once.

        `ts` says when it was made, if not now: a datetime, a date (its first moment), or either as ISO 8601 text;
        without a zone it is the local time of this process. A `query_id` of your own says the time itself. A time that
        the log has no day for (older than it is kept, a day ahead) is no reason to raise: the row is refused by the
        database, counted in `counters.rejected` and told to the logger pgsearch.search_telemetry.

        Arguments: query, results (hits best first: mappings with chunk_id and score, `Hit`s, or ids), repo_id (the
        collection), late_interaction_scores, and whatever pgsearch.log_search knows: intent, fusion_strategy, user_id,
        session_id, client_id, confidence, latency_ms, top_k, candidate_count, query_id (a UUIDv7 of your own) ...
        """
        fields.setdefault("collection", repo_id)
        entry = entries.search_entry(query, results, late_interaction_scores=late_interaction_scores, **fields)
        self._log(entry)
        return str(entry["query_id"])

    def log_feedback(
        self,
        log_id: str,
        *,
        clicked_rank: int | None = None,
        clicked_chunk_id: str | int | None = None,
        was_helpful: bool | None = None,
        dwell_time: float | None = None,
        action_name: str | None = None,
        **fields: object,
    ) -> None:
        """Log what became of a search: the rank clicked (from 1), the chunk, seconds of dwell time, helpful or not.

        `action_name` is any action of the User Behavior Insights standard, by default click; `fields` are what the
        context of pgsearch.log_feedback takes, `ts` as for log_search. It is stored as that function stores it, which
        refuses feedback of nothing. May come before the search itself is stored.
        """
        entry = entries.feedback_entry(
            log_id,
            clicked_rank=clicked_rank,
            clicked_chunk_id=clicked_chunk_id,
            was_helpful=was_helpful,
            dwell_time=dwell_time,
            action_name=action_name,
            **fields,
        )
        self._log(entry)


class AsyncSearchLogger(AsyncBufferedLog):
    """Logs searches and feedback from asyncio without ever raising or waiting for the database; see `SearchLogger`."""

    _name = _NAME
    _telemetry = _TELEMETRY

    async def log_search(
        self,
        query: str,
        results: Sequence[object] = (),
        *,
        repo_id: str | None = None,
        late_interaction_scores: object = None,
        **fields: object,
    ) -> str:
        """Log a search; returns its id, for feedback, at once. Arguments as SearchLogger.log_search."""
        fields.setdefault("collection", repo_id)
        entry = entries.search_entry(query, results, late_interaction_scores=late_interaction_scores, **fields)
        await self._log(entry)
        return str(entry["query_id"])

    async def log_feedback(
        self,
        log_id: str,
        *,
        clicked_rank: int | None = None,
        clicked_chunk_id: str | int | None = None,
        was_helpful: bool | None = None,
        dwell_time: float | None = None,
        action_name: str | None = None,
        **fields: object,
    ) -> None:
        """Log what became of a search. Arguments as SearchLogger.log_feedback."""
        entry = entries.feedback_entry(
            log_id,
            clicked_rank=clicked_rank,
            clicked_chunk_id=clicked_chunk_id,
            was_helpful=was_helpful,
            dwell_time=dwell_time,
            action_name=action_name,
            **fields,
        )
        await self._log(entry)
