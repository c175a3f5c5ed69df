"""The end of the questionnaire, and of a change of it: all answers at a glance, each to be opened
again, and then the family document."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.conversations.answers import Misread, short
from bot.conversations.cards import Card, Option
from bot.conversations.children import children
from bot.conversations.commitment_lines import Whose
from bot.conversations.family_document import family_document, identities_of
from bot.conversations.flow import (
    LEAVE,
    SECTIONS,
    Answer,
    Asking,
    ChildAnswer,
    Choice,
    Half,
    Outcome,
    Question,
    Reply,
    Revise,
    Spot,
    Submit,
    Words,
    leave_option,
    place_code,
    place_id,
)
from bot.conversations.parent import adult_names, zone_city
from bot.conversations.teaching import tell_teaching
from bot.conversations.together import shared_subjects
from core.phrase import Phrase, say
from core.week import parse_clock, time_of


def confirmation_question() -> Question:
    """ "confirmation": True once the parent has said that all is right."""

    def overview(asking: Asking) -> Card:
        return Card(
            say("summary.ask"),
            lines=_summary(asking.answers),
            rows=((Option("accept", say("summary.accept")),), *_section_rows()),
            hint=say("summary.hint"),
        )

    return _ending("confirmation", overview, say("summary.misread"), say("summary.kept"))


def changes_question() -> Question:
    """ "changes": True once the parent wants them in force. Its card is the list of what can be
    changed, with what was."""

    def overview(asking: Asking) -> Card:
        first: tuple[Option, ...] = (Option(LEAVE, say("settings.leave")),)
        if asking.changed:
            first = (Option("accept", say("settings.accept")), leave_option())
        return Card(
            say("settings.ask"),
            lines=(*_summary(asking.answers), *_changed(asking)),
            rows=(first, *_section_rows()),
            hint=say("settings.hint"),
        )

    misread = say("settings.misread", close=say("settings.leave"))
    return _ending("changes", overview, misread, say("settings.saved"))


def _ending(
    key: str, overview: Callable[[Asking], Card], misread: Phrase, kept: Phrase
) -> Question:
    """A last question: its card is the `overview`, or the questions of the section that the draft
    has opened, {"section"}; accepting it submits the family document."""

    def ask(asking: Asking, draft: Any) -> Card:
        return _opened(asking, draft) or overview(asking)

    def hear(asking: Asking, _: Any, heard: Choice | Words) -> Outcome:
        if isinstance(heard, Words):
            return Misread(misread)
        return Answer(True) if heard.option == "accept" else _chosen(asking, heard.option)

    return Question(
        key,
        0,
        ask,
        hear,
        sound=lambda _, value: value is True,
        tell=lambda _, __: kept,
        then=_submit,
    )


def _submit(asking: Asking, _: Any) -> tuple[Reply, ...]:
    return (Submit(family_document(asking), identities_of(asking.answers)),)


def _section_rows() -> tuple[tuple[Option, ...], ...]:
    edits = [
        Option(f"edit-{section}", say(f"summary.section{section}"))
        for section in range(1, SECTIONS + 1)
    ]
    return tuple(edits[:3]), tuple(edits[3:6]), tuple(edits[6:])


def _spots(asking: Asking, section: int) -> list[Spot]:
    return [spot for spot in asking.places if spot.section == section]


def _opened(asking: Asking, draft: Any) -> Card | None:
    """The questions of the section that the draft has opened, to choose one from."""
    spots = _spots(asking, draft["section"]) if draft else []
    if not spots:
        return None
    options = [
        Option(f"pick-{place_code(spot.id)}", _label(spot, spots), spot.id in asking.changed)
        for spot in spots
    ]
    return Card(
        say("summary.which"),
        rows=(
            *(tuple(options[n : n + 2]) for n in range(0, len(options), 2)),
            (Option("all", say("summary.all")),),
        ),
    )


def _label(spot: Spot, among: list[Spot]) -> Phrase:
    if spot.child is None:
        return say(f"place.{spot.key.lower()}")
    one_each = sum(other.child == spot.child for other in among) == 1
    if one_each:
        return say("verbatim", text=short(spot.child.name))
    return say(f"place.{spot.key.lower()}_of", name=short(spot.child.name)[:9])


def _chosen(asking: Asking, option: str) -> Outcome:
    verb, _, what = option.partition("-")
    if verb == "all":
        return Half(None)
    if verb == "pick":
        return Revise(next(spot.id for spot in asking.places if place_code(spot.id) == what))
    spots = _spots(asking, int(what))
    return Revise(spots[0].id) if len(spots) == 1 else Half({"section": int(what)})


def _changed(asking: Asking) -> tuple[Phrase, ...]:
    """What would be otherwise from now on, and whom that would cost everything."""
    labels = tuple(
        say("settings.of", what=say(f"place.{spot.key.lower()}"), name=spot.child.name)
        if spot.child
        else say(f"place.{spot.key.lower()}")
        for spot in asking.places
        if spot.id in asking.changed
    )
    there = {child.id for child in children(asking.answers)}
    gone = tuple(child.name for child in children(asking.base) if child.id not in there)
    lines = [say("settings.changed", what=labels)] if labels else []
    lines += [say("settings.gone", name=name) for name in gone]
    return tuple(lines)


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
        together = tuple(shared.name for shared in shared_subjects(answers).values())
        lines.append(say("summary.together", names=together))
    lines.append(
        say(
            "summary.style",
            flexibility=say(f"flexibility.{answers['flexibility']}"),
            teaching=tell_teaching(answers),
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
