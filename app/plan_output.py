"""A plan as the JSON that `brightpath plan` prints, and why it is so, as lines to read."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from core.patterns import in_order, schedule_data
from core.phrase import Translate, say
from core.plan import ENGINE, Plan
from core.problem import problem_of
from core.week import clock


def plan_document(plan: Plan, translate: Translate) -> dict[str, Any]:
    """The printed form of `plan`; `translate` puts reasons, conflicts and repairs into words.

    Ids of items run from 1 over all children; moments are wall time ("2025-04-08T11:00").
    """
    family = plan.request.family
    names = {child.id: child.name for child in family.children}
    subjects = {subject.id: subject.name for child in family.children for subject in child.subjects}
    return {
        "status": plan.status.value,
        "omissions": {"weight": plan.omission_weight, "bound": plan.omission_bound},
        "objective": plan.objective,
        "bound": plan.bound,
        "solveSeconds": round(plan.solve_seconds, 3),
        "scores": {
            "childInterest": plan.scores.child_interest,
            "learningTimes": plan.scores.learning_times,
            "parentInvolvement": plan.scores.parent_involvement,
            "subjectCoherence": plan.scores.subject_coherence,
        },
        "children": _children(plan, {adult.id: adult.name for adult in family.adults}),
        "unscheduled": [
            {
                "child": names[left.child_id],
                "subject": subjects[left.subject_id],
                "missing": left.missing,
                "reason": translate(left.reason),
            }
            for left in plan.unscheduled
        ],
        "conflicts": [translate(conflict) for conflict in plan.conflicts],
        "repairs": [
            {"text": translate(repair.text), "gain": repair.gain} for repair in plan.repairs
        ],
        "moved": [
            {
                "child": names[move.child_id],
                "subject": subjects[move.subject_id],
                "from": _moment(*move.old),
                "to": _moment(*move.new),
            }
            for move in plan.moved
        ],
    }


def _children(plan: Plan, adults: Mapping[int, str]) -> list[dict[str, Any]]:
    printed = []
    first = 1
    for child in plan.request.family.children:
        items = in_order([item for item in plan.items if item.child_id == child.id])
        data = schedule_data(
            items,
            range(first, first + len(items)),
            week_start=plan.request.week_start,
            version=1,
            method=ENGINE,
            core_subjects={subject.id for subject in child.subjects if subject.core},
            adults=adults,
        )
        printed.append({"name": child.name, "scheduleData": data})
        first += len(items)
    return printed


def _moment(day: date, minute: int) -> str:
    return f"{day.isoformat()}T{clock(minute)}"


def explanation(plan: Plan, translate: Translate) -> Iterator[str]:
    """Why each lesson and lunch stands where it stands, line by line: by child, day and time."""
    # Imported here: numpy takes half a second to load, which other commands should not pay.
    from core.reasons import reasons

    problem = problem_of(plan.request)
    for child in plan.request.family.children:
        yield child.name
        told: date | None = None
        for item in in_order([item for item in plan.items if item.child_id == child.id]):
            said = " ".join(translate(reason) for reason in reasons(problem, plan.items, item))
            if not said:
                continue
            if item.date != told:
                told = item.date
                yield "  " + translate(say("plan.days.date", date=told))
            yield f"    {clock(item.start)} {item.name}: {said}"
