"""A repository in a collection: pages, chunks and nodes, and that only what changed is written."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import pgsearch
from pgsearch import Client, cli
from pgsearch.code import embed_nodes, index_repository
from pgsearch.code import indexing as module_under_test
from pgsearch.code.facts import ModuleFacts
from pgsearch.code.python_symbols import read_module
from pgsearch.errors import PgsearchError
from tests.code.conftest import Write

SHOP = {
    "README.md": "# Shop\n\nSells things.\n\n## Install\n\npip\n",
    "docs/adr/0001-use-postgresql.md": "# Use PostgreSQL\n\nBecause it is there.\n",
    "notes.md": "# Notes\n\nNothing special.\n",
    "app/__init__.py": "",
    "app/main.py": "from fastapi import FastAPI\nfrom app.cart import router\napp = FastAPI()\n"
    "app.include_router(router, prefix='/api')\n",
    "app/cart.py": '''"""Carts."""
from fastapi import APIRouter
from app.store import ItemStore
router = APIRouter(prefix="/cart")


@router.post("/items")
async def add_item(store: ItemStore, name: str) -> None:
    """Put an item into the cart."""
    store.put(name)
''',
    "app/store.py": '''class ItemStore:
    """Keeps items."""

    def put(self, name: str) -> None:
        """Keep one."""
''',
    "query.sql": "select 1;\n",
}


class ByLength:
    """An embedder whose vectors say how long the text is, and that remembers what it embedded."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        self.texts.extend(texts)
        return [[1.0, float(len(text)), 0.5] for text in texts]


def versions(client: Client) -> dict[str, list[Any]]:
    """Where each row stands and which transaction wrote it: an update, even of nothing, shows."""
    return {
        table: client.connection.execute(
            f"select ctid::text, xmin::text, updated_at from pgsearch.{table} order by 1"
            if table != "chunks"
            else "select ctid::text, xmin::text from pgsearch.chunks order by 1"
        ).fetchall()
        for table in ("pages", "chunks", "semantic_nodes")
    } | {"collections": client.connection.execute("select ctid::text, xmin::text from pgsearch.collections").fetchall()}


def node(client: Client, node_id: str, column: str = "metadata") -> Any:
    found = client.connection.execute(
        f"select {column} from pgsearch.semantic_nodes where node_id = %s",
        (node_id,),
    ).fetchall()
    assert len(found) == 1, f"{len(found)} rows of {node_id}"
    return found[0][0]


def node_ids(client: Client) -> set[str]:
    return {row[0] for row in client.connection.execute("select node_id from pgsearch.semantic_nodes")}


def test_a_repository_becomes_pages_chunks_and_nodes(client: Client, repository: Write) -> None:
    report = index_repository(client, "shop", repository(SHOP))

    assert report.nodes == {"doc": 2, "route": 1, "symbol": 7}
    assert (report.files, report.files_changed, report.refusals) == (8, 8, [])
    assert node_ids(client) == {
        "README.md",
        "docs/adr/0001-use-postgresql.md",
        "app/__init__.py",
        "app/main.py",
        "app/cart.py",
        "app/cart.py::add_item",
        "app/store.py",
        "app/store.py::ItemStore",
        "app/store.py::ItemStore.put",
        "POST /api/cart/items app/cart.py::add_item",
    }
    assert node(client, "app/cart.py::add_item")["calls"] == ["app/store.py::ItemStore.put"]
    assert node(client, "app/main.py")["imports"] == ["app/cart.py"]
    assert node(client, "README.md", "doc_type") == "readme"
    pages = {
        row[0]: row[1:]
        for row in client.connection.execute(
            "select external_id, title, tags, metadata ->> 'language' from pgsearch.pages"
        )
    }
    assert pages["app/store.py"] == ("app/store.py", ["python"], "python")
    assert pages["query.sql"] == ("query.sql", ["sql"], "sql")


def test_every_node_hangs_on_the_chunk_that_defines_it(client: Client, repository: Write) -> None:
    index_repository(client, "shop", repository(SHOP))

    linked = dict(
        client.connection.execute(
            "select n.node_id, c.metadata ->> 'symbol'"
            "  from pgsearch.semantic_nodes as n join pgsearch.chunks as c using (page_id, chunk_id)"
        ).fetchall()
    )
    assert linked["app/cart.py::add_item"] == "app.cart.add_item"
    assert linked["POST /api/cart/items app/cart.py::add_item"] == "app.cart.add_item"
    assert linked["app/store.py::ItemStore.put"] == "app.store.ItemStore", "the class fits into one chunk"
    assert len(linked) == 10


