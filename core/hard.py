"""The rules that a week never breaks, each once: as a domain of starts, or as constraints.

Where a rule says what a single lesson may do, it is a plain function over starts; where it
binds lessons to each other, it adds constraints to a CP-SAT model. All times are minutes of the
day except `Variables.slot`, which counts steps of the grid.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from core.commitments import clear_of
from core.family import Frequency, Hours, Subject
from core.problem import Activity, ChildDay, Escort, Member, Problem
from core.rest import LUNCH, Session, end_runs, lunch_starts, spare_time, with_rest
from core.week import GRID, Weekday, grid

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


@dataclass(frozen=True, slots=True)
class Candidate:
    """Where an activity may stand on one day: its starts, and who takes part (indexes of its
    members, the others are absent that day)."""

    starts: tuple[int, ...]
    members: tuple[int, ...]


Candidates = Mapping[tuple[int, int], Candidate]
"""By (activity id, day); a day on which the activity cannot stand is left out."""


def within_hours(hours: Hours, minutes: int) -> tuple[int, ...]:
    """Rule 1: the starts on the grid whose lesson lies within the homeschooling hours."""
    return tuple(grid(hours.start, hours.end - minutes))


def school_days(problem: Problem, member: Member) -> tuple[int, ...]:
    """The days on which this child may have this subject at all: school days without days off,
    and the subject's own weekdays."""
    return tuple(
        day
        for day in range(7)
        if problem.child_days[member.child.id, day].open
        and (member.subject.days is None or Weekday(day) in member.subject.days)
    )


def required(problem: Problem, member: Member) -> int:
    """Rule 4: sessions due this week, the held ones included.

    Carried sessions add to it, those that the family gave up are taken off.
    """
    return _owed(problem, member, _regular(member.subject, len(school_days(problem, member))))


def limit(problem: Problem, member: Member) -> int:
    """Rule 4: the most sessions that this week may hold."""
    available = len(school_days(problem, member))
    subject = member.subject
    most = _regular(subject, available)
    if subject.sessions_per_week is None:
        if subject.frequency is Frequency.TWO_OR_THREE:
            most = min(3, available)
        elif subject.frequency is Frequency.OCCASIONALLY:
            most = min(1, available)
    return _owed(problem, member, most)


def _regular(subject: Subject, available: int) -> int:
    if subject.sessions_per_week is not None:
        return min(subject.sessions_per_week, available)
    match subject.frequency:
        case Frequency.DAILY:
            return available
        case Frequency.TWO_OR_THREE:
            return min(2, available)
        case Frequency.WEEKLY:
            return min(1, available)
        case Frequency.OCCASIONALLY:
            return 0


def _owed(problem: Problem, member: Member, sessions: int) -> int:
    request = problem.request
    carried = sum((each.child_id, each.subject_id) == member.key for each in request.carried)
    dropped = len(
        {
            each.date
            for each in request.dropped
            if (each.child_id, each.subject_id) == member.key and each.date in problem.dates
        }
    )
    return max(0, sessions + carried - dropped)


def omission_weight(subject: Subject) -> int:
    """What one left-out session of a subject weighs.

    100 for a core subject, else 20; four for each point of interest; and 3 where the subject is
    due once a week (leaving it out leaves nothing), 2 for 2–3 times, 1 for daily. Any core
    session outweighs any two others.
    """
    rarity = {Frequency.WEEKLY: 3, Frequency.TWO_OR_THREE: 2, Frequency.DAILY: 1}
    return (100 if subject.core else 20) + 4 * subject.interest + rarity.get(subject.frequency, 0)


def at_fixed_time(subject: Subject, starts: Iterable[int]) -> tuple[int, ...]:
    """Rule 5: of `starts`, the one that the subject demands (all, if it demands none)."""
    if not subject.fixed_time or subject.preferred_time is None:
        return tuple(starts)
    return tuple(start for start in starts if start == subject.preferred_time)


