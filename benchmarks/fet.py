"""A reference from the world of schools: FET (lalescu.ro/liviu/fet), by its command line `fet-cl`
(Debian: `apt-get install fet`). It knows hard rules only, and places every activity or none.

How a family's week is said to it, in periods of `GRID` minutes:

- A session is one activity for each child who attends and, if it takes attention, one of its exact
  length for an adult; they start together, where `core.hard.candidates` lets them, and on another
  day than the subject's other sessions. That is rules 1 to 7, save that who goes along with a child
  is settled beforehand (tightened).
- Rule 8 is tightened. A child's activity lasts one period less than lesson and break together, so
  that a free period after it means that a break fits; without one the run goes on, and FET's limit
  of hours on end keeps it within the span. Hence lessons never follow each other at once, and a
  run of three or more is a little shorter than it might be. A child who has a lesson longer than
  the span has a break after every lesson instead.
- Lunch is an activity of each day that may hold lessons. Its beginning may lie under the break of
  the lesson before it, so only the rest of it is said.
- Nothing is placed beyond what rule 4 requires.

So what FET finds breaks no rule (`violations` counts them), but it may fail where a week exists.
"""

import subprocess
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from xml.etree.ElementTree import ElementTree, parse

from benchmarks.fet_file import FetWeek, Moment, Part, fet_document, places_in
from core.check import CLAIMS, check_week
from core.explain import lunches
from core.greedy import escorts_of
from core.hard import Candidates, candidates, limit, required
from core.plan import Plan, Scores, Status
from core.problem import Activity, Problem
from core.rest import LUNCH, lunch_starts
from core.timetable import Placement, Timetable, items_of
from core.week import GRID

PROGRAM = "fet-cl"


class FetRefused(Exception):
    """FET cannot read the file that it was given."""


def available() -> bool:
    """Whether FET is installed."""
    return which(PROGRAM) is not None


def fet(problem: Problem, seconds: float) -> Timetable | None:
    """The week that FET finds, for a problem of which nothing stands yet; None where it finds none
    in time. Where time does not tell, equal problems get equal weeks."""
    due = sessions(problem, candidates(problem))
    if not all(session.starts for session in due):
        return None
    if not due:
        return Timetable({}, {}, escorts_of(problem))
    week = fet_week(problem, due)
    with TemporaryDirectory() as folder:
        given = Path(folder, "week.fet")
        ElementTree(fet_document(week)).write(given, "utf-8", xml_declaration=True)
        command = [
            PROGRAM,
            f"--inputfile={given}",
            f"--outputdir={folder}",
            f"--timelimitseconds={ceil(seconds)}",
            "--htmllevel=0",
            *(f"--randomseeds{number}=1" for number in (10, 11, 12, 20, 21, 22)),
        ]
        try:
            done = subprocess.run(  # noqa: S603
                command, capture_output=True, check=False, text=True, timeout=seconds
            )
        except subprocess.TimeoutExpired:
            return None
        if "cannot read input file" in done.stdout + done.stderr:
            raise FetRefused(done.stdout)
        found = Path(folder, "timetables", "week", "week_activities.xml")
        places = places_in(parse(found).getroot()) if found.exists() else None  # noqa: S314 - FET's
    return None if places is None else _timetable(problem, due, week.parts, places)


def violations(problem: Problem, week: Timetable) -> int:
    """How often a week breaks a hard rule; a session that it lacks counts too."""
    items = items_of(problem, week)
    plan = Plan(
        request=problem.request,
        status=Status.FEASIBLE,
        items=items,
        omission_weight=0,
        omission_bound=0,
        objective=0.0,
        bound=0.0,
        solve_seconds=0.0,
        scores=Scores(0.0, 0.0, 0.0, 0.0),
        conflicts=tuple(lunches(problem, items)),
    )
    return sum(broken.rule != CLAIMS for broken in check_week(plan))


@dataclass(frozen=True, slots=True)
class Session:
    """One lesson that is due: where it may start, and the members (indexes) who attend."""

    activity: Activity
    starts: tuple[Moment, ...]
    members: tuple[int, ...]


