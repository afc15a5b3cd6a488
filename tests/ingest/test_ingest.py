"""Folders and files into a collection, and the command that does it."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import os
import threading
import tracemalloc
from collections.abc import Iterator
from functools import wraps
from pathlib import Path, PurePath
from typing import Any

import psycopg
import pytest

from pgsearch.cli import main
from pgsearch.errors import PgsearchError
from pgsearch.ingest.bulk import LoadRefusedError, LoadReport, Record, Refusal
from pgsearch.ingest.files import ingest, plan_ingest
from pgsearch.ingest.readers import Reader, Source, reader_for
from tests.thorough import sampled

Connection = psycopg.Connection[Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small project with something of every kind."""
    files = {
        "README.md": "# Project\n\nAbout the electric car subsidy.",
        "docs/guide.html": "<title>Guide</title><h1>Guide</h1><p>How to apply.</p>",
        "docs/한글.txt": "전기차 보조금 안내",
        "src/main.py": "def main():\n    return 42\n",
        "data/passages.jsonl": '{"_id": "p1", "title": "P", "text": "one passage"}\n',
        "data/table.csv": "id,title,content\nrow1,Row,a row\n",
        ".git/config.txt": "hidden",
        ".hidden.md": "hidden",
        "node_modules/lib/index.js": "passed over",
        "image.png": "\x89PNG",
        "binary.txt": "a\x00b",
    }
    for name, text in files.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "project/link").symlink_to(tmp_path)
    return tmp_path / "project"


def external_ids(conn: Connection) -> list[str]:
    return [name for (name,) in conn.execute('select external_id from pgsearch.pages order by external_id collate "C"')]


STORED = ["README.md", "docs/guide.html", "docs/한글.txt", "p1", "row1", "src/main.py"]


def test_a_folder_is_read_with_all_that_is_below_it(conn: Connection, folder: Path) -> None:
    report = ingest(conn, "wiki", [folder])

    assert external_ids(conn) == STORED
    assert (report.files, report.load.pages_inserted) == (6, 6)
    assert report.passed_over == {".png": 1, ".txt": 1}
    titles = dict(conn.execute("select external_id, title from pgsearch.pages").fetchall())
    assert titles["README.md"] == "Project"
    assert titles["docs/guide.html"] == "Guide"
    assert titles["src/main.py"] == "src/main.py"
    assert conn.execute("select heading from pgsearch.chunks where content like 'About%'").fetchone() == ("Project",)


def test_a_second_run_writes_only_what_changed(conn: Connection, folder: Path) -> None:
    ingest(conn, "wiki", [folder])
    (folder / "README.md").write_text("# Project\n\nAbout the electric car subsidy.\n\n## News\n\nSome.")
    kept = conn.execute("select chunk_id from pgsearch.chunks where content like 'About%'").fetchone()

    load = ingest(conn, "wiki", [folder]).load

    assert (load.pages_updated, load.pages_unchanged, load.chunks_inserted, load.chunks_kept) == (1, 5, 1, 1)
    assert conn.execute("select chunk_id from pgsearch.chunks where content like 'About%'").fetchone() == kept


