"""Hostile calendar files: each costs one look, and nothing else."""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from calendar_files import GOOGLE, as_bytes, calendar
from hostile_files import HONEST, HOSTILE

from core.outside import Problem
from sync import sandbox
from sync.busy import busy_times
from sync.sandbox import read_calendar

NEW_YORK = ZoneInfo("America/New_York")
FIRST = date(2026, 11, 30)

MOST_CPU = 2.1
"""Seconds: the two that are allowed, and what the system needs to notice."""

MOST_MEMORY = 256 * 1024
"""In kilobytes, as the system counts."""


def hm(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


# A process of its own starts the reader: the system counts a child's memory from before it became
# another program, when it was as large as its parent.
WATCH = """
import json, os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stderr=subprocess.DEVNULL, env={})
_, status, used = os.wait4(process.pid, 0)
told = used.ru_utime + used.ru_stime, used.ru_maxrss, os.waitstatus_to_exitcode(status)
json.dump(told, sys.stderr)
"""


@dataclass(frozen=True)
class Used:
    """Seconds, kilobytes, and how it ended."""

    cpu: float
    memory: int
    status: int


def watched(data: bytes) -> tuple[bytes, Used]:
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *sandbox.command(NEW_YORK, FIRST)],
        cwd=sandbox.ROOT,
        input=data,
        capture_output=True,
        check=True,
    )
    return done.stdout, Used(*json.loads(done.stderr))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_one_look(name: str) -> None:
    data, expected = HOSTILE[name]
    assert len(data) <= 5_000_000, "what is larger is not even fetched"
    answer, used = watched(data)
    print(f"{name}: {used.cpu:.2f} s, {used.memory // 1024} MB, {used.status}")
    assert used.cpu <= MOST_CPU
    assert used.memory <= MOST_MEMORY
    assert used.status in (0, -signal.SIGKILL, -signal.SIGXCPU), "nothing goes wrong unforeseen"
    if used.status:
        found: object = Problem.TOO_MUCH
    else:
        told = json.loads(answer)
        found = (
            Problem(told)
            if isinstance(told, str)
            else tuple(f"{on[5:]} {hm(start)}-{hm(end)}" for on, start, end in told)
        )
    if expected is not None:
        assert found == expected


async def test_an_honest_file_is_read_as_without_the_sandbox() -> None:
    data = as_bytes(GOOGLE)
    assert await read_calendar(data, NEW_YORK, FIRST) == busy_times(data, NEW_YORK, FIRST)


@pytest.mark.parametrize("name", ["each second for ever", "empty", "cut off"])
async def test_what_cannot_be_read_is_a_value(name: str) -> None:
    data, expected = HOSTILE[name]
    assert await read_calendar(data, NEW_YORK, FIRST) is expected
    # And the next one is read as ever.
    assert await read_calendar(calendar(HONEST), NEW_YORK, FIRST) != ()
