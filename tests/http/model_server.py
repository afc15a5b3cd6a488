"""A real server of chat completions on this machine: it streams, stalls, breaks off and refuses on order."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Plan:
    """What is said to one request: words, one event each, with a pause before those from `stall_at` on."""

    words: Sequence[str] = ("Subsidies ", "come from ", "the ministry [1].")
    status: int = 200
    stall_at: int | None = None
    cut_at: int | None = None
    body: str | None = None


@dataclass
class ModelServer:
    """Plays its plans one after the other, then usual ones; remembers what it was asked, and who went away."""

    url: str
    plans: list[Plan] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)


def _event(told: dict[str, Any] | str) -> bytes:
    return f"data: {told if isinstance(told, str) else json.dumps(told)}\n\n".encode()


@contextmanager
def chatting() -> Iterator[ModelServer]:
    """A server of its own in a thread, on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.requests.append(asked)
            server.keys.append(self.headers.get("Authorization", ""))
            plan = server.plans.pop(0) if server.plans else Plan()
            try:
                self._answer(plan)
            except OSError:
                server.left.set()

        def _answer(self, plan: Plan) -> None:
            self.send_response(plan.status)
            if plan.status != 200:
                self.end_headers()
                self.wfile.write(json.dumps({"error": {"message": "busy, ask later"}}).encode())
                return
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            if plan.body is not None:
                self.wfile.write(plan.body.encode())
                return
            for at, word in enumerate(plan.words):
                if at == plan.stall_at:
                    # what is written to a client that left fails at the second write
                    while not server.ending.wait(0.1):
                        self.wfile.write(b": still here\n")
                        self.wfile.flush()
                if at == plan.cut_at:
                    return
                self.wfile.write(_event({"choices": [{"delta": {"content": word}}]}))
                self.wfile.flush()
            self.wfile.write(_event({"choices": [], "usage": {"prompt_tokens": 120, "completion_tokens": 7}}))
            self.wfile.write(_event("[DONE]"))

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on stderr."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server = ModelServer(f"http://127.0.0.1:{http.server_address[1]}/v1")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ending.set()
        http.shutdown()
        with suppress(OSError):
            http.server_close()
        thread.join()
