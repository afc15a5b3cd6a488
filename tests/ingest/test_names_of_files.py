"""Files whose names are odd: each is one page, or a reason."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from unicodedata import normalize

import pytest

from pgsearch import Client
from pgsearch.errors import RefusedPageError
from pgsearch.ingest.files import ingest, plan_ingest


def ids(client: Client, collection: str) -> list[str]:
    return [
        external_id
        for (external_id,) in client.connection.execute(
            "select external_id from pgsearch.pages where collection = %s order by external_id", [collection]
        )
    ]


def test_a_name_is_the_same_in_both_forms_of_unicode(new_client: Callable[[], Client], tmp_path: Path) -> None:
    client = new_client()
    for number, form in enumerate(("NFC", "NFD")):
        folder = tmp_path / str(number) / "docs"
        folder.mkdir(parents=True)
        (folder / normalize(form, "안내.md")).write_text(f"# 안내\n\n{number}\n")  # type: ignore[arg-type]
        ingest(client.connection, "names", [folder])

    assert ids(client, "names") == [normalize("NFC", "안내.md")]


def test_a_name_that_is_no_text_costs_its_own_file(new_client: Callable[[], Client], tmp_path: Path) -> None:
    client = new_client()
    (tmp_path / "a\nb.md").write_text("one")
    (tmp_path / "c.md").write_text("two")
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.md")).write_text("three")
    except OSError:
        pytest.skip("the file system takes no such name")

    with pytest.raises(RefusedPageError, match="lone surrogate"):
        ingest(client.connection, "names", [tmp_path])
    report = ingest(client.connection, "names", [tmp_path], keep_going=True)

    assert (report.load.pages_inserted, report.load.pages_refused) == (2, 1)
    assert "\\xff" in repr(report.load.refusals[0].origin) or "\\udcff" in repr(report.load.refusals[0].origin)
    assert ids(client, "names") == ["a\nb.md", "c.md"]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("one")
    (tmp_path / "loop.md").symlink_to("loop.md")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "gone.md").symlink_to("nowhere.md")

    assert [file.external_id for file in plan_ingest([tmp_path]).files] == ["a.md"]
