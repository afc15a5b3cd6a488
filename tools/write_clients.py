"""Writes the methods of the clients and the blocking client: part of `make docs`.

The calls in pgsearch/client/calls are written by hand, and so is asynchronous.py. From the calls come the methods of
methods_asynchronous.py, with the meaning of their arguments from the comments on the SQL functions; from these two
files come methods_blocking.py and blocking.py, word by word. tests/project/test_clients.py holds that they are current.

Sources are read and not imported: what is written here must be there before the package can be.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
CLIENT = ROOT / "pgsearch" / "client"
WIDTH = 120

# One word for one thing: what Python calls the arguments of SQL. Both names are taken where there is a default.
SETTLED = {"page_limit": "top_k", "top_n": "top_k", "top": "top_k", "repo_id": "collection"}
# Several may be named where SQL takes an array, and one is several too.
OTHER = {"collections": "collection"}

# Where the comment on the SQL function has no line for an argument, since its prose has the word.
_MEANINGS = {
    "after_chunk_id": "only chunks with a greater id",
    "batch_size": "how many at most",
    "chunk_ids": "their ids",
    "collection": "its name; None, where that is the default: all",
    "collections": "one or several; None: all",
    "concurrently": "build it while others read and write; such a statement runs outside of transactions only",
    "compress_archive_after": "None: as it is",
    "configuration": "its name",
    "conversation_id": "its id",
    "context": "what the log is to know of the search: user_id, session_id ..., or log=False",
    "embedding": "of the query, by the model",
    "dimensions": "length of its vectors",
    "errors": "why each failed; None gives the chunk back and counts nothing",
    "experiment": "its name",
    "filter": "tags, any_tags, source, metadata, external_ids, page_ids",
    "first_day": "None: today",
    "first_ids": "best first",
    "granted": "whether the user does",
    "keep_archive": "None: as it is",
    "keep_contents": "None: as it is",
    "keep_contents_high": "None: as it is",
    "keep_events": "None: as it is",
    "keep_messages": "None: as it is",
    "keep_node_ids": "ids of the nodes that stay",
    "keep_queries": "None: as it is",
    "last_day": "None: in seven days",
    "lease_seconds": "after how long others may claim what was not stored",
    "list_name": "name of the judgment list",
    "model": "its name",
    "most_kept": "how many queries are kept for the model",
    "node_types": "parallel to node_ids",
    "options": "see default_settings",
    "partition": "its name, as list_partitions gives it",
    "query": "the text that was typed",
    "require_archive": "None: as it is",
    "require_consent": "None: as it is",
    "since": "from when on; None: from the beginning",
    "top_k": "how many at most",
    "until": "until when; None: now",
    "user_id": "as it was given to the searches",
    "worker": "name of the worker",
    "workers": "name of the worker, or several",
}

_COMMENT = re.compile(r"^comment on function pgsearch\.(\w+)\([^)]*\) is\s*'((?:[^']|'')*)';", re.MULTILINE)

_LINE = re.compile(r"(?P<names>\w+(?:(?:, | and | or )\w+)*)(?: of [\w ]+)?(?: \((?P<within>.*)\).*|: (?P<after>.*))?")

_BLOCKING = [
    (r"(?s)\n# only asynchronous\n.*?\n# of both\n", "\n"),
    (r"\bawait asyncio\.to_thread\(([\w.]+)(?:, )?", r"\1("),
    (r"_waited_for\(([\w.]+)\)", r"\1"),
    (r"( +)async def connection\(", r"\1@property\n\1def connection("),
    (r"\(await (self\.connection)\(\)\)", r"\1"),
    (r"await (self\.connection)\(\)", r"\1"),
    (r"\bawait ", ""),
    (r"\basync (def|with)\b", r"\1"),
    (r"__a(enter|exit)__", r"__\1__"),
    (r"asyncio\.Lock", "threading.Lock"),
    (r"^import asyncio$", "import threading"),
    (r"\bAsync(Client|Methods|Connection|ConnectionPool|Iterator)\b", r"\1"),
    (r"\basynccontextmanager\b", "contextmanager"),
    (r"\bconnect_async\b", "connect"),
    (r"\bown_async_cursor\b", "own_cursor"),
    (r"\bmethods_asynchronous\b", "methods_blocking"),
    (r" from asyncio; tasks may share it", "; threads may share it"),
    (
        r"searches embed their query in a thread, so that a model at work does not hold up the event loop",
        "searches embed their query",
    ),
    (r"The asynchronous client", "The blocking client"),
    (r"The blocking client is written from this file by `make docs`\.", "Written from asynchronous.py by `make docs`."),
    (r"The asynchronous methods", "The blocking methods"),
]


class Argument(NamedTuple):
    """An argument of a call, as its source has it; `default` None where there is none."""

    name: str
    kind: str
    default: str | None
    by_name: bool


class Method(NamedTuple):
    """What a call says of the method that is made of it."""

    room: str
    name: str
    arguments: list[Argument]
    result: str
    summary: str


def calls() -> Iterator[Method]:
    """The calls of all modules that are named like a room of sql/."""
    for path in sorted((CLIENT / "calls").glob("*.py")):
        if (ROOT / "sql" / path.stem).is_dir():
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                    yield _method(path.stem, node)


def _method(room: str, node: ast.FunctionDef) -> Method:
    given = [(argument, False) for argument in node.args.args] + [(argument, True) for argument in node.args.kwonlyargs]
    defaults = [None] * (len(node.args.args) - len(node.args.defaults)) + node.args.defaults + node.args.kw_defaults
    assert isinstance(node.returns, ast.Subscript), node.name
    return Method(
        room,
        node.name,
        [
            Argument(argument.arg, _written(argument.annotation) or "Any", _written(default), by_name)
            for (argument, by_name), default in zip(given, defaults, strict=True)
        ],
        ast.unparse(node.returns.slice),
        ast.get_docstring(node) or "",
    )


def comments() -> dict[str, str]:
    """The comment on each function of sql/."""
    return {
        found[1]: found[2].replace("''", "'")
        for path in (ROOT / "sql").rglob("*.sql")
        for found in _COMMENT.finditer(path.read_text(encoding="utf-8"))
    }


def meanings(function: str, known: dict[str, str]) -> dict[str, str]:
    """What the arguments of a function mean, by the lines of its comment and of the one that it names for the rest."""
    comment = known.get(function, "")
    found: dict[str, str] = {}
    for other in re.findall(r"\b(?:Arguments\b[^.]*?|- the others) as (\w+)", comment):
        found |= meanings(other, known)
    for line in re.findall(r"^- (.*(?:\n  .*)*)", comment, re.M):
        if parts := _LINE.fullmatch(" ".join(line.split())):
            meaning = parts["within"] or parts["after"]
            if meaning:
                names = re.split(r", | and | or ", parts["names"])
                found |= dict.fromkeys(names, re.sub(r"\bnull\b", "None", meaning))
    return found


def _defined_in_asynchronous() -> set[str]:
    tree = ast.parse((CLIENT / "asynchronous.py").read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)}


def _written(node: ast.expr | None) -> str | None:
    return None if node is None else ast.unparse(node)


def method_text(method: Method, meaning: dict[str, str]) -> str:
    """The source of an asynchronous method."""
    required: list[str] = []
    by_name: list[str] = []
    others: list[str] = []
    passed: list[str] = []
    described: list[tuple[str, str]] = []
    for name, kind, default, only_by_name in method.arguments:
        own = SETTLED.get(name, name)
        text = f"{own}: {kind}" + ("" if default is None else f" = {default}")
        (by_name if only_by_name else required).append(text)
        described.append((own, meaning.get(name) or _MEANINGS[own]))
        second = name if own != name else OTHER.get(name)
        if second is None or default is None:
            passed.append(f"{name}={own}")
        else:
            others.append(f"{second}: {kind.removesuffix(' | None')} | None = None")
            passed.append(f'{name}=either("{own}", {own}, {default}, "{second}", {second})')
            described.append((second, f"{own}, under its other name"))
    # the other names come last, and are told last
    described.sort(key=lambda pair: pair[1].endswith("under its other name"))
    star = ["*"] if by_name or others else []
    lines = [
        f"    async def {method.name}({', '.join(['self', *required, *star, *by_name, *others])}) -> {method.result}:",
        *textwrap.indent(
            docstring(method.summary, described), "        ", lambda line: bool(line.strip())
        ).splitlines(),
        f"        return await self.run(_{method.room}.{method.name}({', '.join(passed)}))",
    ]
    return "\n".join(lines)


def docstring(summary: str, described: list[tuple[str, str]]) -> str:
    """The summary, and the arguments with their meaning."""
    paragraphs = summary.split("\n\n")
    text = "\n\n".join(textwrap.fill(" ".join(paragraph.split()), WIDTH - 11) for paragraph in paragraphs)
    if not described:
        return f'"""{text}"""'
    parts = [text, "", "Arguments:"]
    for name, meaning in described:
        parts += textwrap.wrap(
            f"{name}: {meaning}".replace("\\", "\\\\"),
            WIDTH - 8,
            initial_indent="    ",
            subsequent_indent="        ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return '"""' + "\n".join(parts) + '\n"""'


def methods_text() -> str:
    """The source of methods_asynchronous.py."""
    known = comments()
    apart = _defined_in_asynchronous()
    found = [method for method in calls() if method.name not in apart]
    rooms = dict.fromkeys(method.room for method in found)
    head = [
        '"""The asynchronous methods of a client: one for each SQL function, written by `make docs` from the calls."""',
        "",
        "from __future__ import annotations",
        "",
        "from abc import ABC, abstractmethod",
        "from collections.abc import Iterable, Mapping, Sequence",
        "from datetime import date, datetime, timedelta",
        "from typing import Any, TypeVar",
        "from uuid import UUID",
        "",
        *(f"from pgsearch.client.calls import {room} as _{room}" for room in rooms),
        "from pgsearch.client.calls.call import Call, Fusion, Names, SearchMode, either",
        *(
            f"from pgsearch.client.calls.{room} import {', '.join(names)}"
            for room in rooms
            if (names := _row_classes(room))
        ),
        "from pgsearch.database.vectors import Vector",
        "from pgsearch.ingest.pages import Page",
        "",
        'Result = TypeVar("Result")',
        "",
        "",
        "class AsyncMethods(ABC):",
        '    """A method for each SQL function that a client calls."""',
        "",
        "    @abstractmethod",
        "    async def run(self, call: Call[Result]) -> Result:",
        '        """Run a call."""',
    ]
    bodies = [method_text(method, meanings(method.name, known)) for method in found]
    return "\n".join(head) + "\n\n" + "\n\n".join(bodies) + "\n"


def _row_classes(room: str) -> list[str]:
    tree = ast.parse((CLIENT / "calls" / f"{room}.py").read_text(encoding="utf-8"))
    return [node.name for node in tree.body if isinstance(node, ast.ClassDef)]


def blocking(text: str) -> str:
    """The blocking form of an asynchronous source."""
    for pattern, replacement in _BLOCKING:
        text = re.sub(pattern, replacement, text, flags=re.M)
    return text


def formatted(text: str, name: str) -> str:
    """The text as ruff wants it, without the imports that nothing uses."""
    for arguments in (["check", "--quiet", "--fix", "--select", "F401,I,SIM117"], ["format", "--quiet"]):
        text = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", str(CLIENT / name), "-"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    return text


def written() -> dict[str, str]:
    """The files of pgsearch/client that are written here, with their text."""
    methods = formatted(methods_text(), "methods_asynchronous.py")
    asynchronous = (CLIENT / "asynchronous.py").read_text(encoding="utf-8")
    return {
        "methods_asynchronous.py": methods,
        "methods_blocking.py": formatted(blocking(methods), "methods_blocking.py"),
        "blocking.py": formatted(blocking(asynchronous), "blocking.py"),
    }


if __name__ == "__main__":
    for file, source in written().items():
        (CLIENT / file).write_text(source, encoding="utf-8")