def test_words_inside_an_identifier_find_its_definition(client: Client, repository: Write) -> None:
    index_repository(client, "shop", repository(SHOP))

    (hit, *_) = client.search("item store class", collections="shop", search_mode="fts").hits

    assert (hit.external_id, hit.metadata["symbol"]) == ("app/store.py", "app.store.ItemStore")


def test_an_unchanged_repository_touches_nothing(client: Client, repository: Write, tmp_path: Path) -> None:
    issues = tmp_path / "issues.jsonl"
    issues.write_text('{"id": 1, "title": "Slow", "body": "Very."}\n')
    root = repository(SHOP)
    index_repository(client, "shop", root, issues=issues)
    before = versions(client)

    again = index_repository(client, "shop", root, issues=issues)
    without_issues = index_repository(client, "shop", root)

    assert versions(client) == before
    assert again.files_changed == again.nodes_updated == again.nodes_inserted == again.files_deleted == 0
    assert again.nodes == without_issues.nodes == {"doc": 2, "issue": 1, "route": 1, "symbol": 7}


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of the files that are parsed, as they are."""
    paths: list[str] = []

    def read(path: str, source: str) -> ModuleFacts:
        paths.append(path)
        return read_module(path, source)

    monkeypatch.setattr(module_under_test, "read_module", read)
    return paths


def test_an_unchanged_repository_is_not_parsed(client: Client, repository: Write, parsed: list[str]) -> None:
    root = repository(SHOP)
    index_repository(client, "shop", root)
    assert parsed == ["app/__init__.py", "app/cart.py", "app/main.py", "app/store.py"]

    parsed.clear()
    index_repository(client, "shop", root)

    assert parsed == []


def test_of_a_changed_repository_only_what_changed_is_parsed_and_written(
    client: Client, repository: Write, parsed: list[str]
) -> None:
    root = repository(SHOP)
    index_repository(client, "shop", root)
    parsed.clear()

    repository({"app/store.py": SHOP["app/store.py"] + "\n\ndef connect() -> ItemStore:\n    return ItemStore()\n"})
    report = index_repository(client, "shop", root)

    assert parsed == ["app/store.py"]
    assert (report.files_changed, report.nodes_inserted, report.chunks_inserted) == (1, 1, 1)
    # the file's own node, and the class that is called now
    assert report.nodes_updated == 2
    assert node(client, "app/store.py::ItemStore")["in_degree"] == 2
    assert node(client, "app/store.py::connect")["calls"] == ["app/store.py::ItemStore"]


def test_of_the_nodes_only_those_that_changed_are_sent(
    client: Client, repository: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(SHOP)
    index_repository(client, "shop", root)
    sent: list[str] = []
    real = client.put_nodes

    def put(collection: str, model: str, nodes: Sequence[Any]) -> Any:
        sent.extend(node["node_id"] for node in nodes)
        return real(collection, model, nodes)

    monkeypatch.setattr(client, "put_nodes", put)
    repository({"app/main.py": SHOP["app/main.py"] + "def late(): ...\n"})
    report = index_repository(client, "shop", root)

    assert sorted(sent) == ["app/main.py", "app/main.py::late"]
    assert report.nodes_unchanged == 7


def test_a_change_in_one_file_reaches_nodes_of_others(client: Client, repository: Write) -> None:
    root = repository(SHOP)
    index_repository(client, "shop", root)

    repository({"app/main.py": SHOP["app/main.py"].replace("/api", "/v2")})
    report = index_repository(client, "shop", root)

    assert "POST /v2/cart/items app/cart.py::add_item" in node_ids(client)
    assert "POST /api/cart/items app/cart.py::add_item" not in node_ids(client)
    assert report.files_changed == 1


def test_a_deleted_file_goes_with_its_nodes_and_its_calls_are_not_counted(client: Client, repository: Write) -> None:
    root = repository(SHOP)
    index_repository(client, "shop", root)
    client.put_pages("shop", [{"external_id": "by-hand", "content": "of somebody else"}])
    assert node(client, "app/store.py::ItemStore.put")["in_degree"] == 1

    (root / "app/cart.py").unlink()
    report = index_repository(client, "shop", root)

    assert (report.files_deleted, report.nodes_deleted) == (1, 3)
    assert not any("cart" in identity for identity in node_ids(client))
    assert node(client, "app/store.py::ItemStore.put")["in_degree"] == 0
    left = {row[0] for row in client.connection.execute("select external_id from pgsearch.pages")}
    assert "by-hand" in left
    assert "app/cart.py" not in left


def test_a_run_that_was_cut_off_before_the_nodes_is_completed_by_the_next(
    client: Client, repository: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(SHOP)

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module_under_test, "_store_nodes", cut_off)
        with pytest.raises(KeyboardInterrupt):
            index_repository(client, "shop", root)
    assert node_ids(client) == set()

    report = index_repository(client, "shop", root)

    assert report.nodes == {"doc": 2, "route": 1, "symbol": 7}
    assert report.files_changed == 0


def test_issues_come_change_and_go_with_their_file(client: Client, repository: Write, tmp_path: Path) -> None:
    root = repository(SHOP)
    issues = tmp_path / "issues.jsonl"
    issues.write_text('{"id": 1, "title": "Slow", "labels": ["bug"]}\n{"id": 2, "title": "Old"}\n')
    index_repository(client, "shop", root, issues=issues)
    assert node(client, "1", "summary") == "issue 1 (bug): Slow."

    issues.write_text('{"id": 1, "title": "Slow", "labels": ["bug"], "state": "closed"}\n')
    report = index_repository(client, "shop", root, issues=issues)

    assert node(client, "1", "summary") == "issue 1 (closed, bug): Slow."
    assert report.nodes["issue"] == 1
    assert "2" not in node_ids(client)


HOSTILE: dict[str, bytes] = {
    "nul.py": b"x = 1\0\n",
    "late_nul.py": b"x = 1\n" * 3000 + b"\0",
    "latin.py": b"# -*- coding: latin-1 -*-\ndef caf\xe9():\n    '\xe9t\xe9'\n",
    "broken.py": b"def f(:\n",
    "two.py": b"print 'two'\n",
    "deep.py": b"x = " + b"[" * 3000 + b"]" * 3000,
    "deeper.py": b"x = " + b"+".join([b"a"] * 50_000),
    "huge.py": b"x = 1\n" * 300_000,
    "long_line.py": b"x = '" + b"a" * 50_000 + b"'\n",
    "escapes.py": b"def f():\n    'nul \\x00 half \\ud800'\n",
    "empty.py": b"",
    "bom.py": b"\xef\xbb\xbfdef f(): pass\n",
    "bytes.md": b"# \xff\xfe title\n\ntext\n",
    "picture.png": b"\x89PNG",
    "good.py": b"def good():\n    pass\n",
}


def test_hostile_files_stop_nothing_and_are_told(client: Client, tmp_path: Path) -> None:
    root = tmp_path / "hostile"
    (root / "sub").mkdir(parents=True)
    for name, raw in HOSTILE.items():
        (root / name).write_bytes(raw)
    (root / "sub" / "loop").symlink_to(root, target_is_directory=True)
    (root / "dangling.py").symlink_to(root / "nowhere.py")
    (root / "outside.py").symlink_to("/etc/passwd")
    (root / os.fsdecode(b"name\xff.py")).write_bytes(b"x = 1\n")
    os.mkfifo(root / "pipe.py")

    report = index_repository(client, "hostile", root)

    assert set(report.unparsed) == {"broken.py", "two.py", "deep.py", "deeper.py"}
    assert report.refusals == []
    assert report.passed_over == {
        "binary": 2,
        "a link": 2,
        "of no known language": 1,
        "with a name that is no text, or too long": 1,
        "larger than 1,000,000 bytes": 1,
    }
    assert {"good.py::good", "latin.py::café", "escapes.py::f", "bom.py::f", "empty.py"} <= node_ids(client)
    before = versions(client)
    again = index_repository(client, "hostile", root)
    assert versions(client) == before
    assert set(again.unparsed) == set(report.unparsed), "they are told each time"


def test_what_git_ignores_is_passed_over_and_so_are_folders_of_others_without_git(
    client: Client, repository: Write
) -> None:
    root = repository(
        {
            "a.py": "def a(): ...\n",
            ".gitignore": "made.py\n",
            "made.py": "def made(): ...\n",
            "venv/lib/x.py": "",
            "node_modules/y.py": "",
            "build/z.py": "",
            "tool/build/__init__.py": "",
        }
    )
    index_repository(client, "walked", root)
    assert node_ids(client) == {"a.py", "a.py::a", "made.py", "made.py::made", "tool/build/__init__.py"}

    client.delete_collection("walked")
    try:
        subprocess.run(["git", "init", "-q", os.fspath(root)], check=True)
    except OSError:
        pytest.skip("git is not installed")
    index_repository(client, "tracked", root)
    assert {"a.py::a"} <= node_ids(client)
    assert "made.py" not in node_ids(client)


def test_the_package_indexes_itself(client: Client) -> None:
    root = Path(pgsearch.__file__).parent

    report = index_repository(client, "self", root, text_config="pg_catalog.english")

    assert report.unparsed == {}
    assert report.nodes["symbol"] > 400
    errors = node(client, "errors.py::PgsearchError")
    assert errors["kind"] == "class"
    assert node(client, "client/blocking.py::Client")["in_degree"] > 10
    assert node(client, "client/blocking.py::Client")["importance_score"] == 0.6
    (hit, *_) = client.search("load refused error class", collections="self", search_mode="fts").hits
    assert hit.metadata["symbol"] == "ingest.bulk.LoadRefusedError"


def test_nodes_get_vectors_once_and_keep_their_model(client: Client, repository: Write) -> None:
    root = repository(SHOP)
    index_repository(client, "shop", root)
    client.register_model("lengths", 3)
    embedder = ByLength()

    index_repository(client, "shop", root, model="lengths")
    assert embed_nodes(client, "shop", "lengths", embedder) == 10
    assert embed_nodes(client, "shop", "lengths", embedder) == 0
    assert client.connection.execute(
        "select distinct model, embedding is null from pgsearch.semantic_nodes"
    ).fetchall() == [("lengths", False)]
    before = versions(client)
    report = index_repository(client, "shop", root)
    assert (report.model, versions(client)) == ("lengths", before), "without a model, the nodes' own is taken"

    repository({"app/store.py": SHOP["app/store.py"].replace("Keep one.", "Keep it.")})
    index_repository(client, "shop", root)
    embedder.texts.clear()
    assert embed_nodes(client, "shop", "lengths", embedder) == 1
    assert ["Keep it" in text for text in embedder.texts] == [True]


def test_a_folder_that_is_none_is_an_error(client: Client, tmp_path: Path) -> None:
    with pytest.raises(PgsearchError, match="no folder"):
        index_repository(client, "x", tmp_path / "nowhere")


def test_the_command_indexes_and_tells(
    dsn: str, repository: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGSEARCH_HOME", str(tmp_path / "home"))
    root = repository({**SHOP, "broken.py": "def f(:\n"})

    assert cli.main(["index-code", str(root), "--dsn", dsn]) == 0
    first = capsys.readouterr()
    assert "shop: 9 files, 9 of the pages new or changed, 0 deleted" in first.out
    assert "nodes: 2 docs, 1 routes, 7 symbols; 10 inserted, 0 updated, 0 deleted" in first.out
    assert "broken.py: searched as text only" in first.err

    assert cli.main(["index-code", str(root), "--dsn", dsn, "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["files_changed"], again["nodes"], list(again["unparsed"])) == (
        0,
        {"doc": 2, "route": 1, "symbol": 7},
        ["broken.py"],
    )


def test_the_command_fits_embeds_and_refuses_models_that_nobody_knows(
    dsn: str, client: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.setenv("PGSEARCH_HOME", str(tmp_path / "home"))
    root = Path(pgsearch.__file__).parent / "code"
    command = ["index-code", str(root), "--dsn", dsn, "--collection", "code", "--json", "--model"]

    assert cli.main([*command, "svd:code"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["nodes_embedded"] == sum(first["nodes"].values()) > 50
    assert first["chunks_embedded"] > 50
    assert [(model.model, model.index_valid, model.default_of) for model in client.list_models()] == [
        ("svd:code", True, ["code"])
    ]
    centres = client.connection.execute("select xmin, ctid from pgsearch.embedding_centres order by ctid").fetchall()
    assert cli.main([*command, "svd:code"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["nodes_embedded"], again["chunks_embedded"], again["nodes_updated"]) == (0, 0, 0)
    assert (
        centres
        == client.connection.execute("select xmin, ctid from pgsearch.embedding_centres order by ctid").fetchall()
    )

    # a run that was cut off before its end
    client.set_default_model("code", None)
    assert cli.main([*command, "svd:code"]) == 0
    assert client.list_models()[0].default_of == ["code"]
    capsys.readouterr()

    assert cli.main([*command, "no-such-model"]) == 1
    assert "no-such-model" in capsys.readouterr().err


def test_a_missing_folder_makes_no_model_and_an_empty_one_is_told(
    dsn: str, client: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGSEARCH_HOME", str(tmp_path / "home"))
    command = ["index-code", "--dsn", dsn, "--collection", "code", "--model", "svd:code"]

    assert cli.main([*command, str(tmp_path / "nowhere")]) == 1
    assert "There is no folder" in capsys.readouterr().err
    assert client.list_models() == []

    (tmp_path / "empty").mkdir()
    assert cli.main([*command, str(tmp_path / "empty")]) == 0
    assert "holds no file to index" in capsys.readouterr().err


def test_a_model_of_many_dimensions_is_registered_in_a_storage_that_holds_them(
    dsn: str, client: Client, repository: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wide:
        def embed(self, texts: Sequence[str]) -> list[list[float]]:
            assert all(texts), "servers refuse an empty text"
            return [[1.0] * 2500 for _ in texts]

    monkeypatch.setattr("pgsearch.client.registered.embedder_for", lambda *_, **__: Wide())
    root = repository(SHOP)

    assert cli.main(["index-code", str(root), "--dsn", dsn, "--model", "wide"]) == 0
    (model,) = client.list_models()
    assert (model.storage, model.dimensions, model.default_of) == ("halfvec", 2500, ["shop"])


def test_after_a_switch_the_nodes_of_the_model_in_use_are_kept_current(client: Client, repository: Write) -> None:
    root = repository(SHOP)
    for model in ("a", "b"):
        client.register_model(model, 3)
        index_repository(client, "shop", root, model=model)
    assert index_repository(client, "shop", root).model == "a"

    client.set_default_model("shop", "b")
    (root / "app" / "new.py").write_text("def fresh():\n    return 1\n")
    assert index_repository(client, "shop", root).model == "b"

    # a few rows of a larger model are those that were upgraded, even when searches use it
    client.connection.execute(
        """
        delete from pgsearch.semantic_nodes
         where model = 'b'
           and page_id <> (select page_id from pgsearch.pages where external_id = 'app/new.py')
        """
    )
    assert index_repository(client, "shop", root).model == "a"


SEVERAL = {
    "web/hooks/useAuth.ts": "/** Who is logged in. */\nexport const useAuth = () => fetchUser();\n",
    "web/hooks/useCart.ts": "export const useCart = () => 1;\n",
    "src/Orders.java": """package com.acme;
