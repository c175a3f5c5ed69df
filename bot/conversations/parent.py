"""Section 1: who the parent is, where their clock stands, and who teaches."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from bot.conversations.answers import (
    Misread,
    check_name,
    read_names,
    short,
    take,
    tidy_person,
)
from bot.conversations.cards import Card, Option
from bot.conversations.flow import Answer, Asking, Choice, Half, Outcome, Question, Words
from core.phrase import say
from core.text import name_key

MOST_ADULTS = 8
ME = ""
"""Stands for the parent who answers, so that a corrected name is corrected everywhere."""

COMMON_ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/Bogota",
    "America/Argentina/Buenos_Aires",
    "Europe/London",
    "Europe/Madrid",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place by name, and the IANA zone of its clocks."""

    label: str
    zone: str


FindPlaces = Callable[[str], tuple[Place, ...]]
CheckEmail = Callable[[str], str | None]


def parent_name(answers: Mapping[str, Any]) -> str:
    """The name of the parent who answers."""
    name: str = answers["name"]
    return name


def adult_names(answers: Mapping[str, Any]) -> tuple[str, ...]:
    """The adults who teach, by name; the parent's own name as it is now."""
    return tuple(name or parent_name(answers) for name in answers["adults"])


def name_question() -> Question:
    """ "name": what the parent wants to be called."""

    def ask(asking: Asking, _: Any) -> Card:
        offered = asking.given or asking.hints.name
        rows: tuple[tuple[Option, ...], ...] = ()
        if offered is not None and check_name(offered) is None:
            rows = ((Option("accept", say("verbatim", text=short(offered))),),)
        return Card(say("name.ask"), lines=(say("name.why"),), rows=rows, hint=say("name.hint"))

    def hear(asking: Asking, _: Any, heard: Choice | Words) -> Outcome:
        if isinstance(heard, Choice):
            return Answer(asking.given or asking.hints.name)
        introduced = (
            r"^(?:hi,? |hello,? |hola,? )?(?:i am|i'm|im|my name is|me llamo|soy|mi nombre es) "
        )
        name = tidy_person(take(introduced, " ".join(heard.text.split()))[1])
        return check_name(name) or Answer(name)

    return Question(
        "name",
        1,
        ask,
        hear,
        sound=lambda _, value: check_name(value) is None,
        tell=lambda _, value: say("name.kept", name=value),
    )


def email_question(check_email: CheckEmail) -> Question:
    """ "email": an address, or "" where the parent skips it."""

    def ask(asking: Asking, _: Any) -> Card:
        rows = ((Option("skip", say("email.skip")),),)
        lines = [say("email.why")]
        if asking.given:
            lines.append(say("email.kept", email=asking.given))
        return Card(say("email.ask"), lines=tuple(lines), rows=rows, hint=say("email.hint"))

    def hear(_: Asking, __: Any, heard: Choice | Words) -> Outcome:
        if isinstance(heard, Choice):
            return Answer("")
        email = check_email(heard.text)
        return Misread(say("email.misread")) if email is None else Answer(email)

    return Question(
        "email",
        1,
        ask,
        hear,
        sound=lambda _, value: value == "" or check_email(value) == value,
        tell=lambda _, value: say("email.kept", email=value) if value else say("email.skipped"),
    )


def is_zone(name: object) -> bool:
    """Whether this is the name of an IANA time zone."""
    if not isinstance(name, str) or not re.fullmatch(r"UTC|[A-Za-z_]+(?:/[A-Za-z0-9_+-]+)+", name):
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def zone_city(zone: str) -> str:
    """The place after which a zone is named."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def timezone_question(find_places: FindPlaces) -> Question:
    """ "timezone": an IANA name. A draft holds the places that a typed name can mean."""

    def ask(asking: Asking, draft: Any) -> Card:
        if draft:
            options = [
                Option(f"place-{n}", say("verbatim", text=short(place["label"])))
                for n, place in enumerate(draft)
            ]
            options.append(Option("other", say("timezone.other")))
            return Card(
                say("timezone.which"),
                rows=tuple((option,) for option in options),
                hint=say("timezone.hint"),
            )
        guess = asking.given or asking.hints.timezone
        rows: tuple[tuple[Option, ...], ...] = ()
        if guess is not None and is_zone(guess):
            rows = ((Option("accept", say("verbatim", text=short(zone_city(guess)))),),)
        listed = [
            Option(f"zone-{n}", say("verbatim", text=short(zone_city(zone))))
            for n, zone in enumerate(COMMON_ZONES)
            if zone != guess
        ]
        rows = (*rows, *(tuple(listed[n : n + 3]) for n in range(0, len(listed), 3)))
        return Card(say("timezone.ask"), (say("timezone.why"),), rows, hint=say("timezone.hint"))

    def hear(asking: Asking, draft: Any, heard: Choice | Words) -> Outcome:
        if isinstance(heard, Words):
            places = find_places(heard.text)
            zones = {place.zone for place in places}
            if not places:
                return Misread(say("timezone.unknown", place=short(heard.text)))
            if len(zones) == 1:
                return Answer(places[0].zone)
            return Half([{"label": place.label, "zone": place.zone} for place in places])
        if heard.option == "accept":
            return Answer(asking.given or asking.hints.timezone)
        if heard.option == "other":
            return Half([])
        kind, number = heard.option.split("-")
        if kind == "place":
            return Answer(draft[int(number)]["zone"])
        return Answer(COMMON_ZONES[int(number)])

    return Question(
        "timezone",
        1,
        ask,
        hear,
        sound=lambda _, value: is_zone(value),
        tell=lambda _, value: say("timezone.kept", city=zone_city(value)),
        numbered=True,
    )


_ALSO_ME = frozenset(["me", "myself", "i", "yo", "mi"])


def adults_question() -> Question:
    """ "adults": names, `ME` among them for the parent who answers."""

    def ask(asking: Asking, _: Any) -> Card:
        lines = [say("adults.why")]
        if asking.given:
            lines.append(say("adults.kept", names=_names(asking, asking.given)))
        rows = ((Option("alone", say("adults.alone")),),)
        return Card(say("adults.ask"), tuple(lines), rows, hint=say("adults.hint"))

    def hear(asking: Asking, _: Any, heard: Choice | Words) -> Outcome:
        if isinstance(heard, Choice):
            return Answer([ME])
        me = name_key(parent_name(asking.answers))
        names: list[str] = []
        for written in read_names(take(r"^(?:just|only|solo) ", heard.text)[1]):
            name = tidy_person(written)
            problem = check_name(name)
            if problem:
                return problem
            if name_key(name) in {me, *_ALSO_ME}:
                name = ME
            if name_key(name) in [name_key(other) for other in names]:
                return Misread(say("adults.double", name=name or written))
            names.append(name)
        if not names:
            return Misread(say("name.letters"))
        if len(names) > MOST_ADULTS:
            return Misread(say("adults.too_many", count=MOST_ADULTS))
        return Answer(names)

    def sound(asking: Asking, value: Any) -> bool:
        names = [name or parent_name(asking.answers) for name in value]
        return (
            0 < len(names) <= MOST_ADULTS
            and all(check_name(name) is None for name in names)
            and len({name_key(name) for name in names}) == len(names)
        )

    return Question(
        "adults",
        1,
        ask,
        hear,
        sound,
        tell=lambda asking, value: say("adults.kept", names=_names(asking, value)),
    )


def _names(asking: Asking, value: list[str]) -> tuple[str, ...]:
    return tuple(name or parent_name(asking.answers) for name in value)
