"""The commands, in the order in which the help lists them; each is the module of its name (see pgsearch/cli.py)."""

NAMES = ("demo", "deploy", "ingest", "search", "server")
