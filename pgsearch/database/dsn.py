"""Which database is meant when none is named."""

from __future__ import annotations

import os


def default_dsn() -> str:
    """PGSEARCH_DSN, else the embedded server, started and deployed: what a newcomer needs is there without a word."""
    dsn = os.environ.get("PGSEARCH_DSN", "")
    if not dsn:
        # imported late: whoever names a database needs neither
        from pgsearch import embedded
        from pgsearch.database.deploy import deploy

        dsn = embedded.start()
        deploy(dsn)
    return dsn
