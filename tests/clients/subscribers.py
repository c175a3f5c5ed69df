"""Families over the world whose weeks hold what calendars find hard, and what becomes of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from app.services import Services
from bot.welcome import welcome_family
from core.changes import CancelOccurrence, FactChange, MoveOccurrence
from core.family import Child, Commitment, Family, Subject
from core.plan import Item, ItemType, Plan, Scores, Status, WeekRequest
from core.week import week_start
from db.calendars import feed_tokens
from db.completion import CompletedItem, complete_item
from db.document import parse_document
from db.facts import write_fact
from db.families import load_family
from db.revision import bump_revision
from db.schedules import load_week, store_plan

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)

ZONES = (
    "America/New_York",
    "America/St_Johns",
    "Africa/Casablanca",
    "Europe/Berlin",
    "Europe/Dublin",
    "Asia/Kathmandu",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
)

GEOGRAPHY = "Geografía e historia de la península ibérica 🗺️, en voz alta; los viernes, 音楽"


@dataclass(frozen=True)
class Reader:
    """Whose calendar it is: the family's, or that of one of its children or adults."""

    token: str
    child_id: int | None = None
    adult_id: int | None = None

    @property
    def path(self) -> str:
        return f"/feeds/{self.token}.ics"


@dataclass(frozen=True)
class Household:
    """A family, the Mondays of its planned weeks, and its calendars by a name for tests."""

    id: int
    zone: ZoneInfo
    mondays: tuple[date, ...]
    readers: dict[str, Reader]


def clock_changes(zone: ZoneInfo) -> list[date]:
    """The dates of the next twelve months on which the family's clock changes."""
    hours = [NOW + timedelta(hours=hour) for hour in range(365 * 24)]
    return [
        after.astimezone(zone).date()
        for before, after in pairwise(hours)
        if before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset()
    ]


def _mondays(zone: ZoneInfo) -> tuple[date, ...]:
    """The weeks in which the clock changes; where it changes less than twice, others in place."""
    found = [*clock_changes(zone), date(2026, 10, 25), date(2027, 3, 28)]
    return tuple(week_start(day) for day in found[:2])


def _subject(name: str, minutes: int, involvement: str = "independent") -> dict[str, object]:
    return {
        "name": name,
        "isCoreSubject": False,
        "sessionDuration": minutes,
        "frequency": "daily",
        "parentInvolvement": involvement,
        "fixedTimeRequired": False,
        "interestLevel": 3,
    }


def _commitment(name: str, frequency: str, hours: str, **further: object) -> dict[str, object]:
    start, end = hours.split("-")
    return {"name": name, "frequency": frequency, "startTime": start, "endTime": end, **further}


def _document(zone: ZoneInfo) -> dict[str, object]:
    science = {**_subject("Science; or “why, Mum?”", 30, "full_involvement"), "teachTogether": True}
    return {
        "timezone": zone.key,
        "adults": [{"name": "Sarah"}, {"name": "Bo-Åke"}],
        "parent": {"name": "Sarah"},
        "commitments": [
            _commitment("Evening walk 🌙", "daily", "18:30-19:00", scope="family"),
            _commitment("Feeding the lambs", "daily", "02:30-02:45", scope="family"),
            _commitment(
                "First train",
                "weekly",
                "01:15-01:50",
                scope="parent",
                adult="Sarah",
                daysOfWeek=["Saturday", "Sunday"],
            ),
            _commitment(
                "Night shift",
                "weekly",
                "22:00-06:00",
                scope="parent",
                adult="Bo-Åke",
                daysOfWeek=["Wednesday", "Saturday"],
            ),
            _commitment(
                "Co-op: maths, art; and “more” " + "🎨" * 20,
                "weekly",
                "13:00-15:00",
                scope="family",
                daysOfWeek=["Tuesday", "Thursday"],
            ),
            *(
                _commitment(
                    f"Club of the {day}th", "monthly", "10:00-11:30", scope="family", date=on
                )
                for day, on in ((29, "2026-08-29"), (30, "2026-08-30"), (31, "2026-08-31"))
            ),
            _commitment(
                "Tía Begoña’s birthday",
                "one-time",
                "16:00-20:00",
                scope="family",
                date="2026-12-12",
            ),
        ],
        "children": [
            {
                "name": "Noah",
                "age": 9,
                "subjects": [
                    _subject("Mathematics 🧮", 45, "full_involvement"),
                    science,
                    _subject("Stars", 60),
                ],
                "commitments": [
                    _commitment(
                        "Fútbol ⚽",
                        "weekly",
                        "16:00-17:00",
                        daysOfWeek=["Monday", "Wednesday"],
                        needsAdult=True,
                        adult="Sarah",
                    )
                ],
            },
            {
                "name": "Zoë 王芳",
                "age": 7,
                "subjects": [science, _subject(GEOGRAPHY, 20), _subject("Owls", 30)],
            },
        ],
    }


