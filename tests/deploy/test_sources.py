"""Where the SQL is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgsearch.database import sources
from pgsearch.database.sources import Sources, find_sources
from pgsearch.errors import DeployError
from tests.deploy.project import Project


def test_the_sql_beside_the_package_is_found() -> None:
    found = find_sources()

    assert found.migration_texts
    assert found.functions


def test_an_installation_without_sql_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_PACKAGE", tmp_path / "site-packages" / "pgsearch")

    with pytest.raises(DeployError, match="SQL files of pgsearch are missing") as caught:
        find_sources()
    assert "Install pgsearch again" in (caught.value.hint or "")


def test_files_come_in_the_order_of_their_folders(project: Project) -> None:
    project.write("sql/10_text-more/a.sql", "select 1;")
    project.write("sql/05_first/z.sql", "select 1;")

    assert [path.split("/")[0] for path in project.sources.functions] == [
        "05_first",
        "10_text",
        "10_text-more",
        "20_vector",
    ]


def test_any_change_changes_the_digest(project: Project) -> None:
    def digests() -> str:
        return Sources(project.folder / "sql", project.folder / "migrations").digest("1.0")

    seen = [digests(), project.sources.digest("1.1")]
    project.write("sql/90_operate/more.sql", "select 1;")
    seen.append(digests())
    project.write("migrations/0003_more.sql", "select 1;")
    seen.append(digests())
    project.remove("sql/10_text/greet.sql")
    seen.append(digests())

    assert len(set(seen)) == len(seen)
