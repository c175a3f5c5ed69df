"""The questionnaire's machine: a flow is data, `step` is pure, the current question is derived.

A *place* is one question asked for one person: "email", or "subjects.temp_child_2". The current
place is the first one revisited, else the first whose answer is missing or no longer sound, in
the flow's order. Answers of places that no longer exist are kept and ignored.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any, TypeAlias

from bot.conversations.answers import Misread, clean
from bot.conversations.cards import (
    Card,
    Event,
    Located,
    Opened,
    Option,
    Progress,
    Tapped,
    Typed,
)
from bot.conversations.hearing import (
    GO_ON,
    LATER,
    is_bare_word,
    option_meant,
    option_nearly_meant,
)
from core.family import Identities
from core.phrase import Phrase, Translate, say

SECTIONS = 7
AGAIN, RESUME, LEAVE = "again-", "resume", "leave"
"""Options of every card: open an answered question again, go on after a rest, take back all
changes. What stands behind `AGAIN` is a `place_code`."""

_UNKNOWN = object()

CONSENT = "consent"
"""Key of the question without whose answer nothing else is stored."""

LONGEST = 1000
"""Characters of a typed answer; more is a paste by mistake."""


@dataclass(frozen=True, slots=True)
class Show:
    """The living card. Every step ends with exactly one."""

    card: Card


@dataclass(frozen=True, slots=True)
class Kept:
    """What was just accepted, in one line; `place` is the id of the question's place."""

    phrase: Phrase
    place: str


@dataclass(frozen=True, slots=True)
class Consented:
    """The parent has agreed to what the consent card says."""


@dataclass(frozen=True, slots=True)
class SpeakLanguage:
    """From here on the reader is spoken to in this language."""

    code: str


@dataclass(frozen=True, slots=True)
class Submit:
    """The questionnaire is complete.

    `document` is a family document without "now" or "previous", with "parent". Its
    "questionnaireResponses", and those of each child, hold the raw answers: {section: {question:
    answer}}. `identities` tells which parts of it are there already.
    """

    document: dict[str, Any]
    identities: Identities


@dataclass(frozen=True, slots=True)
class Discard:
    """Everything stays as it is in force; the conversation is over."""


Reply: TypeAlias = Show | Kept | Consented | SpeakLanguage | Submit | Discard


@dataclass(frozen=True, slots=True)
class Hints:
    """What the channel knows of the person: good guesses, offered as buttons."""

    name: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class ChildAnswer:
    """A child as answered in section 2; `id` stays the same for life ("temp_child_1")."""

    id: str
    name: str
    age: int


@dataclass(frozen=True, slots=True)
class Spot:
    """One question for one person, as a list of what can be changed shows it."""

    id: str
    key: str
    section: int
    child: ChildAnswer | None


@dataclass(frozen=True, slots=True)
class Asking:
    """What a question may know. `answers` holds the sound ones by place id; `given` is this
    place's own (None: none yet), `stored` the same even if it is no longer sound. `base` are the
    answers in force, `changed` the places whose answers are not; `places` are those that come
    before this one, in order."""

    answers: Mapping[str, Any]
    today: date
    language: str
    hints: Hints
    translators: Mapping[str, Translate]
    taken_ids: frozenset[str] = frozenset()
    child: ChildAnswer | None = None
    given: Any = None
    stored: Any = None
    base: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    changed: frozenset[str] = frozenset()
    places: tuple[Spot, ...] = ()

    def word(self, phrase: Phrase) -> str:
        """The phrase in the family's language, for names that become data."""
        return self.translators[self.language](phrase)


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of the card, tapped or typed by its label."""

    option: str


@dataclass(frozen=True, slots=True)
class Words:
    """Anything else that was typed; not empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The question is answered; `value` is plain JSON and never None."""

    value: Any


@dataclass(frozen=True, slots=True)
class Half:
    """The card stays open with these half-made selections (plain JSON)."""

    draft: Any
    notice: Phrase | None = None


@dataclass(frozen=True, slots=True)
class Speak:
    """The reader wants another language."""

    code: str


@dataclass(frozen=True, slots=True)
class Revise:
    """The reader wants to see a question again: the id of its place."""

    place: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The reader takes back all changes."""


Outcome: TypeAlias = Answer | Half | Misread | Speak | Revise | GiveUp


def _always(_: Asking) -> bool:
    return True


