"""The questionnaire's machine: a flow is data, `step` is pure, the current question is derived.

A *place* is one question asked for one person: "email", or "subjects.temp_child_2". The current
place is the first one revisited, else the first whose answer is missing or no longer sound, in
the flow's order. Answers of places that no longer exist are kept and ignored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
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
    is_bare_word,
    option_meant,
    option_nearly_meant,
)
from core.phrase import Phrase, Translate, say

SECTIONS = 7
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
    """What was just accepted, in one line."""

    phrase: Phrase


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

    `document` is a family document without "now" or "previous", with "parent". `responses` holds
    the raw answers: {"family": {section: {question: answer}}, "children": {name: {section:
    {question: answer}}}}.
    """

    document: dict[str, Any]
    responses: dict[str, Any]


Reply: TypeAlias = Show | Kept | Consented | SpeakLanguage | Submit


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
class Asking:
    """What a question may know. `answers` holds the sound ones by place id; `given` is this
    place's own (None: none yet)."""

    answers: Mapping[str, Any]
    today: date
    language: str
    hints: Hints
    translators: Mapping[str, Translate]
    taken_ids: frozenset[str] = frozenset()
    child: ChildAnswer | None = None
    given: Any = None

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
    """The reader wants to see a section's questions again."""

    section: int


