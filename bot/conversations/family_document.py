"""Between answers and the family document: the document that the answers make, and the answers that
a document gives back."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.conversations.children import children
from bot.conversations.commitment_lines import Whose
from bot.conversations.flow import Asking, ChildAnswer, place_id
from bot.conversations.parent import ME, adult_names, parent_name
from bot.conversations.subject_entries import changed
from bot.conversations.teaching import TEACHING_KEYS, teaching_answers, teaching_preferences
from bot.conversations.together import shared_subjects
from core.family import DEFAULT_HOURS, SCHOOL_DAYS, Flexibility, Identities, Scope
from core.insights import LearnedSubject, derived_insights
from core.text import name_key
from core.week import clock, week_start

ROW = "id"
"""Key of a subject's or commitment's entry under which its row's id goes along."""


def family_document(asking: Asking) -> dict[str, Any]:
    """The family document: the keys of `plan`'s input, and "parent"."""
    answers = asking.answers
    parent = {"name": parent_name(answers)}
    if answers["email"]:
        parent["email"] = answers["email"]
    return {
        "weekStartDate": week_start(asking.today).isoformat(),
        "timezone": answers["timezone"],
        "parent": parent,
        "adults": [{"name": name} for name in adult_names(answers)],
        "preferences": _preferences(asking),
        "commitments": [
            _commitment(answers, entry) for entry in (*answers[Whose.AWAY], *answers[Whose.FAMILY])
        ],
        "children": [_child(asking, child) for child in children(answers)],
        "questionnaireResponses": _family_responses(answers),
    }


def _preferences(asking: Asking) -> dict[str, Any]:
    """All preferences; of a family that has some already, those that are to change."""
    given = {
        "flexibility": {"schedulingFlexibility": asking.answers["flexibility"]},
        **teaching_preferences(asking.answers),
    }
    wanted = [part for key, part in given.items() if not asking.base or key in asking.changed]
    return {key: value for part in wanted for key, value in part.items()}


