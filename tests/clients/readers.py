"""Real calendar programs, each of which says what it finds in our feeds."""

import json
import os
import shutil
import subprocess
import sys
import zoneinfo
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import recurring_ical_events
import tzdata
from icalendar import Calendar
from truth import SINCE, UNTIL, Occurrence

BIN = Path(sys.executable).parent
NODE_MODULES = Path(sys.prefix) / "node" / "node_modules"
EXPAND = Path(__file__).with_name("ical_js.cjs")

FIELDS = ("calendar", "title", "start-long-full", "end-long-full")

Window = tuple[date, date]
"""The first date and the one after the last, in UTC."""

ByUid = Mapping[str, Counter[Occurrence]]
"""How often a program shows each occurrence of each UID."""


@cache
def by_icalendar(raw: bytes) -> ByUid:
    """icalendar, expanded by recurring-ical-events."""
    found: dict[str, Counter[Occurrence]] = defaultdict(Counter)
    for event in recurring_ical_events.of(Calendar.from_ical(raw)).between(SINCE, UNTIL):
        start, end = event.start.astimezone(UTC), event.end.astimezone(UTC)
        if start >= SINCE:
            found[str(event["UID"])][Occurrence(start, end, str(event["SUMMARY"]))] += 1
    return found


def why_not_ical_js() -> str | None:
    """Why ical.js cannot be asked here; None if it can."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not (NODE_MODULES / "ical.js").is_dir():
        return "ical.js is not installed (npm was missing when the tests were set up)"
    return None


def by_ical_js(files: Sequence[Path]) -> list[ByUid]:
    """ical.js, the calendar code of Thunderbird."""
    bounds = [str(int(moment.timestamp())) for moment in (SINCE, UNTIL)]
    answer = subprocess.run(
        ["node", EXPAND, *bounds, *files],
        env={"PATH": os.environ["PATH"], "NODE_PATH": str(NODE_MODULES)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    calendars = []
    for entries in json.loads(answer.stdout):
        found: dict[str, Counter[Occurrence]] = defaultdict(Counter)
        for uid, start, end, title in entries:
            times = (datetime.fromtimestamp(seconds, UTC) for seconds in (start, end))
            found[uid][Occurrence(*times, title)] += 1
        calendars.append(found)
    return calendars


def within(occurrences: Counter[Occurrence], window: Window) -> Counter[Occurrence]:
    """Those that start within the window."""
    first, end = window
    return Counter({each: n for each, n in occurrences.items() if first <= each.start.date() < end})


class Subscriber:
    """Somebody who subscribes with vdirsyncer and looks at the calendars with khal."""

    def __init__(self, home: Path, feeds: Mapping[str, str]) -> None:
        self._home = home
        self._feeds = feeds
        for name in feeds:
            (home / "calendars" / name).mkdir(parents=True)
        (home / "vdirsyncer.conf").write_text(
            "\n".join([f'[general]\nstatus_path = "{home}/status/"', *map(self._pair, feeds)])
        )
        (home / "khal.conf").write_text(
            f"[calendars]\n[[all]]\npath = {home}/calendars/*\ntype = discover\n"
            f"[sqlite]\npath = {home}/khal.db\n"
            "[locale]\nlocal_timezone = UTC\ndefault_timezone = UTC\n"
            "timeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
            "datetimeformat = %Y-%m-%dT%H:%M\nlongdatetimeformat = %Y-%m-%dT%H:%M\n"
        )
        self._run("vdirsyncer", "--config", "vdirsyncer.conf", "discover")

    def _pair(self, name: str) -> str:
        return (
            f'[pair {name}]\na = "{name}_feed"\nb = "{name}_files"\ncollections = null\n'
            f'[storage {name}_feed]\ntype = "http"\nurl = "{self._feeds[name]}"\n'
            f'[storage {name}_files]\ntype = "filesystem"\nfileext = ".ics"\n'
            f'path = "{self._home}/calendars/{name}"\n'
        )

    def sync(self) -> None:
        """Fetches every calendar, as a program does from time to time."""
        self._run("vdirsyncer", "--config", "vdirsyncer.conf", "sync")

    def files(self) -> dict[str, int]:
        """How many events it has, by calendar."""
        folders = (self._home / "calendars").iterdir()
        return {folder.name: len(list(folder.glob("*.ics"))) for folder in folders}

    def look(self, wanted: Mapping[str, Sequence[Window]]) -> dict[str, Counter[Occurrence]]:
        """How often khal shows each occurrence that starts within the calendar's windows."""
        sharing = defaultdict(list)
        for name, windows in wanted.items():
            for window in windows:
                sharing[window].append(name)
        found: dict[str, Counter[Occurrence]] = {name: Counter() for name in wanted}
        for window, names in sharing.items():
            listed = self._run(
                *("khal", "--config", "khal.conf", "list"),
                *(part for name in names for part in ("--include-calendar", name)),
                *(part for field in FIELDS for part in ("--json", field)),
                *map(date.isoformat, window),
            )
            shown: dict[str, Counter[Occurrence]] = defaultdict(Counter)
            for line in listed.splitlines():
                # A line is a day, and what lasts past midnight stands in the lines of both.
                for name, day in _by_calendar(json.loads(line)).items():
                    shown[name] |= day
            for name, occurrences in shown.items():
                found[name] += within(occurrences, window)
        return found

    def _run(self, program: str, *arguments: str) -> str:
        answer = subprocess.run(
            [BIN / program, *arguments],
            cwd=self._home,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self._home),
                "LANG": "C.UTF-8",
                # pytz, which khal uses, brings rules of its own, which may be older or younger.
                "PYTZ_TZDATADIR": str(zone_files()),
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout


def _by_calendar(entries: Sequence[Mapping[str, str]]) -> dict[str, Counter[Occurrence]]:
    found: dict[str, Counter[Occurrence]] = defaultdict(Counter)
    for entry in entries:
        start, end = (
            datetime.fromisoformat(entry[field]).replace(tzinfo=UTC)
            for field in ("start-long-full", "end-long-full")
        )
        found[entry["calendar"]][Occurrence(start, end, entry["title"])] += 1
    return found


def zone_files() -> Path:
    """The folder of the IANA database that `zoneinfo` reads."""
    for folder in map(Path, zoneinfo.TZPATH):
        if (folder / "Europe" / "Berlin").is_file():
            return folder
    return Path(tzdata.__file__).parent / "zoneinfo"
