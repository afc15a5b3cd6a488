"""The upkeep of a database: counted words, empty pending lists, vacuumed tables, and the days of the search log.

Autovacuum does the same by and by. After a large load or many changes this does it now: BM25 weighs words by how many
chunks hold them, GIN searches read their pending list from end to end, and plans are made from the last ANALYZE.
VACUUM cannot run inside a function, so it is run from here, on a connection of its own. So are the partitions of the
log made and dropped, each drop in a transaction of its own: made and dropped in one, they would wait for each other.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from pgsearch.client import Client
from pgsearch.client.calls import inner
from pgsearch.client.calls.fusion import FusionCalibration
from pgsearch.client.calls.pages import TextStatsRefresh
from pgsearch.database.connections import connect
from pgsearch.embedding.calibrating import calibrate_fusion, is_calibrated
from pgsearch.errors import PgsearchError, translated
from pgsearch.models.names import embedder_for

_GIN_INDEXES = """
select i.indexrelid::bigint, c.relname
  from pg_catalog.pg_index as i
       join pg_catalog.pg_class as c on c.oid = i.indexrelid
       join pg_catalog.pg_am as a on a.oid = c.relam
 where c.relnamespace = 'pgsearch'::pg_catalog.regnamespace
   and c.relkind = 'i'
   and i.indisvalid
   and a.amname = 'gin'
 order by c.relname
