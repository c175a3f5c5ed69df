import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import documents

from core.family import Hours, LearningTime, Scope
from core.plan import ItemType, Lesson
from core.week import DAY, Weekday
from db.document import (
    DocumentError,
    dump_document,
    parse_document,
    to_family,
    to_request,
)

SARAH = Path(__file__).parents[2] / "examples" / "sarah.json"
Edit = Callable[[dict[str, Any]], object]


def sarah() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(SARAH.read_text())
    return document


def minimal(**more: Any) -> dict[str, Any]:
    return {"timezone": "Europe/Madrid", "children": [{"name": "Noah", "age": 6}]} | more


def refused(data: object) -> str:
    with pytest.raises(DocumentError) as caught:
        parse_document(data)
    text = str(caught.value)
    assert "\n" not in text
    return text


NAMED_ADULTS = {"adults": [{"name": "Adult 1"}]}
"""What a document says of its adults once they have names."""


def test_the_example_is_read_and_written_unchanged() -> None:
    assert dump_document(parse_document(sarah())) == sarah() | NAMED_ADULTS


def test_the_example_becomes_a_family() -> None:
    family = to_family(parse_document(sarah()))
    noah, emma = family.children
    assert [adult.name for adult in family.adults] == ["Adult 1"]
    assert (noah.id, noah.name, noah.span, noah.break_minutes) == (1, "Noah", 45, 10)
    assert (emma.span, emma.hours) == (60, Hours(540, 900))
    assert noah.best_times == (LearningTime.MID_MORNING, LearningTime.EARLY_AFTERNOON)
    assert [subject.id for child in family.children for subject in child.subjects] == [
        *range(1, 11)
    ]
    music = emma.subjects[-1]
    assert (music.fixed_time, music.preferred_time, music.core) == (True, 660, False)
    work, co_op = family.commitments
    assert (work.scope, work.days_of_week) == (
        Scope.PARENT,
        (Weekday.TUESDAY, Weekday.THURSDAY),
    )
    assert (co_op.scope, co_op.start, co_op.end) == (Scope.FAMILY, 780, 900)
    assert (noah.commitments[0].scope, noah.commitments[0].id) == (Scope.CHILD, 1)
    assert family.preferences.style["interest_led"] == 5
    assert family.preferences.philosophy["classical"] == 1


def test_what_is_left_out_has_its_default() -> None:
    document = parse_document(minimal())
    assert document.week_start_date is None
    family = to_family(document)
    assert [adult.name for adult in family.adults] == ["Adult 1"]
    (noah,) = family.children
    assert noah.hours == Hours(540, 840)
    assert noah.school_days == tuple(Weekday)[:5]
    assert family.preferences.flexibility.slack == 0.15
    subject = {
        "name": "Art",
        "sessionDuration": 30,
        "frequency": "daily",
        "parentInvolvement": "independent",
    }
    data = minimal(children=[{"name": "Noah", "age": 6, "subjects": [subject]}])
    (art,) = to_family(parse_document(data)).children[0].subjects
    assert (art.core, art.fixed_time, art.teach_together, art.days) == (False, False, False, None)


@pytest.mark.parametrize(
    ("age", "breaks", "span", "rest"),
    [
        (4, None, 20, 10),
        (5, None, 45, 10),
        (12, None, 60, 10),
        (13, None, 90, 10),
        (6, {"frequency": "every_45_minutes", "duration": "10_minutes"}, 45, 10),
        (13, {"frequency": "every_25_minutes", "duration": "15_minutes"}, 25, 15),
        (9, {"frequency": "hourly", "activities": ["snack"]}, 60, 10),
    ],
)
def test_spans_and_breaks_are_resolved(age: int, breaks: Any, span: int, rest: int) -> None:
    child: dict[str, Any] = {"name": "Emma", "age": age}
    if breaks:
        child["learningPreferences"] = {"derivedInsights": {"recommendedBreaks": breaks}}
    (emma,) = to_family(parse_document(minimal(children=[child]))).children
    assert (emma.span, emma.break_minutes) == (span, rest)
    assert emma.break_activities == tuple((breaks or {}).get("activities", ()))


