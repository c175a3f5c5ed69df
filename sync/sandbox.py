"""Reads a calendar file in a process of its own, so that a hostile one costs one look and nothing
else: `python -m sync.sandbox ZONE DATE` takes the file on its standard input and prints JSON."""

import asyncio
import json
import resource
import sys
from contextlib import suppress
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from core.changes import OutsideTime
from core.outside import Problem
from sync.busy import busy_times

CPU_SECONDS = 2
MOST_MEMORY = 256 * 1024 * 1024
"""Bytes of address space, the interpreter's own included."""

SECONDS = 15.0
"""By the clock on the wall: a busy machine may take longer than the work does."""

log = structlog.get_logger()

ROOT = Path(__file__).resolve().parents[1]


def command(zone: ZoneInfo, first: date) -> tuple[str, ...]:
    """What is run in `ROOT`."""
    return sys.executable, "-X", "utf8", "-m", "sync.sandbox", zone.key, first.isoformat()


async def read_calendar(
    data: bytes, zone: ZoneInfo, first: date
) -> tuple[OutsideTime, ...] | Problem:
    """As `busy_times`, within bounds of time and memory."""
    process = await asyncio.create_subprocess_exec(
        *command(zone, first),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # A parser's last words may quote the file.
        stderr=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
        # Nothing of ours is in there: neither keys nor the database's address.
        env={},
    )
    try:
        async with asyncio.timeout(SECONDS):
            answer, _ = await process.communicate(data)
    except TimeoutError:
        return Problem.TOO_MUCH
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if process.returncode:
        # Ended by a signal, it has gone beyond its bounds; anything else is a bug of ours.
        if process.returncode > 0:
            log.error("calendar reader failed", status=process.returncode)
        return Problem.TOO_MUCH
    return _understood(json.loads(answer))


def _understood(answer: object) -> tuple[OutsideTime, ...] | Problem:
    if isinstance(answer, str):
        return Problem(answer)
    if not isinstance(answer, list):
        raise TypeError
    return tuple(OutsideTime(date.fromisoformat(on), start, end) for on, start, end in answer)


def _told(found: tuple[OutsideTime, ...] | Problem) -> object:
    if isinstance(found, Problem):
        return found.value
    return [(each.on.isoformat(), each.start, each.end) for each in found]


def main(zone: str, first: str) -> None:
    """What the process does. What goes beyond its bounds ends it."""
    for kind, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MOST_MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        # macOS does not let a process bound its address space; the other bounds hold there too.
        with suppress(ValueError):
            resource.setrlimit(kind, (most, most))
    try:
        found = busy_times(sys.stdin.buffer.read(), ZoneInfo(zone), date.fromisoformat(first))
    except MemoryError:
        found = Problem.TOO_MUCH
    json.dump(_told(found), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
