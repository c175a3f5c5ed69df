"""Real CalDAV servers, each a process of its own on loopback, over TLS with a
certificate for localhost, with one person's account."""

import base64
import hashlib
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from real_process import free_port, wait_until
from xandikos.autocert import ensure_self_signed

from sync.dav import Login, Server
from sync.fetch import Guard

USER, PASSWORD = "sarah", "correct horse"
LOGIN = Login(USER, PASSWORD)
LOOPBACK = "127.0.0.1"

START_SECONDS = 30.0

HREF = re.compile(r"<(?:\w+:)?response>\s*<(?:\w+:)?href>([^<]+)<")


@dataclass(frozen=True)
class Running:
    """A server at `address`, where Sarah's calendars stand at `home`; `guard` lets go there, and
    trusts its certificate."""

    name: str
    address: str
    home: str
    guard: Guard
    process: "subprocess.Popen[bytes]"
    folder: Path

    def let_in_with(self, password: str) -> None:
        """From now on Sarah's password is another one."""
        _USERS[self.name](self.folder, password)

    def open(self, login: Login = LOGIN) -> Server:
        return Server(self.address, login, self.guard)

    def http(self, password: str = PASSWORD) -> httpx.Client:
        """Another client than ours, signed in."""
        assert self.guard.tls is not None
        return httpx.Client(auth=(USER, password), verify=self.guard.tls, trust_env=False)

    def names(self, collection: str) -> set[str]:
        """The names of the resources in a collection, as another client sees them."""
        with self.http() as client:
            listed = client.request("PROPFIND", collection, headers={"Depth": "1"})
        paths = {unquote(path) for path in HREF.findall(listed.text)}
        return {path.rsplit("/", 1)[1] for path in paths} - {""}

    def bodies(self, collection: str) -> dict[str, str]:
        """What each of them holds."""
        with self.http() as client:
            return {name: client.get(f"{collection}{name}").text for name in self.names(collection)}

    def make(self, name: str) -> str:
        """A new collection in Sarah's home; its URL."""
        url = f"{self.home}{name}/"
        with self.http() as client:
            assert client.request("MKCALENDAR", url).status_code == 201
        return url

    def collections(self) -> set[str]:
        """The names of what stands in Sarah's home."""
        with self.http() as client:
            listed = client.request("PROPFIND", self.home, headers={"Depth": "1"})
        paths = {unquote(path).rstrip("/") for path in HREF.findall(listed.text)}
        return {path.rpartition("/")[2] for path in paths}

    def put(self, url: str, body: str) -> None:
        """What a person's own app writes, over whatever is there."""
        with self.http() as client:
            kind = {"Content-Type": "text/calendar; charset=utf-8"}
            assert client.put(url, content=body, headers=kind).is_success

    def delete(self, url: str) -> None:
        """What a person takes away there."""
        with self.http() as client:
            assert client.delete(url).is_success

    def vanish(self) -> None:
        """As when the plug is pulled."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def radicale(folder: Path) -> Iterator[Running]:
    """Radicale. In Sarah's home stands `closed`, which she may only read."""
    users, rights = _radicale_users(folder, PASSWORD), folder / "rights"
    rights.write_text(RIGHTS)
    closed = folder / "collections" / "collection-root" / USER / "closed"
    closed.mkdir(parents=True)
    (closed / ".Radicale.props").write_text('{"tag": "VCALENDAR", "D:displayname": "Closed"}')
    certificate, key = ensure_self_signed(str(folder / "certs"))
    port = free_port()
    command = [
        *(sys.executable, "-m", "radicale", "--config", ""),
        *("--server-hosts", f"{LOOPBACK}:{port}", "--server-ssl", "True"),
        *("--server-certificate", certificate, "--server-key", key),
        *("--auth-type", "htpasswd", "--auth-htpasswd-filename", str(users)),
        *("--auth-htpasswd-encryption", "plain", "--auth-delay", "0"),
        *("--rights-type", "from_file", "--rights-file", str(rights)),
        *("--server-delay-on-error", "0"),
        *("--storage-filesystem-folder", str(folder / "collections")),
    ]
    with _process(command, folder, port) as process:
        address = f"https://localhost:{port}"
        yield Running(
            "radicale", address, f"{address}/{USER}/", _guard(certificate), process, folder
        )


RIGHTS = """
[root]
user: .+
collection:
permissions: R
[principal]
user: .+
collection: {user}
permissions: RW
[closed]
user: .+
collection: {user}/closed
permissions: r
[calendars]
user: .+
collection: {user}/[^/]+
permissions: rw
"""


@contextmanager
def xandikos(folder: Path) -> Iterator[Running]:
    """Xandikos."""
    users = _xandikos_users(folder, PASSWORD)
    certificate, _ = ensure_self_signed(str(folder / "state" / "certs"))
    port = free_port()
    command = [
        *(str(Path(sys.executable).with_name("xandikos")), "serve", "--no-detect-systemd"),
        *("-l", "localhost", "-p", str(port), "--autocert", "--htpasswd", str(users)),
        *("--state-dir", str(folder / "state"), "-d", str(folder / "collections")),
        *("--current-user-principal", f"/{USER}/", "--autocreate"),
    ]
    with _process(command, folder, port) as process:
        address = f"https://localhost:{port}"
        home = f"{address}/{USER}/calendars/"
        yield Running("xandikos", address, home, _guard(certificate), process, folder)


SERVERS = {"radicale": radicale, "xandikos": xandikos}


@pytest.fixture(params=sorted(SERVERS), scope="module")
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A server for all tests of a module."""
    with SERVERS[request.param](tmp_path_factory.mktemp(request.param)) as server:
        yield server


def _radicale_users(folder: Path, password: str) -> Path:
    users = folder / "users"
    users.write_text(f"{USER}:{password}\n")
    return users


def _xandikos_users(folder: Path, password: str) -> Path:
    users = folder / "users"
    hashed = base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()  # noqa: S324
    users.write_text(f"{USER}:{{SHA}}{hashed}\n")
    return users


_USERS = {"radicale": _radicale_users, "xandikos": _xandikos_users}


def _guard(certificate: str) -> Guard:
    """The real guard, but that this machine's own address is allowed, and nothing else."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return [LOOPBACK]

    tls = ssl.create_default_context(cafile=certificate)
    return Guard(resolve=resolve, allows=lambda address: str(address) == LOOPBACK, tls=tls)


@contextmanager
def _process(command: list[str], folder: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        wait_until(lambda: _listens(process, port), START_SECONDS, f"{command[0]} did not start")
        yield process
    finally:
        process.terminate()
        process.wait(10)


def _listens(process: "subprocess.Popen[bytes]", port: int) -> bool:
    if process.poll() is not None:
        raise AssertionError("the server has ended by itself")
    with socket.socket() as tried:
        return tried.connect_ex((LOOPBACK, port)) == 0
