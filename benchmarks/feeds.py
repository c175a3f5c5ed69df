"""Calendar feeds beside the same bytes from memory, a static file and Radicale, in one run.

A real server on a real database, each in a process of its own, is asked over loopback by readers
who keep their connections: for the whole calendar (200) and, with the tag of the last answer,
whether there is anything new (304). The same bytes from the server's own memory are what no route
of it can exceed; a file is what a feed written ahead would be. Radicale keeps the same events; it
does not look at If-None-Match when a calendar is read as a whole, and sends it again.

Rates tell of the machine, ratios of the program. The last column is the share of a core that the
readers themselves took: well below 1, so it is not they who are measured.
"""

import asyncio
import gzip
import multiprocessing
import socket
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from time import perf_counter, process_time, sleep

import httpx
import uvicorn
from fastapi import Request, Response
from rich.console import Console
from rich.progress import track
from rich.table import Table
from starlette.staticfiles import StaticFiles

from app.embedded import start
from app.program import open_services
from app.serve import bind
from app.settings import Settings
from app.web import create_app
from benchmarks.families import family
from bot.welcome import welcome_family
from core.greedy import greedy
from core.hard import candidates
from core.plan import Plan, Scores, Status, WeekRequest
from core.problem import problem_of
from core.timetable import items_of
from core.week import week_start
from db import migrate
from db.calendars import feed_tokens
from db.document import parse_document
from db.families import load_family
from db.schedules import store_plan

FAMILIES, CHILDREN, WEEKS = 4, 2, 12
READERS = 16
SECONDS, ROUNDS = 2.0, 3
FILE = "feed.ics.gz"


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked of whom; `requests` take turns."""

    name: str
    status: int
    port: int
    requests: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """Answers a second, and the share of a core that asking took."""

    answers: float
    asking: float


def main() -> None:
    """Runs the benchmark and prints its table."""
    with tempfile.TemporaryDirectory(prefix="bp-") as folder:
        home = Path(folder)
        database = start(home / "home")
        try:
            migrate.upgrade(database.url)
            tokens = asyncio.run(_settle(database.url, home))
            with _served(database.url, home) as port, _radicale(home) as radicale:
                targets = _targets(home, port, radicale, tokens)
                rates = _measured(targets)
        finally:
            database.stop()
    _print(targets, rates)


async def _settle(url: str, home: Path) -> list[str]:
    """Families with first-fit weeks around today; the tokens of their feeds."""
    tokens = []
    first = week_start(datetime.now(UTC).date()) - timedelta(weeks=WEEKS // 2)
    async with open_services(_settings(home), url) as services:
        for seed in track(range(FAMILIES), "families", console=Console(stderr=True)):
            now = services.now()
            document = parse_document({**family(CHILDREN, seed), "parent": {"name": "Sarah"}})
            async with services.database.transaction() as session:
                family_id = await welcome_family(
                    session, services.box, document, source="import", now=now
                )
                known = await load_family(session, family_id)
                for week in range(WEEKS):
                    plan = _first_fit(WeekRequest(known, first + timedelta(weeks=week)))
                    await store_plan(session, family_id, plan, now=now)
                tokens.append((await feed_tokens(session, family_id, services.box)).family)
    return tokens


def _first_fit(request: WeekRequest) -> Plan:
    problem = problem_of(request)
    return Plan(
        request=request,
        status=Status.PARTIAL,
        items=items_of(problem, greedy(problem, candidates(problem))),
        omission_weight=0,
        omission_bound=0,
        objective=0.0,
        bound=0.0,
        solve_seconds=0.0,
        scores=Scores(0.0, 0.0, 0.0, 0.0),
    )


def _settings(home: Path) -> Settings:
    return Settings(_env_file=None, brightpath_home=home / "home")


@contextmanager
def _served(url: str, home: Path) -> Iterator[int]:
    """The program's web server in a process of its own; its port."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    server = spawn.Process(target=_serve, args=(url, home, theirs), daemon=True)
    server.start()
    try:
        yield ours.recv()
    finally:
        server.terminate()
        server.join()


def _serve(url: str, home: Path, ready: Connection) -> None:
    async def run() -> None:
        async with open_services(_settings(home), url) as services:
            app = create_app(services)
            held: list[bytes] = []

            @app.get("/memory")
            async def memory(request: Request) -> Response:
                if not held:
                    held.append((home / FILE).read_bytes())
                headers = {"ETag": '"held"', "Cache-Control": "private, no-cache"}
                if request.headers.get("if-none-match") == headers["ETag"]:
                    return Response(status_code=304, headers=headers)
                return Response(held[0], media_type="text/calendar", headers=headers)

            app.mount("/files", StaticFiles(directory=home))
            # As `brightpath web` runs it.
            with closing(bind("127.0.0.1", 0)) as listener:
                config = uvicorn.Config(app, access_log=False, log_config=None, lifespan="off")
                ready.send(listener.getsockname()[1])
                await uvicorn.Server(config).serve(sockets=[listener])

    asyncio.run(run())


