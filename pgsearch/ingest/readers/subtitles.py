"""Subtitles (SubRip, WebVTT): what is said, without when."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.pages import page, refusal
from pgsearch.ingest.readers.source import Source

_TIMES = re.compile(r"\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}\s*-->")
# Blocks of WebVTT that nobody says.
_UNSAID = re.compile(r"WEBVTT\b|NOTE\b|STYLE\b|REGION\b")
_SPEAKER = re.compile(r"<v(?:\.[\w.-]+)?[ \t]+([^>]+)>")
_MARK = re.compile(r"</?[A-Za-z][^<>]*>|<\d[\d:.]*>|\{\\[^{}]*\}")


def read_subtitles(source: Source) -> Iterator[Record | Refusal]:
    """Title: the name of the file. A line that goes on being shown is said once."""
    try:
        text = source.text().replace("\r\n", "\n").replace("\r", "\n")
    except ValueError as error:
        yield refusal(source, error)
        return
    said: list[str] = []
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.strip("\n").split("\n")
        timed = next((number for number, line in enumerate(lines) if _TIMES.match(line)), None)
        if timed is None and _UNSAID.match(lines[0]):
            continue
        for line in lines[timed + 1 :] if timed is not None else lines:
            words = html.unescape(_MARK.sub("", _SPEAKER.sub(r"\1: ", line))).strip()
            if words and words not in said[-2:]:
                said.append(words)
    yield page(source, source.stem, "\n".join(said), "text")
