"""What does HTTP cost: at one client, at 32, and until the first byte of an answer by extracts?

The server is a process of its own (`pgsearch serve`). The same searches, in the same words and by words alone, are made
in this process over a pool of as many connections, in turn with those over HTTP, so that whatever else the machine does
falls on both. Both log what they search for. The text is that of _synthetic.py. Clients of HTTP keep their connection,
and run on the same machine, so what they need counts against HTTP. Writes the section "HTTP" of benchmarks/results.md.

    python benchmarks/http_api.py
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlencode, urlsplit

import psycopg
from psycopg.rows import tuple_row
from psycopg_pool import AsyncConnectionPool

from benchmarks import _synthetic
from benchmarks._report import MACHINE, add_dsn, database, number, parser, table, versions, write_section
from benchmarks._serving import serving
from pgsearch import AsyncClient, embedded

DATABASE = "pgsearch_http_api"
CLIENTS = 32
POOL = 10
TOP_K = 8


def main(given: Sequence[str] | None = None) -> int:
    """Measure all three and write the section."""
    takes = parser(__doc__)
    add_dsn(takes)
    takes.add_argument("--chunks", type=int, default=20_000)
    takes.add_argument("--searches", type=int, default=400, help="of one client, each way")
    takes.add_argument("--seconds", type=float, default=60, help="of 32 clients, each way, in rounds of a sixth of it")
    arguments = takes.parse_args(given)
    dsn = database(arguments.dsn or embedded.start(), DATABASE)
    with psycopg.connect(dsn, autocommit=True) as connection:
        _synthetic.load(connection, arguments.chunks)
        server = versions(connection)
    texts = [" ".join(words) for words in _synthetic.queries(200)]
    # an answer must be made, and a search by words alone is seldom sure
    with serving(dsn, "--pool-size", str(POOL), PGSEARCH_CHAT_LEAST_CONFIDENCE="0") as address:
        text = asyncio.run(measured(dsn, address, texts, arguments.searches, arguments.seconds, server))
    write_section(arguments.output, "http-api", "http_api.py", text.replace("CHUNKS", f"{arguments.chunks:,}"))
    return 0


async def measured(
    dsn: str, address: str, texts: Sequence[str], searches: int, seconds: float, server: dict[str, str]
) -> str:
    """The section, from a run of all parts."""
    pool: AsyncConnectionPool[psycopg.AsyncConnection[tuple[object, ...]]] = AsyncConnectionPool(
        dsn,
        kwargs={"autocommit": True, "prepare_threshold": None, "row_factory": tuple_row},
        min_size=POOL,
        max_size=POOL,
        open=False,
    )
    async with pool:
        client = AsyncClient(pool)

        async def plainly(text: str, _: Connection) -> None:
            await client.search(text, top_k=TOP_K, search_mode="fts")

        async with Connection(address) as connection:
            plain, over_http = await alternately(
                lambda text: plainly(text, connection), lambda text: connection.search(text), texts, searches
            )
            alone, first_byte = await alternately(
                lambda text: answerable(client, text), lambda text: connection.first_byte(text), texts, searches // 4
            )
        rates: dict[str, list[float]] = {"pool": [], "http": []}
        for _ in range(3):
            rates["pool"].append(await rate(plainly, address, texts, seconds / 3))
            rates["http"].append(await rate(lambda text, one: one.search(text), address, texts, seconds / 3))
    fastest = {name: statistics.median(found) for name, found in rates.items()}
    return f"""## HTTP

CHUNKS chunks, {TOP_K} hits by words, pool of {POOL}; {MACHINE}, PostgreSQL {server["postgresql"]}.

{
        table(
            ("what", "without HTTP", "over HTTP", "compared"),
            [
                ("one client, median ms", *map(number, (plain, over_http)), f"{over_http - plain:+.2f} ms"),
                (
                    f"{CLIENTS} clients, searches/s",
                    *(number(fastest[name]) for name in ("pool", "http")),
                    f"{fastest['http'] / fastest['pool']:.2f} ×",
                ),
                (
                    "first byte of an extract answer, median ms",
                    *map(number, (alone, first_byte)),
                    f"{first_byte / alone:.2f} ×",
                ),
            ],
        )
    }"""


async def answerable(client: AsyncClient, text: str) -> None:
    """The search that feeds an answer by extracts."""
    await client.search(text, top_k=5, options={"window": 1})


async def alternately(
    one: Callable[[str], Awaitable[None]], other: Callable[[str], Awaitable[None]], texts: Sequence[str], times: int
) -> tuple[float, float]:
    """Median milliseconds of both, done in turn."""
    took: tuple[list[float], list[float]] = ([], [])
    for number_ in range(-5, max(1, times)):
        for done, milliseconds in zip((one, other), took, strict=True):
            started = time.perf_counter()
            await done(texts[number_ % len(texts)])
            if number_ >= 0:
                milliseconds.append((time.perf_counter() - started) * 1000)
    return statistics.median(took[0]), statistics.median(took[1])


async def rate(
    search: Callable[[str, Connection], Awaitable[None]], address: str, texts: Sequence[str], seconds: float
) -> float:
    """Searches a second of all clients; an error of one is an error of the benchmark."""
    started = time.perf_counter()

    async def work(place: int) -> int:
        done = 0
        async with Connection(address) as connection:
            while time.perf_counter() - started < seconds:
                await search(texts[(place + done * 7) % len(texts)], connection)
                done += 1
        return done

    counts = await asyncio.gather(*(work(place) for place in range(CLIENTS)))
    return sum(counts) / (time.perf_counter() - started)


class Connection:
    """A connection of HTTP/1.1 that is kept, with as little around it as can be."""

    def __init__(self, address: str) -> None:
        self._address = urlsplit(address)
        self._has_rest = False

    async def __aenter__(self) -> Connection:
        self._reader, self._writer = await asyncio.open_connection(self._address.hostname, self._address.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def search(self, text: str) -> None:
        """Search, and read all of the answer."""
        path = f"/api/wiki/search?{urlencode({'q': text, 'top_k': TOP_K, 'search_mode': 'fts'})}"
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        length = await self._length()
        json.loads(await self._reader.readexactly(length))

    async def first_byte(self, text: str) -> None:
        """Ask, and wait for the first words of the answer; the rest of it is read before the next is asked for."""
        await self._rest()
        self._has_rest = True
        body = json.dumps({"message": text}).encode()
        head = f"POST /api/chat/stream HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        self._writer.write(head.encode() + b"\r\n\r\n" + body)
        await self._length()
        while b'"delta"' not in await self._reader.readline():
            pass

    async def _rest(self) -> None:
        while self._has_rest:
            self._has_rest = (await self._reader.readline()).strip() != b"0"
            if not self._has_rest:
                await self._reader.readline()

    async def _length(self) -> int:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        if not head.startswith("HTTP/1.1 200 "):
            raise RuntimeError(head)
        return next((int(line[15:]) for line in head.splitlines() if line.lower().startswith("content-length:")), 0)


if __name__ == "__main__":
    sys.exit(main())
