"""The embedded server: started, shared, killed and started again, with real processes."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from app.embedded import EmbeddedError, EmbeddedServer, start

HOLDER = """
import sys, time
from pathlib import Path
from app.embedded import start
server = start(Path(sys.argv[1]))
print(server.conninfo, flush=True)
if sys.argv[2] == "leave":
    server.stop()
else:
    time.sleep(60)
"""


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bp-") as name:
        yield Path(name)
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(postmaster(Path(name)), signal.SIGINT)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home that all tests use in turn; each leaves its server stopped."""
    with folder() as shared:
        yield shared


@pytest.fixture
def new_home() -> Iterator[Path]:
    """A home in which nothing ever ran."""
    with folder() as fresh:
        yield fresh


def other_process(home: Path, then: str) -> subprocess.Popen[str]:
    """Another process that holds the server; returns once it does."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home), then], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline().strip()
    return process


def end(process: subprocess.Popen[str], number: int = signal.SIGKILL) -> None:
    process.send_signal(number)
    process.communicate(timeout=30)


def run(server: EmbeddedServer, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(server.conninfo) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def is_up(server: EmbeddedServer) -> bool:
    try:
        return run(server, "SELECT 1") == [(1,)]
    except psycopg.OperationalError:
        return False


def postmaster(home: Path) -> int:
    return int((home / "postgresql" / "postmaster.pid").read_text().splitlines()[0])


def test_starts_stops_and_keeps_what_was_written(home: Path) -> None:
    first = start(home)
    run(first, "CREATE TABLE kept AS SELECT 7 AS figure")
    first.stop()
    first.stop()
    assert not is_up(first)
    second = start(home)
    try:
        assert run(second, "SELECT figure FROM kept") == [(7,)]
        assert run(second, "SHOW timezone") == [("UTC",)]
    finally:
        second.stop()


def test_only_its_owner_reaches_it_and_only_by_the_socket(home: Path) -> None:
    server = start(home)
    try:
        assert run(server, "SHOW listen_addresses") == [("",)]
        assert stat.S_IMODE((home / "run").stat().st_mode) == 0o700
        assert stat.S_IMODE((home / "postgresql").stat().st_mode) == 0o700
    finally:
        server.stop()


def test_the_log_quotes_nothing_that_a_family_wrote(home: Path) -> None:
    server = start(home)
    try:
        run(server, "CREATE TABLE person (name text PRIMARY KEY)")
        run(server, "INSERT INTO person VALUES ('canary-name')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            run(server, "INSERT INTO person VALUES ('canary-name')")
    finally:
        server.stop()
    assert "canary" not in (home / "postgresql.log").read_text()


def test_a_second_process_comes_and_goes_without_stopping_it(home: Path) -> None:
    server = start(home)
    try:
        visitor = other_process(home, "leave")
        assert visitor.wait(timeout=30) == 0
        visitor.communicate()
        assert is_up(server)
    finally:
        server.stop()
    assert not is_up(server)


def test_the_last_one_out_stops_it(home: Path) -> None:
    server = start(home)
    other = other_process(home, "stay")
    server.stop()
    assert is_up(server)
    end(other)
    assert is_up(server), "a killed process stops nothing"
    start(home).stop()
    assert not is_up(server)


def test_recovers_when_everything_was_killed(home: Path) -> None:
    holder = other_process(home, "stay")
    server = start(home)
    run(server, "CREATE TABLE survived AS SELECT 7 AS figure")
    pid = postmaster(home)
    end(holder)
    os.kill(pid, signal.SIGKILL)
    again = start(home)
    try:
        assert run(again, "SELECT figure FROM survived") == [(7,)]
        assert postmaster(home) != pid
    finally:
        again.stop()
        server.stop()
    assert not is_up(again)


def test_a_pid_file_that_names_another_living_process_is_stale(home: Path) -> None:
    start(home).stop()
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    stale = home / "postgresql" / "postmaster.pid"
    try:
        sockets = home / "run"
        stale.write_text(f"{bystander.pid}\n{home}/postgresql\n0\n5432\n{sockets}\n\n\nready\n")
        server = start(home)
        assert is_up(server)
        server.stop()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_start_that_was_interrupted_while_making_the_cluster(new_home: Path) -> None:
    half = new_home / "postgresql.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    server = start(new_home)
    assert is_up(server)
    server.stop()


def test_a_home_with_a_long_and_odd_path(new_home: Path) -> None:
    server = start(new_home / ("it's a long, (odd) path; " * 5).strip() / "home")
    try:
        assert is_up(server)
    finally:
        server.stop()


def test_many_start_at_once_and_share_one_server(new_home: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(new_home), "stay"], stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    lines = set()
    for process in processes:
        assert process.stdout
        lines.add(process.stdout.readline().strip())
    assert len(lines) == 1
    server = start(new_home)
    for process in processes:
        end(process)
    assert is_up(server)
    server.stop()
    assert not is_up(server)


def test_a_cluster_of_another_version_is_refused_by_name(new_home: Path) -> None:
    start(new_home).stop()
    (new_home / "postgresql" / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedError, match="PostgreSQL 9"):
        start(new_home)


def test_an_open_connection_does_not_hold_up_the_stop(home: Path) -> None:
    server = start(home)
    connection = psycopg.connect(server.conninfo)
    try:
        connection.execute("SELECT 1")
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 20
        assert not is_up(server)
    finally:
        connection.close()
