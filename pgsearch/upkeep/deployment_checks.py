"""Whether a database and this client are of one version: the part of doctor that SQL cannot see."""

from __future__ import annotations

from typing import Any

import psycopg

from pgsearch.client.calls.operate import Check
from pgsearch.database import functions, ownership
from pgsearch.database.deploy import _applied_migrations, _deployment, check_not_newer, client_version
from pgsearch.database.sources import find_sources
from pgsearch.errors import DatabaseNewerError

_DEPLOY = "pgsearch deploy"


def deployment_checks(connection: psycopg.Connection[Any]) -> list[Check]:
    """Version, migrations and functions of the database against those of this client; `fail` where calls would."""
    if intrusion := ownership.intrusion_of(connection):
        return [Check("owner", "fail", intrusion.found, intrusion.fix)]
    sources = find_sources()
    deployed = _deployment(connection)
    ours = client_version()
    if deployed is None:
        return [Check("deployment", "fail", "pgsearch is not deployed to this database", _DEPLOY)]
    try:
        check_not_newer(connection, sources)
    except DatabaseNewerError as error:
        return [Check("deployment", "fail", error.message, error.hint)]

    theirs, digest, _ = deployed
    behind = sorted(set(sources.migration_texts) - _applied_migrations(connection))
    if behind:
        return [Check("deployment", "fail", f"{len(behind)} migrations behind: {', '.join(behind)}", _DEPLOY)]
    damaged = functions.damaged(connection)
    if damaged:
        found = f"functions are missing or were changed by hand: {', '.join(damaged)}"
        return [Check("deployment", "fail", found, f"{_DEPLOY} --force")]
    if digest != sources.digest(ours):
        found = f"deployed by pgsearch {theirs}; this is {ours}, whose functions differ"
        return [Check("deployment", "fail", found, _DEPLOY)]
    return [Check("deployment", "ok", f"pgsearch {theirs}, no migration behind", None)]
