"""A conversation as the questionnaire session of the data model, and back, whatever has changed
in the questions meanwhile."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.conversations.flow import SECTIONS, Flow, Hints, Place, State, current, places_of


def to_session(flow: Flow, state: State, *, now: datetime) -> dict[str, Any]:
    """The conversation as the questionnaire session of the data model (plain JSON).

    `now` is an aware instant. Further keys: "flowVersion", "answers" of what surrounds the
    sections, and everything else that a resumed card needs.
    """
    places = places_of(flow, state, now.date())
    here = current(state, places)
    section = here.question.section if here else SECTIONS
    progress = {
        f"section{n}": _status([p for p in places if p.question.section == n], section == n)
        for n in range(1, SECTIONS + 1)
    }
    sound = {place.id: state.answers[place.id] for place in places if place.answered}
    children = flow.children(sound)
    return {
        "currentSection": section or (1 if not sound else SECTIONS),
        "progress": progress,
        "childrenProgress": [
            {
                "childId": child.id,
                "name": child.name,
                **{
                    key: _status(
                        [
                            p
                            for p in places
                            if p.question.section == section and p.asking.child == child
                        ],
                        here is not None
                        and here.question.section == section
                        and here.asking.child == child,
                    )
                    for key, section in (("section3Child", 3), ("section4", 4), ("section6", 6))
                },
            }
            for child in children
        ],
        "draftResponses": by_section(flow, state.answers),
        "lastUpdated": now.isoformat().replace("+00:00", "Z"),
        "flowVersion": flow.version,
        "agreements": {
            q.key: state.answers[q.key]
            for q in flow.questions
            if q.section == 0 and q.key in state.answers
        },
        "halfMade": dict(state.drafts),
        "revisiting": list(state.revisiting),
        "step": state.step,
        "resting": state.resting,
        "language": state.language,
        "profile": {"name": state.hints.name, "timezone": state.hints.timezone},
    }


def from_session(flow: Flow, session: Mapping[str, Any]) -> State:
    """The conversation that `to_session` wrote, also of an older flow: answers that are no
    longer good are asked again, half-made ones of another version are dropped."""
    sections: Mapping[str, Any] = session.get("draftResponses") or {}
    answers: dict[str, Any] = dict(session.get("agreements") or {})
    for question in flow.questions:
        section: Mapping[str, Any] = sections.get(f"section{question.section}") or {}
        if question.each_child:
            for child_id, given in (section.get("byChild") or {}).items():
                if question.key in given:
                    answers[f"{question.key}.{child_id}"] = given[question.key]
        elif question.key in section:
            answers[question.key] = section[question.key]
    same = session.get("flowVersion") == flow.version
    profile = session.get("profile") or {}
    return State(
        answers=answers,
        drafts=dict(session.get("halfMade") or {}) if same else {},
        revisiting=tuple(session.get("revisiting") or ()) if same else (),
        # Cards of the older flow are stale from now on.
        step=int(session.get("step") or 1) + (0 if same else 1),
        resting=session.get("resting") is True,
        hints=Hints(profile.get("name"), profile.get("timezone")),
        language=str(session.get("language") or "en"),
    )


def by_section(flow: Flow, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers by section: {"section1": {question: answer}, "section4": {"byChild": {child id:
    {question: answer}}}}, in the flow's order; sections without an answer are left out."""
    sections: dict[str, Any] = {}
    for question in flow.questions:
        if question.section == 0:
            continue
        name = f"section{question.section}"
        if question.each_child:
            prefix = f"{question.key}."
            for key, value in answers.items():
                if key.startswith(prefix):
                    by_child = sections.setdefault(name, {}).setdefault("byChild", {})
                    by_child.setdefault(key.removeprefix(prefix), {})[question.key] = value
        elif question.key in answers:
            sections.setdefault(name, {})[question.key] = answers[question.key]
    return sections


def _status(places: list[Place], current: bool) -> str:
    if places and all(place.answered for place in places) and not current:
        return "complete"
    if current or any(place.answered for place in places):
        return "in_progress"
    return "not_started"


def merged(state: State, other: State) -> State:
    """`state` with what only `other` has, answered or half-made: of the family alone where both
    have named children, because their children are not the same. An answer outdoes a half-made
    one."""
    named = "children" in state.answers

    def only_others(theirs: Mapping[str, Any]) -> dict[str, Any]:
        return {
            key: value
            for key, value in theirs.items()
            if key not in state.answers and not (named and "." in key)
        }

    added = only_others(other.answers)
    ours = {key: draft for key, draft in state.drafts.items() if key not in added}
    return replace(
        state,
        answers={**added, **state.answers},
        drafts={**only_others(other.drafts), **ours},
        # Another question may be the current one now, and its card must not be taken for the old.
        step=state.step + 1,
    )