def with_adult(
    problem: Problem, activity: Activity, day: int, adult: int, starts: Iterable[int]
) -> tuple[int, ...]:
    """Rules 6 and 7: the starts at which this adult could teach the activity from start to end,
    were it the only one beside what is kept."""
    full = [
        (start, end)
        for start, end, load in problem.loads.get((adult, day), ())
        if load + activity.attention > 100
    ]
    return clear_of(starts, activity.minutes, (*problem.away[adult, day], *full))


def member_starts(
    problem: Problem, activity: Activity, member: Member, day: int
) -> tuple[int, ...]:
    """Rules 1–3, 5, 8 and 9 for one member's day: its starts, as far as others leave them."""
    child_day = problem.child_days[member.child.id, day]
    if day not in school_days(problem, member) or day in problem.kept_days(member):
        return ()
    if next(problem.named(problem.request.dropped, member, day), None):
        return ()
    starts = within_hours(child_day.child.hours_on(child_day.date), activity.minutes)
    starts = clear_of(starts, activity.minutes, child_day.taken)
    starts = at_fixed_time(member.subject, starts)
    starts = with_rest(child_day, starts, activity.minutes)
    return not_again(problem, member, day, after(problem, day, starts))


def after(problem: Problem, day: int, starts: Iterable[int]) -> tuple[int, ...]:
    """Rule 9: the starts that lie after now."""
    earliest = problem.earliest(day)
    return tuple(start for start in starts if start >= earliest)


def not_again(problem: Problem, member: Member, day: int, starts: Iterable[int]) -> tuple[int, ...]:
    """Rule 9: the starts that a missed session leaves open.

    A daily lesson may come later on its day, never at its old start; any other waits for a later
    day than the one on which it was missed.
    """
    missed = [item for item in problem.missed if (item.child_id, item.subject_id) == member.key]
    if member.subject.frequency is Frequency.DAILY:
        old = {item.start for item in missed if item.date == problem.dates[day]}
        return tuple(start for start in starts if start not in old)
    on = problem.dates[day]
    return () if any(item.date == on for item in missed) else tuple(starts)


def pinned_to(
    problem: Problem, activity: Activity, day: int, starts: Iterable[int]
) -> tuple[int, ...]:
    """Rule 9: of `starts`, those that the activity's pins of this day allow.

    A pin that names no hour means the previous one.
    """
    wanted: set[int] = set()
    for pin in problem.pinned(activity, day):
        if pin.start is not None:
            wanted.add(pin.start)
            continue
        wanted |= {
            item.start
            for item in problem.movable
            if (item.child_id, item.subject_id, item.date)
            == (pin.child_id, pin.subject_id, pin.date)
        }
    return tuple(start for start in starts if start in wanted or not wanted)


def candidates(problem: Problem) -> Candidates:
    """Where each activity may stand, by the rules that concern it alone."""
    places = {
        (activity.id, day): candidate(problem, activity, day)
        for activity in problem.activities
        for day in range(7)
    }
    return {key: place for key, place in places.items() if place is not None}


def candidate(problem: Problem, activity: Activity, day: int) -> Candidate | None:
    """Where an activity may stand on one day; None where it cannot.

    Who shares a lesson is absent on a day that leaves him no start; where the others have no
    start in common, as many as possible of them meet and the rest count as absent too.
    """
    ways = {
        index: frozenset(member_starts(problem, activity, member, day))
        for index, member in enumerate(activity.members)
    }
    meeting = _largest_meeting(ways)
    common = sorted(frozenset.intersection(*(ways[index] for index in meeting or [0])))
    starts = pinned_to(problem, activity, day, common)
    if activity.attention:
        taught = {
            start
            for adult in problem.adults
            for start in with_adult(problem, activity, day, adult, starts)
        }
        starts = tuple(start for start in starts if start in taught)
    return Candidate(starts, meeting) if starts else None