def test_adults_by_number_and_by_name() -> None:
    two = to_family(parse_document(minimal(adults=2)))
    assert [(adult.id, adult.name) for adult in two.adults] == [(1, "Adult 1"), (2, "Adult 2")]
    commitment = {"name": "Work", "frequency": "daily", "startTime": "20:00", "endTime": "02:00"}
    named = to_family(
        parse_document(
            minimal(
                adults=[{"name": "Sarah"}, {"name": "Nana"}],
                commitments=[commitment | {"scope": "parent", "adult": "nana"}],
            )
        )
    )
    assert named.commitments[0].adult_id == 2
    assert (named.commitments[0].start, named.commitments[0].end) == (1200, 120)


@pytest.mark.parametrize(
    ("keys", "needed", "adult"),
    [
        ({}, False, None),
        ({"needsAdult": True}, True, None),
        ({"needsAdult": True, "adult": "Adult 1"}, True, 1),
        ({"adult": "adult 1"}, True, 1),
        ({"needsAdult": False, "adult": "Adult 1"}, False, None),
    ],
)
def test_who_goes_along_with_a_child(keys: Any, needed: bool, adult: int | None) -> None:
    soccer = {"name": "Soccer", "frequency": "daily", "startTime": "16:00", "endTime": "17:00"}
    child = {"name": "Noah", "age": 6, "commitments": [soccer | keys]}
    (commitment,) = to_family(parse_document(minimal(children=[child]))).children[0].commitments
    assert (commitment.needs_adult, commitment.adult_id) == (needed, adult)


def test_school_days_and_hours_by_day() -> None:
    learning = {
        "schoolDays": ["Tuesday", "Monday"],
        "hoursByDay": {"Tuesday": {"startTime": "10:00", "endTime": "12:00"}},
    }
    child: dict[str, Any] = {"name": "Noah", "age": 6, "learningPreferences": learning}
    (noah,) = to_family(parse_document(minimal(children=[child]))).children
    assert noah.school_days == (Weekday.MONDAY, Weekday.TUESDAY)
    assert noah.hours_on(date(2026, 12, 1)) == Hours(600, 720)
    assert noah.hours_on(date(2026, 11, 30)) == Hours(540, 840)
    child["schoolDays"] = ["Sunday"]
    (noah,) = to_family(parse_document(minimal(children=[child]))).children
    assert noah.school_days == (Weekday.SUNDAY,)


def test_free_keys_survive_where_they_are_allowed() -> None:
    data = sarah()
    data["preferences"]["note"] = {"deep": [1, None, "x"]}
    data["children"][0]["learningPreferences"]["modality"] = "hands_on"
    data["children"][0]["subjects"][0]["metadata"] = {"book": "Singapore 1A"}
    assert dump_document(parse_document(data)) == data | NAMED_ADULTS


def test_what_export_adds_is_accepted() -> None:
    data = sarah() | {
        "parent": {"name": "Sarah", "email": "sarah@example.com"},
        "schedules": [{"id": 1}],
        "activityLogs": [],
        "userFeedback": [],
        "questionnaireResponses": {"section1": {}},
        "exportedAt": "2026-11-30T08:00:00Z",
    }
    data["children"][0]["questionnaireResponses"] = {"section4": {}}
    assert dump_document(parse_document(data)) == data | NAMED_ADULTS


def test_texts_are_cleaned() -> None:
    document = parse_document(minimal(children=[{"name": " No\x00ah\ud800 \n Ben ", "age": 6}]))
    assert document.children[0].name == "Noah Ben"


SOCCER = {"name": "Soccer", "startTime": "16:00", "endTime": "17:00", "frequency": "weekly"}


