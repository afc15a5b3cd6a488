"""The whole of a deploy as one script of SQL, for psql and for whoever has no Python.

It carries the files of sql/ and migrations/ as text, and does with them what deploy.py does, in one transaction: plain
SQL without commands of psql, so that any client runs it. Both leave the same database, and either may follow the
other.
"""

from __future__ import annotations

import re
from pathlib import Path

from yoyo.migrations import topological_sort

from pgsearch.database import functions, migrations
from pgsearch.database.deploy import ADVISORY_LOCK, BOOKKEEPING, INVALID_INDEXES, client_version
from pgsearch.database.sources import Sources, find_sources
from pgsearch.errors import DeployError

_HEAD = """\
-- pgsearch {version}: everything that a database needs, made anew or brought to this version.
--
--     psql --quiet --set ON_ERROR_STOP=1 --file pgsearch.sql "postgresql://..."
--
-- One transaction: it is done whole or not at all. Needs PostgreSQL 15 or newer with pgvector 0.8 and pg_trgm, which
-- are created where they are missing, in the schema that the setting pgsearch.extensions names, else in public.
-- Run it as the role that owns schema pgsearch, or as one that may create it.

begin;

{settings}
{extensions}

{checks}
create temporary table pgsearch_files (
    position integer primary key,
    kind     text,
    name     text,
    hash     text,
    creates  text[],
    body     text
) on commit drop;

insert into pg_temp.pgsearch_files (position, kind, name, hash, creates, body)
values
"""

_SETTINGS = """\
set local client_encoding = 'UTF8';
set local client_min_messages = warning;
set local search_path = pg_catalog, pg_temp;
set local standard_conforming_strings = on;
set local check_function_bodies = on;
set local quote_all_identifiers = off;
set local lock_timeout = '5s';
set local statement_timeout = 0;
set local idle_in_transaction_session_timeout = 0;"""

_TAIL = """
commit;

select d.version as pgsearch, (select count(*) from pgsearch.deployed_functions) as functions
  from pgsearch.deployment as d;
"""


def deploy_script(*, extensions: str | None = None, sources: Sources | None = None) -> str:
    """The script for these sources; new extensions go into the schema `extensions` (default: public)."""
    sources = sources or find_sources()
    version = client_version()
    files = [*_migrations(sources), *_functions(sources)]
    filled = {
        "version": _literal(version),
        "digest": _literal(sources.digest(version)),
        "lock": str(ADVISORY_LOCK),
        "foreign_objects": sources.functions["operate/_foreign_objects.sql"].split("$$")[1].strip().rstrip(";"),
        "bookkeeping": f"{functions.BOOKKEEPING.strip()}\n{BOOKKEEPING.strip()}",
        "inventory": functions.INVENTORY.replace("%s", "names"),
        "with_dependents": functions.WITH_DEPENDENTS.replace("%(changed)s", "changed").replace("%(ours)s", "ours"),
        "in_the_way": ", ".join(_literal(str(error.sqlstate)) for error in functions.IN_THE_WAY),
        "invalid_indexes": INVALID_INDEXES,
    }
    check = _filled("check_owners.sql", filled)
    chosen = "" if extensions is None else f"set local pgsearch.extensions = {_literal(extensions)};"
    return "".join(
        [
            _HEAD.format(
                version=version,
                settings=_SETTINGS,
                extensions=chosen or "-- set local pgsearch.extensions = 'extensions';",
                checks="\n".join([check, _filled("prepare.sql", filled)]),
            ),
            ",\n".join(f"({position}, {file})" for position, file in enumerate(files, 1)),
            ";\n\n",
            "\n".join([_filled("bring_forward.sql", filled), check]),
            _TAIL,
        ]
    )


def _migrations(sources: Sources) -> list[str]:
    texts = sources.migration_texts
    for name in texts:
        if not (sources.migrations / f"{name}.sql").exists() or re.search(
            r"^--\s*transactional:\s*false", texts[name], re.M
        ):
            raise DeployError(
                f"Migration {name} cannot be part of a script.",
                hint="Deploy with `pgsearch deploy --dsn ...`, which runs it outside of a transaction.",
            )
    ordered = topological_sort(migrations.read(sources))
    return [
        f"'migration', {_literal(migration.id)}, {_literal(migrations.fingerprint(texts[migration.id]))}, null,\n"
        f"{_quoted(texts[migration.id])}"
        for migration in ordered
    ]


def _functions(sources: Sources) -> list[str]:
    owners = functions.owners_of(sources.functions)
    return [
        f"'functions', {_literal(file)}, {_literal(functions.file_hash(text))},"
        f" '{{{','.join(name for name, owner in owners.items() if owner == file)}}}',\n{_quoted(text)}"
        for file, text in sources.functions.items()
    ]


def _filled(name: str, values: dict[str, str]) -> str:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return re.sub(rf"(?<![:\w]):({'|'.join(values)})\b", lambda found: values[found[1]], text)


def _literal(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _quoted(text: str) -> str:
    tag = "$file$"
    while tag in text:
        tag = f"${tag.strip('$')}_$"
    return f"{tag}{text}{tag}"
