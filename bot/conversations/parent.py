"""Section 1: who the parent is, where their clock stands, and who teaches."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from bot.conversations.answers import (
    Misread,
    check_name,
    fold,
    read_names,
    short,
    take,
    tidy_person,
)
from bot.conversations.cards import Card, Located, Option
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
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Phoenix",
    "America/Halifax",
    "America/Lima",
    "America/Santiago",
    "America/Caracas",
    "America/Guatemala",
    "America/Sao_Paulo",
    "Europe/Paris",
    "Europe/Athens",
    "Africa/Lagos",
    "Africa/Johannesburg",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Manila",
    "Australia/Sydney",
    "Pacific/Auckland",
)
"""The zones of the list, page by page; buttons carry their place, so new ones go to the end."""
ZONES_A_PAGE = 9


@dataclass(frozen=True, slots=True)
class Place:
    """A place by name, and the IANA zone of its clocks. `called`: what was typed is its name, in
    whichever language, and nothing else."""

    label: str
    zone: str
    called: bool = False


FindPlaces = Callable[[str], tuple[Place, ...]]
FindZone = Callable[[float, float], str | None]
"""The IANA zone at a latitude and a longitude; None where nobody lives by a clock."""
CheckEmail = Callable[[str], str | None]


def parent_name(answers: Mapping[str, Any]) -> str:
    """The name of the parent who answers."""
    name: str = answers["name"]
    return name


def adult_names(answers: Mapping[str, Any]) -> tuple[str, ...]:
    """The adults who teach, by name; the parent's own name as it is now."""
    return tuple(name or parent_name(answers) for name in answers["adults"])


def _as_typed(read: str, typed: str) -> bool:
    """Whether what was read is what was typed, but for case, blanks, accents and punctuation."""
    return _letters(read) == _letters(typed)


def _letters(text: str) -> str:
    return "".join(char for char in fold(text) if char.isalnum())


_INTRODUCED = (
    r"^(?:(?:hi|hello|hey|hola)[,!.]? +)?(?:i am|i'm|im|it's|it is|my name is|(?:you can )?call me|"
    r"me llamo|soy|mi nombre es|(?:me puedes |puedes )?llam(?:ame|arme)|dime) "
)


def name_question() -> Question:
    """ "name": what the parent wants to be called. A draft is {"name"}: what was read in more
    words than the name."""

    def ask(asking: Asking, draft: Any) -> Card:
        if draft:
            return Card(
                say("name.confirm", name=draft["name"]),
                rows=((Option("accept", say("verbatim", text=short(draft["name"]))),),),
                hint=say("name.hint"),
            )
        offered = asking.given or asking.hints.name
        rows: tuple[tuple[Option, ...], ...] = ()
        if offered is not None and check_name(offered) is None:
            rows = ((Option("accept", say("verbatim", text=short(offered))),),)
        return Card(say("name.ask"), lines=(say("name.why"),), rows=rows, hint=say("name.hint"))

    def hear(asking: Asking, draft: Any, heard: Choice | Words) -> Outcome:
        if isinstance(heard, Choice):
            return Answer(draft["name"] if draft else asking.given or asking.hints.name)
        name = tidy_person(take(_INTRODUCED, " ".join(heard.text.split()))[1])
        problem = check_name(name)
        if problem is not None:
            return problem
        return Answer(name) if _as_typed(name, heard.text) else Half({"name": name})

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


