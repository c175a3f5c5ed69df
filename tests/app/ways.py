"""How a conversation goes on: what people answer, well or badly, and a way to the end from
anywhere. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from bot.conversations.cards import Card, Event, Opened, Tapped, Typed
from bot.conversations.children import children
from bot.conversations.commitments import Whose
from bot.conversations.flow import (
    RESUME,
    Discard,
    Flow,
    Hints,
    Reply,
    Show,
    State,
    Submit,
    current,
    place_id,
    places_of,
    step,
)
from bot.conversations.hearing import LATER
from bot.conversations.teaching import TEACHING_KEYS
from bot.conversations.together import same_subjects
from core.text import name_key

LONGEST_WAY = 200
"""Events after which any conversation can have come to its end."""

PLAUSIBLE: Mapping[str, tuple[str, ...]] = {
    "consent": ("I agree", "yes", "what?"),
    "name": ("Sarah", "I'm Zoë", "Sarah O'Neill"),
    "email": ("sarah@example.com", "skip", "sarah at example"),
    "timezone": ("New York", "Portland", "Europe/Madrid", "Springfield", "Atlantis"),
    "adults": ("Sarah and Tom", "just me", "Tom, Ana y yo", "me, myself"),
    "away": ("Tom Mon-Fri 9-17", "Tue Thu 10-11:30", "work daily 7-8", "none"),
    "children": ("Emma 9, Noah 6", "Ben 4", "Ana and Leo 7, twins", "Mia", "6", "Zoë 1"),
    "familyCommitments": (
        "Co-op Fri 1-3pm",
        "Market Sat 9-10 just Tom",
        "Choir monthly 15th 5-6pm",
    ),
    "commitments": ("Soccer Mon Wed 4-5pm", "Piano Tue 3-4pm with me", "Dentist Dec 1 10-11"),
    "subjects": (
        "Latin 2x 20 min independent",
        "Math at 9:30",
        "remove Art",
        "Chess 1x, Choir Fri",
    ),
    "together": ("Art", "none", "Latin"),
    "flexibility": ("3", "strictly", "very flexible"),
    "times": ("9-2", "Mon-Thu", "mornings", "9-9"),
    "philosophy": ("2 5 3 1 4", "classical 5", "relaxed"),
    "style": ("time blocked 5", "1 2 3 4 5", "3"),
    "activities": ("2 5 3 1 4 4 4", "art 5", "6"),
    "approach": ("2", "our own"),
}
"""What people type at a question, well or badly."""

ANYWHERE = ("yes", "no", "back", "atrás", "sí", "done", "none", "keep", "later", "1", "3", "9-2")
HOSTILE = (
    *("\x00", "Em\x00ma 9", "\ud800", "No\udfffah 6", "x" * 5000, "9" * 400, "\n\n", " ", "", "-"),
    *("\u202eammE 9", "שלום 9", "👩‍👧 7", "\u3000", "ﬁ Ⅸ ½", "'; DROP TABLE families; --", "//"),
    *("<b>&amp;</b>", "%s {name} %(x)s", "/@", "/nothing at all", "@accept", "Emma\u0301 ９", "٣"),
)
TYPED: Mapping[str, str] = {"name": "Sarah", "children": "Emma 9, Noah 6", "timezone": "Madrid"}
"""An answer to questions that need words, by key."""

ONWARD = (RESUME, "keep", "accept", "agree", "continue", "none", "skip", "alone", "leave")
BESIDE = ("back", LATER)


def onward(key: str, options: Sequence[str], tries: int) -> str:
    """An answer to the question `key` that leads on ("@" and an option is a tap); the next one
    after `tries` that changed nothing."""
    ways = [f"@{option}" for option in ONWARD if option in options]
    ways += [TYPED[key]] if key in TYPED else []
    ways += [f"@{option}" for option in options if option not in (*ONWARD, *BESIDE)]
    ways += [f"@{option}" for option in BESIDE if option in options]
    return ways[tries % len(ways)]


def shown(replies: Sequence[Reply]) -> Card:
    """The card of a step's replies."""
    (card,) = (reply.card for reply in replies if isinstance(reply, Show))
    return card