async def settle_in(services: Services, key: str) -> Household:
    """A new family in this zone, with its weeks planned by hand and some exceptions."""
    zone = ZoneInfo(key)
    document = parse_document(_document(zone))
    async with services.database.transaction() as session:
        family_id = await welcome_family(session, services.box, document, source="import", now=NOW)
        family = await load_family(session, family_id)
        mondays = _mondays(zone)
        for monday in mondays:
            await store_plan(
                session, family_id, _plan(family, monday, _items(family, monday)), now=NOW
            )
        walk = _named(family, "Evening walk")
        fifth, sixth = date(2026, 9, 5), date(2026, 9, 6)
        for change in (
            CancelOccurrence(walk.id, False, fifth),
            MoveOccurrence(walk.id, False, sixth, sixth, 20 * 60, 20 * 60 + 45),
        ):
            await write_fact(session, family_id, family, change, now=NOW)
        await bump_revision(session, family_id)
        tokens = await feed_tokens(session, family_id, services.box)
    readers = {"family": Reader(tokens.family)}
    for number, (child_id, token) in enumerate(tokens.children.items()):
        readers[f"child{number}"] = Reader(token, child_id=child_id)
    for number, (adult_id, token) in enumerate(tokens.adults.items()):
        readers[f"adult{number}"] = Reader(token, adult_id=adult_id)
    return Household(family_id, zone, mondays, readers)


async def live_on(services: Services, home: Household) -> None:
    """Weeks are planned anew, lessons held, occurrences cancelled and moved, a week is added."""
    async with services.database.transaction(family_id=home.id) as session:
        for monday in home.mondays:
            family = await load_family(session, home.id)
            week = await load_week(session, home.id, monday)
            items = _rearranged(family, monday, week.items)
            await store_plan(session, home.id, _plan(family, monday, items), now=LATER)
            thursday = monday + timedelta(days=3)
            held = next(i for i in items if i.date == thursday and i.name.startswith("Math"))
            done = await complete_item(session, home.id, held.uid or "", LATER, by="parent")
            assert isinstance(done, CompletedItem)
            for change in _fact_changes(family, monday):
                family = await load_family(session, home.id)
                await write_fact(session, home.id, family, change, now=LATER)
        added = home.mondays[-1] + timedelta(days=7)
        await store_plan(session, home.id, _plan(family, added, _items(family, added)), now=LATER)
        await bump_revision(session, home.id)


