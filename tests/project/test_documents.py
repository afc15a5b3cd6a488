"""What the documents show is what there is: the functions by name, and examples that run on what `make demo` leaves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pytest_postgresql.executors import NoopExecutor

from docs import write_functions
from pgsearch import cli
from tests.clones import cloned
from tests.conftest import Server

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def public_functions(connection: psycopg.Connection[Any]) -> list[str]:
    return [
        name
        for (name,) in connection.execute(
            "select name from pgsearch.deployed_functions where left(name, 1) <> '_' order by name collate \"C\""
        )
    ]


@pytest.mark.quick
def test_the_reference_is_what_the_catalog_says(conn: psycopg.Connection[Any]) -> None:
    text = write_functions.TARGET.read_text(encoding="utf-8")

    assert text == write_functions.render(conn), "make docs writes it anew"
    assert sorted(re.findall(r"^### (\w+)$", text, flags=re.MULTILINE)) == public_functions(conn)


@pytest.mark.quick
def test_the_readme_shows_a_dozen_functions_that_exist(conn: psycopg.Connection[Any]) -> None:
    table = "".join(re.findall(r"^\| [\w ,]+ \| `.*$", README, flags=re.MULTILINE))
    shown = set(re.findall(r"`(\w+)`", table))

    assert 10 <= len(shown) <= 15
    assert shown - set(public_functions(conn)) == set()


@pytest.mark.quick
def test_every_link_between_documents_leads_somewhere() -> None:
    lost = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/README.md")]
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[\w-]+)?\)", path.read_text(encoding="utf-8"))
        if "://" not in target and not (path.parent / target).exists()
    ]
    assert lost == []


@pytest.mark.quick
def test_a_commit_is_checked_by_all_that_lint_runs() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nlint:")[2].partition("\n\n")[0]
    tools = re.findall(r"\$\(BIN\)/(\w+(?: format| check)?)", recipe)
    hooks = re.findall(r"entry: (.*)", (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))

    assert len(tools) > 4
    assert [tool for tool in tools if not any(hook.startswith(f".venv/bin/{tool}") for hook in hooks)] == []
    assert {"make pgspot", "make quick"} <= set(hooks)


# Examples


@pytest.fixture(scope="module")
def demo(pg_server: Server, pg_template: NoopExecutor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """DSN of a database as `pgsearch demo` leaves it, with its Korean pages only."""
    with cloned(pg_server, pg_template.template_dbname) as dsn, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGSEARCH_HOME", str(tmp_path_factory.mktemp("home")))
        assert cli.main(["demo", "--small", "--json", "--dsn", dsn]) == 0
        yield dsn


def test_the_python_of_the_readme_runs(
    demo: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    monkeypatch.setenv("PGSEARCH_DSN", demo)

    names: dict[str, Any] = {}
    exec(program, names)
    names["client"].close()

    assert "전기차" in capsys.readouterr().out


def test_the_sql_and_the_commands_of_the_readme_run(
    demo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    statements = re.findall(r"`(select [^`]*;)`", README.replace("\n", " "))
    commands = re.findall(r"`pgsearch (ingest|search) ([^`]*)`", README.replace("\n", " "))
    assert len(statements) == 1
    assert [command for command, _ in commands] == ["ingest", "search"]
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "roses.md").write_text("# Roses\n\nRoses want sun.", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    with psycopg.connect(demo) as connection:
        for statement in statements:
            assert connection.execute(statement.encode()).fetchall() != []
    for command, arguments in commands:
        assert cli.main([command, *arguments.replace('"', "").rsplit(" ", 2 * ("--" in arguments)), "--dsn", demo]) == 0
    assert "전기차" in capsys.readouterr().out


def examples() -> dict[str, str]:
    """The example of each function that has one, from docs/functions.md."""
    text = write_functions.TARGET.read_text(encoding="utf-8")
    sections = re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", text, flags=re.MULTILINE | re.DOTALL)
    blocks = {name: re.findall(r"^```sql\n(.*?)\n```", section, flags=re.M | re.S)[1:] for name, section in sections}
    return {name: found[0] for name, found in blocks.items() if found}


def test_many_functions_have_an_example() -> None:
    assert len(examples()) > 50


@pytest.mark.parametrize("name", sorted(examples()))
def test_the_example_of_a_function_runs(demo: str, name: str) -> None:
    example = examples()[name]
    assert re.search(rf"\bpgsearch\.{name}\(", example)

    with psycopg.connect(demo) as connection:
        assert connection.execute(example.encode()).description is not None
        connection.rollback()
