"""Vectors without a model, a download or a network: TF-IDF and a truncated SVD, fitted on the collection's own words.

It knows no world. It has seen nothing but the texts it was fitted on, so it finds what shares words, parts of words or
the company of words with the query; that a physician is a doctor it knows only when the texts show it. Real models come
through the same protocol (pgsearch.models.embedders) and are better. This one makes the vector signal work offline.

Words of scripts with spaces are features themselves and by their parts of 3 and 4 characters, which forgives endings
and typing errors. Words with Hangul, Kana or Han are features by their parts of 2 and 3 characters only: their endings
make every word rare, and the parts are what recurs.

What the numbers below are was chosen by nDCG@10 on four judged collections (Korean, aeronautics, code, science). That
the range of the matrix is taken without power iterations is one of these choices: an SVD that is less exact keeps more
of the rare words, and that searches better than the exact one.
"""

from __future__ import annotations

import json
import os
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pgsearch.errors import InvalidValueError, PgsearchError, from_extra

with from_extra("svd", "Models named svd: need numpy"):
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 256

# What bounds the memory: about 1 GB while fitting, 60 MB for the file, 120 MB while it is used.
MOST_TEXTS = 12_000
MOST_FEATURES = 100_000
_LONGEST_WORD = 64

_WORD_WEIGHT = 2.0  # of a whole word against a part of one
_IDF_POWER = 1.5
_MOST_FREQUENT = 0.5  # share of the texts; what stands in more of them tells nothing
_LEAST_FREQUENT = 2  # texts; what stands in one only relates nothing, and costs memory
_FEW_TEXTS = 100  # up to so many, every word is kept
_OVERSAMPLING = 32

_FORMAT = 1
_WORD = re.compile(r"[^\W_]+")
_CJK = re.compile(
    "[\u1100-\u11ff\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff]"
)


class SvdEmbedder:
    """An embedder fitted on texts; make one with `fit` or `load`.

    Vectors have unit length (cosine is their product); a text in which nothing is known has the zero vector, which
    searches leave out. The same texts and seed give the same embedder.
    """

    def __init__(self, features: Sequence[str], components: NDArray[np.float32]) -> None:
        """`components` has a row for each feature, already weighted, and a column for each dimension."""
        self._features = {feature: number for number, feature in enumerate(features)}
        self._components = components
        self._known: dict[str, list[int]] = {}

    @property
    def dimensions(self) -> int:
        """Length of the vectors."""
        return int(self._components.shape[1])

    @classmethod
    def fit(cls, texts: Iterable[str], dimensions: int = DIMENSIONS, seed: int = 0) -> SvdEmbedder:
        """Fit on the texts, read once; of more than MOST_TEXTS a random choice is taken, of their features the
        MOST_FEATURES that stand in most texts.

        Fewer texts than dimensions are fine: what is left of each vector is zero.
        """
        if dimensions < 1:
            raise InvalidValueError(
                f"An embedder needs at least one dimension, not {dimensions}.", hint="256 are a good number."
            )
        counts = [Counter(_words(text)) for text in _chosen(texts, seed)]
        if not any(counts):
            raise InvalidValueError("There are no words to fit an embedder on.", hint="Ingest pages first.")
        with from_extra("svd", "Fitting an embedder needs scikit-learn"):
            from sklearn.utils.extmath import randomized_range_finder

        features, weights, matrix = _weighted(counts)
        size = min(dimensions + _OVERSAMPLING, *matrix.shape)
        span = randomized_range_finder(
            matrix, size=size, n_iter=0, power_iteration_normalizer="none", random_state=seed
        )
        small = matrix.T @ span  # features × size
        # The small side's eigenvectors give the SVD; LAPACK's own SVD of the long side takes ten times as long.
        values, vectors = np.linalg.eigh((small.T @ small).astype(np.float64))
        order = np.argsort(-values)[:dimensions]
        order = order[values[order] > values.max() * 1e-10]
        components = np.zeros((len(features), dimensions), np.float32)
        components[:, : len(order)] = small @ (vectors[:, order] / np.sqrt(values[order]))
        components *= weights[:, np.newaxis]
        # As a saved one will be read, so that a fitted embedder and its file give the same vectors.
        return cls(features, components.astype(np.float16).astype(np.float32))

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A unit vector (values of float32 precision) for each text, or the zero vector."""
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            frequencies: Counter[int] = Counter()
            for word, count in Counter(_words(text)).items():
                for feature in self._features_of(word):
                    frequencies[feature] += count
            if frequencies:
                tf = 1 + np.log(np.fromiter(frequencies.values(), np.float32, len(frequencies)))
                rows = np.fromiter(frequencies.keys(), np.intp, len(frequencies))
                vector += tf @ self._components[rows]
                length = float(np.linalg.norm(vector))
                vector /= length if length > 0 else 1.0
        return [[round(x, 8) for x in vector] for vector in vectors.tolist()]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the embedder to a file (npz: the components as float16, the rest as JSON), all of it or nothing."""
        path = Path(path)
        about = {
            "format": _FORMAT,
            "kind": "TF-IDF and truncated SVD, fitted on a collection's own words",
            "features": list(self._features),
        }
        fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
        try:
            with fresh.open("wb") as file:
                np.savez(
                    file,
                    components=self._components.astype(np.float16),
                    about=np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), np.uint8),
                )
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> SvdEmbedder:
        """Read what `save` wrote; FileNotFoundError when there is no file."""
        try:
            with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                about: dict[str, Any] = json.loads(arrays["about"].tobytes())
                if about["format"] == _FORMAT:
                    return cls(about["features"], arrays["components"].astype(np.float32))
        except FileNotFoundError:
            raise
        except Exception as error:  # a zip file, an array and JSON can each be broken in their own way
            raise PgsearchError(
                f"{os.fspath(path)} is not an embedder, or it is broken: {error}",
                hint="Remove it and embed the collection with a model of another name.",
            ) from error
        raise PgsearchError(
            f"{os.fspath(path)} was written by another version of pgsearch (format {about['format']}).",
            hint="Upgrade pgsearch, or embed the collection with a model of another name.",
        )

    def _features_of(self, word: str) -> list[int]:
        found = self._known.get(word)
        if found is None:
            if len(self._known) >= MOST_FEATURES:
                self._known.clear()
            found = [self._features[part] for part in _parts(word) if part in self._features]
            self._known[word] = found
        return found


