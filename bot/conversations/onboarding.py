"""The questionnaire: consent, the seven sections in order, the summary, and what comes of them."""

from collections.abc import Mapping
from typing import Any

from bot.conversations.answers import Misread
from bot.conversations.cards import Card, Option
from bot.conversations.children import children, children_question
from bot.conversations.commitment_lines import Whose
from bot.conversations.commitments import commitments_question
from bot.conversations.flow import (
    CONSENT,
    SECTIONS,
    Answer,
    Asking,
    ChildAnswer,
    Choice,
    Consented,
    Flow,
    Outcome,
    Question,
    Reply,
    Revise,
    Speak,
    Submit,
    Words,
    place_id,
)
from bot.conversations.parent import (
    CheckEmail,
    FindPlaces,
    FindZone,
    adult_names,
    adults_question,
    email_question,
    name_question,
    parent_name,
    timezone_question,
    zone_city,
)
from bot.conversations.preferences import (
    flexibility_question,
    preset_question,
    times_question,
)
from bot.conversations.subjects import subjects_question
from bot.conversations.together import shared_subjects, together_question
from core.family import SCHOOL_DAYS
from core.phrase import Phrase, Translate, say
from core.text import name_key
from core.week import parse_clock, time_of, week_start

VERSION = 1
"""Raised with every change of the questions or of the shape of an answer."""


def onboarding(
    *,
    find_places: FindPlaces,
    find_zone: FindZone,
    check_email: CheckEmail,
    translators: Mapping[str, Translate],
) -> Flow:
    """The questionnaire as a flow.

    `find_places` knows what a typed city can mean, `find_zone` whose clock a shared place goes by;
    `check_email` gives an address in its normal form, or None; `translators` hold every language by
    its code: answers are understood in all.
    """
    return Flow(
        version=VERSION,
        questions=(
            _consent(),
            name_question(),
            email_question(check_email),
            timezone_question(find_places, find_zone),
            adults_question(),
            commitments_question(Whose.AWAY),
            children_question(),
            commitments_question(Whose.FAMILY),
            commitments_question(Whose.CHILD),
            subjects_question(),
            together_question(),
            flexibility_question(),
            times_question(),
            preset_question(),
            _confirmation(),
        ),
        children=children,
        closing=Card(say("closing.title"), lines=(say("closing.line"),), thinking=True),
        translators=translators,
    )


def _consent() -> Question:
    def ask(asking: Asking, _: Any) -> Card:
        others = tuple(
            Option(f"speak-{code}", say(f"language.{code}"))
            for code in asking.translators
            if code != asking.language
        )
        return Card(
            say("consent.ask"),
            lines=(say("consent.what"), say("consent.who"), say("consent.how_long")),
            rows=((Option("agree", say("consent.agree")),), others),
            hint=say("consent.hint"),
        )

    def hear(_: Asking, __: Any, heard: Choice | Words) -> Outcome:
        if isinstance(heard, Words):
            return Misread(say("consent.misread"))
        if heard.option == "agree":
            return Answer("agreed")
        return Speak(heard.option.split("-")[1])

    def then(asking: Asking, _: Any) -> tuple[Reply, ...]:
        return () if asking.given else (Consented(),)

    return Question(
        CONSENT,
        0,
        ask,
        hear,
        sound=lambda _, value: value == "agreed",
        tell=lambda _, __: say("consent.kept"),
        then=then,
    )


def _confirmation() -> Question:
    def ask(asking: Asking, _: Any) -> Card:
        edits = [
            Option(f"edit-{section}", say(f"summary.section{section}"))
            for section in range(1, SECTIONS + 1)
        ]
        return Card(
            say("summary.ask"),
            lines=_summary(asking.answers),
            rows=(
                (Option("accept", say("summary.accept")),),
                tuple(edits[:3]),
                tuple(edits[3:6]),
                tuple(edits[6:]),
            ),
            hint=say("summary.hint"),
        )

    def hear(_: Asking, __: Any, heard: Choice | Words) -> Outcome:
        if isinstance(heard, Words):
            return Misread(say("summary.misread"))
        if heard.option == "accept":
            return Answer(True)
        return Revise(int(heard.option.split("-")[1]))

    return Question(
        "confirmation",
        0,
        ask,
        hear,
        sound=lambda _, value: value is True,
        tell=lambda _, __: say("summary.kept"),
        then=lambda asking, _: (Submit(_document(asking), _responses(asking.answers)),),
    )


