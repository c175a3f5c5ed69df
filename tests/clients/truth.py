"""What a family's calendars have to show, counted from its rows and the IANA database alone."""

import json
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row
from subscribers import Household, Reader

SINCE = datetime(2026, 8, 30, tzinfo=UTC)
UNTIL = datetime(2027, 5, 2, tzinfo=UTC)
"""What is compared: occurrences that start from SINCE up to and without UNTIL."""

LESSONS = """
    SELECT i.uid, i.day_date, i.start_time, i.end_time, i.name, i.completed,
           c.id AS child_id, c.name AS child, i.adult_id
    FROM schedule_items i
    JOIN schedules s ON s.id = i.schedule_id
    JOIN children c ON c.id = s.child_id
    WHERE s.family_id = %s AND s.is_active AND i.item_type = 'subject'
    ORDER BY c.id
"""

COMMITMENTS = """
    SELECT 'family' AS kind, f.id, f.name, f.frequency, f.days_of_week, f.date, f.start_time,
           f.end_time, f.created_at, f.scope, f.adult_id, NULL AS child_id
    FROM family_commitments f WHERE f.family_id = %(family)s
    UNION ALL
    SELECT 'child', c.id, c.name, c.frequency, c.days_of_week, c.date, c.start_time,
           c.end_time, c.created_at, 'child', c.adult_id, c.child_id
    FROM child_commitments c WHERE c.family_id = %(family)s
"""

EXCEPTIONS = """
    SELECT family_commitment_id, child_commitment_id, date, start_time, end_time
    FROM commitment_exceptions WHERE family_id = %s
"""


class Occurrence(NamedTuple):
    """One entry of a calendar, its times in UTC."""

    start: datetime
    end: datetime
    title: str


Truth = Mapping[object, frozenset[Occurrence]]
"""The occurrences of each thing that is one event for life."""


class Rows(NamedTuple):
    """All that a family's calendars follow from."""

    home: Household
    lessons: list[dict[str, Any]]
    commitments: list[dict[str, Any]]
    exceptions: dict[tuple[str, int, date], tuple[time, time] | None]
    names: dict[tuple[str, int], str]


def rows_of(conninfo: str, home: Household) -> Rows:
    """The family's rows as they are now."""
    with psycopg.connect(conninfo, row_factory=dict_row) as connection:

        def fetched(query: str, given: object = (home.id,)) -> list[dict[str, Any]]:
            return connection.execute(query.encode(), given).fetchall()  # type: ignore[arg-type]

        exceptions = {}
        for row in fetched(EXCEPTIONS):
            owner = ("family", row["family_commitment_id"])
            if row["child_commitment_id"] is not None:
                owner = ("child", row["child_commitment_id"])
            times = None if row["start_time"] is None else (row["start_time"], row["end_time"])
            exceptions[(*owner, row["date"])] = times
        names = {
            (kind, row["id"]): row["name"]
            for kind, table in (("child", "children"), ("adult", "adults"))
            for row in fetched(f"SELECT id, name FROM {table} WHERE family_id = %s ORDER BY id")  # noqa: S608
        }
        return Rows(
            home,
            fetched(LESSONS),
            fetched(COMMITMENTS, {"family": home.id}),
            exceptions,
            names,
        )


def truth(rows: Rows, reader: Reader) -> Truth:
    """What this reader's calendar has to show."""
    found: dict[object, set[Occurrence]] = defaultdict(set)
    for thing, occurrence in (*_lessons(rows, reader), *_commitments(rows, reader)):
        if SINCE <= occurrence.start < UNTIL:
            found[thing].add(occurrence)
    return {thing: frozenset(occurrences) for thing, occurrences in found.items()}


def _lessons(rows: Rows, reader: Reader) -> Iterator[tuple[object, Occurrence]]:
    tables = defaultdict(list)
    for row in rows.lessons:
        if reader.child_id in (None, row["child_id"]) and reader.adult_id in (
            None,
            row["adult_id"],
        ):
            place = row["day_date"], row["start_time"], row["end_time"], row["adult_id"]
            tables[*place, row["name"].lower()].append(row)
    for seated in tables.values():
        first = seated[0]
        names = [row["child"] for row in seated if reader.child_id is None]
        title = _title(names, first["name"])
        if all(row["completed"] for row in seated):
            title = f"✓ {title}"
        day, starts, ends = first["day_date"], first["start_time"], first["end_time"]
        # The last minute of a day stands for its end.
        until = time() if ends == time(23, 59) else ends
        times = _instants(rows.home.zone, day, starts, until)
        yield tuple(row["uid"] for row in seated), Occurrence(*times, title)


def _commitments(rows: Rows, reader: Reader) -> Iterator[tuple[object, Occurrence]]:
    zone = rows.home.zone
    first_adult = min(number for kind, number in rows.names if kind == "adult")
    for row in rows.commitments:
        adult = row["adult_id"] or (first_adult if row["scope"] == "parent" else None)
        people = [("child", row["child_id"])] if row["child_id"] else []
        people += [("adult", adult)] if adult else []
        own = ("child", reader.child_id) if reader.child_id else ("adult", reader.adult_id)
        if own != ("adult", None) and people and own not in people:
            continue
        title = _title([rows.names[who] for who in people if who != own], row["name"])
        since = row["created_at"].replace(tzinfo=UTC).astimezone(zone).date()
        for day in _days(row, since):
            times = rows.exceptions.get(
                (row["kind"], row["id"], day), (row["start_time"], row["end_time"])
            )
            if times is not None:
                yield (row["kind"], row["id"]), Occurrence(*_instants(zone, day, *times), title)


def _days(row: Mapping[str, Any], since: date) -> Iterator[date]:
    if row["frequency"] == "one-time":
        yield row["date"]
        return
    for offset in range((UNTIL.date() - since).days + 2):
        day = since + timedelta(days=offset)
        match row["frequency"]:
            case "daily":
                falls = True
            case "weekly":
                falls = f"{day:%A}" in json.loads(row["days_of_week"])
            case "monthly":
                falls = day.day == min(row["date"].day, monthrange(day.year, day.month)[1])
            case other:
                raise ValueError(other)
        if falls:
            yield day


def _title(people: list[str], name: str) -> str:
    return f"{' and '.join(people)}: {name}" if people else name


def _instants(zone: ZoneInfo, day: date, starts: time, ends: time) -> tuple[datetime, datetime]:
    """Start and end; an end that is not after the start is on the next day."""
    first = datetime.combine(day, starts)
    last = datetime.combine(day + timedelta(days=ends <= starts), ends)
    start, end = _instant(zone, first), _instant(zone, last)
    # What lies wholly within the hour that the clock skips keeps its length.
    return start, end if end > start else start + (last - first)


def _instant(zone: ZoneInfo, wall: datetime) -> datetime:
    """The first UTC minute at which the clock shows this time, or one after it if it skips it."""
    while True:
        for fold in (0, 1):
            moment = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            if moment.astimezone(zone).replace(tzinfo=None) == wall:
                return moment
        wall += timedelta(minutes=1)