@contextmanager
def _radicale(home: Path) -> Iterator[int]:
    """Radicale in a process of its own; its port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port: int = free.getsockname()[1]
    settings = {
        "server-hosts": f"127.0.0.1:{port}",
        "server-max-connections": "0",
        "auth-type": "none",
        "storage-filesystem-folder": str(home / "radicale"),
        "logging-level": "critical",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    server = subprocess.Popen(  # noqa: S603 - our own arguments
        [sys.executable, "-m", "radicale", "--config=", *options], stderr=subprocess.DEVNULL
    )
    try:
        while server.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait()


def _targets(home: Path, port: int, radicale: int, tokens: list[str]) -> list[Target]:
    base = f"http://127.0.0.1:{port}"
    feeds = [f"/feeds/{token}.ics" for token in tokens]
    answers = [httpx.get(base + feed, headers={"accept-encoding": "gzip"}) for feed in feeds]
    zipped = gzip.compress(answers[0].content, mtime=0)
    (home / FILE).write_bytes(zipped)
    file = f"/files/{FILE}"
    file_tag = httpx.get(base + file).headers["etag"]
    collection = "/reader/feed/"
    login = f"Basic {b64encode(b'reader:any').decode()}"
    httpx.put(
        f"http://127.0.0.1:{radicale}{collection}",
        content=answers[0].content,
        headers={"authorization": login, "content-type": "text/calendar"},
        timeout=120,  # it writes and syncs a file for each event
    ).raise_for_status()
    lessons = answers[0].text.count("BEGIN:VEVENT")
    Console(stderr=True).print(
        f"a feed of {lessons} events, {len(answers[0].content):,} bytes, {len(zipped):,} gzipped"
    )
    whole = Target("feed", 200, port, tuple(_asked(feed) for feed in feeds))
    known = tuple(
        _asked(feed, tag=answer.headers["etag"])
        for feed, answer in zip(feeds, answers, strict=True)
    )
    own = _asked(collection, login=login)
    return [
        whole,
        Target("same bytes from memory", 200, port, (_asked("/memory"),)),
        Target("static file", 200, port, (_asked(file),)),
        Target("Radicale", 200, radicale, (own,)),
        replace(whole, status=304, requests=known),
        Target("same bytes from memory", 304, port, (_asked("/memory", tag='"held"'),)),
        Target("static file", 304, port, (_asked(file, tag=file_tag),)),
        Target("Radicale, which sends all", 304, radicale, (own,)),
    ]


def _asked(path: str, *, tag: str | None = None, login: str | None = None) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Accept-Encoding: gzip"]
    lines += [f"If-None-Match: {tag}"] if tag else []
    lines += [f"Authorization: {login}"] if login else []
    return "\r\n".join([*lines, "", ""]).encode()


def _measured(targets: list[Target]) -> list[Rate]:
    """The median of some rounds, in each of which every target has its turn."""
    rounds: list[list[Rate]] = [[] for _ in targets]
    for target in targets:
        asyncio.run(_ask(target, SECONDS / 4))
    for _ in track(range(ROUNDS), "asking", console=Console(stderr=True)):
        for target, rates in zip(targets, rounds, strict=True):
            rates.append(asyncio.run(_ask(target, SECONDS)))
    return [
        Rate(median(r.answers for r in rates), median(r.asking for r in rates)) for rates in rounds
    ]


async def _ask(target: Target, seconds: float) -> Rate:
    began, spent = perf_counter(), process_time()
    counts = await asyncio.gather(
        *(_read(target, number, began + seconds) for number in range(READERS))
    )
    took = perf_counter() - began
    return Rate(sum(counts) / took, (process_time() - spent) / took)


async def _read(target: Target, number: int, until: float) -> int:
    """One reader, who asks again as soon as there is an answer; how many there were."""
    answers = 0
    while perf_counter() < until:
        reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
        kept = True
        while kept and perf_counter() < until:
            writer.write(target.requests[(number + answers) % len(target.requests)])
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            protocol, status = head.split(b" ", 2)[:2]
            if int(status) != target.status and not target.name.startswith("Radicale"):
                raise SystemExit(f"{target.name} answered {status.decode()}")
            _, found, rest = head.partition(b"content-length: ")
            if found:
                await reader.readexactly(int(rest.split(b"\r\n", 1)[0]))
            kept = protocol == b"http/1.1" and b"connection: close" not in head
            answers += 1
        writer.close()
        await writer.wait_closed()
    return answers


def _print(targets: list[Target], rates: list[Rate]) -> None:
    table = Table("answer", "of", "per second", "feed ÷ this", "readers' core")
    feeds = {
        target.status: rate
        for target, rate in zip(targets, rates, strict=True)
        if target.name == "feed"
    }
    for target, rate in zip(targets, rates, strict=True):
        table.add_row(
            str(target.status),
            target.name,
            f"{rate.answers:,.0f}",
            f"{feeds[target.status].answers / rate.answers:.2f}",
            f"{rate.asking:.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
