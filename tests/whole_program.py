"""The whole program in a thread, with a clock that the test sets."""

import asyncio
import threading
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from app.clock import tick
from app.program import open_services
from app.serve import Role, bind, serve
from app.services import Services
from app.settings import Settings

T = TypeVar("T")


class Clock:
    """The time as the program sees it; it stands still until it is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def set(self, text: str) -> None:
        """`text` in ISO 8601 with an offset."""
        self.now = datetime.fromisoformat(text).astimezone(UTC)


class Program:
    """Web, worker and clock over a migrated database, while the context is open."""

    def __init__(
        self,
        url: str,
        home: Path,
        clock: Clock,
        *,
        roles: frozenset[Role] = frozenset(Role),
        **settings: Any,
    ) -> None:
        self.clock = clock
        self._url = url
        self._roles = roles
        self._listener = bind("127.0.0.1", 0)
        self.port: int = self._listener.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self.settings = Settings(_env_file=None, brightpath_home=home, port=self.port, **settings)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="program", daemon=True)
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self.services: Services

    def __enter__(self) -> "Program":
        self._thread.start()
        if not self._ready.wait(30):
            raise TimeoutError("the program did not start") from self._error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive(), "the program did not stop"
        if self._error is not None and kind is None:
            raise self._error

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of something that runs in the program's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def tick(self) -> None:
        """What the clock does each minute, now."""
        self.call(tick(self.services))

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._error = error

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with open_services(self.settings, self._url, now=self.clock) as services:
            self.services = services
            await serve(
                services,
                self._roles,
                listener=self._listener,
                ready=self._ready.set,
                stop=self._stop,
            )