def _nothing(_: Asking, __: Any) -> tuple[Reply, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    `ask` builds the card of a draft (None: nothing half-made) without progress and Back; `hear`
    reads an answer; `sound` tells whether a stored value is still a good answer; `tell` says it
    in one line; `then` adds replies once it is accepted; `wanted` is its condition. `section` is
    1 to 7, or 0 for what surrounds the sections. `numbered`: its options can be chosen by number.
    `locate` reads a shared place (None: no place is needed).

    A card of `ask` with a "back" of its own lies within the question: `hear` hears it.
    """

    key: str
    section: int
    ask: Callable[[Asking, Any], Card]
    hear: Callable[[Asking, Any, Choice | Words], Outcome]
    sound: Callable[[Asking, Any], bool]
    tell: Callable[[Asking, Any], Phrase]
    each_child: bool = False
    wanted: Callable[[Asking], bool] = _always
    then: Callable[[Asking, Any], tuple[Reply, ...]] = _nothing
    numbered: bool = False
    locate: Callable[[Asking, Located], Outcome] | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A questionnaire. `version` rises whenever questions or the shape of answers change.

    `children` reads the children out of the sound answers; `closing` is the card once all is
    answered; `translators` hold every language in which answers are understood.
    """

    version: int
    questions: tuple[Question, ...]
    children: Callable[[Mapping[str, Any]], tuple[ChildAnswer, ...]]
    closing: Card
    translators: Mapping[str, Translate]


@dataclass(frozen=True, slots=True)
class State:
    """Where a conversation stands.

    `answers` and `drafts` are plain JSON by place id. `revisiting` are the places that are shown
    again, the first one now. `step` rises whenever another question is shown. `base` are the
    answers that are in force already (of a family with a week), by place id. `resting`: the
    reader has put the conversation off, and sees that all is kept instead of the question.
    """

    answers: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    drafts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    revisiting: tuple[str, ...] = ()
    step: int = 1
    base: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    resting: bool = False
    hints: Hints = field(default_factory=Hints)
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Place:
    """A question for one person, as it stands in a conversation."""

    id: str
    question: Question
    asking: Asking
    answered: bool


def place_id(key: str, child: ChildAnswer | None = None) -> str:
    """The id of a question for a child, or (None) for the family."""
    return f"{key}.{child.id}" if child else key


def place_code(place: str) -> str:
    """A place as part of an option's id: "commitments-2" for a child's with that id, and
    "commitments-t2" while the id is but temporary."""
    key, _, child = place.partition(".")
    number = re.search(r"\d+$", child)
    new = "t" if child.startswith("temp_") else ""
    return f"{key.lower()}-{new}{number[0]}" if number else key.lower()


def again_option(place: str) -> Option:
    """The button under an answered question's line that opens it again."""
    return Option(f"{AGAIN}{place_code(place)}", say("flow.change"))


def leave_option() -> Option:
    """The button that takes back all changes of what is in force."""
    return Option(LEAVE, say("settings.undo"))


def step(flow: Flow, state: State, event: Event, *, today: date) -> tuple[State, tuple[Reply, ...]]:
    """What an event makes of a conversation, and what is said to it.

    Never raises for anything a person can send; always ends with exactly one `Show`.
    """
    places = places_of(flow, state, today)
    here = current(state, places)
    if here is None:
        return state, (Show(flow.closing),)
    awake = replace(state, resting=False)
    match event:
        case Opened():
            notice = say("flow.welcome_back") if state.answers and not state.base else None
            return awake, (_show(flow, awake, today, notice),)
        case Tapped(option=option) if option.startswith(AGAIN):
            return _open_again(flow, awake, today, places, option.removeprefix(AGAIN))
        case Tapped(step=shown, option=option) if state.resting:
            notice = None if (shown, option) == (state.step, RESUME) else say("flow.stale")
            return awake, (_show(flow, awake, today, notice),)
        case Tapped(step=shown, option=option):
            card = _card(places, here, state)
            if shown != state.step or card.option(option) is None:
                return state, (_show(flow, state, today, say("flow.stale")),)
            return _answer(flow, state, today, places, here, Choice(option))
        case Typed(text=text):
            return _typed(flow, awake, today, places, here, text)
        case Located():
            if here.question.locate is None:
                return awake, (_show(flow, awake, today, say("flow.no_place")),)
            outcome = here.question.locate(here.asking, event)
            return _settle(flow, awake, today, places, here, outcome)


def look(flow: Flow, state: State, *, today: date) -> Card:
    """The living card as it stands, with nothing said beside it."""
    return _show(flow, state, today).card


def _open_again(
    flow: Flow, state: State, today: date, places: tuple[Place, ...], code: str
) -> tuple[State, tuple[Reply, ...]]:
    wanted = next((p for p in places if p.answered and place_code(p.id) == code), None)
    if wanted is None:
        return state, (_show(flow, state, today, say("flow.stale")),)
    queue = tuple(place for place in state.revisiting if place != wanted.id)
    changed = replace(state, revisiting=(wanted.id, *queue), step=state.step + 1)
    return changed, (_show(flow, changed, today),)


def _typed(
    flow: Flow, state: State, today: date, places: tuple[Place, ...], here: Place, raw: str
) -> tuple[State, tuple[Reply, ...]]:
    text = clean(raw)
    if not text:
        return state, (_show(flow, state, today, say("flow.empty")),)
    if len(text) > LONGEST:
        return state, (_ask_again(flow, state, today, say("flow.too_long")),)
    card = _card(places, here, state)
    option = option_meant(flow.translators, card, text)
    if option is None and is_bare_word(text):
        # "Yes" must not become anybody's name.
        return state, (_show(flow, state, today, say("flow.bare_word")),)
    heard = Words(text) if option is None else Choice(option)
    return _answer(flow, state, today, places, here, heard)


def _answer(
    flow: Flow,
    state: State,
    today: date,
    places: tuple[Place, ...],
    here: Place,
    heard: Choice | Words,
) -> tuple[State, tuple[Reply, ...]]:
    before = _previous(places, here)
    if heard == Choice(LATER):
        resting = replace(state, resting=True)
        return resting, (_show(flow, resting, today),)
    inside = here.question.ask(here.asking, state.drafts.get(here.id)).option("back")
    if heard == Choice("back") and state.base and inside is None:
        # What can be changed is a list, and Back leads to it.
        changed = replace(state, revisiting=state.revisiting[1:], step=state.step + 1)
        return changed, (_show(flow, changed, today),)
    if heard == Choice("back") and before is not None and inside is None:
        queue = tuple(place for place in state.revisiting if place != before.id)
        changed = replace(state, revisiting=(before.id, *queue), step=state.step + 1)
        return changed, (_show(flow, changed, today),)
    outcome: Outcome
    if heard == Choice(LEAVE) and state.base:
        outcome = GiveUp()
    elif heard == Choice("keep"):
        outcome = Answer(here.asking.given)
    else:
        outcome = here.question.hear(here.asking, state.drafts.get(here.id), heard)
        if isinstance(outcome, Misread) and isinstance(heard, Words) and here.question.numbered:
            nearly = option_nearly_meant(flow.translators, _card(places, here, state), heard.text)
            if nearly is not None:
                return _answer(flow, state, today, places, here, Choice(nearly))
    return _settle(flow, state, today, places, here, outcome)


def _settle(
    flow: Flow,
    state: State,
    today: date,
    places: tuple[Place, ...],
    here: Place,
    outcome: Outcome,
) -> tuple[State, tuple[Reply, ...]]:
    match outcome:
        case Misread(phrase=phrase):
            return state, (_ask_again(flow, state, today, phrase),)
        case Half(draft=draft, notice=notice):
            changed = replace(state, drafts={**state.drafts, here.id: draft})
            return changed, (_show(flow, changed, today, notice),)
        case Speak(code=code):
            changed = replace(state, language=code)
            return changed, (SpeakLanguage(code), _show(flow, changed, today))
        case Revise(place=place):
            kept = {key: draft for key, draft in state.drafts.items() if key != here.id}
            changed = replace(state, drafts=kept, revisiting=(place,), step=state.step + 1)
            return changed, (_show(flow, changed, today),)
        case GiveUp():
            changed = replace(state, answers=state.base, drafts={}, revisiting=())
            return changed, (Discard(), _show(flow, changed, today))
        case Answer(value=value):
            changed = replace(
                state,
                answers={**state.answers, here.id: value},
                drafts={key: draft for key, draft in state.drafts.items() if key != here.id},
                revisiting=tuple(p for p in state.revisiting if p != here.id),
                step=state.step + 1,
            )
            known = {**here.asking.answers, here.id: value}
            asking = replace(here.asking, answers=known)
            return changed, (
                Kept(here.question.tell(asking, value), here.id),
                *here.question.then(asking, value),
                _show(flow, changed, today),
            )


def _previous(places: tuple[Place, ...], here: Place) -> Place | None:
    index = next(i for i, place in enumerate(places) if place.id == here.id)
    return next((place for place in reversed(places[:index]) if place.answered), None)


def places_of(flow: Flow, state: State, today: date) -> tuple[Place, ...]:
    """All places whose condition holds, in order. Soundness of an answer depends only on the
    answers before it, so one pass settles it."""
    sound: dict[str, Any] = {}
    taken = frozenset(key for key in (*state.answers, *state.drafts))
    changed = frozenset(changes(state))
    found: list[tuple[str, Question, ChildAnswer | None, bool]] = []

    def asking(child: ChildAnswer | None, given: Any = None, stored: Any = None) -> Asking:
        return Asking(
            sound,
            today,
            state.language,
            state.hints,
            flow.translators,
            taken,
            child,
            given,
            stored,
            state.base,
            changed,
            tuple(Spot(key, q.key, q.section, whose) for key, q, whose, _ in found),
        )

    for question in flow.questions:
        people = flow.children(sound) if question.each_child else (None,)
        for child in people:
            if not question.wanted(asking(child)):
                continue
            key = place_id(question.key, child)
            answered = key in state.answers and _sound(question, asking(child), state.answers[key])
            if answered:
                sound[key] = state.answers[key]
            found.append((key, question, child, answered))
    return tuple(
        Place(key, question, asking(child, sound.get(key), state.answers.get(key)), answered)
        for key, question, child, answered in found
    )


def _sound(question: Question, asking: Asking, value: Any) -> bool:
    """Whether a stored answer still is one. A stored value may come from another version of the
    flow and have any shape, so one that cannot even be read is simply not sound."""
    try:
        return question.sound(asking, value)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return False


def current(state: State, places: tuple[Place, ...]) -> Place | None:
    live = {place.id: place for place in places}
    for revisited in state.revisiting:
        if revisited in live:
            return live[revisited]
    return next((place for place in places if not place.answered), None)


def _show(flow: Flow, state: State, today: date, notice: Phrase | None = None) -> Show:
    places = places_of(flow, state, today)
    here = current(state, places)
    if here is None:
        return Show(flow.closing)
    card = _card(places, here, state)
    return Show(replace(card, notice=notice) if notice else card)


def _ask_again(flow: Flow, state: State, today: date, notice: Phrase) -> Show:
    """The question as it stands, for words that were not understood."""
    return Show(replace(_show(flow, state, today, notice).card, misread=True))


def _card(places: tuple[Place, ...], here: Place, state: State) -> Card:
    if state.resting:
        return Card(
            say("flow.rest"),
            lines=(say("flow.rest_why"),),
            rows=((Option(RESUME, say("flow.resume")),),),
            progress=_progress(places, here),
        )
    card = here.question.ask(here.asking, state.drafts.get(here.id))
    if card.option("back") is not None:
        # It lies within the question, and leads back to the question's first card.
        return replace(card, progress=_progress(places, here))
    extra: list[Option] = []
    # Of what is half-made nothing is kept by going back to the answer before.
    going_on = here.id in state.drafts or any(card.option(verb) for verb in GO_ON)
    if here.answered and not going_on:
        extra.append(Option("keep", say("flow.keep")))
    if state.base:
        # A change can make another answer necessary; who does not want that, leaves it all.
        out = Option("back", say("flow.back")) if here.answered else leave_option()
        if card.option(out.id) is None:
            extra.append(out)
    elif _previous(places, here) is not None:
        extra += [Option("back", say("flow.back")), Option(LATER, say("flow.later"))]
    rows = (*card.rows, tuple(extra)) if extra else card.rows
    return replace(card, rows=rows, progress=_progress(places, here))


def changes(state: State) -> dict[str, Any]:
    """The answers of a family with a week that are not in force yet, by place id."""
    if not state.base:
        return {}
    return {
        key: value for key, value in state.answers.items() if state.base.get(key, _UNKNOWN) != value
    }


def _progress(places: tuple[Place, ...], here: Place) -> Progress | None:
    section = here.question.section
    if here.asking.base:
        # Who changes an answer is not on a way of seven sections.
        return None
    if section == 0:
        before = _previous(places, here)
        return Progress(SECTIONS, SECTIONS, 1.0) if before else None
    within = [place.id for place in places if place.question.section == section]
    done = (section - 1 + within.index(here.id) / len(within)) / SECTIONS
    child = here.asking.child
    return Progress(section, SECTIONS, done, child.name if child else None)
