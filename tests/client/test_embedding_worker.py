"""The embedding worker: several at once, killed, stopped, without its model, and watching."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pgsearch import Client, cli
from pgsearch.embedding import EmbeddingReport, embed_missing, watch
from pgsearch.http_endpoint import EndpointError
from pgsearch.providers import ProviderSettings
from pgsearch.providers.http import HttpEmbedder
from tests.client.http_server import Answer, Server, embeddings, serving

MODEL = "m"
ROOT = Path(__file__).resolve().parents[2]


class Numbers:
    """Three numbers a text; `before` is called before each batch."""

    def __init__(self, before: Callable[[Sequence[str]], None] | None = None) -> None:
        self.before = before
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self.before is not None:
            self.before(texts)
        self.embedded += texts
        return [[float(len(text)), 1.0, 0.5] for text in texts]


@pytest.fixture
def client(dsn: str) -> Iterator[Client]:
    with Client(dsn) as client:
        put(client, 40)
        client.register_model(MODEL, 3)
        yield client


def put(client: Client, count: int, name: str = "p") -> None:
    client.put_pages("w", [{"external_id": f"{name}{n}", "content": f"text {name} {n}"} for n in range(count)])


def claims(client: Client) -> list[tuple[int, bool]]:
    return client.connection.execute(
        "select attempts, leased_until is not null from pgsearch.embedding_attempts"
    ).fetchall()


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until it does, as long as half a minute."""
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to pass")


def test_several_threads_share_the_work_and_ask_at_the_same_time(client: Client) -> None:
    together = threading.Barrier(4)
    asked = itertools.count()

    def wait_for_the_others(texts: Sequence[str]) -> None:
        # later batches may fall to three of them
        if next(asked) < 4:
            together.wait(30)

    numbers = Numbers(before=wait_for_the_others)

    report = embed_missing(client, MODEL, numbers, batch_size=5, workers=4)

    assert report == EmbeddingReport(embedded=40)
    assert len(numbers.embedded) == len(set(numbers.embedded)) == 40
    assert claims(client) == []


def test_two_workers_in_two_sessions_embed_nothing_twice(client: Client, dsn: str) -> None:
    numbers = Numbers(before=lambda texts: time.sleep(0.005))
    reports: list[EmbeddingReport] = []

    def work() -> None:
        with Client(dsn) as own:
            reports.append(embed_missing(own, MODEL, numbers, batch_size=3))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sum(report.embedded for report in reports) == 40
    assert len(numbers.embedded) == len(set(numbers.embedded)) == 40


def test_the_next_batch_is_claimed_while_the_model_works(client: Client, dsn: str) -> None:
    claimed: list[int] = []

    def look(texts: Sequence[str]) -> None:
        with Client(dsn) as other:
            eventually(lambda: bool(claimed) or other.embedding_status(MODEL)[0].claimed == 20)
        claimed.append(len(texts))

    embed_missing(client, MODEL, Numbers(before=look), batch_size=10)

    assert claimed == [10, 10, 10, 10]


def test_an_endpoint_that_is_down_stops_the_work_and_blames_no_text(client: Client) -> None:
    with serving() as server:
        server.script = [None, Answer(503), Answer(503)]
        embedder = HttpEmbedder(ProviderSettings("openai", "m", server.url, batch_size=10, attempts=1))
        with pytest.raises(EndpointError, match="503"):
            embed_missing(client, MODEL, embedder, batch_size=10)
        embedder.close()

    (status,) = client.embedding_status(MODEL)
    assert (status.embedded, status.claimed, status.retrying) == (10, 0, 0)
    assert set(claims(client)) == {(0, False)}


def test_a_worker_that_is_told_to_stop_stores_what_it_has_and_gives_back_the_rest(client: Client) -> None:
    stop = threading.Event()
    report = embed_missing(client, MODEL, Numbers(before=lambda texts: stop.set()), batch_size=10, stop=stop)

    assert 10 <= report.embedded <= 20
    (status,) = client.embedding_status(MODEL)
    assert (status.embedded, status.claimed) == (report.embedded, 0)


def test_a_bad_text_is_given_up_after_five_runs_and_no_run_waits_for_it(client: Client) -> None:
    def trouble(texts: Sequence[str]) -> None:
        if any("p 7" in text for text in texts):
            raise RuntimeError("bad \x00 \ud800 text")

    failed = [embed_missing(client, MODEL, Numbers(before=trouble)).failed for _ in range(7)]

    assert failed == [1, 1, 1, 1, 1, 0, 0]
    (failure,) = client.list_failed_embeddings(MODEL)
    assert failure.gave_up
    assert failure.last_error == "RuntimeError: bad \ufffd ? text"
    assert client.retry_failed_embeddings(MODEL) == 1
    assert embed_missing(client, MODEL, Numbers()).embedded == 1


