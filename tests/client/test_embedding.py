"""embed_missing and what belongs to it: nothing is lost, nothing is repeated, and it ends."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from pgsearch.client.registered import registered_embedder
from pgsearch.embedding.fitting import EmbedderGoneError, fit_svd, kept_in
from pgsearch.embedding.index import IndexProgress, build_vector_index
from pgsearch.embedding.queries import query_embedding
from pgsearch.embedding.registering import default_model
from pgsearch.embedding.worker import embed_missing
from pgsearch.errors import EmbeddingMismatchError, InvalidValueError, UnknownModelError
from pgsearch.models.embedders import EmbeddingFailedError
from pgsearch.models.names import embedder_for, embedder_path
from tests.clones import cloned
from tests.conftest import Server

MODEL = "letters"
NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
PAGES = [{"external_id": f"p{number:02}", "content": f"text {number:02} about letters"} for number in range(20)]


class Letters:
    """Counts a, e and t; `before` is called before each batch, and texts with the word `trouble` fail."""

    def __init__(self, before: Callable[[Sequence[str]], None] | None = None, trouble: str | None = None) -> None:
        self.before = before
        self.trouble = trouble
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self.before is not None:
            self.before(texts)
        if self.trouble is not None and any(self.trouble in text for text in texts):
            raise RuntimeError("too long for me")
        self.embedded += texts
        return [[float(text.count(letter)) + 0.1 for letter in "aet"] for text in texts]


@pytest.fixture
def client(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("PGSEARCH_HOME", str(tmp_path / "home"))
    with Client(dsn) as client:
        client.put_pages("wiki", PAGES)
        client.register_model(MODEL, 3)
        yield client


@pytest.fixture
def other(pg_server: Server, pg_template: NoopExecutor) -> Iterator[Client]:
    """A client of another database on this machine."""
    with cloned(pg_server, pg_template.template_dbname) as dsn, Client(dsn) as client:
        yield client


def missing(client: Client, model: str = MODEL) -> int:
    return len(client.list_missing_embeddings(model, batch_size=1000))


def test_every_chunk_is_embedded_once_and_a_second_run_has_nothing_to_do(client: Client) -> None:
    letters = Letters()
    told: list[int] = []

    report = embed_missing(client, MODEL, letters, batch_size=6, progress=lambda now: told.append(now.embedded))
    again = embed_missing(client, MODEL, letters, batch_size=6)

    assert (report.embedded, report.skipped, report.failed, report.left) == (20, 0, 0, 0)
    assert told == [6, 12, 18, 20]
    assert (again.embedded, again.skipped, again.failed, again.left) == (0, 0, 0, 0)
    assert len(letters.embedded) == len(set(letters.embedded)) == 20
    assert missing(client) == 0


def test_only_the_collection_asked_for_is_embedded(client: Client) -> None:
    client.put_pages("other", [{"external_id": "x", "content": "something else"}])

    assert embed_missing(client, MODEL, Letters(), "other").embedded == 1
    assert missing(client) == 20


def test_a_chunk_that_changed_meanwhile_stays_missing_until_the_next_run(client: Client, dsn: str) -> None:
    def change(texts: Sequence[str]) -> None:
        with Client(dsn) as writer:
            writer.put_pages("wiki", [{"external_id": "p03", "title": "New", "content": "text 03 about letters"}])

    report = embed_missing(client, MODEL, Letters(before=change), batch_size=50)
    left = client.list_missing_embeddings(MODEL)
    again = embed_missing(client, MODEL, letters := Letters())

    assert report.embedded == 20
    assert [chunk.content for chunk in left] == ["New\ntext 03 about letters"]
    assert again.embedded == 1
    assert letters.embedded == ["New\ntext 03 about letters"]
    assert missing(client) == 0


def test_a_chunk_that_changes_all_the_time_does_not_keep_it_from_ending(client: Client, dsn: str) -> None:
    changes = iter(range(1000))

    def change(texts: Sequence[str]) -> None:
        with Client(dsn) as writer:
            page = {"external_id": "p03", "title": f"New {next(changes)}", "content": "text 03 about letters"}
            writer.put_pages("wiki", [page])

    assert embed_missing(client, MODEL, Letters(before=change), batch_size=1).embedded == 20
    assert missing(client) == 1


def test_a_chunk_that_was_deleted_meanwhile_is_skipped(client: Client, dsn: str) -> None:
    def delete(texts: Sequence[str]) -> None:
        with Client(dsn) as writer:
            writer.delete_pages("wiki", ["p00", "p01"])

    report = embed_missing(client, MODEL, Letters(before=delete), batch_size=50)

    assert (report.embedded, report.skipped, report.failed) == (18, 2, 0)


def test_a_text_that_fails_costs_only_itself_and_is_named(client: Client) -> None:
    report = embed_missing(client, MODEL, Letters(trouble="text 07"), batch_size=5)
    (left,) = client.list_missing_embeddings(MODEL)

    assert (report.embedded, report.failed) == (19, 1)
    assert report.failures == [(left.chunk_id, "RuntimeError: too long for me")]
    assert left.content == "text 07 about letters"
    assert embed_missing(client, MODEL, Letters()).embedded == 1


def test_an_embedder_that_always_fails_is_given_up(client: Client) -> None:
    client.put_pages("wiki", [{"external_id": f"q{number}", "content": f"more {number}"} for number in range(100)])
    asked: list[int] = []

    with pytest.raises(EmbeddingFailedError, match="too long for me") as caught:
        embed_missing(client, MODEL, Letters(before=lambda texts: asked.append(len(texts)), trouble=""), batch_size=30)

    assert caught.value.hint
    assert len(asked) < 60
    assert missing(client) == 120


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_a_vector_that_is_no_vector_is_a_failure_of_its_text(client: Client, wrong: float) -> None:
    class Odd(Letters):
        def embed(self, texts: Sequence[str]) -> list[list[float]]:
            return [[wrong, 0, 0] if "05" in text else [1, 0, 0] for text in texts]

    report = embed_missing(client, MODEL, Odd())

    assert (report.embedded, report.failed) == (19, 1)
    assert "NaN or infinity" in report.failures[0].reason


def test_too_few_vectors_are_not_given_to_the_wrong_texts(client: Client) -> None:
    class Short(Letters):
        def embed(self, texts: Sequence[str]) -> list[list[float]]:
            return super().embed(texts)[: max(1, len(texts) - 1)]

    letters = Short()

    assert embed_missing(client, MODEL, letters, batch_size=5).embedded == 20
    stored = client.connection.execute(
        "select c.content, e.embedding::text from pgsearch.chunks as c join pgsearch.embeddings as e using (chunk_id)"
    ).fetchall()
    for content, vector in stored:
        assert vector == f"[{content.count('a') + 0.1},{content.count('e') + 0.1},{content.count('t') + 0.1}]"


def test_vectors_of_other_dimensions_than_the_model_are_an_error(client: Client) -> None:
    class Long(Letters):
        def embed(self, texts: Sequence[str]) -> list[list[float]]:
            return [[1.0] * 7 for _ in texts]

    with pytest.raises(EmbeddingMismatchError, match="7 dimensions"):
        embed_missing(client, MODEL, Long())


def test_an_unknown_model_is_an_error(client: Client) -> None:
    with pytest.raises(UnknownModelError):
        embed_missing(client, "nobody", Letters())


def test_the_index_is_built_once_and_serves_the_vector_stage(client: Client) -> None:
    embed_missing(client, MODEL, Letters())
    client.set_default_model("wiki", MODEL)

    first = build_vector_index(client, MODEL)
    second = build_vector_index(client, MODEL)

    assert (first.action, second.action) == ("built", "stood")
    assert first.index == second.index
    (stage,) = [plan for plan in client.explain_search("!", [1, 0, 0]) if plan.stage == "vector"]
    assert stage.index_name == first.index
    assert stage.uses_index
    assert len(client.search_vector([1, 0, 0], top_n=5)) == 5


def test_a_broken_index_is_replaced(client: Client) -> None:
    embed_missing(client, MODEL, Letters())
    index = build_vector_index(client, MODEL).index
    client.connection.execute(
        "update pg_catalog.pg_index set indisvalid = false where indexrelid = pg_catalog.to_regclass(%s)",
        [f"pgsearch.{index}"],
    )

    assert build_vector_index(client, MODEL).action == "rebuilt"
    assert build_vector_index(client, MODEL).action == "stood"


def test_a_build_tells_how_far_it_is(client: Client, dsn: str) -> None:
    embed_missing(client, MODEL, Letters())
    phases: list[IndexProgress] = []
    told = threading.Event()

    def show(now: IndexProgress) -> None:
        phases.append(now)
        told.set()

    # An open transaction that wrote to the table makes a concurrent build wait, so there is something to tell.
    with psycopg.connect(dsn) as writer:
        writer.execute("update pgsearch.embeddings set content_hash = content_hash")
        builder = threading.Thread(target=build_vector_index, args=(client, MODEL), kwargs={"progress": show})
        builder.start()
        assert told.wait(30)
        writer.rollback()
    builder.join(60)

    assert not builder.is_alive()
    assert "waiting" in phases[0].phase
    assert build_vector_index(client, MODEL).action == "stood"


def test_an_svd_model_is_fitted_kept_and_found_by_its_name(client: Client) -> None:
    embedder, why_none = registered_embedder(client.run, "svd:wiki")
    assert embedder is None
    assert "pgsearch embed" in why_none

    read: list[int] = []
    fitted = fit_svd(client, "svd:wiki", "wiki", progress=read.append)
    found, _ = registered_embedder(client.run, "svd:wiki")

    assert read == [20]
    assert found is not None
    assert found.embed(["text about letters"]) == fitted.embed(["text about letters"])
    assert embed_missing(client, "svd:wiki", found).embedded == 20
    assert registered_embedder(client.run, "svd:wiki") == (found, "")


def test_an_embedder_whose_vectors_stand_is_not_fitted_anew(client: Client) -> None:
    embed_missing(client, "svd:wiki", fit_svd(client, "svd:wiki"))
    kept_in(client, "svd:wiki").unlink()

    with pytest.raises(EmbedderGoneError, match="svd:wiki") as caught:
        fit_svd(client, "svd:wiki")

    assert "svd:wiki-2" in str(caught.value.hint)
    assert not kept_in(client, "svd:wiki").exists()


def test_databases_fit_models_of_one_name_on_their_own_texts(client: Client, other: Client) -> None:
    other.put_pages(
        "roses", [{"external_id": f"r{n}", "content": f"{'국화' if n % 3 else '장미'} {n}"} for n in range(20)]
    )

    of_letters = fit_svd(client, "svd:same", "wiki")
    embedder, why_none = registered_embedder(other.run, "svd:same")
    assert embedder is None
    assert "no model" in why_none
    of_roses = fit_svd(other, "svd:same", "roses")

    assert any(of_roses.embed(["장미"])[0])
    assert not any(of_letters.embed(["장미"])[0])
    for database, fitted in ((client, of_letters), (other, of_roses)):
        found, _ = registered_embedder(database.run, "svd:same")
        assert found is not None
        assert found.embed(["장미 letters"]) == fitted.embed(["장미 letters"])


def test_a_model_that_was_dropped_and_made_anew_is_fitted_anew(client: Client) -> None:
    fit_svd(client, "svd:wiki")
    former = kept_in(client, "svd:wiki")
    client.drop_model("svd:wiki")
    assert registered_embedder(client.run, "svd:wiki")[0] is None

    fit_svd(client, "svd:wiki")
    assert kept_in(client, "svd:wiki") != former


@pytest.mark.parametrize("model", [None, "", "text-embedding-3-small", "svd"])
def test_models_of_other_names_have_no_embedder_here(model: str | None) -> None:
    assert embedder_for(model) is None


@pytest.mark.parametrize("model", ["svd:", "nosvd:x", f"svd:{'x' * 300}"])
def test_a_name_that_cannot_be_a_file_is_refused(client: Client, model: str) -> None:
    with pytest.raises(InvalidValueError):
        embedder_path(model, NOON)
    with pytest.raises(InvalidValueError):
        fit_svd(client, model)
    assert model not in [row.model for row in client.list_models()]


@pytest.mark.parametrize("model", ["svd:../../etc/passwd", "svd:..", "svd:a/b", "svd:사전", "svd:a b"])
def test_no_name_leads_out_of_the_folder_of_embedders(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSEARCH_HOME", str(tmp_path))

    assert embedder_path(model, NOON).resolve().parent == tmp_path.resolve() / "embedders"


def test_a_query_is_embedded_by_the_model_of_its_collection(client: Client) -> None:
    embed_missing(client, "svd:wiki", fit_svd(client, "svd:wiki"))
    assert query_embedding(client, "letters") == (None, None)

    client.set_default_model("wiki", "svd:wiki")
    vector, why_not = query_embedding(client, "07", "wiki")

    assert default_model(client, "wiki") == "svd:wiki"
    assert why_not is None
    assert vector is not None
    (hit,) = client.search("07", vector, search_mode="vector", top_k=1).hits
    assert (hit.external_id, hit.match_reason) == ("p07", "vector")


def test_a_query_without_its_embedder_says_which_file_is_missing(client: Client) -> None:
    fit_svd(client, "svd:wiki")
    client.set_default_model("wiki", "svd:wiki")
    path = kept_in(client, "svd:wiki")
    path.unlink()

    vector, why_not = query_embedding(client, "letters")

    assert vector is None
    assert str(path) in str(why_not)


def test_a_query_over_collections_of_several_models_says_so(client: Client) -> None:
    client.put_pages("other", [{"external_id": "x", "content": "something else"}])
    client.register_model("second", 3)
    client.set_default_model("wiki", MODEL)
    client.set_default_model("other", "second")

    assert query_embedding(client, "letters")[0] is None
    assert "several embedding models" in str(query_embedding(client, "letters")[1])
    assert "'letters'" in str(query_embedding(client, "letters", "wiki")[1])


def test_a_statement_that_is_not_understood_is_not_run(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "vector_index_statement", lambda model: "drop table pgsearch.pages")

    with pytest.raises(InvalidValueError, match="no statement that builds an index"):
        build_vector_index(client, MODEL)