def test_the_same_folder_named_otherwise_is_still_unchanged(
    conn: Connection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(conn, "wiki", [folder])
    monkeypatch.chdir(folder)

    assert ingest(conn, "wiki", ["."]).load.pages_unchanged == 6


def test_files_that_are_gone_are_deleted_when_asked_for(conn: Connection, folder: Path) -> None:
    ingest(conn, "wiki", [folder])
    (folder / "src/main.py").unlink()

    assert ingest(conn, "wiki", [folder]).load.pages_deleted == 0
    assert ingest(conn, "wiki", [folder], delete_missing=True).load.pages_deleted == 1
    assert "src/main.py" not in external_ids(conn)


def test_a_file_that_is_named_is_read_whatever_its_kind(conn: Connection, tmp_path: Path) -> None:
    (tmp_path / "notes.xyz").write_text("some notes")

    ingest(conn, "wiki", [tmp_path / "notes.xyz"])

    assert external_ids(conn) == ["notes.xyz"]


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n", "PDF"),
        (b"\n%PDF-1.4\n", "PDF"),
        (b"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml", "zip"),
        (b"{\\rtf1\\ansi Leave policy}", "RTF"),
        (b"%!PS-Adobe-3.0\n", "PostScript"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "HWP"),
        (b"\x01\x02\x03\x04 ascii \x05\x06\x07", "binary"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("name", ["report", "report.txt", "report.md", "report.csv", "report.html"])
def test_a_file_that_is_no_text_is_refused_by_its_kind_even_where_it_decodes(
    conn: Connection, tmp_path: Path, name: str, start: bytes, kind: str
) -> None:
    (tmp_path / name).write_bytes(start + b"words of the file\n" * 20)

    with pytest.raises(LoadRefusedError, match=kind):
        ingest(conn, "docs", [tmp_path / name])
    assert external_ids(conn) == []


def test_text_that_only_speaks_of_such_files_is_text(conn: Connection, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Signatures\n\nA PDF begins with %PDF-1.4, a zip with PK.", encoding="utf-8")
    (tmp_path / "b.txt").write_text("\x1b[31mred\x1b[0m and a \x0c new page", encoding="utf-8")

    assert ingest(conn, "docs", [tmp_path]).load.pages_inserted == 2


def test_pages_that_came_out_empty_are_told(
    conn: Connection, dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = "<script>" + "render();" * 50 + "</script>"
    (tmp_path / "app.html").write_text(f"<title>App</title>{script}<div id=root></div>", encoding="utf-8")
    (tmp_path / "full.html").write_text(f"<title>Full</title>{script}<p>Text.</p>", encoding="utf-8")
    (tmp_path / "small.md").write_text("", encoding="utf-8")
    (tmp_path / "rows.csv").write_text(f"id,title,content\n1,One,\n2,Two,{'text ' * 100}\n", encoding="utf-8")

    report = ingest(conn, "docs", [tmp_path])
    assert report.empty == 2
    assert sorted(Path(origin).name for origin in report.empty_origins) == ["app.html", "rows.csv:2"]

    assert main(["ingest", str(tmp_path), "--collection", "docs", "--dsn", dsn, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pages_empty"] == 2
    assert main(["ingest", str(tmp_path), "--collection", "docs", "--dsn", dsn]) == 0
    assert "2 pages came out without text" in capsys.readouterr().err


def test_the_plan_is_sorted_and_does_not_follow_links_out_of_the_folder(folder: Path) -> None:
    names = [file.external_id for file in plan_ingest([folder]).files]

    assert names == [
        "README.md",
        "data/passages.jsonl",
        "data/table.csv",
        "docs/guide.html",
        "docs/한글.txt",
        "src/main.py",
    ]


def test_a_path_that_does_not_exist_and_a_folder_with_nothing_to_read_are_told(
    conn: Connection, tmp_path: Path
) -> None:
    with pytest.raises(PgsearchError, match="no file or folder"):
        ingest(conn, "wiki", [tmp_path / "nowhere"])
    with pytest.raises(PgsearchError, match="nothing to read"):
        ingest(conn, "wiki", [tmp_path])


def test_a_broken_line_keeps_everything_out_and_is_told_with_file_and_line(conn: Connection, folder: Path) -> None:
    broken = folder / "data/passages.jsonl"
    broken.write_text(
        broken.read_text() + '{"_id": "p2"\n' + '{"_id": "p3", "text": "nul \\u0000"}\n{"_id": "p4", "text": "x"}\n'
    )

    with pytest.raises(LoadRefusedError) as caught:
        ingest(conn, "wiki", [folder], text_config="english")
    told = [str(refusal) for refusal in caught.value.refusals]
    assert told[0].startswith(f"{broken}:2: not JSON")
    assert told[1].startswith(f"{broken}:3: page 'p3': chunks 0.content holds a NUL character")
    assert external_ids(conn) == []

    load = ingest(conn, "wiki", [folder], keep_going=True, text_config="english").load
    assert load.pages_refused == 2
    assert external_ids(conn) == sorted([*STORED, "p4"])


def test_the_language_of_a_new_collection_can_be_named(conn: Connection, folder: Path) -> None:
    ingest(conn, "wiki", [folder], text_config="english")
    ingest(conn, "wiki", [folder])

    assert conn.execute("select text_config from pgsearch.collections").fetchall() == [("pg_catalog.english",)]
    with pytest.raises(PgsearchError, match="exists with text_config"):
        ingest(conn, "wiki", [folder], text_config="simple")


def test_scattered_passages_of_a_file_become_whole_pages(conn: Connection, tmp_path: Path) -> None:
    lines = [
        {"_id": f"{page}#{n}", "page_id": page, "title": page, "text": f"{page} {n}"} for n in range(3) for page in "ab"
    ]
    path = tmp_path / "c.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))

    ingest(conn, "wiki", [path])

    rows = conn.execute(
        "select external_id, array_agg(content order by ordinal), array_agg(c.metadata ->> '_id' order by ordinal)"
        " from pgsearch.pages join pgsearch.chunks as c using (page_id) group by 1 order by 1"
    ).fetchall()
    assert rows == [
        ("a", ["a 0", "a 1", "a 2"], ["a#0", "a#1", "a#2"]),
        ("b", ["b 0", "b 1", "b 2"], ["b#0", "b#1", "b#2"]),
    ]


def test_the_memory_does_not_grow_with_the_file(conn: Connection, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with path.open("w") as file:
        for number in range(12_000):
            # one page that never ends, and scattered ones
            page = "endless" if number % 3 else f"page {number % 1000}"
            file.write(json.dumps({"_id": str(number), "page_id": page, "text": "x" * 2500}) + "\n")

        # a broken last line, so that the test measures the reading and does not wait for the storing
        file.write("broken\n")

    tracemalloc.start()
    try:
        with pytest.raises(LoadRefusedError):
            ingest(conn, "wiki", [path])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40_000_000


def test_the_command_says_what_became_of_the_pages(
    conn: Connection, dsn: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ingest", str(folder), "--collection", "wiki", "--dsn", dsn, "--text-config", "english"]) == 0

    out, err = capsys.readouterr()
    assert "wiki: 6 pages inserted, 0 updated, 0 unchanged, 0 refused" in out
    assert "2 files of other kinds were passed over" in err

    assert main(["ingest", str(folder), "--collection", "wiki", "--dsn", dsn, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["stored"], told["pages_unchanged"], told["files"]) == (True, 6, 6)


def test_the_command_fails_with_file_and_line_and_with_keep_going_stores_the_rest(
    conn: Connection, dsn: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "data/passages.jsonl").write_text('nonsense\n{"_id": "p1", "text": "x"}\n')
    command = ["ingest", str(folder), "--collection", "wiki", "--dsn", dsn]

    assert main(command) == 1
    assert "passages.jsonl:1: not JSON" in capsys.readouterr().err
    assert external_ids(conn) == []

    assert main([*command, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["stored"], told["pages_refused"]) == (False, 1)
    assert told["refusals"][0]["origin"].endswith("passages.jsonl:1")

    assert main([*command, "--keep-going"]) == 1
    assert external_ids(conn) == STORED


def test_the_help_of_the_command_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["ingest", "--help"])

    assert "pgsearch ingest docs/ --collection handbook" in capsys.readouterr().out


# Identity


def sources(conn: Connection) -> dict[str, str]:
    return dict(conn.execute("select external_id, source from pgsearch.pages").fetchall())


def test_the_id_of_a_file_is_its_path_below_the_root_and_a_file_of_another_root_updates_nothing(
    conn: Connection, dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for root in ("a", "b"):
        (tmp_path / root / "guide").mkdir(parents=True)
        (tmp_path / root / "guide/install.md").write_text(f"# Install {root}\n\ntext of {root}", encoding="utf-8")
    ingest(conn, "docs", [tmp_path / "a"])
    (tmp_path / "a/guide/install.md").write_text("# Install\n\nedited", encoding="utf-8")

    load = ingest(conn, "docs", [tmp_path / "a/guide/install.md"], root=tmp_path / "a").load
    assert (load.pages_updated, load.pages_inserted) == (1, 0)
    assert sources(conn) == {"guide/install.md": "a/guide/install.md"}

    with pytest.raises(LoadRefusedError, match=r"came from 'a/guide/install\.md', and this is 'b/guide/install\.md'"):
        ingest(conn, "docs", [tmp_path / "b"])
    assert ingest(conn, "docs", [tmp_path / "b"], root=tmp_path).load.pages_inserted == 1
    assert ingest(conn, "docs", [tmp_path / "b"], take_over=True).load.pages_updated == 1
    with pytest.raises(PgsearchError, match="not below the root"):
        ingest(conn, "docs", [tmp_path / "a"], root=tmp_path / "b")

    # a page stored before sources told the root is taken for the same
    conn.execute("update pgsearch.pages set source = external_id")
    assert ingest(conn, "docs", [tmp_path / "a"], again=True).load.pages_updated == 1


def test_a_file_that_is_what_it_was_is_not_converted_again(
    conn: Connection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def counted(path: PurePath) -> Reader | None:
        reader = reader_for(path)
        if reader is None:
            return None

        @wraps(reader)
        def noted(source: Source) -> Iterator[Record | Refusal]:
            read.append(source.external_id)
            yield from reader(source)

        return noted

    monkeypatch.setattr("pgsearch.ingest.files.reader_for", counted)

    def run(**options: Any) -> tuple[list[str], LoadReport]:
        read.clear()
        load = ingest(conn, "wiki", [folder], **options).load
        return [one for one in read if not one.endswith((".csv", ".jsonl", ".jsonl.gz"))], load

    documents, _ = run()
    assert "README.md" in documents
    assert run(delete_missing=True)[0] == []
    assert "README.md" in external_ids(conn)

    (folder / "README.md").write_text("# Project\n\nOther words.", encoding="utf-8")
    assert run()[0] == ["README.md"]
    # what somebody else put is not what the file says
    conn.execute('select * from pgsearch.put_pages(\'wiki\', \'[{"external_id": "README.md", "content": "put"}]\')')
    again, load = run()
    assert (again, load.pages_updated) == (["README.md"], 1)
    # chunks of another size
    conn.execute("""update pgsearch.collections set settings = settings || '{"chunk_size": 500}'""")
    assert run()[0] == documents
    assert run()[0] == []
    assert run(again=True)[0] == documents
    assert run(encoding="utf-8")[0] == documents


def test_a_file_that_was_renamed_keeps_its_embeddings_and_its_old_page_goes(conn: Connection, tmp_path: Path) -> None:
    (tmp_path / "old.md").write_text("# Install\n\nOne.\n\n## Windows\n\nTwo.", encoding="utf-8")
    (tmp_path / "other.md").write_text("# Other\n\nThree.", encoding="utf-8")
    ingest(conn, "docs", [tmp_path])
    conn.execute("select pgsearch.register_model('m', 2)")
    waiting = "select chunk_id, content_hash, content from pgsearch.list_missing_embeddings('m')"
    for number, (chunk_id, content_hash, _) in enumerate(conn.execute(waiting).fetchall()):
        conn.execute(
            "select pgsearch.put_embeddings('m', %s, %s, %s)", ([chunk_id], [content_hash], [f"[{number}, 1]"])
        )
    vectors = (
        "select c.heading, e.embedding::text from pgsearch.embeddings as e join pgsearch.chunks as c using (chunk_id)"
    )
    before = set(conn.execute(vectors).fetchall())

    (tmp_path / "old.md").rename(tmp_path / "new.md")
    (tmp_path / "new.md").write_text("# Install\n\nOne.\n\n## Windows\n\nTwo.\n\n## Linux\n\nNew.", encoding="utf-8")
    load = ingest(conn, "docs", [tmp_path], delete_missing=True).load

    assert (load.pages_inserted, load.pages_deleted, load.pages_unchanged) == (1, 1, 1)
    assert set(external_ids(conn)) == {"new.md", "other.md"}
    assert [content for *_, content in conn.execute(waiting).fetchall()] == ["Install · Linux\nNew."]
    assert set(conn.execute(vectors).fetchall()) == before


# Standard input


class Stdin:
    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


def test_standard_input_and_pipes_are_read_and_guesses_are_told(
    conn: Connection,
    dsn: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = ["ingest", "-", "--collection", "web", "--dsn", dsn, "--json"]
    monkeypatch.setattr("sys.stdin", Stdin(b"<html><title>FAQ</title><p>Ask."))
    assert main([*command, "--name", "help/faq.html"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == []
    monkeypatch.setattr("sys.stdin", Stdin('[{"q": "몇 시에 문을 여나요?", "n": 3}]'.encode()))
    assert main([*command[:-1]]) == 0
    told = capsys.readouterr().err
    assert "standard input is read as .json with the id stdin.json" in told
    assert "standard input content is column 'q'" in told
    assert external_ids(conn) == ["help/faq.html", "stdin.json:1"]

    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"# Piped\n\ntext",))
    writer.start()
    assert main(["ingest", str(tmp_path / "pipe"), "--name", "piped.md", "--collection", "web", "--dsn", dsn]) == 0
    writer.join()
    assert "piped.md" in external_ids(conn)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--map", "body=content"], "--map takes FIELD=COLUMN, not 'body=content'"),
        (["--map", "content"], "--map takes FIELD=COLUMN, not 'content'"),
        (["--encoding", "utf-nine"], "There is no encoding 'utf-nine'"),
        (["--root", "/nowhere/at/all"], "There is no folder '/nowhere/at/all'"),
    ],
    ids=["field", "no column", "encoding", "root"],
)
def test_what_is_said_of_files_is_judged_before_anything_is_read(
    arguments: list[str], told: str, dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ingest", str(tmp_path), "--collection", "docs", "--dsn", dsn, *arguments]) == 1
    assert told in capsys.readouterr().err


def test_in_folders_json_is_read_only_where_it_is_a_table(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "x"}')
    (tmp_path / "list.json").write_text("[1, 2]")
    (tmp_path / "rows.json").write_text('[\n {"id": 1, "text": "x"}]')

    plan = plan_ingest([tmp_path])

    assert [file.external_id for file in plan.files] == ["rows.json"]
    assert plan.passed_over == {".json": 2}


@pytest.mark.judged
@pytest.mark.skipif("PGSEARCH_DATA" not in os.environ, reason="PGSEARCH_DATA is not set")
def test_scifact_is_ingested_and_every_chunk_maps_to_its_document(conn: Connection, tmp_path: Path) -> None:
    some = tmp_path / "corpus.jsonl"
    with gzip.open(Path(os.environ["PGSEARCH_DATA"], "scifact/corpus.jsonl.gz"), "rt", encoding="utf-8") as lines:
        documents = list(itertools.islice(lines, sampled(5183, 500)))
    some.write_text("".join(documents), encoding="utf-8")

    report = ingest(conn, "scifact", [some])

    assert report.load.pages_inserted == len(documents)
    assert conn.execute(
        "select count(*) from pgsearch.chunks as c join pgsearch.pages as p using (page_id)"
        " where c.metadata ->> '_id' = p.external_id"
    ).fetchone() == (len(documents),)
