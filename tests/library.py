"""A small library of pages in English and Korean, and a model of meaning that a person can follow.

The vectors have one dimension for each subject, so which page is near to which is known by looking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pgsearch import Client

POLITICS = (1.0, 0.0, 0.0, 0.0)
CARS = (0.0, 1.0, 0.0, 0.0)
LEARNING = (0.0, 0.0, 1.0, 0.0)
DATABASES = (0.0, 0.0, 0.0, 1.0)

WIKI: Sequence[Mapping[str, Any]] = (
    {
        "external_id": "impeachment",
        "title": "윤석열 대통령 탄핵 절차",
        "content": "국회가 탄핵 소추안을 의결하면 헌법재판소가 탄핵을 심판한다. 윤석열 탄핵 절차는 헌법에 정해져 있다.",
        "tags": ["정치", "법"],
        "source": "encyclopedia",
        "metadata": {"team": "law", "year": 2024},
    },
    {
        "external_id": "subsidy",
        "title": "전기차 보조금",
        "content": "전기차 보조금은 환경부와 지방자치단체가 지급한다. 보조금은 차종에 따라 다르다.",
        "tags": ["자동차", "법"],
        "source": "handbook",
        "metadata": {"team": "cars"},
    },
    {
        "external_id": "optimizer",
        "title": "딥러닝 옵티마이저",
        "content": "Adam과 SGD는 딥러닝 옵티마이저이다. The learning rate decides how far one step goes.",
        "tags": ["학습"],
        "source": "handbook",
        "metadata": {"team": "learning"},
    },
    {
        "external_id": "postgres",
        "title": "PostgreSQL",
        "content": "PostgreSQL finds words with a tsvector column and a GIN index. An index makes a search fast.",
        "tags": ["database"],
        "source": "handbook",
        "metadata": {"team": "databases"},
    },
    {
        "external_id": "car-chargers",
        "title": "Charging stations",
        "content": "A charging station fills the battery of an electric car in half an hour.",
        "tags": ["자동차"],
        "source": "encyclopedia",
        "metadata": {"team": "cars"},
    },
)

SUBJECTS: Mapping[str, tuple[float, ...]] = {
    "impeachment": POLITICS,
    "subsidy": CARS,
    "optimizer": LEARNING,
    "postgres": DATABASES,
    "car-chargers": (0.1, 0.9, 0.0, 0.0),
}

GUIDES: Sequence[Mapping[str, Any]] = (
    {
        "external_id": "garden",
        "title": "Gardening",
        "chunks": [
            "Roses want sun and deep soil.",
            "Tulips bloom early in spring.",
            "Water the garden in the evening.",
            "Prune roses before spring comes.",
        ],
    },
    {
        "external_id": "kitchen",
        "title": "Cooking",
        "chunks": ["Cut the onions.", "Fry the onions slowly, then season.", "Serve the soup hot."],
    },
    {
        "external_id": "running",
        "title": "Running shoes",
        "content": "She runs every morning; the running shoes of a runner wear out.",
    },
)


def put_library(client: Client) -> None:
    """Collections wiki (simple, with embeddings of the model "subjects") and guides (english, without)."""
    client.create_collection("wiki")
    client.put_pages("wiki", WIKI)
    client.create_collection("guides", text_config="english")
    client.put_pages("guides", GUIDES)
    client.register_model("subjects", 4)
    embed(client, "subjects", SUBJECTS, collection="wiki")
    client.set_default_model("wiki", "subjects")


def embed(
    client: Client, model: str, vectors: Mapping[str, Sequence[float]], *, collection: str | None = None
) -> list[int]:
    """Give every chunk without an embedding that of its page, by external id; returns the chunk ids."""
    missing = client.list_missing_embeddings(model, collection=collection, batch_size=10_000)
    ids = dict(client.connection.execute("select page_id, external_id from pgsearch.pages").fetchall())
    kept = [row for row in missing if ids[row.page_id] in vectors]
    client.put_embeddings(
        model,
        [row.chunk_id for row in kept],
        [row.content_hash for row in kept],
        [vectors[ids[row.page_id]] for row in kept],
    )
    return [row.chunk_id for row in kept]
