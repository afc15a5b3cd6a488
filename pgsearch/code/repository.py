"""The files of a checkout that are worth indexing, and what was passed over and why."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pgsearch.code import documents
from pgsearch.code.grammars import LANGUAGES as GRAMMARS
from pgsearch.code.grammars import has_grammar
from pgsearch.code.words import split_words
from pgsearch.errors import PgsearchError

LARGEST = 1_000_000
"""Bytes of a file: what is larger was not written by hand."""

# Raised when facts, chunks or summaries of the same file become others: then every file is read again.
VERSION = "code 2"

LANGUAGES = {
    ".py": "python",
    ".pyi": "python-stub",
    ".js": "javascript",
    ".jsx": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".ts": "typescript",
    ".tsx": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".go": "go",
    ".rs": "rust",
    ".java": "java",
    ".kt": "kotlin",
    ".kts": "kotlin",
    ".scala": "scala",
    ".swift": "swift",
    ".c": "c",
    ".h": "c",
    ".cc": "c++",
    ".cpp": "c++",
    ".cxx": "c++",
    ".hpp": "c++",
    ".hh": "c++",
    ".hxx": "c++",
    ".cs": "c#",
    ".rb": "ruby",
    ".php": "php",
    ".lua": "lua",
    ".r": "r",
    ".jl": "julia",
    ".ex": "elixir",
    ".exs": "elixir",
    ".sh": "shell",
    ".bash": "shell",
    ".sql": "sql",
    ".proto": "protobuf",
    ".graphql": "graphql",
    ".css": "css",
    ".scss": "css",
    ".vue": "vue",
    ".svelte": "svelte",
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".ini": "ini",
    ".cfg": "ini",
}
_NAMES = {"Makefile": "make", "Dockerfile": "docker", "README": "text", "CHANGELOG": "text"}
_MARKDOWN = frozenset({".md", ".markdown", ".mdx"})

# Folders that hold what was fetched or built; git knows better where there is git.
_PASSED_OVER = frozenset({"node_modules", "__pycache__", "site-packages", "dist-packages", "venv"})
_BUILT = frozenset({"build", "dist", "target"})
_TESTS = frozenset({"test", "tests", "testing", "conftest"})
_GIT_SECONDS = 60
_LONGEST_PATH = 900  # bytes


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to index; `path` is relative to the repository, with '/', and `file_hash` that of its bytes."""

    path: str
    location: Path
    language: str
    file_hash: str

    @property
    def is_python(self) -> bool:
        return self.language == "python"

    @property
    def is_defined(self) -> bool:
        """Whether its definitions can be read."""
        return self.is_python or (self.language in GRAMMARS and has_grammar(self.language))

    @property
    def is_document(self) -> bool:
        return self.language in ("markdown", "text")

    @property
    def tags(self) -> list[str]:
        """The language, and whether it is a test."""
        words = {word for part in PurePosixPath(self.path).with_suffix("").parts for word in split_words(part)}
        return [self.language, "test"] if words & _TESTS else [self.language]


@dataclass(frozen=True, slots=True)
class Repository:
    """The files of a checkout in order of their paths; `passed_over` counts the others by reason."""

    root: Path
    files: list[SourceFile]
    passed_over: dict[str, int] = field(default_factory=dict)


def file_hash(raw: bytes, language: str = "") -> str:
    """Of the bytes and of the way they are read, which is another one when a grammar was installed meanwhile."""
    way = f"{VERSION} by grammar" if language in (*GRAMMARS, "python") and has_grammar(language) else VERSION
    return hashlib.sha256(way.encode() + b"\0" + raw).hexdigest()[:32]


def check_root(root: Path) -> None:
    """Refuse a folder that is not there, before anything is made for it."""
    if not root.is_dir():
        raise PgsearchError(f"There is no folder {os.fspath(root)!r}.", hint="Give the root of a checkout.")


def read_repository(root: Path, largest: int = LARGEST) -> Repository:
    """Every file is read once for its hash. Links are never followed, so that nothing outside is taken in."""
    check_root(root)
    files: list[SourceFile] = []
    passed_over: Counter[str] = Counter()
    for path in sorted(_of_git(root) or _walk(root)):
        location = root / path
        language = language_of(path)
        if language is None:
            passed_over["of no known language"] += 1
        elif not _is_name(path):
            passed_over["with a name that is no text, or too long"] += 1
        elif location.is_symlink():
            passed_over["a link"] += 1
        else:
            try:
                if not location.is_file():
                    continue
                if location.stat().st_size > largest:
                    passed_over[f"larger than {largest:,} bytes"] += 1
                    continue
                raw = location.read_bytes()
            except OSError:
                passed_over["not to be read"] += 1
                continue
            if b"\0" in raw:
                passed_over["binary"] += 1
            else:
                files.append(SourceFile(path, location, language, file_hash(raw, language)))
    return Repository(root, files, dict(passed_over.most_common()))


def language_of(path: str) -> str | None:
    """By suffix or name; None for what is no source code and no document."""
    place = PurePosixPath(path)
    suffix = place.suffix.lower()
    if suffix in _MARKDOWN:
        return "markdown"
    if suffix in documents.SUFFIXES:
        return "text"
    return LANGUAGES.get(suffix) or _NAMES.get(place.name)


def _is_name(path: str) -> bool:
    try:
        return len(path.encode()) <= _LONGEST_PATH
    except UnicodeEncodeError:
        return False


def _of_git(root: Path) -> list[str]:
    """What git tracks or would track below the root; nothing where git is not, or ignores all of it."""
    command = ["git", "-c", "core.fsmonitor=false", "-C", os.fspath(root), "ls-files", "-z"]
    try:
        done = subprocess.run(
            [*command, "--cached", "--others", "--exclude-standard", "--deduplicate"],
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=False,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name] if done.returncode == 0 else []


def _walk(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        place = Path(folder)
        folders[:] = [name for name in folders if not _is_passed_over(place / name)]
        for name in names:
            if not name.startswith("."):
                yield (place / name).relative_to(root).as_posix()


def _is_passed_over(folder: Path) -> bool:
    name = folder.name
    if name.startswith(".") or name in _PASSED_OVER or name.endswith(".egg-info"):
        return True
    # a package may be called build; what was built is none
    return (name in _BUILT and not (folder / "__init__.py").exists()) or (folder / "pyvenv.cfg").exists()
