"""Settings from the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgsearch.embedded import settings

_GB = 1024**3


@pytest.mark.parametrize(
    ("memory", "shared_buffers", "maintenance_work_mem"),
    [
        pytest.param(_GB // 2, "128MB", "64MB", id="a small container"),
        pytest.param(24 * _GB, "3072MB", "1536MB", id="a laptop"),
        pytest.param(1024 * _GB, "8192MB", "2048MB", id="a large machine"),
    ],
)
def test_memory_is_shared_with_other_programs(memory: int, shared_buffers: str, maintenance_work_mem: str) -> None:
    chosen = settings.server_settings(Path("/run"), memory, cores=4)

    assert chosen["shared_buffers"] == shared_buffers
    assert chosen["maintenance_work_mem"] == maintenance_work_mem


@pytest.mark.parametrize("cores", [1, 2, 64])
def test_there_are_workers_for_every_core_and_never_none(cores: int) -> None:
    chosen = settings.server_settings(Path("/run"), 8 * _GB, cores)

    assert int(chosen["max_parallel_workers"]) == cores
    assert 1 <= int(chosen["max_parallel_maintenance_workers"]) <= 4
    assert int(chosen["max_worker_processes"]) > cores


def test_a_quote_in_a_value_is_doubled() -> None:
    assert settings.as_file({"a": "it's"}).splitlines()[-1] == "a = 'it''s'"


def test_the_machine_can_be_measured() -> None:
    assert settings.memory_in_bytes() > 0
    assert settings.usable_cores() >= 1
