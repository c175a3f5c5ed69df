"""The benchmark's reference from the world of schools, against the independent checker."""

from collections import Counter
from dataclasses import replace
from xml.etree.ElementTree import fromstring, tostring

import pytest

from benchmarks.families import family
from benchmarks.fet import available, fet, fet_week, sessions, violations
from benchmarks.fet_file import fet_document
from core.hard import candidates, required
from core.problem import Problem, problem_of
from db.document import parse_document, to_request

needs_fet = pytest.mark.skipif(not available(), reason="fet-cl is not installed (Debian: fet)")


def made_up(children: int, seed: int) -> Problem:
    return problem_of(to_request(parse_document(family(children, seed))))


@pytest.mark.parametrize(("children", "seed"), [(1, 0), (2, 0), (4, 1)])
def test_the_file_holds_every_session_and_lunch(children: int, seed: int) -> None:
    problem = made_up(children, seed)
    due = sessions(problem, candidates(problem))
    week = fet_week(problem, due)
    root = fromstring(tostring(fet_document(week)))  # noqa: S314 - our own

    owed = {
        member.key: required(problem, member)
        for activity in problem.activities
        for member in activity.members
    }
    attended = Counter(
        session.activity.members[index].key for session in due for index in session.members
    )
    assert attended == Counter(owed)
    taught = sum(session.activity.attention > 0 for session in due)
    lunches = sum(part.session is None for part in week.parts)
    activities = root.findall("Activities_List/Activity")
    assert len(activities) == attended.total() + taught + lunches
    assert [int(each.findtext("Id", "")) for each in activities] == [*range(1, len(week.parts) + 1)]


def test_every_number_in_the_file_counts_what_stands_beside_it() -> None:
    problem = made_up(4, 1)
    due = sessions(problem, candidates(problem))
    numbers = 0
    for node in fet_document(fet_week(problem, due)).iter():
        beside = max(Counter(each.tag for each in node).values(), default=0)
        for each in node:
            if each.tag.startswith("Number_of_"):
                assert each.text == str(beside)
                numbers += 1
    assert numbers > len(due)


def test_what_has_no_place_is_not_asked_of_fet() -> None:
    document = family(1, 0)
    document["children"][0]["subjects"][0]["sessionDuration"] = 240
    document["children"][0]["learningPreferences"]["homeschoolingHours"] = {
        "startTime": "09:00",
        "endTime": "12:00",
    }
    assert fet(problem_of(to_request(parse_document(document))), 0.0) is None


@needs_fet
def test_what_fet_finds_breaks_no_rule_and_leaves_nothing_out() -> None:
    problem = made_up(2, 0)
    week = fet(problem, 20.0)
    assert week is not None
    assert violations(problem, week) == 0
    _, *rest = week.lessons.items()
    assert violations(problem, replace(week, lessons=dict(rest))) > 0


@needs_fet
def test_fet_is_stopped_in_time() -> None:
    assert fet(made_up(8, 2), 0.1) is None
