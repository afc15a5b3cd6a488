"""What is searched: collections, how far their words and vectors are, and which chunks no model would take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pgsearch.client.calls import embeddings, operate, pages, sources
from pgsearch.client.calls.embeddings import EmbeddingModel, EmbeddingStatus, FailedEmbedding
from pgsearch.console.asked import Asked

PATH = "/sources"
TITLE = "Sources"
ROWS = "collections_of_text"
PLACE = 13
FILTERS = False

_MOST_FAILED = 50
_MOST_INDEXES = 20


@dataclass(frozen=True, slots=True)
class Model:
    """A model, how far it is, and what it could not embed."""

    model: EmbeddingModel
    status: EmbeddingStatus
    failed: list[FailedEmbedding]


async def read(asked: Asked) -> dict[str, Any]:
    """Collections and models."""
    found = await asked.run(pages.text_stats_staleness())
    models = []
    for model in await asked.run(embeddings.list_models()):
        (status,) = await asked.run(embeddings.embedding_status(model.model))
        failed = (
            await asked.run(embeddings.list_failed_embeddings(model.model, batch_size=_MOST_FAILED))
            if status.retrying or status.gave_up
            else []
        )
        models.append(Model(model, status, failed))
    followed = await asked.run(sources.list_followed())
    refused = (
        await asked.run(sources.list_refused_rows(max_rows=_MOST_FAILED))
        if any(one.refused for one in followed)
        else []
    )
    return {
        "collections_of_text": found,
        "models": models,
        "followed": followed,
        "refused": refused,
        "indexes": (await asked.run(operate.list_indexes()))[:_MOST_INDEXES],
    }


async def retry(asked: Asked, fields: Mapping[str, str]) -> str:
    """Let what a model could not embed be tried again at once."""
    if asked.is_administrator:
        await asked.served.client.retry_failed_embeddings(fields.get("model", ""))
    return asked.here()


async def retry_rows(asked: Asked, fields: Mapping[str, str]) -> str:
    """Queue the rows of a followed table that were refused once more."""
    if asked.is_administrator:
        await asked.served.client.retry_refused_rows(fields.get("collection", "") or None)
    return asked.here()


ACTIONS = {"retry": retry, "retry_rows": retry_rows}
