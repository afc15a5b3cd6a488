"""Lists for learning to rank, as RankLib and as LightGBM read them.

Features are numbered from 1 in the order of their names, which stand in a file of their own beside the data. A feature
that a hit does not have (no vector score for a hit that was found by its words alone) is left out in LETOR lines and is
`nan` for LightGBM, which learns where to send it; it is never 0, because 0 would be the best rank of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from pgsearch.exports.files import one_line, snapshot, stream, writing
from pgsearch.exports.selection import Selection

_NAMES = """
select distinct k.name collate "C"
  from pgsearch.export_ltr(%(collection)s, %(since)s::timestamptz, %(until)s::timestamptz) as e
       cross join lateral jsonb_object_keys(e.features) as k(name)
 order by 1
"""
_ROWS = """
select e.query_group, e.label, e.features, e.object_id, e.query, e.place, e.weight
  from pgsearch.export_ltr(%(collection)s, %(since)s::timestamptz, %(until)s::timestamptz) as e
"""


@dataclass(frozen=True, slots=True)
class ListsWritten:
    """How many hits of how many searches were written, and the names of their features."""

    hits: int
    searches: int
    features: list[str]
    files: list[str]


def write_letor(connection: psycopg.Connection[Any], path: Path, selection: Selection) -> ListsWritten:
    """`label qid:group 1:value 2:value # chunk_id query`, and the names of the features in PATH.features."""
    hits = group = 0
    with snapshot(connection), writing(path) as file:
        names = _names(connection, selection)
        for group, label, features, object_id, query, _, _ in stream(connection, _ROWS, selection.parameters):
            values = " ".join(f"{at}:{features[name]!r}" for at, name in enumerate(names, 1) if name in features)
            file.write(f"{label} qid:{group} {values} # {one_line(object_id)} {one_line(query)}\n")
            hits += 1
        named = _write_names(path, names)
    return ListsWritten(hits, group, names, [str(path), str(named)])


def write_lightgbm(connection: psycopg.Connection[Any], path: Path, selection: Selection) -> ListsWritten:
    """Tab-separated data, the label first, with PATH.query (sizes of the lists), .position, .weight, .features.

    LightGBM finds .query, .position and .weight by their names; positions are for its correction of position bias.
    """
    hits = group = size = 0
    beside = {kind: path.with_name(f"{path.name}.{kind}") for kind in ("query", "position", "weight")}
    with (
        snapshot(connection),
        writing(path) as file,
        writing(beside["query"]) as sizes,
        writing(beside["position"]) as positions,
        writing(beside["weight"]) as weights,
    ):
        names = _names(connection, selection)
        for row_group, label, features, _, _, place, weight in stream(connection, _ROWS, selection.parameters):
            if row_group != group and size:
                sizes.write(f"{size}\n")
                size = 0
            group = row_group
            size += 1
            hits += 1
            file.write("\t".join([str(label), *(repr(features.get(name, float("nan"))) for name in names)]) + "\n")
            positions.write(f"{place}\n")
            weights.write(f"{weight!r}\n")
        if size:
            sizes.write(f"{size}\n")
        named = _write_names(path, names)
    return ListsWritten(hits, group, names, [str(file) for file in (path, *beside.values(), named)])


def _names(connection: psycopg.Connection[Any], selection: Selection) -> list[str]:
    return [name for (name,) in stream(connection, _NAMES, selection.parameters)]


def _write_names(path: Path, names: Sequence[str]) -> Path:
    beside = path.with_name(f"{path.name}.features")
    with writing(beside) as file:
        file.writelines(f"{at}\t{one_line(name)}\n" for at, name in enumerate(names, 1))
    return beside