def sessions(problem: Problem, places: Candidates) -> list[Session]:
    """What is due, each where as many siblings as possible attend; without starts if there is no
    place for it."""
    found: list[Session] = []
    for activity in problem.activities:
        due = [required(problem, member) for member in activity.members]
        most = [limit(problem, member) for member in activity.members]
        circles: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
        for day in range(7):
            if (activity.id, day) in places:
                circles[places[activity.id, day].members].append(day)
        for circle, days in sorted(circles.items(), key=lambda each: -len(each[0])):
            starts = tuple((day, at) for day in days for at in places[activity.id, day].starts)
            for _ in days:
                members = tuple(index for index in circle if most[index] > 0)
                if not any(due[index] > 0 for index in members):
                    break
                found.append(Session(activity, starts, members))
                for index in members:
                    due[index] -= 1
                    most[index] -= 1
        found.extend(Session(activity, (), ()) for left in due if left > 0)
    return found


@dataclass(frozen=True, slots=True)
class _Pace:
    """What is added to each of a child's lessons (minutes), and the most periods on end."""

    pad: int
    most: int | None

    @property
    def under(self) -> int:
        """How much of lunch may lie under what is added to the lesson before it."""
        return min(self.pad // GRID * GRID, LUNCH - GRID)


def fet_week(problem: Problem, due: Sequence[Session]) -> FetWeek:
    """Everything that FET is to place: sessions in order, then lunches."""
    paces = _paces(problem, due)
    parts: list[Part] = []
    open_days = set[tuple[int, int]]()
    for number, session in enumerate(due):
        activity, starts = session.activity, session.starts
        for index in session.members:
            child = activity.members[index].child.id
            periods = _periods(activity.minutes + paces[child].pad)
            parts.append(Part(starts, periods, child, session=number, apart=activity.id))
            open_days |= {(child, day) for day, _ in starts}
        if activity.attention:
            periods = _periods(activity.minutes)
            parts.append(Part(starts, periods, None, activity.attention, number, activity.id))
    for child, day in sorted(open_days):
        under = paces[child].under
        meals = lunch_starts(problem, problem.child_days[child, day])
        if meals:
            starts = tuple((day, start + under) for start in meals)
            parts.append(Part(starts, _periods(LUNCH - under), child))
    away = {key: list(taken) for key, taken in problem.away.items()}
    for index, adult in escorts_of(problem).items():
        away[adult, problem.escorts[index].day].append(problem.escorts[index].interval)
    most = {child: pace.most for child, pace in paces.items() if pace.most is not None}
    return FetWeek(tuple(parts), tuple(paces), most, away)


def _paces(problem: Problem, due: Sequence[Session]) -> Mapping[int, _Pace]:
    """How each child (by id) keeps rule 8: see the module's docstring."""
    paces: dict[int, _Pace] = {}
    for child in problem.request.family.children:
        longest = max(
            (
                session.activity.minutes
                for session in due
                for index in session.members
                if session.activity.members[index].child.id == child.id
            ),
            default=0,
        )
        pad = max(0, child.break_minutes - GRID)
        # Two lessons that just fill the span, with what is added to both.
        most = (child.span + 2 * pad) // GRID
        fits = _periods(longest + pad) <= most
        paces[child.id] = _Pace(pad, most) if fits else _Pace(child.break_minutes, None)
    return paces


def _periods(minutes: int) -> int:
    return -(-minutes // GRID)


def _timetable(
    problem: Problem,
    due: Sequence[Session],
    parts: Sequence[Part],
    places: Sequence[tuple[int, int, int | None]],
) -> Timetable:
    paces = _paces(problem, due)
    lessons: dict[tuple[int, int], Placement] = {}
    meals: dict[tuple[int, int], int] = {}
    for part, (day, minute, adult) in zip(parts, places, strict=True):
        if part.session is not None:
            session = due[part.session]
            # The adult's part comes last of its session.
            lessons[session.activity.id, day] = Placement(minute, adult, session.members)
        elif part.child_id is not None:
            meals[part.child_id, day] = minute - paces[part.child_id].under
    return Timetable(lessons, meals, escorts_of(problem))