@pytest.mark.parametrize(
    ("edit", "path", "allowed"),
    [
        (
            lambda d: d["children"][0]["subjects"][2].update(frequency="weekly"),
            "children[0].subjects[2].frequency: 'weekly'",
            "daily, 2-3_times_per_week, once_a_week, occasionally",
        ),
        (lambda d: d.update(weekstart=1), "weekstart:", "weekStartDate, timezone"),
        (lambda d: d["children"][1].update(hobby=1), "children[1].hobby:", "learningPreferences"),
        (
            lambda d: d["children"][0]["subjects"][0].update(session_duration=30),
            "children[0].subjects[0].session_duration:",
            "sessionDuration",
        ),
        (lambda d: d["children"][0].update({"odd\nkey": 1}), "children[0].'odd\\nkey'", "known"),
        (lambda d: d.update(weekStartDate="2026-12-01"), "weekStartDate: 2026-12-01", "Monday"),
        (lambda d: d.update(weekStartDate="1999-11-29"), "weekStartDate", "2000 to 2199"),
        (lambda d: d.update(weekStartDate="2026-13-01"), "weekStartDate", "2026-11-30"),
        (lambda d: d.update(weekStartDate=20261130), "weekStartDate", "2026-11-30"),
        (lambda d: d.update(timezone="Mars/Base"), "timezone: 'Mars/Base'", "America/New_York"),
        (lambda d: d.pop("timezone"), "timezone", "is missing"),
        (lambda d: d.update(adults=0), "adults: 0", "1 to 20"),
        (lambda d: d.update(adults=True), "adults: True", "1 to 20"),
        (lambda d: d.update(adults=[]), "adults", "at least one"),
        (lambda d: d.update(adults=[{"name": "S"}, {"name": "s"}]), "adults[1].name", "another"),
        (lambda d: d.update(adults=[{"name": "S"}] * 21), "adults", "at most 20"),
        (lambda d: d.update(children={}), "children", "a list"),
        (lambda d: d.update(children=[1]), "children[0]", "an object"),
        (lambda d: d["children"][1].update(name="noah"), "children[1].name: 'noah'", "another"),
        (lambda d: d["children"][1].update(name="  "), "children[1].name", "1 to 80"),
        (lambda d: d["children"][1].update(name="x" * 81), "children[1].name", "1 to 80"),
        (lambda d: d["children"][1].update(name=3), "children[1].name: 3", "1 to 80"),
        (
            lambda d: d.update(children=[{"name": f"C{n}", "age": 5} for n in range(21)]),
            "children",
            "at most 20",
        ),
        (lambda d: d["children"][0].update(age=1), "children[0].age: 1", "2 to 18"),
        (lambda d: d["children"][0].update(age=19), "children[0].age: 19", "2 to 18"),
        (lambda d: d["children"][0].update(age=6.0), "children[0].age: 6.0", "2 to 18"),
        (lambda d: d["children"][0].update(age="6"), "children[0].age: '6'", "2 to 18"),
        (
            lambda d: d["children"][0]["subjects"][1].update(name="MATHEMATICS"),
            "children[0].subjects[1].name",
            "another subject",
        ),
        (
            lambda d: d["children"][0]["subjects"][0].update(sessionDuration=32),
            "children[0].subjects[0].sessionDuration: 32",
            "5 to 240 and a multiple of 5",
        ),
        (
            lambda d: d["children"][0]["subjects"][0].update(sessionDuration=245),
            "children[0].subjects[0].sessionDuration: 245",
            "5 to 240",
        ),
        (
            lambda d: d["children"][0]["subjects"][0].update(interestLevel=6),
            "children[0].subjects[0].interestLevel: 6",
            "1 to 5",
        ),
        (
            lambda d: d["children"][0]["subjects"][0].update(isCoreSubject="yes"),
            "children[0].subjects[0].isCoreSubject: 'yes'",
            "true or false",
        ),
        (
            lambda d: d["children"][0]["subjects"][0].update(fixedTimeRequired=True),
            "children[0].subjects[0].preferredTime",
            "is missing",
        ),
        (
            lambda d: d["children"][1]["subjects"][4].update(preferredTime="11:02"),
            "children[1].subjects[4].preferredTime: 11:02",
            "multiple of 5",
        ),
        (
            lambda d: d["children"][1]["subjects"][4].update(preferredTime="24:00"),
            "children[1].subjects[4].preferredTime: '24:00'",
            "00:00 to 23:59",
        ),
        (
            lambda d: d["children"][1]["subjects"][4].update(preferredTime="T1100"),
            "children[1].subjects[4].preferredTime",
            "00:00 to 23:59",
        ),
        (
            lambda d: d["children"][1]["subjects"][2].update(sessionDuration=45),
            "children[1].subjects[2].sessionDuration",
            "must equal Noah's",
        ),
        (
            lambda d: d["children"][1]["subjects"][2].update(frequency="daily", name="SCIENCE"),
            "children[1].subjects[2].frequency",
            "must equal Noah's",
        ),
        (
            lambda d: d["children"][1]["subjects"][2].update(metadata={"days": ["Monday"]}),
            "children[1].subjects[2].metadata.days",
            "must equal Noah's",
        ),
        (
            lambda d: d["children"][0]["subjects"][0].update(metadata={"sessionsPerWeek": 8}),
            "children[0].subjects[0].metadata.sessionsPerWeek: 8",
            "0 to 7",
        ),
        (
            lambda d: d["children"][0]["learningPreferences"]["homeschoolingHours"].update(
                endTime="09:00"
            ),
            "children[0].learningPreferences.homeschoolingHours.endTime",
            "not after",
        ),
        (
            lambda d: d["children"][0]["learningPreferences"].update(
                hoursByDay={"Monday": {"startTime": "10:00", "endTime": "09:00"}}
            ),
            "children[0].learningPreferences.hoursByDay.Monday.endTime",
            "not after",
        ),
        (
            lambda d: d["preferences"]["homeschoolingPhilosophy"].update(classical=0),
            "preferences.homeschoolingPhilosophy.classical: 0",
            "1 to 5",
        ),
        (
            lambda d: d["preferences"].update(planningApproach="none"),
            "preferences.planningApproach: 'none'",
            "set_curriculum",
        ),
        (
            lambda d: d["commitments"][0].pop("daysOfWeek"),
            "commitments[0].daysOfWeek",
            "at least one day",
        ),
        (
            lambda d: d["commitments"][0].update(frequency="monthly"),
            "commitments[0].date",
            "needs a date",
        ),
        (
            lambda d: d["children"][0]["commitments"][0].update(frequency="one-time"),
            "children[0].commitments[0].date",
            "needs a date",
        ),
        (lambda d: d["commitments"][0].update(scope="child"), "commitments[0].scope", "family"),
        (
            lambda d: d["children"][0]["commitments"][0].update(scope="family"),
            "children[0].commitments[0].scope",
            "child",
        ),
        (lambda d: d["commitments"][0].update(adult="Ann"), "commitments[0].adult", "Adult 1"),
        (lambda d: d["commitments"][0].update(needsAdult=True), "commitments[0].needsAdult", "k"),
        (lambda d: d["commitments"][0].update(daysOfWeek=["Mon"]), "daysOfWeek[0]", "Monday"),
        (
            lambda d: d.update(commitments=[d["commitments"][0]] * 101),
            "commitments",
            "at most 100",
        ),
        (lambda d: d.update(now="2026-11-30"), "now", "2025-04-08T11:00"),
        (lambda d: d.update(now="2026-11-30T25:00"), "now", "2025-04-08T11:00"),
        (lambda d: d.update(now="2026-11-30T11:00Z"), "now", "2025-04-08T11:00"),
        (lambda d: d.update(daysOff=[{"date": "soon"}]), "daysOff[0].date", "2026-11-30"),
        (
            lambda d: d.update(daysOff=[{"date": "2026-12-01", "child": "Zoe"}]),
            "daysOff[0].child: 'Zoe'",
            "Noah, Emma",
        ),
        (
            lambda d: d.update(pins=[{"child": "Noah", "subject": "Latin", "date": "2026-12-01"}]),
            "pins[0].subject: 'Latin'",
            "Mathematics",
        ),
        (
            lambda d: d.update(missed=[{"child": "Zoe", "subject": "Latin", "date": "2026-12-01"}]),
            "missed[0].child: 'Zoe'",
            "Noah, Emma",
        ),
        (lambda d: d.update(loop={"Zoe": "Art"}), "loop: 'Zoe'", "Noah, Emma"),
        (lambda d: d.update(loop={"Noah": "Latin"}), "loop.Noah: 'Latin'", "Art"),
        (lambda d: d.update(parent={"name": "S", "email": "me"}), "parent.email", "sarah@"),
        (lambda d: d.update(previous={"children": [{"name": "Noah"}]}), "scheduleData", "missing"),
        (lambda d: d["preferences"].update(x=float("inf")), "document", "finite"),
    ],
)
def test_one_line_names_the_key_and_what_is_allowed(edit: Edit, path: str, allowed: str) -> None:
    data = sarah()
    edit(data)
    text = refused(data)
    assert path in text
    assert allowed in text.split(path, 1)[1]