@RestController
@RequestMapping("/api/orders")
public class Orders {
    @GetMapping("/{id}")
    public Order find(Long id) { return null; }
}
""",
}


def test_symbols_and_routes_of_other_languages_are_found_as_soon_as_their_grammars_are_there(
    client: Client, repository: Write, monkeypatch: pytest.MonkeyPatch, dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = repository(SEVERAL)
    with monkeypatch.context() as without:
        without.setattr("pgsearch.code.repository.has_grammar", lambda name: False)
        assert cli.main(["index-code", str(root), "--collection", "shop", "--dsn", dsn]) == 0
        told = capsys.readouterr().err
    assert "1 of java, 2 of typescript: searched as text only" in told
    assert "pip install 'pgsearch[code]'" in told
    assert client.search_code("useAuth")[0].node_id is None

    report = index_repository(client, "shop", root)

    assert report.without_grammar == {}
    assert report.nodes == {"route": 1, "symbol": 7}
    (hook, *_) = client.search_code("where is useAuth?")
    assert (hook.external_id, hook.node_id) == ("web/hooks/useAuth.ts", "web/hooks/useAuth.ts::useAuth")
    assert hook.metadata["line"] == 1
    assert "Who is logged in" in (hook.summary or "")
    assert client.search_code("GET /api/orders/42")[0].node_id == "GET /api/orders/{id} src/Orders.java::Orders.find"
    assert index_repository(client, "shop", root).files_changed == 0
