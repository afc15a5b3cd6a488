"""How vectors travel to the server: in pgvector's binary form, whatever holds the numbers.

Nothing is registered on a connection, which may be somebody else's, and no OID is asked for: the server reads a
parameter of no type as what the function takes, wherever the extension lives. To write 256 vectors of 384 numbers as
text takes the client some hundred milliseconds instead of some, and the server as long again to read them.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import pgvector
from psycopg.adapt import AdaptersMap, Dumper
from psycopg.pq import Format

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector: TypeAlias = Sequence[float] | pgvector.Vector | pgvector.HalfVector | NDArray[Any]
else:
    Vector = Sequence[float] | pgvector.Vector | pgvector.HalfVector

_MOST_DIMENSIONS = 16_000


class Vectors(list[pgvector.Vector]):
    """Vectors that are sent as one array."""


def as_vector(embedding: Vector | None) -> pgvector.Vector | str | None:
    """A vector as it is sent; one that pgvector would refuse goes as text, so that the error can show it."""
    if embedding is None:
        return None
    numbers = _numbers(embedding)
    if 0 < len(numbers) <= _MOST_DIMENSIONS:
        vector = embedding if isinstance(embedding, pgvector.Vector) else pgvector.Vector(numbers)
        # single precision has fewer finite numbers than Python
        if math.isfinite(sum(vector.to_list())):
            return vector
    return as_text(numbers)


def as_vectors(embeddings: Iterable[Vector | None]) -> Vectors | list[str | None]:
    """Vectors as they are sent, in one array: all as text when one of them must be."""
    given = list(embeddings)
    vectors = Vectors(vector for vector in map(as_vector, given) if isinstance(vector, pgvector.Vector))
    if vectors and len(vectors) == len(given):
        return vectors
    return [None if embedding is None else as_text(embedding) for embedding in given]


def as_text(embedding: Vector) -> str:
    """A vector in the form that psql shows, for functions that take text."""
    return repr(_numbers(embedding)).replace(" ", "")


def register(adapters: AdaptersMap) -> None:
    """Teach adapters of our own to send them."""
    adapters.register_dumper(pgvector.Vector, _VectorDumper)
    adapters.register_dumper(Vectors, _VectorsDumper)


def _numbers(embedding: Vector) -> list[float]:
    if isinstance(embedding, pgvector.Vector | pgvector.HalfVector):
        return embedding.to_list()
    # arrays of numpy and of others make plain numbers of theirs much faster than float() does
    tolist = getattr(embedding, "tolist", None)
    return [*map(float, embedding if tolist is None else tolist())]


class _VectorDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: pgvector.Vector) -> bytes:
        return obj.to_binary()


class _VectorsDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Vectors) -> bytes:
        # one dimension that begins at 1, no nulls, elements of the type that the server expects (since PostgreSQL 14)
        parts = [struct.pack(">iiIii", 1, 0, 0, len(obj), 1)]
        for vector in obj:
            element = vector.to_binary()
            parts += (struct.pack(">i", len(element)), element)
        return b"".join(parts)