@pytest.mark.parametrize("data", [None, [], "x", 3, object()])
def test_what_is_no_object_is_refused(data: object) -> None:
    assert refused(data).startswith("document: ")


def test_endless_nesting_is_refused() -> None:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    assert refused(minimal(preferences={"deep": nested})).startswith("document: ")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_value_anywhere_is_read_or_refused_in_one_line(data: st.DataObject) -> None:
    document = sarah()
    place: Any = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            place[key] = data.draw(json_values)
            break
        place = place[key]
    said = ""
    try:
        to_request(parse_document(document))
    except DocumentError as error:
        said = str(error)
    assert "\n" not in said


@given(documents())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_documents_survive_a_round_trip(data: dict[str, Any]) -> None:
    parsed = parse_document(data)
    again = parse_document(json.loads(json.dumps(dump_document(parsed))))
    assert to_request(again) == to_request(parsed)
    family = to_family(parsed)
    ids = [subject.id for child in family.children for subject in child.subjects]
    assert ids == list(range(1, len(ids) + 1))
    assert [child.name for child in family.children] == [
        child["name"] for child in data["children"]
    ]


def test_a_request_needs_its_week() -> None:
    with pytest.raises(DocumentError, match="weekStartDate"):
        to_request(parse_document(minimal()))


def entry(kind: str, name: str, span: str, **more: Any) -> dict[str, Any]:
    start, end = span.split("-")
    return {"id": 1, "type": kind, "name": name, "startTime": start, "endTime": end} | more