def test_a_killed_worker_loses_nothing(client: Client, dsn: str) -> None:
    """kill -9 while it embeds: its lease ends, others finish, and every text is embedded."""
    script = textwrap.dedent(
        """
        import sys, time
        from pgsearch import Client
        from pgsearch.embedding import embed_missing

        class Hanging:
            batches = 0
            def embed(self, texts):
                self.batches += 1
                if self.batches == 2:
                    print("hanging", flush=True)
                    time.sleep(600)
                return [[1.0, 2.0, 3.0] for text in texts]

        embed_missing(Client(sys.argv[1]), "m", Hanging(), batch_size=10, lease_seconds=600)
        """
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", script, dsn],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "hanging\n"
    # the first batch is stored, the second one at hand, the third one claimed beforehand
    eventually(
        lambda: [(row.embedded, row.claimed) for row in client.embedding_status(MODEL)] == [(10, 20)],
    )
    worker.send_signal(signal.SIGKILL)
    worker.wait(30)
    worker.stdout.close()

    at_once = embed_missing(client, MODEL, Numbers()).embedded
    # ten minutes later
    client.connection.execute("update pgsearch.embedding_attempts set leased_until = now() - interval '1 second'")
    later = embed_missing(client, MODEL, Numbers()).embedded

    assert at_once == 10, "what it held was left to it"
    assert later == 20
    (status,) = client.embedding_status(MODEL)
    assert (status.embedded, status.missing) == (40, 0)
    assert claims(client) == []


def test_a_watching_worker_embeds_what_comes_and_rests_when_its_model_is_away(client: Client, dsn: str) -> None:
    notes: list[str] = []
    stop = threading.Event()

    def away(texts: Sequence[str]) -> None:
        if any("q 0" in text for text in texts) and not notes:
            raise EndpointError("the model is away", temporary=True)

    reports: list[EmbeddingReport] = []

    def work() -> None:
        with Client(dsn) as own:
            reports.append(watch(own, MODEL, Numbers(before=away), poll_seconds=0.05, note=notes.append, stop=stop))

    from pgsearch import embedding_worker

    rest, embedding_worker._FIRST_REST = embedding_worker._FIRST_REST, 0.05
    try:
        worker = threading.Thread(target=work)
        worker.start()
        eventually(lambda: client.embedding_status(MODEL)[0].missing == 0)
        put(client, 3, "q")
        eventually(lambda: client.embedding_status(MODEL)[0].embedded == 43)
        client.put_pages("w", [{"external_id": "p1", "title": "New", "content": "text p 1"}])
        eventually(lambda: client.embedding_status(MODEL)[0].missing == 0)
    finally:
        stop.set()
        worker.join(30)
        embedding_worker._FIRST_REST = rest

    assert not worker.is_alive()
    assert reports[0].embedded == 44
    assert len(notes) == 1
    assert "the model is away" in notes[0]


def test_a_watching_worker_does_not_wait_for_what_does_not_heal(client: Client) -> None:
    def refused(texts: Sequence[str]) -> None:
        raise EndpointError("the key was refused", status=401)

    with pytest.raises(EndpointError, match="refused"):
        watch(client, MODEL, Numbers(before=refused), stop=threading.Event())
    assert client.embedding_status(MODEL)[0].claimed == 0


# the command


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    with serving() as server:
        monkeypatch.setenv("PGSEARCH_HOME", str(tmp_path))
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        yield server


def command(capsys: pytest.CaptureFixture[str], dsn: str, *more: str) -> tuple[int, str]:
    code = cli.main(["embed", "--dsn", dsn, "--collection", "w", *more])
    out = capsys.readouterr()
    return code, out.out + out.err


def test_the_command_embeds_by_a_model_behind_http_and_searches_use_it(
    client: Client, dsn: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = command(capsys, dsn, "--model", "text-embedding-3-small", "--provider", "openai", "--workers", "3")

    assert (code, "40 chunks embedded, 0 failed" in said) == (0, True)
    assert {request.payload["model"] for request in server.requests} == {"text-embedding-3-small"}
    stored = client.connection.execute(
        "select dimensions, storage from pgsearch.embedding_models where model = 'text-embedding-3-small'"
    ).fetchall()
    assert stored == [(3, "vector")]

    code, said = command(capsys, dsn, "--model", "text-embedding-3-small", "--status")
    assert (code, "40 of 40 chunks embedded" in said) == (0, True)


def test_the_command_says_what_failed_and_tries_it_anew(
    client: Client, dsn: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(request: Any) -> Answer:
        if any("p 13" in text for text in request.payload["input"]):
            return Answer(400, {"error": {"message": "this text is too long"}})
        return embeddings(request)

    server.usual = refuse
    code, said = command(capsys, dsn, "--model", "openai:m")
    assert code == 1
    assert "39 chunks embedded, 1 failed" in said
    assert "this text is too long" in said

    code, said = command(capsys, dsn, "--model", "openai:m", "--status")
    assert code == 0
    assert "1 failed and to be tried again" in said
    assert "this text is too long" in said

    server.usual = embeddings
    code, said = command(capsys, dsn, "--model", "openai:m", "--retry-failed")
    assert (code, "1 chunks embedded, 0 failed" in said) == (0, True)


def test_the_command_refuses_a_model_of_other_dimensions(
    client: Client, dsn: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    client.register_model("openai:m", 1536)
    code, said = command(capsys, dsn, "--model", "openai:m")
    assert code == 1
    assert "3 dimensions" in said
    assert "1536" in said
    assert client.embedding_status("openai:m")[0].claimed == 0


def test_the_command_names_the_ways_to_a_provider(
    client: Client, dsn: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = command(capsys, dsn, "--model", "text-embedding-3-small")
    assert code == 1
    assert "--provider" in said


def test_a_terminated_command_gives_back_what_it_holds(client: Client, dsn: str, server: Server) -> None:
    server.usual = lambda request: Answer(body=embeddings(request).body, wait=0.3)
    worker = subprocess.Popen(
        [
            *(sys.executable, "-m", "pgsearch", "embed", "--dsn", dsn, "--collection", "w"),
            *("--model", "openai:m", "--batch-size", "2", "--watch", "0.2"),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    client.register_model("openai:m", 3)
    eventually(lambda: client.embedding_status("openai:m")[0].embedded >= 2)
    worker.send_signal(signal.SIGTERM)
    said, _ = worker.communicate(timeout=30)

    assert worker.returncode == 0
    assert "stopped" in said
    (status,) = client.embedding_status("openai:m")
    assert status.claimed == 0
    assert 2 <= status.embedded < 40
