"""Section 4, at its end: what siblings learn together."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.conversations.answers import Misread
from bot.conversations.cards import Card, Option
from bot.conversations.children import children
from bot.conversations.flow import (
    Answer,
    Asking,
    ChildAnswer,
    Choice,
    Half,
    Outcome,
    Question,
    Words,
    place_id,
)
from bot.conversations.subject_card import subject_label
from core.defaults import SHARED_AGE_GAP, SHARED_WELL, SubjectKind, subject_kind
from core.phrase import Phrase, PhraseArg, say
from core.text import name_key


@dataclass(frozen=True, slots=True)
class Shared:
    """A subject that siblings can learn together: who, and the younger's minutes."""

    name: str
    learners: tuple[ChildAnswer, ...]
    minutes: int


def shared_subjects(answers: Mapping[str, Any]) -> dict[str, Shared]:
    """What siblings could share, by `key_of` its name: the same subject as often, on the same
    days and at the same fixed time. Lengths may differ; the youngest's counts."""
    groups: dict[str, dict[str, list[tuple[ChildAnswer, Mapping[str, Any]]]]] = {}
    for child in children(answers):
        for entry in answers.get(place_id("subjects", child), ()):
            terms = repr(
                (
                    entry["frequency"],
                    entry["fixedTimeRequired"] and entry["preferredTime"],
                    entry["metadata"].get("days"),
                    entry["metadata"].get("sessionsPerWeek"),
                )
            )
            alike = groups.setdefault(name_key(entry["name"]), {})
            alike.setdefault(terms, []).append((child, entry))
    found: dict[str, Shared] = {}
    for key, alike in groups.items():
        largest = max(alike.values(), key=len)
        if len(largest) > 1:
            youngest = min(largest, key=lambda pair: pair[0].age)[1]
            learners = tuple(child for child, _ in largest)
            found[key] = Shared(youngest["name"], learners, youngest["sessionDuration"])
    return found


def together_question() -> Question:
    """ "together": what siblings learn together, the ids of the learners by `key_of` the
    subject's name. A draft is {"keys": those keys}."""

    def ask(asking: Asking, draft: Any) -> Card:
        shared = shared_subjects(asking.answers)
        ticked = _ticked(asking, draft, shared)
        toggles = [
            Option(f"t-{n}", subject_label(asking, subject.name), chosen=key in ticked)
            for n, (key, subject) in enumerate(shared.items())
        ]
        lines = [say("together.why")]
        lines += [
            say(
                "together.line",
                name=subject.name,
                minutes=subject.minutes,
                names=tuple(child.name for child in subject.learners),
            )
            for key, subject in shared.items()
            if key in ticked
        ]
        return Card(
            say("together.ask"),
            lines=tuple(lines),
            rows=(
                (
                    Option("accept", say("together.accept")),
                    Option("none", say("together.none")),
                ),
                *(tuple(toggles[n : n + 2]) for n in range(0, len(toggles), 2)),
            ),
            hint=say("together.hint"),
        )

    def hear(asking: Asking, draft: Any, heard: Choice | Words) -> Outcome:
        shared = shared_subjects(asking.answers)
        ticked = _ticked(asking, draft, shared)
        if isinstance(heard, Words):
            return _named_together(shared, ticked, heard.text)
        if heard.option == "none":
            return Answer({})
        if heard.option == "accept":
            return Answer({key: _ids(shared[key]) for key in shared if key in ticked})
        key = list(shared)[int(heard.option.split("-")[1])]
        return Half({"keys": sorted(ticked ^ {key})})

    return Question(
        "together",
        4,
        ask,
        hear,
        sound=_still_shared,
        tell=_tell_together,
        wanted=lambda asking: bool(shared_subjects(asking.answers)),
        numbered=True,
    )


def _ids(subject: Shared) -> list[str]:
    return [child.id for child in subject.learners]


def _still_shared(asking: Asking, value: Any) -> bool:
    """Whether the same siblings share each subject: a child who comes later does not join
    unasked."""
    shared = shared_subjects(asking.answers)
    return all(key in shared and _ids(shared[key]) == ids for key, ids in value.items())


def _ticked(asking: Asking, draft: Any, shared: Mapping[str, Shared]) -> set[str]:
    if draft:
        return set(draft["keys"]) & set(shared)
    if asking.given is not None:
        return set(asking.given)
    return {
        key
        for key, subject in shared.items()
        if subject_kind(subject.name) in SHARED_WELL
        and _age_gap(subject.learners) <= SHARED_AGE_GAP
    }


def _age_gap(learners: tuple[ChildAnswer, ...]) -> int:
    ages = [child.age for child in learners]
    return max(ages) - min(ages)


def _named_together(shared: Mapping[str, Shared], ticked: set[str], text: str) -> Outcome:
    named: set[str] = set()
    for part in re.split(r"\s*(?:[,;\n&+]|\b(?:and|y)\b)\s*", text):
        kind = subject_kind(part)
        for key, subject in shared.items():
            same_kind = kind is not SubjectKind.OTHER and subject_kind(subject.name) is kind
            if name_key(part) == key or same_kind:
                named.add(key)
    if not named:
        return Misread(say("together.unknown"))
    return Half({"keys": sorted(ticked | named)})


def _tell_together(asking: Asking, value: Any) -> Phrase:
    if not value:
        return say("together.kept_none")
    shared = shared_subjects(asking.answers)
    names: tuple[PhraseArg, ...] = tuple(shared[key].name for key in value)
    return say("together.kept", names=names)
