"""Where the lines and bars of a chart are: templates draw them as SVG, with a table beside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart, in the units of its picture."""

    x: float
    y: float
    width: float
    height: float


def line(values: Sequence[float | None], width: float, height: float, *, most: float | None = None) -> str:
    """The path of a line over the whole width; what is not known interrupts it, and a value alone is a short dash."""
    top = most or ceiling(values)
    step = width / max(len(values) - 1, 1)
    path: list[str] = []
    drawing = False
    for at, value in enumerate(values):
        if value is None:
            drawing = False
            continue
        x, y = at * step, height - height * min(value / top, 1)
        if len(values) == 1:
            return f"M0 {y:.1f}H{width:.1f}"
        alone = not drawing and (at + 1 == len(values) or values[at + 1] is None)
        path.append(f"{'L' if drawing else 'M'}{x:.1f} {y:.1f}{'h1' if alone else ''}")
        drawing = True
    return "".join(path)


def bars(values: Sequence[float | None], width: float, height: float, *, most: float | None = None) -> list[Bar]:
    """A bar a value, from the ground; one bar is not as wide as the picture."""
    top = most or ceiling(values)
    step = width / max(len(values), 1)
    wide = min(step * 0.8, 40.0)
    return [
        Bar(
            round(at * step + (step - wide) / 2, 2),
            round(height - tall, 2),
            round(wide, 2),
            round(tall, 2),
        )
        for at, value in enumerate(values)
        for tall in [height * min((value or 0) / top, 1)]
    ]


def ceiling(values: Sequence[float | None]) -> float:
    """A round number that no value is above, and whose half is round too: 1, 2, 4, 6 or 8 and zeros."""
    most = max((value for value in values if value is not None), default=0.0)
    if most <= 0:
        return 1.0
    unit = float(10.0 ** math.floor(math.log10(most)))
    if unit == 0:  # below the smallest number that has a logarithm of its own
        return most
    return next((factor * unit for factor in (1, 2, 4, 6, 8) if factor * unit >= most), 10 * unit)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a stacked bar, from `x`, in percent of its picture."""

    name: str
    value: float
    x: float
    width: float


def stacked(parts: Sequence[tuple[str, float]], most: float) -> list[Part]:
    """Parts one after the other; `most` is what would fill the picture."""
    found: list[Part] = []
    at = 0.0
    for name, value in parts:
        wide = 100 * max(value, 0.0) / most if most > 0 else 0.0
        found.append(Part(name, value, round(at, 2), round(wide, 2)))
        at += wide
    return found


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its interval, in percent of its picture, and where zero is."""

    zero: float
    at: float
    low: float
    high: float


def intervals(values: Sequence[tuple[float, float | None, float | None]]) -> list[Interval]:
    """Values with their bounds on one axis with zero in the middle."""
    known = [abs(one) for row in values for one in row if one is not None]
    most = ceiling(known)

    def place(value: float) -> float:
        return round(50 + 48 * value / most, 2)

    return [
        Interval(50, place(value), place(value if low is None else low), place(value if high is None else high))
        for value, low, high in values
    ]