def _summary(answers: Mapping[str, Any]) -> tuple[Phrase, ...]:
    busy = (
        answers[Whose.AWAY]
        + answers[Whose.FAMILY]
        + [e for child in children(answers) for e in answers[place_id(Whose.CHILD, child)]]
    )
    lines = [
        say("summary.adults", names=adult_names(answers), city=zone_city(answers["timezone"])),
        *(_child_line(answers, child) for child in children(answers)),
    ]
    if busy:
        names = tuple(dict.fromkeys(entry["name"] for entry in busy))
        lines.append(say("summary.commitments", names=names))
    if answers.get("together"):
        shared = shared_subjects(answers)
        together = tuple(shared[key].name for key in answers["together"])
        lines.append(say("summary.together", names=together))
    lines.append(
        say(
            "summary.style",
            flexibility=say(f"flexibility.{answers['flexibility']}"),
            preset=say(f"preset.{answers['preset']['preset']}"),
        )
    )
    return tuple(lines)


def _child_line(answers: Mapping[str, Any], child: ChildAnswer) -> Phrase:
    hours = answers[place_id("times", child)]
    return say(
        "summary.child",
        count=len(answers[place_id("subjects", child)]),
        name=child.name,
        age=child.age,
        start=time_of(parse_clock(hours["startTime"])),
        end=time_of(parse_clock(hours["endTime"])),
    )


def _document(asking: Asking) -> dict[str, Any]:
    """The family document: the keys of `plan`'s input, and "parent"."""
    answers = asking.answers
    parent = {"name": parent_name(answers)}
    if answers["email"]:
        parent["email"] = answers["email"]
    preset = {key: value for key, value in answers["preset"].items() if key != "preset"}
    return {
        "weekStartDate": week_start(asking.today).isoformat(),
        "timezone": answers["timezone"],
        "parent": parent,
        "adults": [{"name": name} for name in adult_names(answers)],
        "preferences": {"schedulingFlexibility": answers["flexibility"], **preset},
        "commitments": [
            _commitment(answers, entry) for entry in (*answers[Whose.AWAY], *answers[Whose.FAMILY])
        ],
        "daysOff": [],
        "children": [_child(answers, child) for child in children(answers)],
    }


def _commitment(answers: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    if "adult" not in entry:
        return dict(entry)
    return {**entry, "adult": entry["adult"] or parent_name(answers)}


def _child(answers: Mapping[str, Any], child: ChildAnswer) -> dict[str, Any]:
    times = answers[place_id("times", child)]
    document: dict[str, Any] = {
        "name": child.name,
        "age": child.age,
        "learningPreferences": {
            "bestLearningTimes": times["bestLearningTimes"],
            "homeschoolingHours": {"startTime": times["startTime"], "endTime": times["endTime"]},
        },
        "commitments": [dict(entry) for entry in answers[place_id(Whose.CHILD, child)]],
        "subjects": [
            _subject(answers, child, entry) for entry in answers[place_id("subjects", child)]
        ],
    }
    if times["schoolDays"] != [day.label for day in SCHOOL_DAYS]:
        document["schoolDays"] = times["schoolDays"]
    return document


def _subject(
    answers: Mapping[str, Any], child: ChildAnswer, entry: Mapping[str, Any]
) -> dict[str, Any]:
    subject = {key: value for key, value in entry.items() if key != "metadata" or value}
    key = name_key(entry["name"])
    if key in answers.get("together", ()):
        shared = shared_subjects(answers)[key]
        if child in shared.learners:
            subject |= {"sessionDuration": shared.minutes, "teachTogether": True}
    return subject


def _responses(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The raw answers as the data model keeps them, see `Submit`."""
    family: dict[str, Any] = {}
    by_child: dict[str, Any] = {}
    for section, keys in _FAMILY_KEYS.items():
        family[section] = {key: answers[key] for key in keys if key in answers}
    family["section1"] |= {
        "adults": list(adult_names(answers)),
        "away": [_commitment(answers, entry) for entry in answers[Whose.AWAY]],
    }
    for child in children(answers):
        by_child[child.name] = {
            section: {key: answers[place_id(key, child)]} for section, key in _CHILD_KEYS.items()
        }
    return {"family": family, "children": by_child}


_FAMILY_KEYS: Mapping[str, tuple[str, ...]] = {
    "section1": ("name", "email", "timezone", "adults", Whose.AWAY.value),
    "section2": ("children",),
    "section3": (Whose.FAMILY.value,),
    "section4": ("together",),
    "section5": ("flexibility",),
    "section7": ("preset",),
}
_CHILD_KEYS: Mapping[str, str] = {
    "section3": Whose.CHILD.value,
    "section4": "subjects",
    "section6": "times",
}
