"""Section 4, at its end: what siblings learn together."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.conversations.answers import Misread, fold, short, take
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
from bot.conversations.subject_entries import (
    exactly,
    fixed_time,
    how_often,
    sessions,
    wanted_often,
)
from core.defaults import SHARED_AGE_GAP, SHARED_WELL, SubjectKind, subject_kind
from core.family import Frequency
from core.phrase import Phrase, PhraseArg, say
from core.text import name_key
from core.week import Weekday

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Same:
    """A subject that several children have: who, and each one's entry by the child's id."""

    name: str
    children: tuple[ChildAnswer, ...]
    entries: Mapping[str, Entry]

    def terms(self, ids: Iterable[str]) -> dict[str, Any] | None:
        """On what terms these children could share it, see `common_terms`."""
        by_age = sorted(self.children, key=lambda child: child.age)
        return common_terms([self.entries[child.id] for child in by_age if child.id in ids])


@dataclass(frozen=True, slots=True)
class Shared:
    """A subject that siblings learn together; `terms` are changes that make their entries
    alike."""

    name: str
    learners: tuple[ChildAnswer, ...]
    terms: Mapping[str, Any]


def common_terms(entries: Sequence[Entry]) -> dict[str, Any] | None:
    """On what terms siblings share a subject, as changes of their entries (the youngest's first):
    what the family document wants alike. The youngest's length, the lower frequency, the days
    that suit all, and the fixed time of whoever has one; None where days or fixed times clash."""
    times = {entry["preferredTime"] for entry in entries if entry["fixedTimeRequired"]}
    often = _common_often(entries)
    if len(times) > 1 or often is None:
        return None
    at = {"fixedTimeRequired": True, "preferredTime": times.pop()} if times else {}
    return {
        "sessionDuration": entries[0]["sessionDuration"],
        "fixedTimeRequired": False,
        **often,
        **at,
    }


def _common_often(entries: Sequence[Entry]) -> dict[str, Any] | None:
    lowest = min(entries, key=sessions)
    often = wanted_often(lowest)
    named = [set(entry["metadata"]["days"]) for entry in entries if "days" in entry["metadata"]]
    if not named or all(wanted_often(entry) == often for entry in entries):
        return often
    days = [day.label for day in Weekday if day.label in set.intersection(*named)]
    if not days:
        return None
    count = min(sessions(lowest), len(days))
    if count == 0:
        return {"frequency": Frequency.OCCASIONALLY.value, "metadata": {"days": days}}
    return exactly(count, days)


def same_subjects(answers: Mapping[str, Any]) -> dict[str, Same]:
    """What siblings could share, by `name_key` of its name: subjects of which at least two of
    them have common terms."""
    found: dict[str, list[tuple[ChildAnswer, Entry]]] = {}
    for child in children(answers):
        for entry in answers.get(place_id("subjects", child), ()):
            found.setdefault(name_key(entry["name"]), []).append((child, entry))
    same: dict[str, Same] = {}
    for key, pairs in found.items():
        youngest = min(pairs, key=lambda pair: pair[0].age)
        subject = Same(
            youngest[1]["name"],
            tuple(child for child, _ in pairs),
            {child.id: entry for child, entry in pairs},
        )
        if len(_widest(subject)) > 1:
            same[key] = subject
    return same


def _widest(subject: Same) -> list[str]:
    """The ids of the most children who could share it."""

    def grown(first: ChildAnswer) -> list[str]:
        ids = [first.id]
        for child in subject.children:
            if child != first and subject.terms([*ids, child.id]) is not None:
                ids.append(child.id)
        return ids

    return max((grown(child) for child in subject.children), key=len)


def _suggested(subject: Same) -> list[str]:
    """The ids of those to whom sharing it is suggested: the most who learn it alike and are not
    too far apart in age, where it suits different levels."""
    if subject_kind(subject.name) not in SHARED_WELL:
        return []

    def near(first: ChildAnswer) -> list[str]:
        return [
            child.id
            for child in subject.children
            if 0 <= child.age - first.age <= SHARED_AGE_GAP
            and _rhythm(subject.entries[child.id]) == _rhythm(subject.entries[first.id])
        ]

    ids = max((near(child) for child in subject.children), key=len)
    return ids if len(ids) > 1 else []


def _rhythm(entry: Entry) -> tuple[dict[str, Any], Any]:
    """How often and when a subject comes."""
    return wanted_often(entry), fixed_time(entry)


def shared_subjects(answers: Mapping[str, Any]) -> dict[str, Shared]:
    """What siblings do learn together, by `name_key` of its name."""
    same = same_subjects(answers)
    shared: dict[str, Shared] = {}
    for key, value in answers.get("together", {}).items():
        subject = same[key]
        ids = value["learners"]
        learners = tuple(child for child in children(answers) if child.id in ids)
        shared[key] = Shared(subject.name, learners, subject.terms(ids) or {})
    return shared


def together_question() -> Question:
    """ "together": what siblings learn together, {"learners": ids, "asked": ids of all who have
    it} by `name_key` of the subject's name. A draft is {"shared": learners' ids by that key,
    "open"?: the key of the subject whose learners are being chosen}."""

    def ask(asking: Asking, draft: Any) -> Card:
        same = same_subjects(asking.answers)
        chosen = _chosen(asking, draft, same)
        if draft and draft.get("open") in same:
            return _who(asking, same, chosen, draft["open"])
        toggles = [
            Option(f"t-{n}", subject_label(asking, subject.name), chosen=key in chosen)
            for n, (key, subject) in enumerate(same.items())
        ]
        return Card(
            say("together.ask"),
            lines=(
                say("together.why"),
                *(_line(same[key], chosen[key]) for key in same if key in chosen),
            ),
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
        same = same_subjects(asking.answers)
        chosen = _chosen(asking, draft, same)
        open_key = draft.get("open") if draft else None
        if isinstance(heard, Words):
            return _named(same, chosen, open_key, heard.text)
        verb, *rest = heard.option.split("-")
        match verb, rest:
            case "accept", _:
                return Answer(_answered(same, chosen))
            case "none", _:
                return Answer({})
            case "t", [at]:
                return _toggled(same, chosen, list(same)[int(at)])
            case "who", [at, number]:
                return _joined(same, chosen, list(same)[int(at)], int(number))
            case "all", [at]:
                key = list(same)[int(at)]
                return _half({**chosen, key: _widest(same[key])}, key)
            case "apart", [at]:
                return _half({**chosen, list(same)[int(at)]: []})
            case _:
                return _half(chosen)

    return Question(
        "together",
        4,
        ask,
        hear,
        sound=_sound,
        tell=_tell,
        wanted=lambda asking: bool(same_subjects(asking.answers)),
        numbered=True,
    )


def _answered(
    same: Mapping[str, Same], chosen: Mapping[str, list[str]]
) -> dict[str, dict[str, list[str]]]:
    """The answer, with ids in the order in which the children were named."""
    return {
        key: {
            "learners": [id_ for id_ in subject.entries if id_ in chosen[key]],
            "asked": list(subject.entries),
        }
        for key, subject in same.items()
        if key in chosen
    }


def _half(
    chosen: Mapping[str, list[str]], open_key: str | None = None, notice: Phrase | None = None
) -> Half:
    """A draft; nobody shares a subject alone, unless the second one is still being chosen."""
    shared = {key: ids for key, ids in chosen.items() if len(ids) > 1 or key == open_key}
    return Half({"shared": shared, **({"open": open_key} if open_key else {})}, notice)


def _chosen(asking: Asking, draft: Any, same: Mapping[str, Same]) -> dict[str, list[str]]:
    """The ids of those who share each subject."""
    if draft:
        # What was half-chosen may have lost a learner, or common terms, on the way back.
        there = {
            key: [id_ for id_ in ids if id_ in same[key].entries]
            for key, ids in draft["shared"].items()
            if key in same
        }
        return {key: ids for key, ids in there.items() if ids and same[key].terms(ids) is not None}
    if asking.given is not None:
        return {key: value["learners"] for key, value in asking.given.items()}
    return {key: ids for key, subject in same.items() if (ids := _suggested(subject))}


def _line(subject: Same, ids: list[str]) -> Phrase:
    terms = subject.terms(ids) or {}
    line = say(
        "together.line",
        name=subject.name,
        minutes=terms["sessionDuration"],
        often=how_often(terms),
        names=tuple(child.name for child in subject.children if child.id in ids),
    )
    fixed = fixed_time(terms)
    return line if fixed is None else say("subjects.line_at", line=line, time=fixed)


def _who(
    asking: Asking, same: Mapping[str, Same], chosen: Mapping[str, list[str]], key: str
) -> Card:
    """Who of more than two learns a subject together."""
    at, subject, ids = list(same).index(key), same[key], chosen.get(key, [])
    toggles = [
        Option(f"who-{at}-{n}", say("verbatim", text=short(child.name)), chosen=child.id in ids)
        for n, child in enumerate(subject.children)
    ]
    return Card(
        say("together.who", name=subject.name),
        lines=(_line(subject, ids),) if len(ids) > 1 else (),
        rows=(
            (Option("continue", say("subjects.done")), Option(f"all-{at}", say("together.all"))),
            *(tuple(toggles[n : n + 2]) for n in range(0, len(toggles), 2)),
            (Option(f"apart-{at}", say("together.none")), Option("back", say("flow.back"))),
        ),
        hint=say("together.who_hint"),
    )


def _toggled(same: Mapping[str, Same], chosen: Mapping[str, list[str]], key: str) -> Half:
    """Two share it or not; of more the card asks who."""
    if len(same[key].children) > 2:
        return _half(chosen, key)
    return _half({**chosen, key: [] if key in chosen else _widest(same[key])})


def _joined(
    same: Mapping[str, Same], chosen: Mapping[str, list[str]], key: str, number: int
) -> Outcome:
    child, ids = same[key].children[number], list(chosen.get(key, ()))
    ids = [known for known in ids if known != child.id] if child.id in ids else [*ids, child.id]
    if ids and same[key].terms(ids) is None:
        return Misread(say("together.clash", name=child.name))
    return _half({**chosen, key: ids}, key)


_APART = (
    r"(?:^\s*(?:no|not|remove|quitar?)\s|\b(?:without|sin)\b|"
    r"\b(?:alone|apart|separate(?:ly)?|on (?:her|his|their) own|aparte|por separado|sol[oa]s?)\b)"
)
_JOINTS = (
    r"\s*(?:[,:&+]|\b(?:and|y|with|con|for|para|do|learn|share|together|hacen|aprenden|comparten|"
    r"junt[oa]s)\b)\s*"
)
_ALL_SUBJECTS = r"(?:everything|all subjects|all|todo|tod[oa]s(?: las materias)?)"


def _named(
    same: Mapping[str, Same],
    chosen: Mapping[str, list[str]],
    open_key: str | None,
    text: str,
) -> Outcome:
    """ "Science and art", "science Emma and Noah", "art apart"; in an open subject also "Emma and
    Noah"."""
    after = dict(chosen)
    for clause in re.split(r"\s*[;\n]\s*", text):
        apart, rest = take(_APART, clause)
        names, rest = _take_children(same, rest)
        keys = _subjects_in(same, rest) or ([open_key] if open_key and names else [])
        if not keys:
            return Misread(say("together.unknown"))
        for key in keys:
            ids = [child.id for child in same[key].children if child.id in names]
            if apart:
                after[key] = [id_ for id_ in after.get(key, ()) if names and id_ not in ids]
                continue
            if names and (len(ids) < 2 or same[key].terms(ids) is None):
                return Misread(say("together.unknown"))
            after[key] = ids or _widest(same[key])
    return _half(after)