def _commitment(answers: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    document = {key: value for key, value in entry.items() if key != ROW}
    if "adult" in entry:
        document["adult"] = entry["adult"] or parent_name(answers)
    return document


def _child(asking: Asking, child: ChildAnswer) -> dict[str, Any]:
    answers = asking.answers
    times = answers[place_id("times", child)]
    return {
        "name": child.name,
        "age": child.age,
        "learningPreferences": {
            "bestLearningTimes": times["bestLearningTimes"],
            "homeschoolingHours": {"startTime": times["startTime"], "endTime": times["endTime"]},
            **_insights(asking, child),
        },
        "schoolDays": times["schoolDays"],
        "commitments": [
            _commitment(answers, entry) for entry in answers[place_id(Whose.CHILD, child)]
        ],
        "subjects": [
            _subject(answers, child, entry) for entry in answers[place_id("subjects", child)]
        ],
        "questionnaireResponses": {
            section: {key: answers[place_id(key, child)]} for section, key in _CHILD_KEYS.items()
        },
    }


def _insights(asking: Asking, child: ChildAnswer) -> dict[str, Any]:
    """What is concluded about a child; of one who is known already, only if its grounds changed."""
    subjects = place_id("subjects", child)
    if asking.base and not {"children", "activities", subjects} & asking.changed:
        return {}
    learned = [
        LearnedSubject(entry["name"], entry["isCoreSubject"], entry["interestLevel"])
        for entry in asking.answers[subjects]
    ]
    return {"derivedInsights": derived_insights(child.age, learned, asking.answers["activities"])}


def _subject(
    answers: Mapping[str, Any], child: ChildAnswer, entry: Mapping[str, Any]
) -> dict[str, Any]:
    subject = {key: value for key, value in entry.items() if key != ROW}
    shared = shared_subjects(answers).get(name_key(entry["name"]))
    if shared and child in shared.learners:
        subject = {**changed(subject, shared.terms), "teachTogether": True}
    if not subject["metadata"]:
        del subject["metadata"]
    return subject


def _family_responses(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The raw answers as the data model keeps them: {section: {question: answer}}."""
    family: dict[str, Any] = {
        section: {key: answers[key] for key in keys if key in answers}
        for section, keys in _FAMILY_KEYS.items()
    }
    family["section1"] |= {
        "adults": list(adult_names(answers)),
        "away": [_commitment(answers, entry) for entry in answers[Whose.AWAY]],
    }
    return family


_FAMILY_KEYS: Mapping[str, tuple[str, ...]] = {
    "section1": ("name", "email", "timezone", "adults", Whose.AWAY.value),
    "section2": ("children",),
    "section3": (Whose.FAMILY.value,),
    "section4": ("together",),
    "section5": ("flexibility",),
    "section7": TEACHING_KEYS,
}
_CHILD_KEYS: Mapping[str, str] = {
    "section3": Whose.CHILD.value,
    "section4": "subjects",
    "section6": "times",
}


def identities_of(answers: Mapping[str, Any]) -> Identities:
    """Which parts of the family document of these answers have rows already."""
    listed = children(answers)

    def of_each(key: str) -> tuple[tuple[int | None, ...], ...]:
        return tuple(_rows(answers[place_id(key, child)]) for child in listed)

    return Identities(
        children=tuple(_child_row(child.id) for child in listed),
        subjects=of_each("subjects"),
        commitments=_rows((*answers[Whose.AWAY], *answers[Whose.FAMILY])),
        child_commitments=of_each(Whose.CHILD),
    )


def _rows(entries: Iterable[Mapping[str, Any]]) -> tuple[int | None, ...]:
    return tuple(entry.get(ROW) for entry in entries)


_SAVED_CHILD = "child_"


def _child_row(child_id: str) -> int | None:
    """The number of a child's row; None while its id is but a temporary one."""
    saved = child_id.startswith(_SAVED_CHILD)
    return int(child_id.removeprefix(_SAVED_CHILD)) if saved else None


def answers_of(document: Mapping[str, Any], identities: Identities) -> dict[str, Any]:
    """The answers that make this document (a JSON value with every list of `identities`): what
    the questionnaire would hold had this family just answered it. What an imported document does
    not say has the default that planning takes."""
    parent = document.get("parent") or {"name": document["adults"][0]["name"]}
    me = name_key(parent["name"])

    def adult(name: str) -> str:
        return ME if name_key(name) == me else name

    def named(entry: Mapping[str, Any], row: int | None) -> dict[str, Any]:
        who = {"adult": adult(entry["adult"])} if entry.get("adult") else {}
        return {key: value for key, value in entry.items() if key != "adult"} | who | {ROW: row}

    away: list[dict[str, Any]] = []
    together_goes: list[dict[str, Any]] = []
    for entry, row in zip(document.get("commitments", ()), identities.commitments, strict=True):
        own = named(entry, row)
        if entry.get("scope") == Scope.PARENT:
            own.setdefault("adult", adult(document["adults"][0]["name"]))
            away.append(own)
        else:
            together_goes.append(own)
    preferences = document.get("preferences") or {}
    answers: dict[str, Any] = {
        "name": parent["name"],
        "email": parent.get("email", ""),
        "timezone": document["timezone"],
        "adults": [adult(listed["name"]) for listed in document["adults"]],
        Whose.AWAY.value: away,
        Whose.FAMILY.value: together_goes,
        "children": [
            {"childId": f"{_SAVED_CHILD}{row}", "name": child["name"], "age": child["age"]}
            for child, row in zip(document["children"], identities.children, strict=True)
        ],
        "flexibility": preferences.get("schedulingFlexibility") or Flexibility.MODERATE.value,
        **teaching_answers(preferences),
    }
    together: dict[str, dict[str, list[str]]] = {}
    for number, (child, listed) in enumerate(
        zip(document["children"], children(answers), strict=True)
    ):
        answers[place_id("times", listed)] = _times(child)
        answers[place_id(Whose.CHILD, listed)] = [
            {"needsAdult": bool(entry.get("adult")), **named(entry, row)}
            for entry, row in zip(
                child.get("commitments", ()), identities.child_commitments[number], strict=True
            )
        ]
        subjects = []
        for entry, row in zip(child.get("subjects", ()), identities.subjects[number], strict=True):
            plain = {key: value for key, value in entry.items() if key != "teachTogether"}
            subjects.append({"metadata": {}, **plain, ROW: row})
            one = together.setdefault(name_key(entry["name"]), {"learners": [], "asked": []})
            one["asked"].append(listed.id)
            if entry.get("teachTogether"):
                one["learners"].append(listed.id)
        answers[place_id("subjects", listed)] = subjects
    answers["together"] = {key: one for key, one in together.items() if len(one["learners"]) > 1}
    return answers


def _times(child: Mapping[str, Any]) -> dict[str, Any]:
    learning = child.get("learningPreferences", {})
    hours = learning.get("homeschoolingHours") or {}
    days = child.get("schoolDays") or learning.get("schoolDays")
    return {
        "bestLearningTimes": list(learning.get("bestLearningTimes", ())),
        "startTime": hours.get("startTime", clock(DEFAULT_HOURS.start)),
        "endTime": hours.get("endTime", clock(DEFAULT_HOURS.end)),
        "schoolDays": list(days or [day.label for day in SCHOOL_DAYS]),
    }