Outcome: TypeAlias = Answer | Half | Misread | Speak | Revise


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
    again, the first one now. `step` rises whenever another question is shown.
    """

    answers: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    drafts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    revisiting: tuple[str, ...] = ()
    step: int = 1
    hints: Hints = field(default_factory=Hints)
    language: str = "en"


@dataclass(frozen=True, slots=True)
class _Place:
    id: str
    question: Question
    asking: Asking
    answered: bool


def place_id(key: str, child: ChildAnswer | None = None) -> str:
    """The id of a question for a child, or (None) for the family."""
    return f"{key}.{child.id}" if child else key


def step(flow: Flow, state: State, event: Event, *, today: date) -> tuple[State, tuple[Reply, ...]]:
    """What an event makes of a conversation, and what is said to it.

    Never raises for anything a person can send; always ends with exactly one `Show`.
    """
    places = _places(flow, state, today)
    here = _current(state, places)
    if here is None:
        return state, (Show(flow.closing),)
    match event:
        case Opened():
            notice = say("flow.welcome_back") if state.answers else None
            return state, (_show(flow, state, today, notice),)
        case Tapped(step=shown, option=option):
            card = _card(places, here, state)
            if shown != state.step or card.option(option) is None:
                return state, (_show(flow, state, today, say("flow.stale")),)
            return _answer(flow, state, today, places, here, Choice(option))
        case Typed(text=text):
            return _typed(flow, state, today, places, here, text)
        case Located():
            if here.question.locate is None:
                return state, (_show(flow, state, today, say("flow.no_place")),)
            outcome = here.question.locate(here.asking, event)
            return _settle(flow, state, today, places, here, outcome)


def _typed(
    flow: Flow, state: State, today: date, places: tuple[_Place, ...], here: _Place, raw: str
) -> tuple[State, tuple[Reply, ...]]:
    text = clean(raw)
    if not text:
        return state, (_show(flow, state, today, say("flow.empty")),)
    if len(text) > LONGEST:
        return state, (_show(flow, state, today, say("flow.too_long")),)
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
    places: tuple[_Place, ...],
    here: _Place,
    heard: Choice | Words,
) -> tuple[State, tuple[Reply, ...]]:
    before = _previous(places, here)
    if heard == Choice("back") and before is not None:
        queue = tuple(place for place in state.revisiting if place != before.id)
        changed = replace(state, revisiting=(before.id, *queue), step=state.step + 1)
        return changed, (_show(flow, changed, today),)
    if heard == Choice("keep"):
        outcome: Outcome = Answer(here.asking.given)
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
    places: tuple[_Place, ...],
    here: _Place,
    outcome: Outcome,
) -> tuple[State, tuple[Reply, ...]]:
    match outcome:
        case Misread(phrase=phrase):
            return state, (_show(flow, state, today, phrase),)
        case Half(draft=draft, notice=notice):
            changed = replace(state, drafts={**state.drafts, here.id: draft})
            return changed, (_show(flow, changed, today, notice),)
        case Speak(code=code):
            changed = replace(state, language=code)
            return changed, (SpeakLanguage(code), _show(flow, changed, today))
        case Revise(section=section):
            again = tuple(p.id for p in places if p.question.section == section)
            changed = replace(state, revisiting=again, step=state.step + 1)
            return changed, (_show(flow, changed, today),)
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
                Kept(here.question.tell(asking, value)),
                *here.question.then(asking, value),
                _show(flow, changed, today),
            )


def _previous(places: tuple[_Place, ...], here: _Place) -> _Place | None:
    index = next(i for i, place in enumerate(places) if place.id == here.id)
    return next((place for place in reversed(places[:index]) if place.answered), None)


def _places(flow: Flow, state: State, today: date) -> tuple[_Place, ...]:
    """All places whose condition holds, in order. Soundness of an answer depends only on the
    answers before it, so one pass settles it."""
    sound: dict[str, Any] = {}
    taken = frozenset(key for key in (*state.answers, *state.drafts))
    found: list[tuple[str, Question, ChildAnswer | None, bool]] = []

    def asking(child: ChildAnswer | None, given: Any = None) -> Asking:
        return Asking(
            sound, today, state.language, state.hints, flow.translators, taken, child, given
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
        _Place(key, question, asking(child, sound.get(key)), answered)
        for key, question, child, answered in found
    )


def _sound(question: Question, asking: Asking, value: Any) -> bool:
    """Whether a stored answer still is one. A stored value may come from another version of the
    flow and have any shape, so one that cannot even be read is simply not sound."""
    try:
        return question.sound(asking, value)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return False


def _current(state: State, places: tuple[_Place, ...]) -> _Place | None:
    live = {place.id: place for place in places}
    for revisited in state.revisiting:
        if revisited in live:
            return live[revisited]
    return next((place for place in places if not place.answered), None)


def _show(flow: Flow, state: State, today: date, notice: Phrase | None = None) -> Show:
    places = _places(flow, state, today)
    here = _current(state, places)
    if here is None:
        return Show(flow.closing)
    card = _card(places, here, state)
    return Show(replace(card, notice=notice) if notice else card)


def _card(places: tuple[_Place, ...], here: _Place, state: State) -> Card:
    card = here.question.ask(here.asking, state.drafts.get(here.id))
    extra: list[Option] = []
    # Of what is half-made nothing is kept by going back to the answer before.
    going_on = here.id in state.drafts or any(card.option(verb) for verb in GO_ON)
    if here.answered and not going_on:
        extra.append(Option("keep", say("flow.keep")))
    if _previous(places, here) is not None:
        extra.append(Option("back", say("flow.back")))
    rows = (*card.rows, tuple(extra)) if extra else card.rows
    return replace(card, rows=rows, progress=_progress(places, here))


def _progress(places: tuple[_Place, ...], here: _Place) -> Progress | None:
    section = here.question.section
    if section == 0:
        before = _previous(places, here)
        return Progress(SECTIONS, SECTIONS, 1.0) if before else None
    within = [place.id for place in places if place.question.section == section]
    done = (section - 1 + within.index(here.id) / len(within)) / SECTIONS
    child = here.asking.child
    return Progress(section, SECTIONS, done, child.name if child else None)


def to_session(flow: Flow, state: State, *, now: datetime) -> dict[str, Any]:
    """The conversation as the questionnaire session of the data model (plain JSON).

    `now` is an aware instant. Further keys: "flowVersion", "answers" of what surrounds the
    sections, and everything else that a resumed card needs.
    """
    places = _places(flow, state, now.date())
    here = _current(state, places)
    current = here.question.section if here else SECTIONS
    progress = {
        f"section{n}": _status([p for p in places if p.question.section == n], current == n)
        for n in range(1, SECTIONS + 1)
    }
    sound = {place.id: state.answers[place.id] for place in places if place.answered}
    children = flow.children(sound)
    return {
        "currentSection": current or (1 if not sound else SECTIONS),
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
        "draftResponses": _sectioned(flow, state.answers),
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
        hints=Hints(profile.get("name"), profile.get("timezone")),
        language=str(session.get("language") or "en"),
    )


def _sectioned(flow: Flow, answers: Mapping[str, Any]) -> dict[str, Any]:
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


def _status(places: list[_Place], current: bool) -> str:
    if places and all(place.answered for place in places) and not current:
        return "complete"
    if current or any(place.answered for place in places):
        return "in_progress"
    return "not_started"
