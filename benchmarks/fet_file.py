"""FET's files: a week that is given as activities for children and adults, and the places found.

In FET's words a child is a students set, and an adult as many rooms as it takes to share out
attention (ten where halves meet fifths): a lesson takes as many rooms as it needs, all of one
adult. Names: a day's is its number, an hour's its first minute, a child's its id; an adult's rooms
begin with theirs; a subject is what has the same starts; an activity's id is its index + 1.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from xml.etree.ElementTree import Element

from core.problem import Interval
from core.week import GRID

LESSON = "lesson"
"""The tag of what counts for a child's hours on end."""

Moment = tuple[int, int]
"""A day and a minute of it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One activity: so many periods of a child or (`child_id` None) of an adult's `attention`.
    The parts of a `session` start together; those alike in `apart` never share a day."""

    starts: tuple[Moment, ...]
    periods: int
    child_id: int | None
    attention: int = 0
    session: int | None = None
    apart: int | None = None


@dataclass(frozen=True, slots=True)
class FetWeek:
    """What FET is asked. `most` holds the periods of lessons that a child (by id) may have on end;
    `away`, by (adult id, day) for every adult, when no attention is to be had."""

    parts: tuple[Part, ...]
    children: tuple[int, ...]
    most: Mapping[int, int]
    away: Mapping[tuple[int, int], Sequence[Interval]]


def fet_document(week: FetWeek) -> Element:
    """The root of FET's input file; there must be a part."""
    opening = min(minute for part in week.parts for _, minute in part.starts)
    closing = max(minute + GRID * part.periods for part in week.parts for _, minute in part.starts)
    hours = range(opening, closing, GRID)
    subjects = {
        starts: number
        for number, starts in enumerate(dict.fromkeys(part.starts for part in week.parts))
    }
    rooms = _Rooms(gcd(100, *(part.attention for part in week.parts)), week)
    root = _node(
        "fet",
        _node("Days_List", *_named("Day", range(7)), Number_of_Days=7),
        _node("Hours_List", *_named("Hour", hours), Number_of_Hours=len(hours)),
        _node("Subjects_List", *_named("Subject", subjects.values())),
        _node("Activity_Tags_List", *_named("Activity_Tag", [LESSON])),
        _node("Students_List", *_named("Year", week.children)),
        _node(
            "Activities_List",
            *(
                _activity(number, part, subjects[part.starts])
                for number, part in enumerate(week.parts, 1)
            ),
        ),
        _node("Rooms_List", *rooms.all()),
        _node(
            "Time_Constraints_List",
            _constraint("BasicCompulsoryTime"),
            *(_may_start(number, starts) for starts, number in subjects.items()),
            *_together_and_apart(week.parts),
            *(
                _constraint(
                    "StudentsSetActivityTagMaxHoursContinuously",
                    Students=child,
                    Activity_Tag=LESSON,
                    Maximum_Hours_Continuously=most,
                )
                for child, most in week.most.items()
            ),
        ),
        _node(
            "Space_Constraints_List",
            _constraint("BasicCompulsorySpace"),
            *rooms.absences(hours),
            *(
                _constraint(
                    "ActivityPreferredRooms",
                    *_counted("Preferred_Room", rooms.for_attention(part.attention)),
                    Activity_Id=number,
                )
                for number, part in enumerate(week.parts, 1)
                if part.attention
            ),
        ),
    )
    root.set("version", "6.8.5")
    return root


def places_in(found: Element) -> list[tuple[int, int, int | None]] | None:
    """For each part the day, minute and adult in a file of activities that FET has written; None
    where one has no place."""
    places = {}
    for activity in found.iter("Activity"):
        day, minute = activity.findtext("Day"), activity.findtext("Hour")
        if not day or not minute:
            return None
        room = activity.findtext("Room")
        adult = int(room.split()[0]) if room else None
        places[int(activity.findtext("Id", ""))] = int(day), int(minute), adult
    return [places[number] for number in sorted(places)]


def _activity(number: int, part: Part, subject: int) -> Element:
    child: dict[str, str | int] = {}
    if part.child_id is not None:
        child["Students"] = part.child_id
        if part.session is not None:
            child["Activity_Tag"] = LESSON
    return _node(
        "Activity",
        Subject=subject,
        **child,
        Duration=part.periods,
        Total_Duration=part.periods,
        Id=number,
        Activity_Group_Id=0,
        Active="true",
    )


