"""Questions about a code base, made of the code itself by rule, with the lines that answer them.

Definitions are found with `ast` here, apart from what pgsearch reads, and taken by chance from all that have a name
without double underscores, public or not, documented or not, so that nothing favours what has a semantic node. A name
that is defined more than three times is not asked for: the question would not say which one is meant. What answers a
question are the lines of the definition; of a name that is defined twice, either.
"""

from __future__ import annotations

import ast
import hashlib
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks._route_app import Route

MOST_DEFINITIONS = 3


class Definition(NamedTuple):
    """A function, method or class: its file, the line of `def` or `class`, and what it says of itself."""

    file: str
    line: int
    kind: str
    name: str
    docstring: str


class Question(NamedTuple):
    """A question, its family, its half ("tuning" or "reported") and the places (file, line) that answer it."""

    family: str
    text: str
    half: str
    answers: tuple[tuple[str, int], ...]


def definitions(root: Path) -> list[Definition]:
    """Every definition below `root`, nested ones too."""
    found: list[Definition] = []
    for path in sorted(root.rglob("*.py")):
        file = path.relative_to(root).as_posix()
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                kind = "class" if isinstance(node, ast.ClassDef) else "function"
                found.append(Definition(file, node.lineno, kind, node.name, ast.get_docstring(node) or ""))
    return found


def questions(found: Sequence[Definition], routes: Sequence[Route], each: int, seed: int = 1) -> list[Question]:
    """`each` questions of every family about definitions, and all there are about routes."""
    chance = random.Random(seed)
    places: dict[str, list[Definition]] = defaultdict(list)
    for one in found:
        if not one.name.startswith("__"):
            places[one.name].append(one)
    named = [
        ones
        for name, ones in sorted(places.items())
        if len(ones) <= MOST_DEFINITIONS and len(name) > 3 and not any(one.file.startswith("shop/") for one in ones)
    ]
    functions = [ones for ones in named if all(one.kind == "function" for one in ones)]
    classes = [ones for ones in named if all(one.kind == "class" for one in ones)]
    asked: list[Question] = []

    def take(family: str, among: list[list[Definition]], ask: dict[str, str]) -> None:
        picked = [ones for ones in among if ones[0].name in ask]
        for ones in chance.sample(picked, min(each, len(picked))):
            answers = tuple((one.file, one.line) for one in ones)
            asked.append(Question(family, ask[ones[0].name], half(ones[0].file), answers))

    several = [ones for ones in functions if len(split_words(ones[0].name)) > 1 and len(ones) == 1]
    take(
        "where is <words> of <module>?",
        several,
        {
            ones[0].name: f"where is {' '.join(split_words(ones[0].name))} of {_module(ones[0].file)}?"
            for ones in several
        },
    )
    take("<ClassName> class?", classes, {ones[0].name: f"{ones[0].name} class?" for ones in classes})
    take("<name> 함수 어디?", functions, {ones[0].name: f"{ones[0].name} 함수 어디?" for ones in functions})
    single = [ones for ones in functions if len(ones) == 1]
    phrases = {ones[0].name: phrase for ones in single if (phrase := _verb_phrase(ones[0])) is not None}
    take(
        "which function <what its docstring says>?",
        single,
        {name: f"which function {phrase}?" for name, phrase in phrases.items()},
    )
    for route in routes:
        handler = [one for one in places[route.handler] if one.file == route.file]
        answers = tuple((one.file, one.line) for one in handler)
        for family, text in (
            ("<METHOD> <path> API where?", f"{route.method} {route.path} API where?"),
            ("<path> 어디?", f"{route.path} 어디?"),
            ("where is the <words> API?", f"where is the {route.words} API?"),
        ):
            asked.append(Question(family, text, half(route.file), answers))
    return asked


def half(file: str) -> str:
    """Modules are halved by the hash of their path: what is chosen on one half is reported on the other."""
    return "tuning" if hashlib.sha256(file.encode()).digest()[0] % 2 else "reported"


def split_words(name: str) -> list[str]:
    """run_in_executor and BaseEventLoop as words, lower case."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def _module(file: str) -> str:
    path = Path(file)
    stem = path.parent.name if path.stem == "__init__" else path.stem
    return " ".join(split_words(stem))


def _verb_phrase(one: Definition) -> str | None:
    """The first sentence, when it begins with a verb and says something: "Return the x." -> "return the x"."""
    first = next(iter(re.split(r"(?<=[.!?])\s|\n\s*\n", one.docstring.strip(), maxsplit=1)), "")
    words = re.sub(r"\s+", " ", first).rstrip(".!?: ").split(" ")
    if not 4 <= len(words) <= 14 or not re.fullmatch(r"[A-Z][a-z]+", words[0]) or words[0] in _NO_VERBS:
        return None
    # a sentence that says the name would be a question of another family
    if one.name.lower() in first.lower():
        return None
    return " ".join([words[0].lower(), *words[1:]])


_NO_VERBS = {
    "A",
    "An",
    "The",
    "This",
    "These",
    "If",
    "Like",
    "Same",
    "For",
    "When",
    "Internal",
    "Private",
    "Helper",
    "Deprecated",
}


def answering_chunks(chunks: Sequence[tuple[int, str, int, int]], answers: Sequence[tuple[str, int]]) -> Iterator[int]:
    """Of each answer the chunk that holds its line, the shortest if several do; chunks as (id, file, line, last line)."""
    for file, line in answers:
        holding = [(last - first, id) for id, of, first, last in chunks if of == file and first <= line <= last]
        if holding:
            yield min(holding)[1]
