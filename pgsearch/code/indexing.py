"""A repository into a collection: pages with their chunks, semantic nodes, and vectors of both.

What a file says is read once and kept with the file's hash, so that the next run compares hashes and, when they are the
same, writes nothing. The order is pages, nodes, deletions, each whole or not at all by itself; the hashes are compared
in two places, so that a run that was cut off anywhere is completed by the next one.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pgsearch.client import Client
from pgsearch.client.calls import inner
from pgsearch.code.chunks import cut_module
from pgsearch.code.definitions import read_definitions
from pgsearch.code.documents import doc_type, read_document
from pgsearch.code.facts import ModuleFacts, UnreadableSourceError, unpacked
from pgsearch.code.grammars import LANGUAGES as GRAMMARS
from pgsearch.code.issues import FOLDER as ISSUES
from pgsearch.code.issues import Issue, read_issues
from pgsearch.code.nodes import Node, code_nodes, document_node, issue_node
from pgsearch.code.python_symbols import decoded, read_module
from pgsearch.code.repository import LARGEST, SourceFile, file_hash, read_repository
from pgsearch.embedding.registering import default_model
from pgsearch.ingest.bulk import LoadReport, Record, Refusal, load_records
from pgsearch.ingest.bulk import Progress as LoadProgress
from pgsearch.models.embedders import Embedder

_NODES_A_CALL = 1000
_TEXTS_A_CALL = 256


class Progress(NamedTuple):
    """How far an indexing run is: files read, pages stored, nodes stored or nodes embedded, of `total`."""

    stage: Literal["reading", "storing pages", "storing nodes", "embedding nodes"]
    done: int
    total: int


Tell = Callable[[Progress], None]


@dataclass(slots=True)
class IndexReport:
    """What became of a run. `nodes` counts the nodes that stand now, by type; `unparsed` are files that are searched as
    text, because they cannot be parsed, and why; `without_grammar` counts by language those that are, because the
    extra `code` is not installed."""

    collection: str
    model: str
    files: int = 0
    files_changed: int = 0
    files_deleted: int = 0
    passed_over: dict[str, int] = field(default_factory=dict)
    unparsed: dict[str, str] = field(default_factory=dict)
    without_grammar: dict[str, int] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    chunks_inserted: int = 0
    chunks_deleted: int = 0
    nodes: dict[str, int] = field(default_factory=dict)
    nodes_inserted: int = 0
    nodes_updated: int = 0
    nodes_unchanged: int = 0
    nodes_deleted: int = 0


@dataclass(frozen=True, slots=True)
class _Indexed:
    """A file or an issue as the database has it."""

    file_hash: str
    language: str
    unparsed: str | None
    node_hashes: Mapping[str, str]


@dataclass(slots=True)
class _Work:
    """What this run found out of the files that it read."""

    facts: dict[str, ModuleFacts] = field(default_factory=dict)
    documents: list[Node] = field(default_factory=list)
    unparsed: dict[str, str] = field(default_factory=dict)


def index_repository(
    client: Client,
    collection: str,
    root: Path,
    *,
    issues: Path | None = None,
    model: str | None = None,
    text_config: str | None = None,
    largest: int = LARGEST,
    progress: Tell | None = None,
) -> IndexReport:
    """Bring the collection to what the folder holds; one that is not there is created, with `text_config`.

    `model` names the embedding model of the nodes' rows, registered before; "" for none. By default it is the one that
    the collection's nodes have. Issues stay as they are unless a file of issues is given: then those that are not in it
    go. Pages that another way brought into the collection are left alone. The client must have a connection, and not a
    pool, because the nodes are stored in one transaction.
    """
    if text_config is not None:
        client.create_collection(collection, text_config=text_config)
    repository = read_repository(root, largest)
    given = None if issues is None else {issue.external_id: issue for issue in read_issues(issues)}
    known = _known(client, collection)
    if model is None:
        model = _usual_model(known, default_model(client, collection))

    hashes = {file.path: file.file_hash for file in repository.files}
    if given is not None:
        hashes.update({path: _issue_hash(issue) for path, issue in given.items()})
    elsewhere = set() if given is not None else {path for path, one in known.items() if one.language == "issue"}
    gone = sorted(known.keys() - hashes.keys() - elsewhere)
    new_pages = {path for path, hash in hashes.items() if path not in known or known[path].file_hash != hash}
    with_nodes = {file.path for file in repository.files if _has_node(file)} | (given or {}).keys()
    new_nodes = {
        path
        for path in with_nodes
        if path in new_pages or (known[path].unparsed is None and known[path].node_hashes.get(model) != hashes[path])
    }
    report = IndexReport(collection, model, len(repository.files), len(new_pages), len(gone), repository.passed_over)
    report.without_grammar = dict(
        Counter(file.language for file in repository.files if file.language in GRAMMARS and not file.is_defined)
    )
    report.unparsed = {path: why for path in hashes if path in known and (why := known[path].unparsed) is not None}
    moved = any(model not in one.node_hashes for one in known.values() if one.node_hashes)
    if known and not (new_pages or new_nodes or gone or moved):
        report.nodes = _counted(client, collection, model)
        return report

    if not known:
        # null: in whatever language the collection is, if somebody made it
        client.create_collection(collection, text_config=None)
    work = _Work()
    kept = _facts(client, collection, hashes, new_pages) if known else {}
    records = _records(repository.files, given or {}, hashes, new_pages, new_nodes, kept, work, progress)
    load = _store_pages(client, collection, records, len(new_pages), progress)
    _add_load(report, load)
    for path in new_pages:
        report.unparsed.pop(path, None)
    report.unparsed |= work.unparsed

    modules = {path: facts for path, facts in {**kept, **work.facts}.items() if path in hashes}
    code = list(code_nodes((modules[path] for path in sorted(modules)), hashes, root.resolve().name))
    issue_nodes = [issue_node(issue, hashes[path]) for path, issue in (given or {}).items() if path in new_nodes]
    keep = [
        *(node["node_id"] for node in code),
        *(file.path for file in repository.files if file.is_document and _has_node(file)),
        *(issue.id for issue in (given or {}).values()),
        *(path.removeprefix(f"{ISSUES}/") for path in elsewhere),
    ]
    _store_nodes(client, report, [*code, *work.documents, *issue_nodes], keep, new_pages, progress)
    if gone:
        client.delete_pages(collection, gone)
        if not load.changed:
            client.run(inner.finish_load(collection))
    report.nodes = _counted(client, collection, model)
    return report


def embed_nodes(
    client: Client,
    collection: str,
    model: str,
    embedder: Embedder,
    *,
    total: int = 0,
    progress: Tell | None = None,
) -> int:
    """Embed the summaries that wait for a vector of the model, the most important first; returns how many."""
    embedded = 0
    while batch := client.list_missing_node_embeddings(collection, model, batch_size=_TEXTS_A_CALL):
        summaries = [node.summary for node in batch]
        stored = client.put_node_embeddings(
            collection,
            model,
            [node.node_id for node in batch],
            [node.node_type for node in batch],
            list(embedder.embed(summaries)),
            summaries,
        )
        embedded += stored
        if progress is not None:
            progress(Progress("embedding nodes", embedded, total or embedded))
        # what changed meanwhile stays missing, and is for the next run
        if not stored:
            break
    return embedded


def _records(
    files: Iterable[SourceFile],
    issues: Mapping[str, Issue],
    hashes: dict[str, str],
    new_pages: set[str],
    new_nodes: set[str],
    kept: Mapping[str, ModuleFacts],
    work: _Work,
    progress: Tell | None,
) -> Iterator[Record | Refusal]:
    """Pages of what changed, while `work` learns what the nodes need; each file is held only while it is read."""
    todo = [file for file in files if file.path in new_pages or (file.path in new_nodes and file.path not in kept)]
    for done, file in enumerate(todo, start=1):
        try:
            raw = file.location.read_bytes()
        except OSError as error:
            yield Refusal(file.path, f"it cannot be read: {error.strerror or error}")
            continue
        # the file may have changed since it was hashed; what is stored is what was read
        hashes[file.path] = file_hash(raw, file.language)
        page = _page(file, raw, hashes[file.path], work)
        if file.path in new_pages:
            yield Record(file.path, page)
        if progress is not None:
            progress(Progress("reading", done, len(todo)))
    for path, issue in issues.items():
        if path in new_pages:
            yield Record(path, _issue_page(issue, hashes[path]))


def _page(file: SourceFile, raw: bytes, hash: str, work: _Work) -> dict[str, Any]:
    metadata = {"language": file.language, "file_hash": hash}
    page: dict[str, Any] = {
        "external_id": file.path,
        "title": file.path,
        "source": file.path,
        "tags": file.tags,
        "metadata": metadata,
    }
    if file.is_defined:
        source = decoded(raw) if file.is_python else _text(raw)
        try:
            facts = (
                read_module(file.path, source) if file.is_python else read_definitions(file.path, file.language, source)
            )
        except UnreadableSourceError as error:
            work.unparsed[file.path] = metadata["unparsed"] = str(error)
            return {**page, "format": "code", "content": source}
        work.facts[file.path] = facts
        return {**page, "chunks": [chunk.as_page_chunk() for chunk in cut_module(facts, source)]}
    text = _text(raw)
    if _has_node(file):
        work.documents.append(document_node(file.path, read_document(file.path, text), hash))
    form = {"markdown": "markdown", "text": "text"}.get(file.language, "code")
    return {**page, "format": form, "content": text}


def _issue_page(issue: Issue, hash: str) -> dict[str, Any]:
    return {
        "external_id": issue.external_id,
        "title": issue.title,
        "source": issue.external_id,
        "tags": ["issue", *issue.labels][:255],
        "format": "markdown",
        "content": issue.body,
        "metadata": {**issue.extra, "language": "issue", "state": issue.state, "file_hash": hash},
    }


def _text(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _has_node(file: SourceFile) -> bool:
    return file.is_defined or (file.is_document and doc_type(file.path) is not None)


def _issue_hash(issue: Issue) -> str:
    plain = [issue.id, issue.title, issue.body, issue.state, issue.labels, issue.extra]
    return file_hash(json.dumps(plain, sort_keys=True).encode())


def _known(client: Client, collection: str) -> dict[str, _Indexed]:
    found = client.run(inner.indexed_files(collection))
    return {path: _Indexed(*rest) for path, *rest in found}


def usual_model(client: Client, collection: str) -> str:
    """The model in whose rows the nodes of a collection stand; "" without one."""
    return _usual_model(_known(client, collection), default_model(client, collection))


def _usual_model(known: Mapping[str, _Indexed], in_use: str | None) -> str:
    """The model that most files have their node in; a few rows of a larger one are those that were upgraded.

    Where two models have the nodes it is the one that searches use, so that after a switch theirs are kept current.
    """
    counts = Counter(model for one in known.values() for model in one.node_hashes)
    if in_use is not None and 2 * counts[in_use] > max(counts.values(), default=0):
        return in_use
    return min(counts, key=lambda model: (-counts[model], model), default="")


def _facts(client: Client, collection: str, hashes: Mapping[str, str], new_pages: set[str]) -> dict[str, ModuleFacts]:
    kept: dict[str, ModuleFacts] = {}
    for path, hash, text in client.run(inner.indexed_facts(collection)):
        if path not in new_pages and hashes.get(path) == hash and text is not None:
            facts = unpacked(text)
            if facts is not None:
                kept[path] = facts
    return kept


def _store_pages(
    client: Client, collection: str, records: Iterable[Record | Refusal], total: int, progress: Tell | None
) -> LoadReport:
    def stored(now: LoadProgress) -> None:
        if progress is not None and now.stage == "storing":
            progress(Progress("storing pages", now.done, total))

    with client.connected() as connection:
        return load_records(connection, collection, records, keep_going=True, progress=stored)


def _store_nodes(
    client: Client, report: IndexReport, nodes: list[Node], keep: list[str], new_pages: set[str], progress: Tell | None
) -> None:
    """All nodes in one transaction, so that in-degrees of different runs never stand side by side."""
    for node in nodes:
        node["metadata"]["digest"] = _digest(node)
    with client.transaction() as within:
        if report.model:
            # rows of an earlier run without a model would show every node twice
            within.run(inner.name_node_model(report.collection, report.model))
        digests = {
            (node_id, kind): digest
            for node_id, kind, digest in within.run(inner.node_digests(report.collection, report.model))
        }
        # nodes of a page that was written are sent in any case: their chunk may be another one now
        todo = [
            node
            for node in nodes
            if node["source_id"] in new_pages
            or digests.get((node["node_id"], node["node_type"])) != node["metadata"]["digest"]
        ]
        report.nodes_unchanged = len(nodes) - len(todo)
        for start in range(0, len(todo), _NODES_A_CALL):
            batch = todo[start : start + _NODES_A_CALL]
            put = within.put_nodes(report.collection, report.model, batch)[0]
            report.nodes_inserted += put.inserted
            report.nodes_updated += put.updated
            report.nodes_unchanged += put.unchanged
            if progress is not None:
                progress(Progress("storing nodes", start + len(batch), len(todo)))
        report.nodes_deleted = within.delete_missing_nodes(report.collection, None, keep)


def _digest(node: Node) -> str:
    text = json.dumps(node, sort_keys=True, ensure_ascii=False)
    return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()[:16]


def _add_load(report: IndexReport, load: LoadReport) -> None:
    report.refusals = load.refusals
    report.chunks_inserted = load.chunks_inserted
    report.chunks_deleted = load.chunks_deleted


def _counted(client: Client, collection: str, model: str) -> dict[str, int]:
    return dict(client.run(inner.node_counts(collection, model)))