def way_out(flow: Flow, state: State, today: date) -> int:
    """How many answers lead from here to the end; fails where none do."""
    _, replies = step(flow, state, Opened(), today=today)
    tries = 0
    for taken in range(LONGEST_WAY):
        if any(isinstance(reply, Submit | Discard) for reply in replies):
            return taken
        state, replies, changed = _on(flow, state, shown(replies), tries, today)
        tries = 0 if changed else tries + 1
    raise AssertionError(f"no way out of {shown(replies).title.key}")


def _on(
    flow: Flow, state: State, card: Card, tries: int, today: date
) -> tuple[State, tuple[Reply, ...], bool]:
    here = current(state, places_of(flow, state, today))
    assert here is not None
    options = [option.id for row in card.rows for option in row]
    answer = onward(here.question.key, options, tries)
    after, replies = step(flow, state, _event(state, answer), today=today)
    return after, replies, after != state


def _event(state: State, answer: str) -> Event:
    return Tapped(state.step, answer[1:]) if answer.startswith("@") else Typed(answer)


SHARED_TERMS = (
    "sessionDuration",
    "frequency",
    "metadata",
    "fixedTimeRequired",
    "preferredTime",
)


def some_way(flow: Flow, far: int, choices: Sequence[int], today: date) -> State:
    """A conversation after `far` answers; some are typed, as `choices` has it."""
    state = State(hints=Hints("Sarah", "America/New_York"))
    tries = 0
    for taken in range(far):
        here = current(state, places_of(flow, state, today))
        if here is None or here.question.key == "confirmation":
            break
        choice = choices[taken % len(choices)]
        words = PLAUSIBLE.get(here.question.key, ())
        if choice % 3 == 0 and choice // 3 < len(words):
            state, _ = step(flow, state, Typed(words[choice // 3]), today=today)
        _, replies = step(flow, state, Opened(), today=today)
        state, _, changed = _on(flow, state, shown(replies), tries, today)
        tries = 0 if changed else tries + 1
    return state


def facts(answers: Mapping[str, Any]) -> dict[str, Any]:
    """What answers say, whichever rows they have come from or will be: without ids, and with
    what the family document derives from them left as it was answered."""
    parent = answers["name"]
    listed = children(answers)
    names = {child.id: child.name for child in listed}
    # An answer about siblings who are no longer there is kept, and says nothing.
    shared = {
        key: sorted(names[learner] for learner in told["learners"])
        for key, told in answers.get("together", {}).items()
        if key in same_subjects(answers) and set(told["learners"]) <= set(names)
    }

    def entry(found: Mapping[str, Any]) -> str:
        told = {key: value for key, value in found.items() if key != "id"}
        if told.get("scope") == "parent":
            told["adult"] = name_key(told["adult"] or parent)
        return repr(sorted(told.items()))

    def subject(found: Mapping[str, Any]) -> str:
        together = name_key(found["name"]) in shared
        # Siblings who share a lesson share its terms, too.
        derived = ("id", *SHARED_TERMS) if together else ("id",)
        return repr(sorted((key, value) for key, value in found.items() if key not in derived))

    return {
        "name": parent,
        "email": answers["email"].lower(),
        "timezone": answers["timezone"],
        "adults": sorted(name_key(name or parent) for name in answers["adults"]),
        "busy": sorted(entry(e) for e in (*answers[Whose.AWAY], *answers[Whose.FAMILY])),
        "children": sorted((child.name, child.age) for child in listed),
        "shared": shared,
        "flexibility": answers["flexibility"],
        "teaching": {key: answers[key] for key in TEACHING_KEYS},
        **{
            child.name: (
                sorted(entry(e) for e in answers[place_id(Whose.CHILD, child)]),
                sorted(subject(e) for e in answers[place_id("subjects", child)]),
                answers[place_id("times", child)],
            )
            for child in listed
        },
    }