def _items(family: Family, monday: date) -> list[Item]:
    """A week by hand: also at night, also on its Sunday, on which most clocks change."""
    noah, zoe = family.children
    sarah = family.adults[0].id
    maths, science, stars = noah.subjects
    same, geography, owls = zoe.subjects
    items = []
    for day in (monday + timedelta(days=offset) for offset in range(7)):
        items += [
            _lesson(noah, maths, day, 9 * 60, 45, sarah),
            _lesson(noah, science, day, 10 * 60, 30, sarah),
            _lesson(zoe, same, day, 10 * 60, 30, sarah),
            Item(zoe.id, day, ItemType.BREAK, "Break", 630, 640),
            _lesson(zoe, geography, day, 11 * 60, 20),
            Item(noah.id, day, ItemType.LUNCH, "Lunch", 12 * 60, 12 * 60 + 30),
        ]
    for day in (monday + timedelta(days=5), monday + timedelta(days=6)):
        items += [
            _lesson(noah, stars, day, 80, 60),
            _lesson(zoe, owls, day, 2 * 60 + 10, 30),
            _lesson(zoe, owls, day, 23 * 60 + 30, 30),
        ]
    return items


def _lesson(
    child: Child, subject: Subject, day: date, start: int, minutes: int, adult: int | None = None
) -> Item:
    return Item(
        child.id,
        day,
        ItemType.SUBJECT,
        subject.name,
        start,
        start + minutes,
        subject_id=subject.id,
        adult_id=adult,
    )


def _rearranged(family: Family, monday: date, items: Iterable[Item]) -> list[Item]:
    """The week as it is planned anew: lessons moved, dropped, handed over, no longer shared."""
    noah, zoe = (child.id for child in family.children)
    kept = []
    for item in items:
        match (item.date - monday).days, item.child_id, item.name[:4]:
            case 0, _, "Math":
                moved = item.date + timedelta(days=1)
                kept.append(replace(item, date=moved, start=14 * 60, end=14 * 60 + 45))
            case 1, _, "Geog":
                pass
            case 2, _, "Math":
                kept.append(replace(item, adult_id=family.adults[1].id))
            case 2, _, "Scie":
                kept.append(replace(item, start=15 * 60, end=15 * 60 + 30))
            case (4, child, "Scie") if child == zoe:
                kept.append(replace(item, start=17 * 60, end=17 * 60 + 30))
            case (6, child, "Scie") if child == zoe:
                pass
            case (6, child, "Star") if child == noah:
                kept.append(replace(item, start=150, end=210))
            case _:
                kept.append(item)
    return kept


def _fact_changes(family: Family, monday: date) -> list[FactChange]:
    """Occurrences cancelled and moved, on days around the change of the clock above all."""
    saturday, sunday = monday + timedelta(days=5), monday + timedelta(days=6)
    tuesday, thursday = monday + timedelta(days=1), monday + timedelta(days=3)
    changes: list[FactChange] = [
        CancelOccurrence(_named(family, "Evening walk").id, False, sunday),
        MoveOccurrence(_named(family, "Night").id, False, saturday, saturday, 1200, 1380),
        MoveOccurrence(_named(family, "Co-op").id, False, tuesday, tuesday, 480, 540),
        MoveOccurrence(_named(family, "Co-op").id, False, thursday, saturday, 840, 900),
        MoveOccurrence(family.children[0].commitments[0].id, True, monday, monday, 1020, 1065),
    ]
    if monday.month < 6:
        february = date(monday.year, 2, 28)
        changes += [
            CancelOccurrence(_named(family, "Club of the 30th").id, False, february),
            CancelOccurrence(_named(family, "Feeding").id, False, sunday),
            CancelOccurrence(_named(family, "First").id, False, sunday),
        ]
    return changes


def _named(family: Family, start: str) -> Commitment:
    return next(each for each in family.commitments if each.name.startswith(start))


def _plan(family: Family, monday: date, items: Iterable[Item]) -> Plan:
    return Plan(
        WeekRequest(family, monday),
        Status.OPTIMAL,
        tuple(items),
        omission_weight=0,
        omission_bound=0,
        objective=1.0,
        bound=1.0,
        solve_seconds=0.0,
        scores=Scores(0.5, 0.5, 0.5, 0.5),
    )
