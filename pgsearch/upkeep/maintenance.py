"""The upkeep of a database: the steps of the function maintain, each in a transaction of its own, and VACUUM.

Autovacuum does much of it by and by. After a large load or many changes this does it now: BM25 weighs words by how many
chunks hold them, GIN searches read their pending list from end to end, and plans are made from the last ANALYZE.
VACUUM cannot run inside a function, so it is run from here, on a connection of its own; and the fusion is calibrated
from here, because that asks the model.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import sql

from pgsearch.client import Client
from pgsearch.client.calls import inner
from pgsearch.client.calls.fusion import FusionCalibration
from pgsearch.client.calls.operate import MaintenanceStep
from pgsearch.client.registered import registered_embedder
from pgsearch.database.connections import connect
from pgsearch.embedding.calibrating import calibrate_fusion, is_calibrated, is_due
from pgsearch.errors import PgsearchError, translated

_TABLES = """
select c.relname, coalesce(s.n_dead_tup, 0)
  from pg_catalog.pg_class as c
       left join pg_catalog.pg_stat_all_tables as s on s.relid = c.oid
 where c.relnamespace = 'pgsearch'::pg_catalog.regnamespace
   and c.relkind in ('r', 'm')
   -- of the log, the days that were written to
   and (not c.relispartition or s.n_mod_since_analyze > 0 or s.n_dead_tup > 0)
 order by c.relname
"""

# For how long a busy day is asked for again, every so often. A day that stays busy waits for the next run.
_DROP_PATIENCE_S = 5.0
_DROP_PAUSE_S = 0.2

# How often room is made for the rows that are analysed anew, and how often a batch is tried with a writer in its way.
_BATCHES_BETWEEN_VACUUMS = 20
_REANALYSIS_ATTEMPTS = 10

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class VacuumedTable:
    """A table, about how many dead rows it had, and how long VACUUM (ANALYZE) took."""

    table: str
    dead_rows: int
    seconds: float


@dataclass(frozen=True, slots=True)
class MaintenanceReport:
    """What was done; `warnings` are those of the server, such as a table that this role may not vacuum."""

    steps: list[MaintenanceStep]
    calibrations: list[FusionCalibration]
    tables: list[VacuumedTable]
    warnings: list[str]
    seconds: float

    def targets(self, step: str, status: str = "done") -> list[str | None]:
        """What a step of that status was about."""
        return [done.target for done in self.steps if (done.step, done.status) == (step, status)]

    def amount(self, step: str) -> int:
        """How much a step has done."""
        return sum(done.amount or 0 for done in self.steps if done.step == step)


def maintain(dsn: str, *, progress: Callable[[str, int, int], None] | None = None) -> MaintenanceReport:
    """All that the function maintain does, a commit after each step, then VACUUM (ANALYZE).

    Searches and writers go on meanwhile. `progress` gets what is done now, how many steps are done, and of how many.
    """
    started = time.monotonic()
    warnings: list[str] = []
    done: list[MaintenanceStep] = []
    vacuumed: list[VacuumedTable] = []
    with translated(), connect(dsn) as connection:
        connection.add_notice_handler(lambda notice: warnings.append(str(notice.message_primary)))
        client = Client(connection=connection)
        for step, relation in client.run(inner.maintenance()):
            if step == "reanalysis":
                done.append(_reanalyze(connection, client, relation, progress))
        # what was analysed anew has to be counted anew
        todo = [(step, target) for step, target in client.run(inner.maintenance()) if step != "reanalysis"]
        tables = connection.execute(_TABLES).fetchall()
        steps = len(todo) + len(tables)

        def tell(what: str) -> None:
            if progress is not None:
                progress(what, len(done) + len(vacuumed), steps)

        for step, target in todo:
            tell(" of ".join(filter(None, (step.replace("_", " "), target))))
            done.append(_patiently(client, step, target))
        calibrations = _recalibrate(client, tell, warnings)
        for table, dead_rows in tables:
            tell(f"vacuuming {table}")
            since = time.monotonic()
            connection.execute(sql.SQL("vacuum (analyze) pgsearch.{}").format(sql.Identifier(table)))
            vacuumed.append(VacuumedTable(table, dead_rows, time.monotonic() - since))
        tell("done")
    return MaintenanceReport(done, calibrations, vacuumed, warnings, time.monotonic() - started)


def _recalibrate(client: Client, tell: Tell, warnings: list[str]) -> list[FusionCalibration]:
    """Calibrate the fusion where a tenth of a collection changed, or nothing did yet, and the model can be asked."""
    found: list[FusionCalibration] = []
    for row in client.list_fusion_calibrations():
        if not is_due(row) or not is_calibrated(client, row.collection_name):
            continue
        try:
            embedder, _ = registered_embedder(client.run, row.model_name)
            if embedder is None:
                continue
            tell(f"calibrating the fusion of {row.collection_name}")
            calibration = calibrate_fusion(client, row.model_name, embedder, row.collection_name)
        except PgsearchError as error:
            warnings.append(f"The fusion of {row.collection_name} was not calibrated: {error}")
            continue
        found += [calibration] if calibration is not None else []
    return found


def _reanalyze(
    connection: psycopg.Connection[Any],
    client: Client,
    relation: str,
    progress: Callable[[str, int, int], None] | None,
) -> MaintenanceStep:
    """Analyse anew what an older version has analysed, batch after batch; how many rows were looked at."""
    refused = batches = rows = 0
    seconds = 0.0
    while True:
        step = client.run(inner.maintain_step("reanalysis", relation))
        seconds += step.seconds
        rows += step.amount or 0
        batches += 1
        # a writer may have wanted the same rows: the batch is not done, and is tried again
        refused += step.status == "failed"
        if progress is not None:
            progress(f"analysing {relation} anew: {step.detail}", batches, batches + 1)
        if step.status == "done" or refused == _REANALYSIS_ATTEMPTS:
            return replace(step, amount=rows, seconds=seconds)
        # what each update leaves behind makes room for the next
        if batches % _BATCHES_BETWEEN_VACUUMS == 0:
            connection.execute(sql.SQL("vacuum pgsearch.{}").format(sql.Identifier(relation)))


def _patiently(client: Client, step: str, target: str | None) -> MaintenanceStep:
    until = time.monotonic() + _DROP_PATIENCE_S
    while True:
        done = client.run(inner.maintain_step(step, target))
        if step != "expired_days" or done.status != "left" or time.monotonic() > until:
            return done
        time.sleep(_DROP_PAUSE_S)