def _may_start(subject: int, starts: Sequence[Moment]) -> Element:
    return _constraint(
        "ActivitiesPreferredStartingTimes",
        *(
            _node(
                "Preferred_Starting_Time",
                Preferred_Starting_Day=day,
                Preferred_Starting_Hour=minute,
            )
            for day, minute in starts
        ),
        Subject_Name=subject,
        Number_of_Preferred_Starting_Times=len(starts),
    )


def _together_and_apart(parts: Sequence[Part]) -> Iterator[Element]:
    together: defaultdict[int, list[int]] = defaultdict(list)
    apart: defaultdict[Hashable, list[int]] = defaultdict(list)
    for number, part in enumerate(parts, 1):
        if part.session is not None:
            together[part.session].append(number)
            apart[part.apart, part.child_id].append(number)
    for ids in together.values():
        if len(ids) > 1:
            yield _constraint("ActivitiesSameStartingTime", *_activities(ids))
    for ids in apart.values():
        if len(ids) > 1:
            yield _constraint(
                "MinDaysBetweenActivities",
                *_activities(ids),
                Consecutive_If_Same_Day="false",
                MinDays=1,
            )


@dataclass(frozen=True, slots=True)
class _Rooms:
    """The adults of a week as rooms, each worth `unit` per cent of attention."""

    unit: int
    week: FetWeek

    def own(self, adult: int) -> list[str]:
        return [f"{adult} {number}" for number in range(100 // self.unit)]

    def adults(self) -> Iterable[int]:
        return dict.fromkeys(adult for adult, _ in self.week.away)

    def all(self) -> Iterator[Element]:
        """An adult's own, and for every share of attention a virtual one made of any so many of
        them (FET wants at least two)."""
        shares = sorted({part.attention // self.unit for part in self.week.parts})
        for adult in self.adults():
            own = self.own(adult)
            yield from _named("Room", own)
            for share in shares:
                if share > 1:
                    any_of_them = list(_counted("Real_Room", own))
                    yield _node(
                        "Room",
                        *(_node("Set_of_Real_Rooms", *any_of_them) for _ in range(share)),
                        Name=f"{adult} x{share}",
                        Virtual="true",
                        Number_of_Sets_of_Real_Rooms=share,
                    )

    def for_attention(self, attention: int) -> list[str]:
        """The rooms of which a lesson takes one."""
        share = attention // self.unit
        if share > 1:
            return [f"{adult} x{share}" for adult in self.adults()]
        return [room for adult in self.adults() for room in self.own(adult)]

    def absences(self, hours: range) -> Iterator[Element]:
        for adult in self.adults():
            times = [
                _node("Not_Available_Time", Day=day, Hour=hour)
                for day in range(7)
                for hour in hours
                if any(
                    start < hour + GRID and hour < end for start, end in self.week.away[adult, day]
                )
            ]
            for room in self.own(adult) if times else ():
                yield _constraint(
                    "RoomNotAvailableTimes",
                    *times,
                    Room=room,
                    Number_of_Not_Available_Times=len(times),
                )


def _constraint(kind: str, *content: Element, **fields: str | int) -> Element:
    """One that must hold."""
    return _node(f"Constraint{kind}", *content, Weight_Percentage=100, Active="true", **fields)


def _activities(ids: Sequence[int]) -> Iterator[Element]:
    yield _text("Number_of_Activities", len(ids))
    yield from (_text("Activity_Id", each) for each in ids)


def _counted(kind: str, names: Sequence[str]) -> Iterator[Element]:
    yield _text(f"Number_of_{kind}s", len(names))
    yield from (_text(kind, name) for name in names)


def _named(kind: str, names: Iterable[str | int]) -> Iterator[Element]:
    return (_node(kind, Name=name) for name in names)


def _node(name: str, *content: Element, **fields: str | int) -> Element:
    node = Element(name)
    node.extend(_text(field, value) for field, value in fields.items())
    node.extend(content)
    return node


def _text(name: str, value: str | int) -> Element:
    node = Element(name)
    node.text = str(value)
    return node
