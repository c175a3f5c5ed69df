"""The processes: web, worker and clock, together or apart, until a signal asks them to stop."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import structlog
import uvicorn
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger
from fastapi import FastAPI

from app.clock import SWEEP_SECONDS, take_back, tick
from app.services import Services
from app.updates import announce_webhook, offer_commands, poll_telegram
from app.web import create_app
from bot.places import find_places
from db.queue import DEFAULT_QUEUE, TELEGRAM_QUEUE

GRACE = 10
"""Seconds that running work gets to finish when the program stops."""

LATER_SECONDS = 1.0
"""How often a worker looks for jobs whose time has come."""

log = structlog.get_logger()


class Role(StrEnum):
    """A part of the program that can run in a process of its own."""

    WEB = "web"
    WORKER = "worker"
    CLOCK = "clock"


class PortTaken(Exception):
    """Another program listens where we want to."""


@dataclass(frozen=True)
class _Server:
    """Uvicorn without its own signal handling: the whole program stops as one."""

    server: uvicorn.Server
    listener: socket.socket

    async def run(self, stop: asyncio.Event) -> None:
        serving = asyncio.create_task(self.server.serve(sockets=[self.listener]))
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        self.server.should_exit = True
        await serving


class _QuietServer(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; `PortTaken` where another program has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, or asyncio does not know the connections for TCP's and leaves them without TCP_NODELAY:
    # then each body waits for the reader to confirm its head, 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTaken(f"{host}:{port} cannot be listened on: {error.strerror}") from error
    listener.listen(256)
    listener.setblocking(False)
    return listener


def _web(app: FastAPI, listener: socket.socket) -> _Server:
    config = uvicorn.Config(
        app,
        access_log=False,  # addresses hold secret tokens
        log_config=None,
        lifespan="off",
        timeout_graceful_shutdown=2,  # an open page waits for news all the time
        server_header=False,
        h11_max_incomplete_event_size=16 * 1024,
    )
    return _Server(_QuietServer(config), listener)


def _load_what_is_slow() -> None:
    """The solver and the atlas of cities take seconds to load; the first family must not wait."""
    import core.solve  # noqa: F401

    for city in ("New York", "Nueva York"):
        find_places(city)


async def _work(services: Services, stop: asyncio.Event) -> None:
    worker = asyncio.create_task(
        services.queue.run_worker_async(
            concurrency=8,
            install_signal_handlers=False,
            delete_jobs="successful",
            queues=[DEFAULT_QUEUE, *([TELEGRAM_QUEUE] if services.telegram else [])],
            # New jobs announce themselves; only those put off until later are looked for.
            fetch_job_polling_interval=LATER_SECONDS,
            shutdown_graceful_timeout=GRACE,
        )
    )
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({worker, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    worker.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await worker


async def _keep_time(services: Services, stop: asyncio.Event) -> None:
    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(
        tick,
        # The tick only looks for what is due, so a late or doubled one does no harm.
        IntervalTrigger(minutes=1, timezone="UTC"),
        args=[services],
        coalesce=True,
        misfire_grace_time=None,
        max_instances=1,
        next_run_time=datetime.now(UTC) + timedelta(seconds=1),
    )
    scheduler.add_job(
        take_back,
        IntervalTrigger(seconds=SWEEP_SECONDS, timezone="UTC"),
        args=[services],
        coalesce=True,
        misfire_grace_time=None,
        max_instances=1,
    )
    scheduler.start()
    try:
        await stop.wait()
    finally:
        scheduler.shutdown(wait=False)


def stop_on_signals() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set; for the main thread's loop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    return stop


async def serve(
    services: Services,
    roles: frozenset[Role],
    *,
    listener: socket.socket | None,
    ready: Callable[[], None],
    stop: asyncio.Event,
) -> None:
    """Runs the roles until `stop` is set, or until one of them breaks.

    `listener` is needed for the web role alone; `ready` is called once everything is up.
    """
    parts: list[Awaitable[None]] = []
    async with services.queue.open_async():
        if Role.WEB in roles:
            if listener is None:
                raise ValueError("the web role needs a listener")
            parts.append(_web(create_app(services), listener).run(stop))
            if services.settings.wants_webhook:
                parts.append(announce_webhook(services, stop))
            elif services.telegram is not None:
                parts.append(poll_telegram(services, stop))
        if Role.WORKER in roles:
            parts.append(_work(services, stop))
        if Role.CLOCK in roles:
            parts.append(_keep_time(services, stop))
        running = [asyncio.ensure_future(part) for part in parts]
        ready()
        aside = [asyncio.create_task(asyncio.to_thread(_load_what_is_slow))]
        if Role.WEB in roles and services.telegram is not None:
            aside.append(asyncio.create_task(offer_commands(services)))
        try:
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.set()
        await asyncio.wait({*running, *aside}, timeout=GRACE + 5)
        for part in running:
            part.cancel()
        for part in done:
            part.result()
    log.info("stopped")
