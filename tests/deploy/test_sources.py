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


def test_files_come_in_the_order_of_the_rooms(project: Project) -> None:
    project.write("sql/operate/a.sql", "select 1;")
    project.write("sql/ground/z.sql", "select 1;")

    assert [path.split("/")[0] for path in project.sources.functions] == ["ground", "text", "candidates", "operate"]


@pytest.mark.parametrize("path", ["text-more/a.sql", "text/deeper/a.sql", "a.sql"], ids=["unknown", "nested", "none"])
def test_a_file_outside_the_rooms_is_refused(project: Project, path: str) -> None:
    project.write(f"sql/{path}", "select 1;")

    with pytest.raises(DeployError, match=r"no room: (text-more|text/deeper|\.)\.") as caught:
        project.sources.functions  # noqa: B018
    assert "ground, text, pages" in (caught.value.hint or "")


def test_any_change_changes_the_digest(project: Project) -> None:
    def digests() -> str:
        return Sources(project.folder / "sql", project.folder / "migrations").digest("1.0")

    seen = [digests(), project.sources.digest("1.1")]
    project.write("sql/operate/more.sql", "select 1;")
    seen.append(digests())
    project.write("migrations/0003_more.sql", "select 1;")
    seen.append(digests())
    project.remove("sql/text/greet.sql")
    seen.append(digests())

    assert len(set(seen)) == len(seen)
