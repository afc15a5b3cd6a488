"""The embedding worker: several at once, killed, stopped, without its model, and watching."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgsearch import Client, cli
from pgsearch.client.worker_names import is_dead, worker_name
from pgsearch.embedding.claims import take_over
from pgsearch.embedding.worker import EmbeddingReport, embed_missing, watch
from pgsearch.errors import PgsearchError
from pgsearch.models.http_endpoint import EndpointError
from pgsearch.models.providers import ProviderSettings
from pgsearch.models.providers.http import HttpEmbedder
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

    assert (report.embedded, report.skipped, report.failed, report.left) == (40, 0, 0, 0)
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
        from pgsearch.embedding.worker import embed_missing

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

    # as if it had died on another machine, of whose processes nothing is known here
    client.connection.execute("update pgsearch.embedding_attempts set worker = 'elsewhere:' || worker")
    report = embed_missing(client, MODEL, Numbers())
    assert (report.embedded, report.left) == (10, 20), "what it held was left to it"
    assert report.status is not None
    assert report.status.claimed == 20
    ((held_by, held, until),) = [(row.worker, row.claimed, row.leased_until) for row in report.workers]
    assert (held_by.startswith("elsewhere:"), held) == (True, 20)
    assert until > datetime.now(UTC)

    # ten minutes later
    client.connection.execute("update pgsearch.embedding_attempts set leased_until = now() - interval '1 second'")
    report = embed_missing(client, MODEL, Numbers())

    assert (report.embedded, report.left, report.workers) == (20, 0, [])
    (status,) = client.embedding_status(MODEL)
    assert (status.embedded, status.missing) == (40, 0)
    assert claims(client) == []


def gone() -> str:
    """The name of a worker of this machine whose process has ended."""
    with subprocess.Popen(["/bin/true"]) as process:
        process.wait()
    host, _, rest = worker_name().split(":")
    return f"{host}:{process.pid}:{rest}"


def test_what_a_dead_worker_of_this_machine_held_is_taken_over_at_once(client: Client) -> None:
    dead, alive = gone(), worker_name()
    client.claim_embeddings(MODEL, batch_size=10, worker=dead, after_chunk_id=0)
    client.claim_embeddings(MODEL, batch_size=10, worker=f"search {dead}", after_chunk_id=0)
    client.claim_embeddings(MODEL, batch_size=10, worker=alive, after_chunk_id=0)

    report = embed_missing(client, MODEL, Numbers())

    assert (report.embedded, report.left) == (30, 10)
    assert [(row.worker, row.claimed) for row in report.workers] == [(alive, 10)]


@pytest.mark.parametrize(
    "name",
    ["", "me", "elsewhere:1:00000000-000000", f"{socket.gethostname()}:99999999:00000000-000000", worker_name()],
    ids=["nobody", "a name", "another host", "another machine", "this process"],
)
def test_nothing_is_known_of_workers_elsewhere_and_this_process_lives(name: str) -> None:
    assert not is_dead(name)


def test_a_text_that_kills_its_worker_is_still_counted_when_it_is_taken_over(client: Client) -> None:
    for _ in range(2):
        client.claim_embeddings(MODEL, batch_size=1, worker=gone(), after_chunk_id=0)
        take_over(client, MODEL)

    assert claims(client)[0][0] == 2


def test_a_model_slower_than_its_lease_keeps_its_claims(client: Client, dsn: str) -> None:
    """Another worker asks all the time, for three leases long, and gets only what is not claimed."""
    seen: list[str] = []
    stolen: list[int] = []

    def slow(texts: Sequence[str]) -> None:
        if len(seen) == 0:
            began = time.monotonic()
            while time.monotonic() - began < 3.5:
                stolen.extend(row.chunk_id for row in other.claim_embeddings(MODEL, after_chunk_id=0, worker="thief"))
                time.sleep(0.1)
        seen.extend(texts)

    with Client(dsn) as other:
        report = embed_missing(client, MODEL, Numbers(before=slow), batch_size=40, lease_seconds=1)

    assert (stolen, report.embedded, len(seen)) == ([], 40, 40)


@pytest.mark.parametrize("how", ["pg_cancel_backend", "pg_terminate_backend"])
def test_claims_are_given_back_by_a_worker_whose_statement_or_connection_was_ended(
    client: Client, dsn: str, how: str
) -> None:
    waiting = f"select {how}(pid) from pg_locks where not granted".encode()
    with Client(dsn) as own, psycopg.connect(dsn) as holder, psycopg.connect(dsn, autocommit=True) as watcher:

        def end_what_waits() -> None:
            eventually(lambda: bool(watcher.execute(waiting).fetchall()))
            holder.rollback()

        ending = threading.Thread(target=end_what_waits)

        def block(texts: Sequence[str]) -> None:
            if not ending.ident:
                # whatever it asks next waits, so that there is something to end
                holder.execute("lock table pgsearch.embedding_attempts in access exclusive mode")
                ending.start()

        with pytest.raises((psycopg.Error, PgsearchError)):
            embed_missing(own, MODEL, Numbers(before=block), batch_size=10)
        ending.join()

    assert client.embedding_status(MODEL)[0].claimed == 0
    assert client.list_embedding_workers(MODEL) == []
    assert embed_missing(client, MODEL, Numbers()).left == 0


def test_claims_are_given_back_when_the_work_is_interrupted(client: Client) -> None:
    def interrupt(texts: Sequence[str]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed_missing(client, MODEL, Numbers(before=interrupt), batch_size=10)

    assert client.list_embedding_workers(MODEL) == []
    assert all(attempts == 0 for attempts, _ in claims(client))


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

    from pgsearch.embedding import worker as module

    rest, module._FIRST_REST = module._FIRST_REST, 0.05
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
        module._FIRST_REST = rest

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


def test_the_command_says_what_others_hold_and_its_exit_code_says_that_work_is_left(
    client: Client, dsn: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    client.register_model("openai:m", 3)
    client.claim_embeddings("openai:m", batch_size=15, worker="elsewhere:7:x")

    code, said = command(capsys, dsn, "--model", "openai:m")
    assert code == 3
    assert "25 chunks embedded, 0 failed, 15 left (15 held by elsewhere:7:x until " in said

    code, said = command(capsys, dsn, "--model", "openai:m", "--json")
    told = json.loads(said)
    assert (code, told["left"], told["embedding"]["status"]["claimed"]) == (3, 15, 15)
    assert [(row["worker"], row["claimed"]) for row in told["embedding"]["workers"]] == [("elsewhere:7:x", 15)]

    code, said = command(capsys, dsn, "--model", "openai:m", "--status")
    assert (code, "elsewhere:7:x: 15 claimed until " in said) == (0, True)

    client.release_embedding_claims("openai:m", "elsewhere:7:x")
    code, said = command(capsys, dsn, "--model", "openai:m")
    assert (code, "15 chunks embedded, 0 failed; index" in said) == (0, True)


def test_the_command_does_not_call_done_what_was_given_up_before(
    client: Client, dsn: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(capsys, dsn, "--model", "openai:m")[0] == 0
    put(client, 1, "late")
    (chunk,) = client.list_missing_embeddings("openai:m")
    for _ in range(5):
        client.claim_embeddings("openai:m", after_chunk_id=0, failed_before=datetime.now(UTC))
        client.fail_embeddings("openai:m", [chunk.chunk_id], ["bad"])

    code, said = command(capsys, dsn, "--model", "openai:m")
    assert (code, "0 chunks embedded, 0 failed, 1 left (1 given up)" in said) == (1, True)


@pytest.mark.parametrize(
    ("number", "watching", "code"),
    [(signal.SIGINT, False, 130), (signal.SIGTERM, False, 143), (signal.SIGINT, True, 130), (signal.SIGTERM, True, 0)],
)
def test_the_exit_code_tells_that_it_was_stopped(
    client: Client, dsn: str, server: Server, number: signal.Signals, watching: bool, code: int
) -> None:
    server.usual = lambda request: Answer(body=embeddings(request).body, wait=0.3)
    client.register_model("openai:m", 3)
    worker = subprocess.Popen(
        [
            *(sys.executable, "-m", "pgsearch", "embed", "--dsn", dsn, "--collection", "w", "--json"),
            *("--model", "openai:m", "--batch-size", "2", *(("--watch", "0.2") if watching else ())),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    eventually(lambda: client.embedding_status("openai:m")[0].embedded >= 2)
    worker.send_signal(number)
    said, _ = worker.communicate(timeout=60)

    told = json.loads(said)
    (status,) = client.embedding_status("openai:m")
    assert (worker.returncode, told["stopped"], told["left"]) == (code, True, status.missing)
    assert (status.claimed, status.missing > 0) == (0, True)