"""

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

# Rows that are analysed anew in one transaction, and how often room is made for the rows to come.
_REANALYZED_ROWS = 1000
_BATCHES_BETWEEN_VACUUMS = 20
_REANALYSIS_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class CleanedIndex:
    """A GIN index and the pages of its pending list that were merged into it."""

    index: str
    pages: int


@dataclass(frozen=True, slots=True)
class VacuumedTable:
    """A table, about how many dead rows it had, and how long VACUUM (ANALYZE) took."""

    table: str
    dead_rows: int
    seconds: float


@dataclass(frozen=True, slots=True)
class LogDays:
    """Partitions of the log: how many were made, the names of those dropped, of those that were busy, and of those that
    wait for their archive."""

    made: int
    dropped: list[str]
    busy: list[str]
    waiting: list[str]


@dataclass(frozen=True, slots=True)
class MaintenanceReport:
    """What was done; `warnings` are those of the server, such as a table that this role may not vacuum."""

    reanalyzed_rows: int
    text_stats: list[TextStatsRefresh]
    calibrations: list[FusionCalibration]
    indexes: list[CleanedIndex]
    tables: list[VacuumedTable]
    log: LogDays
    warnings: list[str]
    seconds: float


def maintain(dsn: str, *, progress: Callable[[str, int, int], None] | None = None) -> MaintenanceReport:
    """Analyse older rows anew, refresh what is counted, empty the GIN pending lists, VACUUM (ANALYZE), keep the log.

    Counted are the words of collections whose statistics are stale, and the centres of the embeddings; what scores are
    worth is measured anew. Searches and
    writers go on meanwhile. `progress` gets what is done now, how many steps are done, and of how many.
    """
    started = time.monotonic()
    warnings: list[str] = []
    statistics: list[TextStatsRefresh] = []
    cleaned: list[CleanedIndex] = []
    vacuumed: list[VacuumedTable] = []
    with translated(), connect(dsn) as connection:
        connection.add_notice_handler(lambda notice: warnings.append(str(notice.message_primary)))
        client = Client(connection=connection)
        reanalyzed = _reanalyze(connection, warnings, progress or (lambda step, done, steps: None))
        stale = [age.collection for age in client.text_stats_staleness() if age.stale]
        indexes = connection.execute(_GIN_INDEXES).fetchall()
        tables = connection.execute(_TABLES).fetchall()
        steps = len(stale) + len(indexes) + len(tables)

        def tell(step: str) -> None:
            if progress is not None:
                progress(step, len(statistics) + len(cleaned) + len(vacuumed), steps)

        for collection in stale:
            tell(f"counting the words of {collection}")
            statistics += client.refresh_text_stats(collection)
        client.refresh_embedding_centres()
        tell("measuring what scores are worth")
        client.calibrate_relevance(changed_only=True)
        calibrations = _recalibrate(client, tell, warnings)
        for oid, index in indexes:
            tell(f"emptying the pending list of {index}")
            cleaned.append(CleanedIndex(index, _cleaned_pages(connection, oid, warnings)))
        for table, dead_rows in tables:
            tell(f"vacuuming {table}")
            since = time.monotonic()
            connection.execute(sql.SQL("vacuum (analyze) pgsearch.{}").format(sql.Identifier(table)))
            vacuumed.append(VacuumedTable(table, dead_rows, time.monotonic() - since))
        tell("looking after the search log")
        log = _keep_log(connection, client, warnings)
        tell("done")
    return MaintenanceReport(
        reanalyzed, statistics, calibrations, cleaned, vacuumed, log, warnings, time.monotonic() - started
    )


def _recalibrate(client: Client, tell: Callable[[str], None], warnings: list[str]) -> list[FusionCalibration]:
    """Calibrate the fusion where a tenth of a collection changed, or nothing did yet, and the model can be asked."""
    found: list[FusionCalibration] = []
    for row in client.list_fusion_calibrations():
        if not row.stale or not is_calibrated(client, row.collection_name):
            continue
        try:
            embedder = embedder_for(row.model_name)
            if embedder is None:
                continue
            tell(f"calibrating the fusion of {row.collection_name}")
            calibration = calibrate_fusion(client, row.model_name, embedder, row.collection_name)
        except PgsearchError as error:
            warnings.append(f"The fusion of {row.collection_name} was not calibrated: {error}")
            continue
        found += [calibration] if calibration is not None else []
    return found


def _reanalyze(connection: psycopg.Connection[Any], warnings: list[str], tell: Callable[[str, int, int], None]) -> int:
    """Analyse anew what an older version has analysed, batch after batch; how many rows were looked at."""
    looked_at = refused = batches = 0
    while refused < _REANALYSIS_ATTEMPTS:
        try:
            batch = connection.execute("select * from pgsearch.reanalyze(%s)", [_REANALYZED_ROWS]).fetchone()
        except psycopg.errors.InsufficientPrivilege as error:
            warnings.append(f"Older rows were not analysed anew: {error.diag.message_primary}.")
            return looked_at
        except (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable) as error:
            # a writer wanted the same rows: the batch is not done, and is tried again
            refused += 1
            if refused == _REANALYSIS_ATTEMPTS:
                warnings.append(f"Older rows wait to be analysed anew by the next run: {error.diag.message_primary}.")
            continue
        if batch is None:
            break
        relation, rows_done, rows_total, rows = batch
        tell(f"analysing {relation} anew", rows_done, rows_total)
        looked_at += rows
        batches += 1
        # what each update leaves behind makes room for the next
        if batches % _BATCHES_BETWEEN_VACUUMS == 0:
            connection.execute(sql.SQL("vacuum pgsearch.{}").format(sql.Identifier(relation)))
    return looked_at


def _keep_log(connection: psycopg.Connection[Any], client: Client, warnings: list[str]) -> LogDays:
    """Days ahead are made first: they matter most. What is to be dropped is counted before."""
    try:
        made = client.ensure_partitions()
        client.run(inner.detect_reformulations())
        client.finalize_conversations()
        if connection.execute(
            "select from pg_catalog.pg_proc where pronamespace = 'pgsearch'::regnamespace"
            " and proname = 'refresh_search_stats'"
        ).fetchall():
            connection.execute("select pgsearch.refresh_search_stats()")
        waiting = client.run(inner.partitions_that_wait())
        expired = [
            partition.partition
            for partition in client.list_partitions()
            if partition.expired and partition.partition not in waiting
        ]
        dropped = [name for name in expired if _dropped(client, name)]
    except psycopg.errors.InsufficientPrivilege as error:
        warnings.append(f"The search log was left as it is: {error.diag.message_primary}.")
        return LogDays(0, [], [], [])
    busy = [name for name in expired if name not in dropped]
    if busy:
        warnings.append(f"In use and left for the next run: {', '.join(busy)}.")
    if waiting:
        warnings.append(f"Kept until `pgsearch archive` has written and verified their days: {', '.join(waiting)}.")
    return LogDays(made, dropped, busy, waiting)


def _dropped(client: Client, partition: str) -> bool:
    until = time.monotonic() + _DROP_PATIENCE_S
    while not client.drop_partition(partition):
        if time.monotonic() > until:
            return False
        time.sleep(_DROP_PAUSE_S)
    return True


def _cleaned_pages(connection: psycopg.Connection[Any], oid: int, warnings: list[str]) -> int:
    try:
        found = connection.execute("select pg_catalog.gin_clean_pending_list(%s::bigint::regclass)", [oid]).fetchone()
    except psycopg.errors.InsufficientPrivilege as error:
        # VACUUM too only warns when the table belongs to somebody else.
        warnings.append(str(error.diag.message_primary))
        return 0
    return int(found[0]) if found else 0
