"""How hits are shown: a list to read at a terminal, plain lines in a pipe, the same facts in the same order in both."""

from __future__ import annotations

import html
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from pgsearch.client.calls.search import Hit, SearchResult, StagePlan
from pgsearch.client.in_html import MARKED, MEANINGS
from pgsearch.commands._output import say

# What people call the signals; the names of the SQL functions stay as they are in --json and --explain.
_SIGNALS = {"text": "words", "vector": "meaning", "lexical": "titles"}
_WIDEST = 110  # columns; longer lines are hard to read


def say_result(query: str, result: SearchResult, *, explain: bool = False, plans: Sequence[StagePlan] = ()) -> None:
    """A search and its hits on stdout, with every signal's part of the score and the plans if `explain`."""
    if sys.stdout.isatty():
        console = terminal()
        console.print(rendered(query, result, explain=explain))
        if plans:
            console.print(rendered_plans(plans))
    else:
        for line in plain_lines(query, result, explain=explain):
            say(line)
        for stage in plans:
            say(
                f"plan {stage.stage}: {stage.node} over {stage.index_name or 'no index'}, {stage.rows} rows,"
                f" {stage.milliseconds:.1f} ms{'' if stage.uses_index else f', expected {stage.expected_index}'}"
            )


def terminal() -> Console:
    """The terminal, no wider than one reads; never with colours or numbers that the text did not ask for."""
    console = Console(highlight=False, soft_wrap=False)
    console.width = min(console.width, _WIDEST)
    return console


def rendered(query: str | None, result: SearchResult, *, explain: bool = False) -> RenderableType:
    """A search as rich shows it; the query is left out when it stands above already."""
    parts: list[RenderableType] = [_head(query, result)]
    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    grid.add_column(justify="right", style="bold cyan", width=3)
    grid.add_column(ratio=1, overflow="fold")
    grid.add_column(justify="right", no_wrap=True)
    for hit in result.hits:
        share = Text(_relevance(hit), style="bold")
        share.append(f"\n{_reason(hit)}", style="green")
        grid.add_row(str(hit.rank), _body(hit), share)
        if explain:
            grid.add_row("", _signal_table(hit), "")
        grid.add_row("", "", "")
    if result.hits:
        parts.append(grid)
    else:
        parts.append(Text("     nothing was found", style="dim"))
    parts.extend(Text(f"     {line}", style="cyan") for line in _facet_lines(result))
    if result.did_you_mean:
        parts.append(Text(f"     did you mean: {result.did_you_mean}", style="yellow"))
    parts.extend(Text(f"     note: {note}", style="yellow") for note in result.notes)
    return Group(*parts)


def plain_lines(query: str | None, result: SearchResult, *, explain: bool = False) -> Iterator[str]:
    """A search as lines without colours, one fact after the other."""
    yield _head(query, result).plain
    for hit in result.hits:
        yield f"{hit.rank}. {_one_line(hit.title or hit.external_id)} ({_relevance(hit)}, {_reason(hit)})"
        yield f"   {_place(hit)}"
        if hit.snippet:
            yield f"   {marked(hit.snippet).plain}"
        if explain:
            for name, score, rank, weight, contribution in _signal_rows(hit.signals):
                facts = {"score": score, "rank": rank, "weight": weight, "contribution": contribution}
                yield f"   {name}: " + ", ".join(f"{fact} {value}" for fact, value in facts.items() if value)
    if not result.hits:
        yield "nothing was found"
    yield from _facet_lines(result)
    if result.did_you_mean:
        yield f"did you mean: {result.did_you_mean}"
    for note in result.notes:
        yield f"note: {note}"


def _facet_lines(result: SearchResult) -> Iterator[str]:
    for name, values in (result.facets or {}).items():
        yield f"{name}: " + (", ".join(f"{_one_line(str(of.value))} ({of.count})" for of in values) or "none")


def rendered_plans(plans: Sequence[StagePlan]) -> RenderableType:
    """The plans of a search's stages as rich shows them."""
    table = Table(show_edge=False, header_style="bold", box=None, padding=(0, 2, 0, 0))
    for column in ("stage", "index", "scan"):
        table.add_column(column, overflow="fold")
    for column in ("rows", "ms"):
        table.add_column(column, justify="right")
    for stage in plans:
        index = Text(stage.index_name or "no index", style="green" if stage.uses_index else "red")
        if not stage.uses_index:
            index.append(f"\nexpected {stage.expected_index}", style="dim")
        table.add_row(Text(stage.stage), index, Text(stage.node), f"{stage.rows:,}", f"{stage.milliseconds:.1f}")
    return table


def marked(snippet: str) -> Text:
    """A snippet as text, its <mark>s bold and the HTML escapes undone."""
    text = Text()
    for number, piece in enumerate(MARKED.split(snippet)):
        text.append(html.unescape(piece), style="bold yellow" if number % 2 else "")
    return text


def _head(query: str | None, result: SearchResult) -> Text:
    head = Text()
    if query is not None:
        head.append(_one_line(query), style="bold")
        head.append("\n" if len(query) > 60 else "  ")
    ran = " + ".join(_SIGNALS.get(signal, signal) for signal in result.signals)
    facts = [result.found, f"by {ran}" if ran else "no signal ran"]
    if "total_ms" in result.timings:
        facts.append(f"{result.timings['total_ms']:.0f} ms")
    head.append(" · ".join(facts), style="dim")
    return head


def _body(hit: Hit) -> Text:
    body = Text(_one_line(hit.title or hit.external_id), style="")
    body.stylize("bold")
    body.append(f"\n{_place(hit)}", style="dim")
    if hit.snippet:
        body.append("\n")
        body.append_text(marked(hit.snippet))
    return body


def _place(hit: Hit) -> str:
    """Where a hit stands: collection, id, and the headings above it that are not the title again."""
    section = hit.heading.removeprefix(hit.title).removeprefix(" · ")
    return _one_line(" · ".join(part for part in (hit.collection, hit.external_id, section) if part))


def _relevance(hit: Hit) -> str:
    return f"{hit.display_score if hit.relevance is None else hit.relevance:.0%}"


def _reason(hit: Hit) -> str:
    return hit.match_reason.replace("+", " + ")


def _signal_table(hit: Hit) -> Table:
    table = Table(show_edge=False, box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("signal", style="cyan")
    table.add_column("", style="dim")
    for column in ("score", "rank", "weight", "contribution"):
        table.add_column(column, justify="right")
    for name, *numbers in _signal_rows(hit.signals):
        table.add_row(name, MEANINGS.get(name, ""), *numbers)
    return table


def _signal_rows(signals: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    """Largest contribution first; what is no signal, such as the factors of boosts, by name and number alone."""

    def size(item: tuple[str, Any]) -> float:
        value = item[1]
        return -abs(value.get("contribution") or 0) if isinstance(value, Mapping) else 0.0

    for name, value in sorted(signals.items(), key=size):
        if isinstance(value, Mapping) and "contribution" in value:
            score, rank, weight = (_number(value.get(key)) for key in ("score", "rank", "weight"))
            yield name, score, rank, weight, _number(value["contribution"])
        elif isinstance(value, Mapping):
            for key, factor in value.items():
                yield f"{name} {key}", "", "", "", _number(factor)
        else:
            yield name, "", "", "", _number(value)


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    return "" if value is None else str(value)


def _one_line(text: str) -> str:
    return " ".join(text.split())
