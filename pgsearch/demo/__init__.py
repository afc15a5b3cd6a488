"""What the demo searches: the Python standard library of the running interpreter, and some Korean pages.

Every machine that runs pgsearch has the first, in thousands of chunks; the second are the *.md files beside this one,
written for the demo. They are ordinary texts, kept short.
"""

from __future__ import annotations

import importlib
import platform
import re
import sysconfig
import tokenize
from collections.abc import Iterator
from pathlib import Path

from pgsearch.database.deploy import client_version
from pgsearch.ingest.bulk import Record

# Tests, what pip installed, tables of characters, and programs that nobody imports.
_PASSED_OVER = frozenset(
    {
        *("test", "tests", "__pycache__", "dist-packages", "site-packages"),
        *("encodings", "__phello__", "idlelib", "lib2to3", "turtledemo"),
    }
)
_DOCSTRING = re.compile(r"(?:\s*#[^\n]*\n|\s*\n)*[rR]?(\"\"\"|''')(.*?)\1", re.DOTALL)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])|\n\s*\n|\n\s*[-=]{3}")
_FRONT_MATTER = re.compile(r"---\ntitle: \"?(?P<title>.+?)\"?\ntags: \[(?P<tags>.*)\]\n---\n", re.DOTALL)
_LONGEST_SUMMARY = 90  # characters


def korean_pages() -> Iterator[Record]:
    """One page for each file beside this one."""
    for path in sorted(Path(__file__).parent.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        front = _FRONT_MATTER.match(text)
        if front is None:
            raise ValueError(f"{path} has no front matter")
        yield Record(
            path.name,
            {
                "external_id": path.stem,
                "title": front["title"],
                "content": text[front.end() :].strip(),
                "format": "markdown",
                "tags": front["tags"].split(", "),
                "source": path.name,
            },
        )


def library_mark() -> str:
    """External id of the page that library_pages gives last: where it stands, all the others do too."""
    return f"about/python-{platform.python_version()}/pgsearch-{client_version()}"


def library_pages(folder: Path | None = None) -> Iterator[Record]:
    """One page for each module below the folder (default: the standard library), one for each help topic, and last one
    about what all of them are.
    """
    folder = folder or Path(sysconfig.get_path("stdlib"))
    for path in sorted(folder.rglob("*.py")):
        place = path.relative_to(folder)
        if _PASSED_OVER.intersection(place.parts[:-1]) or place.as_posix() == "pydoc_data/topics.py":
            continue
        try:
            with tokenize.open(path) as file:
                text = file.read()
        except (OSError, SyntaxError, UnicodeDecodeError):
            continue
        parts = place.with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if text.strip() and "\x00" not in text:
            yield Record(
                str(path),
                {
                    "external_id": place.as_posix(),
                    "title": f"{name}: {summary}" if (summary := _summary(text, name)) else name,
                    "content": text,
                    "format": "code",
                    "tags": ["module", parts[0]],
                    "source": "library",
                    "metadata": {"module": name},
                },
            )
    yield from _topics()
    yield Record(
        "about",
        {
            "external_id": library_mark(),
            "title": f"About these pages: the standard library of Python {platform.python_version()}",
            "content": "Each module of the standard library of the running interpreter is a page, and so is each topic "
            "of the language reference that help() knows. Tests and tables of characters were left out.",
            "source": "about",
        },
    )


def _topics() -> Iterator[Record]:
    """The language reference as `help("with")` shows it; some distributions leave it out."""
    try:
        topics: dict[str, str] = importlib.import_module("pydoc_data.topics").topics
    except ImportError:
        return
    for topic, text in sorted(topics.items()):
        first, _, rest = text.strip().partition("\n")
        yield Record(
            f"help({topic!r})",
            {
                "external_id": f"help/{topic}",
                "title": f"{first.strip()} (language reference)",
                # the line below the heading is its underline
                "content": re.sub(r"\A\s*[*=-]{3,}\n", "", rest).strip() or first,
                "format": "text",
                "tags": ["language reference", topic],
                "source": "help",
                "metadata": {"topic": topic},
            },
        )


def _summary(text: str, name: str) -> str:
    """The first sentence of the docstring, without the module's name, when there is one that fits into a title."""
    found = _DOCSTRING.match(text)
    sentence = " ".join(_SENTENCE.split(found[2].strip(), maxsplit=1)[0].split()) if found else ""
    sentence = re.sub(
        rf"^(?:{re.escape(name)}|{re.escape(name.rpartition('.')[2])}(?:\.py)?)\s*(?:[-:–]+\s*|$)", "", sentence
    )
    return sentence.rstrip(":.") if len(sentence) <= _LONGEST_SUMMARY else ""