def _take_children(same: Mapping[str, Same], text: str) -> tuple[set[str], str]:
    """The ids of the children whom a text names, and the rest of it."""
    found: set[str] = set()
    for child in {child.id: child for s in same.values() for child in s.children}.values():
        pattern = rf"(?<!\w){re.escape(child.name)}(?!\w)"
        if re.search(pattern, text, re.IGNORECASE):
            found.add(child.id)
            text = re.sub(pattern, " , ", text, flags=re.IGNORECASE)
    return found, text


def _subjects_in(same: Mapping[str, Same], text: str) -> list[str]:
    if re.fullmatch(_ALL_SUBJECTS, fold(text).strip()):
        return list(same)
    keys: dict[str, None] = {}
    for part in re.split(_JOINTS, text):
        kind = subject_kind(part)
        for key, subject in same.items():
            same_kind = kind is not SubjectKind.OTHER and subject_kind(subject.name) is kind
            if name_key(part) == key or same_kind:
                keys[key] = None
    return list(keys)


def _sound(asking: Asking, value: Any) -> bool:
    """Whether each subject can still be shared by those siblings, and everybody who has it was
    asked: a child who comes later does not join unasked."""
    same = same_subjects(asking.answers)
    return all(
        key in same
        and len(set(one["learners"])) == len(one["learners"]) > 1
        and set(one["learners"]) <= set(same[key].entries) <= set(one["asked"])
        and same[key].terms(one["learners"]) is not None
        for key, one in value.items()
    )


def _tell(asking: Asking, value: Any) -> Phrase:
    if not value:
        return say("together.kept_none")
    same = same_subjects(asking.answers)
    names: tuple[PhraseArg, ...] = tuple(same[key].name for key in value)
    return say("together.kept", names=names)
