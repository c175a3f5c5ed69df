"""The real `brightpath` script, as a process of its own with a home of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

BRIGHTPATH = Path(sys.executable).with_name("brightpath")
START_SECONDS = 60.0
STOP_SECONDS = 15.0


def wait_until(true: Callable[[], bool], seconds: float, what: str) -> None:
    """Raises TimeoutError if it does not come about in time."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            raise TimeoutError(what)
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Home:
    """A home folder, the port of its web server, and the environment that names both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"

    def environment(self, **settings: str) -> dict[str, str]:
        """Nothing of the surrounding environment but the way to programs."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(self.folder),
            "BRIGHTPATH_HOME": str(self.folder),
            "PORT": str(self.port),
            **settings,
        }

    def run(
        self, *arguments: str, stdin: str | None = None, **settings: str
    ) -> "subprocess.CompletedProcess[str]":
        """A command from start to end."""
        return subprocess.run(
            [BRIGHTPATH, *arguments],
            cwd=self.folder,
            env=self.environment(**settings),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def postmaster(self) -> int | None:
        """The process id of the home's PostgreSQL, if it runs."""
        try:
            lines = (self.folder / "postgresql" / "postmaster.pid").read_text().splitlines()
            folder = Path(f"/proc/{int(lines[0])}/cwd").readlink()
        except (OSError, ValueError, IndexError):
            return None
        return int(lines[0]) if folder == self.folder / "postgresql" else None


@contextmanager
def new_home() -> Iterator[Home]:
    """A home with a short path, gone with its PostgreSQL in the end."""
    with tempfile.TemporaryDirectory(prefix="bp-", ignore_cleanup_errors=True) as name:
        home = Home(Path(name).resolve())
        yield home
        if pid := home.postmaster():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            wait_until(lambda: home.postmaster() is None, STOP_SECONDS, "PostgreSQL stays")
        shutil.rmtree(home.folder, ignore_errors=True)


class Process:
    """A running command in a process group of its own; killed when the context ends."""

    def __init__(self, home: Home, *arguments: str, **settings: str) -> None:
        self.home = home
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in __exit__
        self._process = subprocess.Popen(
            [BRIGHTPATH, *arguments],
            cwd=home.folder,
            env=home.environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self) -> "Process":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._output.close()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def output(self) -> str:
        """Everything that it printed so far."""
        self._output.seek(0)
        return self._output.read()

    def wait_for(self, part: str) -> None:
        """Returns once it has printed `part`."""
        wait_until(lambda: part in self.output() or not self.alive, START_SECONDS, part)
        assert self.alive, self.output()

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        """The exit code, which has to come within `STOP_SECONDS`."""
        return self._process.wait(STOP_SECONDS)

    def stop(self, number: int) -> int:
        """The exit code after this signal."""
        self.signal(number)
        return self.wait()

    def kill(self) -> None:
        """End the whole group at once, without a chance to put anything in order."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(STOP_SECONDS)

    def group_is_gone(self) -> bool:
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return True
        return False


ZONE = "America/New_York"


class Browser:
    """A page of the web chat: opens it, types, taps, and reads what came."""

    def __init__(self, home: Home) -> None:
        self._client = httpx.Client(
            base_url=home.base, headers={"X-BrightPath": "1", "Origin": home.base}, timeout=20
        )
        self.since = 0
        self.messages: dict[int, dict[str, Any]] = {}

    def close(self) -> None:
        self._client.close()

    def open(self) -> None:
        """What a page does when it loads."""
        self.since, self.messages = 0, {}
        self._post("/chat/open", language="en")

    def type(self, text: str) -> None:
        self._post("/chat/events", kind="text", since=self.since, text=text, timezone=ZONE)

    def tap(self, label: str) -> None:
        """Taps the newest button with this label."""
        for message in sorted(self.messages.values(), key=lambda m: -m["id"]):
            for row in message["view"]["rows"]:
                for button in row:
                    if button["label"] == label:
                        self._post(
                            "/chat/events",
                            kind="tap",
                            since=self.since,
                            timezone=ZONE,
                            message=message["id"],
                            step=message["step"],
                            option=button["id"],
                        )
                        return
        raise AssertionError(f"no button {label!r} in:\n{self.text()}")

    def poll(self, wait: float) -> None:
        """Waits up to `wait` seconds for news, as an open page does all the time."""
        answer = self._client.get("/chat/messages", params={"since": self.since, "wait": wait})
        self._take(answer)

    def text(self) -> str:
        """Everything that the page shows, oldest first."""
        shown = []
        for message in sorted(self.messages.values(), key=lambda m: int(m["id"])):
            view = message["view"]
            labels = [button["label"] for row in view["rows"] for button in row]
            shown += [view["title"], *view["lines"], view["notice"] or "", " | ".join(labels)]
        return "\n".join(filter(None, shown))

    def _post(self, path: str, **body: object) -> None:
        self._take(self._client.post(path, json={"key": str(uuid.uuid4()), **body}))

    def _take(self, answer: httpx.Response) -> None:
        assert answer.status_code == 200, answer.text
        document = answer.json()
        self.since = document["revision"]
        self.messages |= {message["id"]: message for message in document["messages"]}
