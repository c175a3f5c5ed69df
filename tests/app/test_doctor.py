"""`brightpath doctor`: what is well, and what to mend."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest
from botapi.server import BotApiServer
from commands import Answer, Command
from real_process import free_port, new_home

from app.embedded import EmbeddedServer

REFUSED_ENCRYPTION = {80877103, 80877104}
"""The codes with which a client asks for TLS or GSSAPI before it says who it is."""


@contextmanager
def old_server(version: str) -> Iterator[str]:
    """The address of a server that greets like a PostgreSQL of this version."""

    def greet(connection: socket.socket) -> None:
        while True:
            (length,) = struct.unpack("!i", connection.recv(4))
            (code,) = struct.unpack("!i", connection.recv(4))
            if code not in REFUSED_ENCRYPTION:
                connection.recv(length - 8)
                break
            connection.sendall(b"N")
        parameters = b"".join(
            b"S" + struct.pack("!i", 4 + len(pair)) + pair
            for pair in (
                b"server_version\0" + version.encode() + b"\0",
                b"client_encoding\0UTF8\0",
            )
        )
        allowed = b"R" + struct.pack("!ii", 8, 0)
        idle = b"Z" + struct.pack("!i", 5) + b"I"
        connection.sendall(allowed + parameters + idle)
        while connection.recv(1024):
            pass

    def serve(listener: socket.socket) -> None:
        # Closing the listener ends the thread; clients may hang up when they like.
        with suppress(OSError, struct.error):
            while True:
                connection, _ = listener.accept()
                with connection:
                    greet(connection)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        port = listener.getsockname()[1]
        try:
            yield f"postgresql://brightpath@127.0.0.1:{port}/brightpath"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def mended(answer: Answer) -> list[str]:
    """What the doctor wants mended."""
    lines = answer.err.splitlines()
    assert answer.out == ""
    assert all(line.startswith(("ok ", "mend ")) for line in lines), answer.err
    found = [line.removeprefix("mend ") for line in lines if line.startswith("mend ")]
    assert answer.code == (1 if found else 0)
    return found


def test_all_is_well_in_a_home_where_nothing_ever_ran() -> None:
    with new_home() as home:
        done = home.run("doctor")
        assert done.returncode == 0, done.stderr
        lines = done.stderr.splitlines()
        assert len(lines) == 8
        assert all(line.startswith("ok ") for line in lines)
        assert f"http://127.0.0.1:{home.port}" in lines[0]
        assert "this machine only" in lines[0]
        assert home.postmaster() is None


def test_a_bot_that_telegram_knows(
    command: Command, database_url: str, bot_api: BotApiServer
) -> None:
    answer = command(
        "doctor",
        DATABASE_URL=database_url,
        TELEGRAM_BOT_TOKEN=bot_api.token,
        TELEGRAM_API_BASE=bot_api.base,
        PUBLIC_URL="https://brightpath.example/",
    )
    assert mended(answer) == []
    assert "knows the bot as @" in answer.err
    assert "Links begin with https://brightpath.example." in answer.err
    assert bot_api.token not in answer.err


def test_an_engine_that_is_not_compiled(
    command: Command, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = command("doctor", DATABASE_URL=database_url)
    assert "The engine is compiled." in answer.err
    monkeypatch.setattr("core.kernel.arrays.COMPILED", False)
    answer = command("doctor", DATABASE_URL=database_url)
    assert mended(answer) == []
    assert "takes longer" in answer.err


def test_a_wrong_token(command: Command, database_url: str, bot_api: BotApiServer) -> None:
    wrong = bot_api.token[:-1] + "x"
    answer = command(
        "doctor",
        DATABASE_URL=database_url,
        TELEGRAM_BOT_TOKEN=wrong,
        TELEGRAM_API_BASE=bot_api.base,
    )
    (advice,) = mended(answer)
    assert "TELEGRAM_BOT_TOKEN" in advice
    assert "@BotFather" in advice
    assert wrong not in answer.err


def test_telegram_and_google_out_of_reach(command: Command, database_url: str) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    settings = {"DATABASE_URL": database_url, "TELEGRAM_BOT_TOKEN": "1:canary"}
    google = {"GOOGLE_CLIENT_ID": "us", "GOOGLE_CLIENT_SECRET": "ours"}
    answer = command(
        "doctor", **settings, **google, TELEGRAM_API_BASE=nowhere, GOOGLE_API_BASE=nowhere
    )
    telegram, calendars = mended(answer)
    assert nowhere in telegram
    assert nowhere in calendars
    assert "canary" not in answer.err
    answer = command("doctor", DATABASE_URL=database_url, GOOGLE_CLIENT_ID="us")
    (advice,) = mended(answer)
    assert "GOOGLE_CLIENT_SECRET" in advice


def test_a_database_out_of_reach(command: Command) -> None:
    url = f"postgresql://brightpath:canary@127.0.0.1:{free_port()}/brightpath"
    answer = command("doctor", DATABASE_URL=url)
    (advice,) = mended(answer)
    assert "database cannot be reached" in advice
    assert "DATABASE_URL" in advice
    assert "canary" not in answer.err


def test_a_database_that_was_never_migrated(
    command: Command, postgres: EmbeddedServer, empty_database: str
) -> None:
    url = postgres.url_of(empty_database)
    (advice,) = mended(command("doctor", DATABASE_URL=url))
    assert "brightpath migrate" in advice
    migrated = command("migrate", DATABASE_URL=url)
    assert migrated.code == 0
    assert mended(command("doctor", DATABASE_URL=url)) == []


def test_children_that_anybody_sees(command: Command, database_url: str, conninfo: str) -> None:
    exposed = "ALTER TABLE children NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY"
    guarded = "ALTER TABLE children ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
    with psycopg.connect(conninfo, autocommit=True) as connection:
        (family_id,) = connection.execute(
            "INSERT INTO families (name) VALUES (%s) RETURNING id", ("Reed",)
        ).fetchone() or (0,)
        connection.execute(
            "INSERT INTO children (family_id, name, age, learning_preferences)"
            " VALUES (%s, 'Emma', 9, '{}')",
            (family_id,),
        )
        assert mended(command("doctor", DATABASE_URL=database_url)) == []
        connection.execute(exposed)
        try:
            (advice,) = mended(command("doctor", DATABASE_URL=database_url))
        finally:
            connection.execute(guarded)
    assert "Row-level security does not hold" in advice


def test_jobs_that_gave_up(command: Command, database_url: str, conninfo: str) -> None:
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status)"
            " VALUES ('default', 'remind', 'failed')"
        )
    (advice,) = mended(command("doctor", DATABASE_URL=database_url))
    assert advice.startswith("1 job")


@pytest.mark.parametrize("name", ["doctor", "migrate", "export"])
def test_a_postgresql_that_is_too_old(command: Command, name: str) -> None:
    with old_server("15.4") as url:
        answer = command(*([name, "1"] if name == "export" else [name]), DATABASE_URL=url)
    (line,) = mended(answer) if name == "doctor" else answer.err.splitlines()
    assert answer.code == 1
    assert line == "PostgreSQL 15 is too old; BrightPath needs 16 or newer."
