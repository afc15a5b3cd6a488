"""A real HTTP server on this machine that misbehaves on order."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Answer:
    """What the server says to one request: JSON or bytes, after `wait` seconds, of which only `cut` bytes come."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0
    cut: int | None = None


@dataclass
class Request:
    """What the server was asked."""

    path: str
    headers: Mapping[str, str]
    payload: Any


class Server:
    """Plays the answers of `script` one after the other, then those of `usual`; remembers the requests."""

    def __init__(self, url: str, usual: Callable[[Request], Answer]) -> None:
        self.url = url
        self.usual = usual
        self.script: list[Answer | None] = []
        self.requests: list[Request] = []
        self.ending = threading.Event()
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            planned = self.script.pop(0) if self.script else None
        return self.usual(request) if planned is None else planned


def vector(text: str) -> list[float]:
    """Three numbers that tell one text from another."""
    return [float(len(text)), float(sum(text.encode()) % 97), 1.0]


def embeddings(request: Request) -> Answer:
    """What a well-behaved server of embeddings answers."""
    texts = request.payload["input"]
    data = [{"object": "embedding", "index": at, "embedding": vector(text)} for at, text in enumerate(texts)]
    return Answer(body={"object": "list", "model": request.payload["model"], "data": data})


@contextmanager
def serving(usual: Callable[[Request], Answer] = embeddings) -> Iterator[Server]:
    """A server of its own in a thread, on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = server.answer(Request(self.path, dict(self.headers), payload))
            if answer.wait:
                server.ending.wait(answer.wait)
            body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            try:
                self.send_response(answer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body if answer.cut is None else body[: answer.cut])
                self.wfile.flush()
            except OSError:
                # the client has gone, which is what some tests are about
                self.close_connection = True
            if answer.cut is not None:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on stderr."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server = Server(f"http://127.0.0.1:{http.server_address[1]}/v1", usual)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ending.set()
        http.shutdown()
        http.server_close()
        thread.join()


def http_date(seconds_from_now: float) -> str:
    """A time as HTTP headers write it."""
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + seconds_from_now))