def test_a_request_matches_an_earlier_week_by_names() -> None:
    data = sarah()
    data["commitments"].append(
        {
            "name": "Camp",
            "frequency": "one-time",
            "date": "2026-12-02",
            "startTime": "20:00",
            "endTime": "00:00",
            "scope": "family",
        }
    )
    monday = [
        entry("subject", "mathematics", "09:00-09:30", subjectId=77, adult="adult 1"),
        entry("break", "Break", "09:30-09:40", activity="snack"),
        entry("subject", "Latin", "10:00-10:30"),
        entry("lunch", "Lunch", "12:00-12:30"),
        entry("commitment", "Soccer Practice", "16:00-17:00", commitmentId=1, isExternal=True),
        entry("commitment", "Tennis", "17:00-18:00", commitmentId=8, isExternal=True),
    ]
    camp = [entry("commitment", "Camp", "20:00-23:59", familyCommitmentId=3, isExternal=True)]
    days = [
        {"date": "2026-11-30", "dayOfWeek": "Monday", "items": monday},
        {"date": "2026-12-02", "dayOfWeek": "Wednesday", "items": camp},
        {"date": "2026-11-23", "dayOfWeek": "Monday", "items": monday},
    ]
    week = {"weekStartDate": "2026-11-30", "days": days}
    data["previous"] = {
        "status": "optimal",
        "children": [
            {"name": "NOAH", "scheduleData": week},
            {"name": "Gone", "scheduleData": week},
        ],
    }
    data["previous"]["children"][0]["scheduleData"]["days"][0]["items"][0]["completed"] = True
    request = to_request(parse_document(data))
    assert [
        (item.type, item.name, item.start, item.end, item.subject_id) for item in request.previous
    ] == [
        (ItemType.SUBJECT, "mathematics", 540, 570, 1),
        (ItemType.BREAK, "Break", 570, 580, None),
        (ItemType.LUNCH, "Lunch", 720, 750, None),
        (ItemType.COMMITMENT, "Soccer Practice", 960, 1020, None),
        (ItemType.COMMITMENT, "Camp", 1200, DAY, None),
    ]
    lesson, rest, _, soccer, overnight = request.previous
    assert (lesson.child_id, lesson.adult_id, lesson.completed) == (1, 1, True)
    assert rest.suggestion == "snack"
    assert (soccer.commitment_id, soccer.family_commitment_id, soccer.external) == (1, None, True)
    assert (overnight.commitment_id, overnight.family_commitment_id) == (None, 3)


def test_a_request_takes_what_is_asked_of_it() -> None:
    named = {"child": "emma", "subject": "music", "date": "2026-12-02"}
    data = sarah() | {
        "now": "2026-12-01T11:00",
        "daysOff": [{"date": "2026-12-03"}, {"date": "2026-12-04", "child": "emma"}],
        "pins": [named | {"startTime": "11:00"}],
        "dropped": [named],
        "missed": [named],
        "carried": [named | {"date": "2026-11-25"}],
        "loop": {"Emma": "Foreign Language"},
    }
    request = to_request(parse_document(data))
    assert request.week_start == date(2026, 11, 30)
    assert request.now == datetime.fromisoformat("2026-12-01T11:00")
    assert [(off.date.day, off.child_id) for off in request.family.days_off] == [(3, None), (4, 2)]
    assert request.pins == (Lesson(2, 10, date(2026, 12, 2), 660),)
    assert request.dropped == request.missed == (Lesson(2, 10, date(2026, 12, 2)),)
    assert request.carried == (Lesson(2, 10, date(2026, 11, 25)),)
    assert request.loop == {2: 9}