def _largest_meeting(ways: Mapping[int, frozenset[int]]) -> tuple[int, ...]:
    """The most members who have a start in common (of several such circles, that of the earliest
    start)."""
    starts = sorted(frozenset().union(*ways.values()))
    circles = (tuple(index for index, own in ways.items() if start in own) for start in starts)
    return max(circles, key=len, default=())


def goes_along(problem: Problem, activity: Activity, places: Candidates) -> bool:
    """Whether all who are present always attend together.

    Not so once one of them may have fewer further sessions than days for them (a sibling held
    one that the other missed): then who has reached his limit may stay away.
    """
    for index, member in enumerate(activity.members):
        days = sum(
            index in place.members for (each, _), place in places.items() if each == activity.id
        )
        left = limit(problem, member) - len(problem.kept_days(member))
        others = {
            limit(problem, other) - len(problem.kept_days(other)) for other in activity.members
        }
        if left < days and others != {left}:
            return False
    return True


@dataclass(slots=True)
class Variables:
    """The decisions of a week in a CP-SAT model.

    `present`, `slot` (start in steps of the grid) and `interval` by (activity id, day);
    `attends` by (activity id, member index, day); `teaches` by (activity id, day, adult id);
    `lunch` (start in minutes) by (child id, day); `escorts` by (index of the escort, adult id);
    `missing` the left-out sessions by (child id, subject id), with the weight of each.
    """

    model: "cp_model.CpModel"
    places: Candidates
    present: dict[tuple[int, int], "cp_model.IntVar"] = field(default_factory=dict)
    slot: dict[tuple[int, int], "cp_model.IntVar"] = field(default_factory=dict)
    interval: dict[tuple[int, int], "cp_model.IntervalVar"] = field(default_factory=dict)
    attends: dict[tuple[int, int, int], "cp_model.IntVar"] = field(default_factory=dict)
    teaches: dict[tuple[int, int, int], "cp_model.IntVar"] = field(default_factory=dict)
    lunch: dict[tuple[int, int], "cp_model.IntVar"] = field(default_factory=dict)
    escorts: dict[tuple[int, int], "cp_model.IntVar"] = field(default_factory=dict)
    missing: dict[tuple[int, int], tuple["cp_model.IntVar", int]] = field(default_factory=dict)


def variables(problem: Problem, places: Candidates, *, padded: bool = False) -> Variables:
    """A model with every hard rule in it and no objective yet, over `places`: those of
    `candidates`, or fewer to search only a part of the week. With `padded`, where nothing is kept,
    rule 8 is kept by a break after every lesson: a smaller model of fewer weeks."""
    from ortools.sat.python import cp_model

    week = Variables(cp_model.CpModel(), places)
    for activity in problem.activities:
        place_activity(problem, week, activity)
        count_sessions(problem, week, activity)
    for child_day in problem.child_days.values():
        keep_apart(problem, week, child_day, padded=padded)
    for day in range(7):
        send_along(problem, week, day)
        for adult in problem.adults:
            share_attention(problem, week, adult, day)
    return week