def timezone_question(find_places: FindPlaces, find_zone: FindZone) -> Question:
    """ "timezone": an IANA name. A draft holds the places that were meant, as "label" and "zone",
    or is the number of the list's page."""

    def ask(asking: Asking, draft: Any) -> Card:
        if isinstance(draft, list) and draft:
            return _which_place(draft)
        guess = asking.given or asking.hints.timezone
        rows: tuple[tuple[Option, ...], ...] = ()
        if guess is not None and is_zone(guess):
            rows = ((Option("accept", say("verbatim", text=short(zone_city(guess)))),),)
        first = ZONES_A_PAGE * (draft if isinstance(draft, int) else 0)
        listed = [
            Option(f"zone-{n}", say("verbatim", text=short(zone_city(zone))))
            for n, zone in enumerate(COMMON_ZONES)
            if first <= n < first + ZONES_A_PAGE and zone != guess
        ]
        rows = (*rows, *(tuple(listed[n : n + 3]) for n in range(0, len(listed), 3)))
        return Card(
            say("timezone.ask"),
            (say("timezone.why"),),
            (*rows, (Option("more", say("timezone.more")),)),
            hint=say("timezone.hint"),
            wants_place=True,
        )

    def hear(asking: Asking, draft: Any, heard: Choice | Words) -> Outcome:
        if isinstance(heard, Words):
            return _typed_place(find_places(heard.text), heard.text)
        if heard.option == "accept":
            meant = draft[0]["zone"] if isinstance(draft, list) and draft else None
            return Answer(meant or asking.given or asking.hints.timezone)
        if heard.option == "more":
            page = 1 + (draft if isinstance(draft, int) else 0)
            return Half(page % -(-len(COMMON_ZONES) // ZONES_A_PAGE))
        if heard.option == "other":
            return Half([])
        kind, number = heard.option.split("-")
        if kind == "place":
            return Answer(draft[int(number)]["zone"])
        return Answer(COMMON_ZONES[int(number)])

    def locate(_: Asking, located: Located) -> Outcome:
        zone = find_zone(located.latitude, located.longitude)
        if zone is None:
            return Misread(say("timezone.nowhere"))
        return Half([{"label": zone_city(zone), "zone": zone}])

    return Question(
        "timezone",
        1,
        ask,
        hear,
        sound=lambda _, value: is_zone(value),
        tell=lambda _, value: say("timezone.kept", city=zone_city(value)),
        numbered=True,
        locate=locate,
    )


def _which_place(places: list[dict[str, str]]) -> Card:
    if len(places) == 1:
        (place,) = places
        title = say("timezone.confirm", city=zone_city(place["zone"]))
        options = [Option("accept", say("verbatim", text=short(place["label"])))]
    else:
        title = say("timezone.which")
        options = [
            Option(f"place-{n}", say("verbatim", text=short(place["label"])))
            for n, place in enumerate(places)
        ]
    options.append(Option("other", say("timezone.other")))
    return Card(
        title,
        rows=tuple((option,) for option in options),
        hint=say("timezone.hint"),
        wants_place=True,
    )


def _typed_place(places: tuple[Place, ...], text: str) -> Outcome:
    if not places:
        return Misread(say("timezone.unknown", place=short(text)))
    first = places[0]
    if len(places) == 1 and (first.called or _as_typed(first.label, text)):
        return Answer(first.zone)
    return Half([{"label": place.label, "zone": place.zone} for place in places])


_ALSO_ME = frozenset(["me", "myself", "i", "yo", "mi", "yo mismo", "yo misma"])
_ONLY = r"^(?:(?:it's|it is|we are|we're|somos) )?(?:(?:just|only|both|solo) )?"
_MINE = r"^(?:my|our|mi|nuestr[oa])\s+"
_KIN = (
    r"^(?:husband|wife|partner|spouse|fianc\S+|mother|mom|mum|father|dad|sister|brother|friend|"
    r"mother-in-law|father-in-law|grandmother|grandma|grandfather|grandpa|esposo|esposa|marido|"
    r"mujer|pareja|novi[oa]|mama|papa|madre|padre|herman[oa]|amig[oa]|suegr[oa]|abuel[oa])"
    r"\s*[:,]?\s+(?=\S)"
)


def _adult(written: str) -> str:
    """The name in "my husband Tom" or "Sarah (me)"."""
    others, rest = take(r"\((?:me|myself|yo)\)", written)
    mine, name = take(_MINE, rest if others else written)
    if mine:
        name = take(_KIN, name.strip())[1]
    return tidy_person(name)


def adults_question() -> Question:
    """ "adults": names, `ME` among them for the parent who answers. A draft is {"names"}: what was
    read in more words than the names."""

    def ask(asking: Asking, draft: Any) -> Card:
        if draft:
            return Card(
                say("adults.confirm", names=_names(asking, draft["names"])),
                rows=((Option("accept", say("adults.accept")),),),
                hint=say("adults.hint"),
            )
        lines = [say("adults.why")]
        if asking.given:
            lines.append(say("adults.kept", names=_names(asking, asking.given)))
        rows = ((Option("alone", say("adults.alone")),),)
        return Card(say("adults.ask"), tuple(lines), rows, hint=say("adults.hint"))

    def hear(asking: Asking, draft: Any, heard: Choice | Words) -> Outcome:
        if isinstance(heard, Choice):
            return Answer(draft["names"] if heard.option == "accept" else [ME])
        me = name_key(parent_name(asking.answers))
        names: list[str] = []
        parts = read_names(take(_ONLY, heard.text)[1])
        for written in parts:
            name = _adult(written)
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
        read = _names(asking, names)
        as_typed = all(map(_as_typed, read, read_names(heard.text)))
        return Answer(names) if as_typed else Half({"names": names})

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
