"""The questionnaire: consent, the seven sections in order, the summary, and what comes of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.conversations.answers import Misread
from bot.conversations.cards import Card, Option
from bot.conversations.children import children, children_question
from bot.conversations.commitments import Whose, commitments_question
from bot.conversations.flow import (
    CONSENT,
    Answer,
    Asking,
    Choice,
    Consented,
    Flow,
    Outcome,
    Question,
    Reply,
    Speak,
    Words,
)
from bot.conversations.parent import (
    CheckEmail,
    FindPlaces,
    adults_question,
    email_question,
    name_question,
    timezone_question,
)
from bot.conversations.preferences import flexibility_question, times_question
from bot.conversations.subject_card import subjects_question
from bot.conversations.summary import changes_question, confirmation_question
from bot.conversations.teaching import teaching_questions
from bot.conversations.together import together_question
from core.phrase import Translate, say

VERSION = 2
"""Raised with every change of the questions or of the shape of an answer."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the questions need from outside.

    `find_places` knows what a typed city can mean; `check_email` gives an address in its normal
    form, or None; `translators` hold every language by its code: answers are understood in all.
    """

    find_places: FindPlaces
    check_email: CheckEmail
    translators: Mapping[str, Translate]


def onboarding(known: Known) -> Flow:
    """The questionnaire as a flow."""
    return Flow(
        version=VERSION,
        questions=(_consent(), *_sections(known), confirmation_question()),
        children=children,
        closing=Card(say("closing.title"), lines=(say("closing.line"),), thinking=True),
        translators=known.translators,
    )


def settings(known: Known) -> Flow:
    """The same questions for a family that has a week: what can be changed, and what becomes of
    it. Begins with every answer in force (`State.base`)."""
    return Flow(
        version=VERSION,
        questions=(*_sections(known), changes_question()),
        children=children,
        closing=Card(say("settings.saved")),
        translators=known.translators,
    )


def _sections(known: Known) -> tuple[Question, ...]:
    return (
        name_question(),
        email_question(known.check_email),
        timezone_question(known.find_places),
        adults_question(),
        commitments_question(Whose.AWAY),
        children_question(),
        commitments_question(Whose.FAMILY),
        commitments_question(Whose.CHILD),
        subjects_question(),
        together_question(),
        flexibility_question(),
        times_question(),
        *teaching_questions(),
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