def place_activity(problem: Problem, week: Variables, activity: Activity) -> None:
    """Rules 1–3, 5, 6 and 9, and who teaches: at most one lesson a day, on its own starts, with
    one adult from start to end if it takes attention."""
    from ortools.sat.python import cp_model

    model = week.model
    together = goes_along(problem, activity, week.places)
    for day in range(7):
        place = week.places.get((activity.id, day))
        if place is None:
            continue
        key = activity.id, day
        present = week.present[key] = model.new_bool_var("")
        slots = cp_model.Domain.from_values([start // GRID for start in place.starts])
        slot = week.slot[key] = model.new_int_var_from_domain(slots, "")
        week.interval[key] = model.new_optional_fixed_size_interval_var(
            GRID * slot, activity.minutes, present, ""
        )
        for index in place.members:
            alone = together or len(place.members) == 1
            week.attends[activity.id, index, day] = present if alone else model.new_bool_var("")
        if activity.attention:
            for adult in problem.adults:
                starts = with_adult(problem, activity, day, adult, place.starts)
                if not starts:
                    continue
                teaches = model.new_bool_var("")
                week.teaches[activity.id, day, adult] = teaches
                if len(starts) < len(place.starts):
                    own = cp_model.Domain.from_values([start // GRID for start in starts])
                    model.add_linear_expression_in_domain(slot, own).only_enforce_if(teaches)
            model.add(
                sum(
                    week.teaches[activity.id, day, adult]
                    for adult in problem.adults
                    if (activity.id, day, adult) in week.teaches
                )
                == present
            )


def count_sessions(problem: Problem, week: Variables, activity: Activity) -> None:
    """Rule 4 for each member, and rule 7's siblings: nobody who is there stays away from a shared
    lesson unless he has reached his limit."""
    model = week.model
    for index, member in enumerate(activity.members):
        held = len(problem.kept_days(member))
        most = max(0, limit(problem, member) - held)
        due = max(0, required(problem, member) - held)
        days = [day for day in range(7) if (activity.id, index, day) in week.attends]
        sessions = sum(week.attends[activity.id, index, day] for day in days)
        if len(days) > most:
            model.add(sessions <= most)
        if due:
            missing = model.new_int_var(0, due, "")
            model.add(sessions + missing >= due)
            week.missing[member.key] = missing, omission_weight(member.subject)
        for day in days:
            attends, present = week.attends[activity.id, index, day], week.present[activity.id, day]
            if attends is not present:
                model.add_implication(attends, present)
                model.add(sessions >= most).only_enforce_if(present, ~attends)
    for day in range(7):
        place = week.places.get((activity.id, day))
        if place is not None:
            model.add_bool_or(
                *(week.attends[activity.id, index, day] for index in place.members),
                ~week.present[activity.id, day],
            )


def keep_apart(
    problem: Problem, week: Variables, child_day: ChildDay, *, padded: bool = False
) -> None:
    """Rules 2 and 8 for one child's day: lessons and lunch do not overlap, and runs end in time."""
    from ortools.sat.python import cp_model

    model, day = week.model, child_day.day
    sessions: list[Session] = []
    intervals: list[cp_model.IntervalVar] = []
    pad = child_day.child.break_minutes if padded else 0
    for activity in problem.activities:
        for index, member in enumerate(activity.members):
            attends = week.attends.get((activity.id, index, day))
            if member.child.id != child_day.child.id or attends is None:
                continue
            key = activity.id, day
            start = GRID * week.slot[key]
            starts = week.places[key].starts
            sessions.append(Session(starts[0], starts[-1], activity.minutes, start, attends))
            intervals.append(
                week.interval[key]
                if attends is week.present[key] and not padded
                else model.new_optional_fixed_size_interval_var(
                    start, activity.minutes + pad, attends, ""
                )
            )
    if not sessions and not child_day.kept_lessons:
        return
    lunch = lunch_starts(problem, child_day)
    if lunch:
        at = model.new_int_var_from_domain(cp_model.Domain.from_values(list(lunch)), "")
        week.lunch[child_day.child.id, day] = at
        # Before lunch no break is needed, so its beginning may lie under one.
        under = min(pad, LUNCH)
        intervals.append(model.new_fixed_size_interval_var(at + under, LUNCH - under, ""))
    model.add_no_overlap(intervals)
    if padded:
        return
    end_runs(model, child_day, sessions)
    spare_time(model, child_day, sessions, lunch)


def companions(problem: Problem, day: int) -> dict[int, int] | None:
    """Rule 6: for each escort of a day (by index) an adult who is not away, different ones for
    what coincides; None where there are not enough of them."""
    trips = [(index, each) for index, each in enumerate(problem.escorts) if each.day == day]

    def assign(chosen: dict[int, int]) -> dict[int, int] | None:
        if len(chosen) == len(trips):
            return chosen
        index, escort = trips[len(chosen)]
        for adult in reversed(problem.adults):
            free = _may_go(problem, adult, escort)
            elsewhere = any(
                chosen[other] == adult and _coincide(problem.escorts[other], escort)
                for other in chosen
            )
            if free and not elsewhere and (found := assign({**chosen, index: adult})) is not None:
                return found
        return None

    return assign({})


def _may_go(problem: Problem, adult: int, escort: Escort) -> bool:
    start, end = escort.interval
    return bool(clear_of((start,), end - start, problem.away[adult, escort.day]))


def _coincide(one: Escort, other: Escort) -> bool:
    return one.interval[0] < other.interval[1] and other.interval[0] < one.interval[1]


def send_along(problem: Problem, week: Variables, day: int) -> None:
    """Rule 6: one adult for each escort of a day, as `companions` has it. Where nobody is left
    for it, which no plan can mend, any adult who gives no lesson then will do."""
    model = week.model
    trips = [(index, each) for index, each in enumerate(problem.escorts) if each.day == day]
    for index, _ in trips:
        for adult in problem.adults:
            week.escorts[index, adult] = model.new_bool_var("")
        model.add_exactly_one(week.escorts[index, adult] for adult in problem.adults)
    if companions(problem, day) is None:
        return
    for index, escort in trips:
        for adult in problem.adults:
            if not _may_go(problem, adult, escort):
                model.add(week.escorts[index, adult] == 0)
    for (index, one), (second, other) in combinations(trips, 2):
        if _coincide(one, other):
            for adult in problem.adults:
                model.add_at_most_one(week.escorts[index, adult], week.escorts[second, adult])


def share_attention(problem: Problem, week: Variables, adult: int, day: int) -> None:
    """Rules 6 and 7: an adult's lessons never take more than the whole of his attention, and
    nothing while he goes along with a child."""
    model = week.model
    lessons = [
        activity for activity in problem.activities if (activity.id, day, adult) in week.teaches
    ]
    if not lessons:
        return
    trips = [(index, escort) for index, escort in enumerate(problem.escorts) if escort.day == day]
    loads = problem.loads.get((adult, day), ())
    peak: dict[tuple[bool, int], int] = {}
    for activity in lessons:
        # Lessons of one child never coincide; a shared one may, with those of who stays away.
        alone = len(activity.members) == 1
        lane = (alone, activity.members[0].child.id if alone else activity.id)
        peak[lane] = max(peak.get(lane, 0), activity.attention)
    if not trips and not loads and sum(peak.values()) <= 100:
        return
    intervals: list[cp_model.IntervalVar] = []
    demands: list[int] = []
    for activity in lessons:
        intervals.append(
            model.new_optional_fixed_size_interval_var(
                GRID * week.slot[activity.id, day],
                activity.minutes,
                week.teaches[activity.id, day, adult],
                "",
            )
        )
        demands.append(activity.attention)
    edges = sorted(
        {edge for start, end, _ in loads for edge in (start, end)}
        | {edge for _, escort in trips for edge in escort.interval}
    )
    for start, end in pairwise(edges):
        used = min(100, sum(load for begin, until, load in loads if begin <= start < until))
        if used:
            intervals.append(model.new_fixed_size_interval_var(start, end - start, ""))
            demands.append(used)
        going = [
            week.escorts[index, adult]
            for index, escort in trips
            if escort.interval[0] <= start < escort.interval[1]
        ]
        if going and used < 100:
            gone = model.new_bool_var("")
            for literal in going:
                model.add_implication(literal, gone)
            intervals.append(
                model.new_optional_fixed_size_interval_var(start, end - start, gone, "")
            )
            demands.append(100 - used)
    model.add_cumulative(intervals, demands, 100)