def _chosen(texts: Iterable[str], seed: int) -> list[str]:
    """At most MOST_TEXTS of them, each with the same chance, whatever their number turns out to be."""
    chance = random.Random(seed)
    chosen: list[str] = []
    for number, text in enumerate(texts):
        if number < MOST_TEXTS:
            chosen.append(text)
        elif (place := chance.randrange(number + 1)) < MOST_TEXTS:
            chosen[place] = text
    return chosen


def _words(text: str) -> list[str]:
    return [word[:_LONGEST_WORD] for word in _WORD.findall(unicodedata.normalize("NFKC", text).lower())]


def _parts(word: str) -> list[str]:
    """The features of a word, with a space where it begins and ends; the whole word is marked by an equals sign."""
    cjk = _CJK.search(word) is not None
    padded = f" {word} "
    parts = [
        padded[start : start + length]
        for length in ((2, 3) if cjk else (3, 4))
        for start in range(len(padded) - length + 1)
    ]
    if not cjk:
        parts.append(f"={word}")
    return parts


def _weighted(counts: Sequence[Counter[str]]) -> tuple[list[str], NDArray[np.float32], Any]:
    """The features kept, their weights, and the texts as rows of a sparse matrix of unit rows.

    Each distinct word is taken to parts once: texts × words times words × parts gives texts × parts.
    """
    from scipy import sparse

    words: dict[str, int] = {}
    columns = [[words.setdefault(word, len(words)) for word in count] for count in counts]
    of_words = _sparse(columns, [list(count.values()) for count in counts], len(words))
    numbers: dict[str, int] = {}
    columns = [[numbers.setdefault(part, len(numbers)) for part in _parts(word)] for word in words]
    matrix = of_words @ _sparse(columns, None, len(numbers))

    number = len(counts)
    frequencies = np.bincount(matrix.indices, minlength=len(numbers))
    least = _LEAST_FREQUENT if number > _FEW_TEXTS else 1
    most = max(number * _MOST_FREQUENT, least)
    kept = np.flatnonzero((frequencies >= least) & (frequencies <= most))
    if len(kept) == 0:
        kept = np.arange(len(numbers))
    # A stable order, so that which of the equally frequent ones are kept does not depend on the machine.
    kept = np.sort(kept[np.argsort(-frequencies[kept], kind="stable")[:MOST_FEATURES]])
    names = list(numbers)
    features = [names[place] for place in kept]

    idf = np.log((1 + number) / (1 + frequencies[kept])) + 1
    weights = (idf**_IDF_POWER * [_WORD_WEIGHT if name[0] == "=" else 1.0 for name in features]).astype(np.float32)
    matrix = matrix[:, kept]
    matrix.data = 1 + np.log(matrix.data)
    matrix = matrix @ sparse.diags(weights)
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    matrix = sparse.diags((1 / np.maximum(lengths, 1e-12)).astype(np.float32)) @ matrix
    return features, weights, matrix.tocsr().astype(np.float32)


def _sparse(columns: Sequence[Sequence[int]], values: Sequence[Sequence[int]] | None, width: int) -> Any:
    from scipy import sparse

    starts = np.zeros(len(columns) + 1, np.int64)
    np.cumsum([len(row) for row in columns], out=starts[1:])
    total = int(starts[-1])
    indices = np.fromiter((column for row in columns for column in row), np.int32, total)
    data = (
        np.ones(total, np.float32)
        if values is None
        else np.fromiter((value for row in values for value in row), np.float32, total)
    )
    return sparse.csr_matrix((data, indices, starts), shape=(len(columns), width))
