"""A search and its hits as a notebook shows them: the marked excerpt, and a bar for each signal.

Every text of a page is escaped. Colours are those of the notebook, thinned, so that light and dark themes both suit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape, unescape
from typing import Any, Protocol

MARKED = re.compile(r"<mark>(.*?)</mark>", re.DOTALL)
MEANINGS = {
    "text": "words of the passage",
    "vector": "meaning of the passage",
    "title": "words of the title",
    "lexical": "spelling of the title",
    "neighbours": "what passages like it score",
}
"""What the signals look at, in the words of whoever searches."""

_STYLE = """
.pgsearch{max-width:60em;font-size:14px;line-height:1.45;text-align:left}
.pgsearch small{opacity:.65}
.pgsearch ol{list-style:none;margin:.4em 0;padding:0}
.pgsearch li{display:flex;gap:1.5em;margin:0;padding:.6em 0;border-top:1px solid rgba(128,128,128,.3)}
.pgsearch li>div:first-child{flex:1;min-width:0;overflow-wrap:anywhere}
.pgsearch p{margin:.2em 0}
.pgsearch mark{background:rgba(255,190,0,.38);color:inherit;border-radius:2px;padding:0 .1em}
.pgsearch dl{flex:0 0 15em;display:grid;grid-template-columns:5.5em 1fr 3.5em;gap:.1em .6em;margin:0;align-self:start;\
align-items:center;font-size:12px;line-height:1.5}
.pgsearch dt,.pgsearch dd{margin:0;padding:0;font-weight:normal}
.pgsearch dd:nth-of-type(2n){text-align:right;font-variant-numeric:tabular-nums}
.pgsearch i{display:block;height:.6em;border-radius:2px;background:rgba(128,128,128,.25);overflow:hidden}
.pgsearch b{display:block;height:100%;background:#4f8fe8}
"""


class Shown(Protocol):
    """What is read of a hit."""

    @property
    def rank(self) -> int: ...
    @property
    def collection(self) -> str: ...
    @property
    def external_id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def heading(self) -> str: ...
    @property
    def snippet(self) -> str: ...
    @property
    def match_reason(self) -> str: ...
    @property
    def signals(self) -> Mapping[str, Any]: ...


def in_html(hits: Sequence[Shown], facts: Sequence[str] = (), notes: Sequence[str] = ()) -> str:
    """The hits as a list; a bar is as long as the score is beside the best of its signal among these hits."""
    scores = [dict(_scores(hit.signals)) for hit in hits]
    best: dict[str, float] = {}
    for each in scores:
        for name, score in each.items():
            best[name] = max(best.get(name, 0.0), score)
    items = "".join(_item(hit, each, best) for hit, each in zip(hits, scores, strict=True))
    head = f"<small>{escape(' · '.join(facts))}</small>" if facts else ""
    foot = "".join(f"<p><small>{escape(note)}</small></p>" for note in notes)
    return f'<div class="pgsearch"><style>{_STYLE}</style>{head}<ol>{items}</ol>{foot}</div>'


def _item(hit: Shown, scores: Mapping[str, float], best: Mapping[str, float]) -> str:
    section = hit.heading.removeprefix(hit.title).removeprefix(" · ")
    place = " · ".join(part for part in (hit.collection, hit.external_id, section, hit.match_reason) if part)
    bars = "".join(_bar(name, score, best[name]) for name, score in scores.items())
    return (
        f"<li><div><strong>{hit.rank}. {escape(hit.title or hit.external_id)}</strong>"
        f"<p>{marked(hit.snippet)}</p><small>{escape(place)}</small></div><dl>{bars}</dl></li>"
    )


def _bar(name: str, score: float, best: float) -> str:
    width = 100 * max(score, 0.0) / best if best > 0 else 0.0
    return (
        f'<dt title="{escape(MEANINGS.get(name, name))}">{escape(name)}</dt>'
        f'<dd><i><b style="width:{width:.0f}%"></b></i></dd><dd>{score:.2f}</dd>'
    )


def _scores(signals: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The signals that have a score, in the order of their part in the whole; what is no signal is left out."""

    def part(item: tuple[str, Any]) -> float:
        value = item[1]
        return -abs(value.get("contribution") or 0.0) if isinstance(value, Mapping) else 0.0

    for name, value in sorted(signals.items(), key=part):
        score = value.get("score") if isinstance(value, Mapping) else value
        if isinstance(score, int | float):
            yield name, float(score)


def marked(snippet: str) -> str:
    """An excerpt, in which <mark> is the only element that is let through, wherever it came from."""
    pieces = (escape(unescape(piece)) for piece in MARKED.split(snippet))
    return "".join(f"<mark>{piece}</mark>" if number % 2 else piece for number, piece in enumerate(pieces))
