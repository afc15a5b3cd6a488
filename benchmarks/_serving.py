"""A process of `pgsearch serve` that benchmarks ask."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def serving(dsn: str, *options: str, **environment: str) -> Iterator[str]:
    """Its address, once it listens, on a free port of this machine; it ends with the block."""
    command = [sys.executable, "-m", "pgsearch", "serve", "--json", "--port", "0", "--dsn", dsn, *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ | environment
    ) as process:
        try:
            assert process.stdout is not None
            said = ""
            while not said.endswith("}\n"):
                said += process.stdout.readline()
            yield json.loads(said)["address"]
        finally:
            process.terminate()
