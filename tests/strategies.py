"""Random families, from an ordinary week to an absurd one, for property tests.

`documents` gives family documents as JSON values, `families` and `requests` the same as the
engine takes them. Sizes are modest, so that a week can be planned in a moment.
"""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from core.family import Family
from core.plan import WeekRequest
from core.week import Weekday
from db.document import parse_document, to_family, to_request

DAYS = [day.label for day in Weekday]
MONDAYS = [date(2026, 11, 30), date(2026, 12, 28), date(2027, 2, 22), date(2027, 3, 8)]
ADULTS = ["Sarah", "Daniel", "Nana"]
CHILDREN = [("Noah", 6), ("Emma", 9), ("Ben", 13), ("Zoë", 3)]
SUBJECTS = ["Mathematics", "Reading", "Science", "Art", "Music", "Latin"]
FREQUENCIES = ["daily", "2-3_times_per_week", "once_a_week", "occasionally"]
INVOLVEMENTS = ["full_involvement", "some_assistance", "minimal_supervision", "independent"]

clocks = st.integers(0, 24 * 12 - 1).map(lambda slot: f"{slot // 12:02}:{slot % 12 * 5:02}")
odd_clocks = st.integers(0, 1439).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
day_lists = st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True)
hours = st.one_of(
    st.sampled_from([("09:00", "14:00"), ("08:30", "15:00"), ("11:30", "13:30")]),
    st.sampled_from([("12:00", "12:20"), ("00:00", "23:55"), ("09:07", "13:31")]),
    st.tuples(clocks, clocks).filter(lambda pair: pair[0] < pair[1]),
).map(lambda pair: {"startTime": pair[0], "endTime": pair[1]})


@st.composite
def commitments(draw: st.DrawFn, monday: date, extra: dict[str, Any]) -> dict[str, Any]:
    """A commitment of any recurrence, which may last past midnight or the whole day."""
    frequency = draw(st.sampled_from(["weekly", "weekly", "daily", "monthly", "one-time"]))
    start, end = draw(
        st.one_of(
            st.tuples(odd_clocks, odd_clocks),
            st.sampled_from([("10:00", "11:30"), ("13:00", "15:00"), ("11:00", "14:00")]),
            st.sampled_from([("00:00", "00:00"), ("22:00", "09:30")]),
        )
    )
    commitment = {"name": draw(st.sampled_from(["Soccer", "Co-op", "Dentist", "Work"]))}
    commitment |= {"frequency": frequency, "startTime": start, "endTime": end} | extra
    if frequency == "weekly":
        commitment["daysOfWeek"] = draw(day_lists)
    if frequency in ("monthly", "one-time"):
        commitment["date"] = str(monday + timedelta(days=draw(st.integers(-1, 7))))
    return commitment


@st.composite
def subjects(draw: st.DrawFn, name: str, *, together: bool = False) -> dict[str, Any]:
    """A subject that is easy, hard or impossible to place."""
    subject: dict[str, Any] = {
        "name": name,
        "isCoreSubject": draw(st.booleans()),
        "sessionDuration": draw(st.sampled_from([5, 15, 20, 30, 30, 45, 60, 90, 240])),
        "frequency": draw(st.sampled_from(FREQUENCIES)),
        "parentInvolvement": draw(st.sampled_from(INVOLVEMENTS)),
        "fixedTimeRequired": draw(st.integers(0, 3)) == 0,
        "interestLevel": draw(st.integers(1, 5)),
    }
    if together:
        subject["teachTogether"] = True
    if subject["fixedTimeRequired"]:
        subject["preferredTime"] = draw(st.one_of(st.sampled_from(["09:00", "11:00"]), clocks))
    metadata: dict[str, Any] = {}
    if draw(st.integers(0, 4)) == 0:
        metadata["days"] = draw(day_lists)
    if draw(st.integers(0, 4)) == 0:
        metadata["sessionsPerWeek"] = draw(st.integers(0, 6))
    return subject | ({"metadata": metadata} if metadata else {})


@st.composite
def children(
    draw: st.DrawFn, name: str, age: int, monday: date, shared: list[dict[str, Any]]
) -> dict[str, Any]:
    """A child who takes part in some of the `shared` subjects."""
    taught = [
        subject | {"interestLevel": draw(st.integers(1, 5))}
        for subject in shared
        if draw(st.booleans())
    ]
    others = draw(st.lists(st.sampled_from(SUBJECTS), max_size=4, unique=True))
    taught += [draw(subjects(other)) for other in others]
    learning: dict[str, Any] = {"homeschoolingHours": draw(hours)}
    if draw(st.integers(0, 3)) == 0:
        breaks = {"frequency": draw(st.sampled_from(["every_30_minutes", "hourly"]))}
        breaks["duration"] = draw(st.sampled_from(["5_minutes", "15_minutes", "45_minutes"]))
        learning["derivedInsights"] = {"recommendedBreaks": breaks}
    child: dict[str, Any] = {"name": name, "age": age, "learningPreferences": learning}
    needs = st.sampled_from([{}, {}, {"needsAdult": True}])
    child["commitments"] = [
        draw(commitments(monday, draw(needs))) for _ in range(draw(st.integers(0, 2)))
    ]
    if draw(st.integers(0, 3)) == 0:
        child["schoolDays"] = draw(st.lists(st.sampled_from(DAYS), max_size=7, unique=True))
    return child | {"subjects": taught}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A valid family document with a week to plan."""
    monday = draw(st.sampled_from(MONDAYS))
    adults = ADULTS[: draw(st.integers(1, 3))]
    shared = [draw(subjects(name, together=True)) for name in ("Nature", "History")]
    document: dict[str, Any] = {
        "weekStartDate": str(monday),
        "timezone": draw(st.sampled_from(["America/New_York", "Asia/Kathmandu", "UTC"])),
        "adults": draw(st.sampled_from([len(adults), [{"name": name} for name in adults]])),
        "commitments": [
            draw(commitments(monday, {"scope": draw(st.sampled_from(["family", "parent"]))}))
            for _ in range(draw(st.integers(0, 2)))
        ],
        "children": [
            draw(children(name, age, monday, shared))
            for name, age in CHILDREN[: draw(st.integers(0, 3))]
        ],
    }
    names = [child["name"] for child in document["children"]]
    if names and draw(st.booleans()):
        off = str(monday + timedelta(days=draw(st.integers(0, 6))))
        document["daysOff"] = [{"date": off}, {"date": off, "child": draw(st.sampled_from(names))}]
    for child in document["children"]:
        if child["subjects"] and draw(st.integers(0, 4)) == 0:
            owed = {"child": child["name"], "subject": child["subjects"][0]["name"]}
            earlier = str(monday - timedelta(days=3))
            document.setdefault("carried", []).append(owed | {"date": earlier})
            document.setdefault("loop", {})[child["name"]] = child["subjects"][-1]["name"]
    return document


def families() -> st.SearchStrategy[Family]:
    """Families as the engine knows them."""
    return documents().map(parse_document).map(to_family)


def requests() -> st.SearchStrategy[WeekRequest]:
    """Weeks to plan, without an earlier plan."""
    return documents().map(parse_document).map(to_request)
