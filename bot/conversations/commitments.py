"""Commitments, typed in one line each: an adult's work, the family's, each child's."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from bot.conversations.answers import (
    DAILY,
    Misread,
    check_name,
    goes_on_with_hour,
    holds_time,
    short,
    take,
    take_date,
    take_days,
    take_span,
    tidy_name,
)
from bot.conversations.cards import Card, Option
from bot.conversations.flow import Answer, Asking, Choice, Half, Outcome, Question, Words
from bot.conversations.parent import ME, adult_names
from core.family import CommitmentFrequency
from core.phrase import Phrase, PhraseArg, say
from core.text import name_key
from core.week import DAY, Weekday, clock, parse_clock, time_of

MOST_COMMITMENTS = 30


class Whose(StrEnum):
    """Which list a commitment stands in; also the key of its question."""

    AWAY = "away"
    FAMILY = "familyCommitments"
    CHILD = "commitments"


@dataclass(frozen=True, slots=True)
class Line:
    """A commitment as typed: `entry` in the document's keys; `along` and `everybody` are None
    where the line does not say; `adult` is the index of the adult it names."""

    entry: dict[str, Any]
    along: bool | None
    everybody: bool | None
    adult: int | None


_MONTHLY = (
    r"\b(?:monthly|(?:of )?(?:every|each|the) month|mensual(?:mente)?|(?:de )?cada mes|"
    r"todos los meses|al mes)\b"
)
_DAY_OF_MONTH = (
    r"\b(?:on the|the|el dia|dia|el)\s+(?P<a>\d{1,2})(?:st|nd|rd|th)?\b|"
    r"\b(?P<b>\d{1,2})(?:st|nd|rd|th)\b"
)
_SKIPPING = (
    r"\b(?:every (?:other|second|two)|bi-?weekly|fortnight(?:ly)?|cada (?:dos|2)|quincenal\w*)\b"
)
_ALONE = (
    r"\b(?:drop-? ?offs?|(?:on (?:her|his|their) own)|by (?:him|her)self|alone|without me|"
    r"(?:no|without an?) (?:grown-?up|adult)|sol[oa]|sin (?:un )?adulto|sin mi)\b"
)
_ALONG = (
    r"\b(?:with (?:me|us|mom|mum|mama|dad|papa|an? (?:grown-?up|adult|parent))|"
    r"(?:and )?needs (?:me|an? (?:grown-?up|adult|parent))|i drive|conmigo|con nosotros|"
    r"con (?:un )?adulto|con mama|con papa)\b"
)
_EVERYBODY = (
    r"\b(?:(?:the )?whole family|all of us|everyone|everybody|toda la familia|todos juntos)\b"
)
_WORK = r"\b(?:at work|working|works?|job|trabaja|trabajando|trabajo|en el trabajo)\b"


def read_line(text: str, *, today: date, adults: tuple[str, ...], whose: Whose) -> Line | Misread:
    """One commitment: "Soccer Mon Wed 4-5pm", "Dentist Nov 30 10-11", "Nap daily 13-14",
    "Club monthly on the 15th 5-6pm". Only an adult's may lack a name (then "")."""
    if take(_SKIPPING, text)[0]:
        return Misread(say("commitment.skipping"))
    along, rest = _along(text) if whose is Whose.CHILD else (None, text)
    everybody, rest = take(_EVERYBODY, rest)
    adult, rest = (None, rest) if whose is Whose.CHILD else _adult(rest, adults)
    day, rest = take_date(rest, today)
    if isinstance(day, Misread):
        return day
    before = rest
    span, rest = take_span(before)
    if isinstance(span, Misread):
        return span
    behind = rest[_common(before, rest) :]
    monthly, rest = take(_MONTHLY, rest)
    in_month, rest = take(_DAY_OF_MONTH, rest) if day is None else (None, rest)
    if in_month is not None:
        behind = take(_DAY_OF_MONTH, behind)[1]
    # Two commitments in one line would become one that is wrong.
    if span and (holds_time(rest) or (not monthly and goes_on_with_hour(behind))):
        return Misread(say("commitment.one_at_a_time"))
    daily, rest = take(DAILY, rest)
    days, rest = take_days(rest)
    if monthly and in_month is None and day is None:
        in_month, rest = take(r"\b(?P<a>\d{1,2})(?P<b>)\b", rest)
    if whose is Whose.AWAY:
        rest = take(_WORK, rest)[1]
    name = tidy_name(rest)
    problem = _name_problem(name, whose)
    if problem is not None:
        return problem
    shown = short(name) if name else say("commitment.work")
    if span is None:
        return Misread(say("commitment.no_time", name=shown))
    if span.start == span.end or span.start == DAY:
        return Misread(say("times.same"))
    if in_month is not None:
        number = int(in_month["a"] or in_month["b"])
        if not 1 <= number <= 31:
            return Misread(say("date.impossible"))
        when: dict[str, Any] = {
            "frequency": CommitmentFrequency.MONTHLY.value,
            "date": _next_with(number, today).isoformat(),
        }
    elif day is not None:
        frequency = CommitmentFrequency.MONTHLY if monthly else CommitmentFrequency.ONE_TIME
        when = {"frequency": frequency.value, "date": day.isoformat()}
    elif daily:
        when = {"frequency": CommitmentFrequency.DAILY.value}
    elif days:
        when = {
            "frequency": CommitmentFrequency.WEEKLY.value,
            "daysOfWeek": [weekday.label for weekday in days],
        }
    else:
        return Misread(say("commitment.no_day", name=shown))
    entry = {"name": name, **when, "startTime": clock(span.start), "endTime": clock(span.end)}
    return Line(entry, along, True if everybody else None, adult)


def _common(text: str, other: str) -> int:
    """How many characters both texts begin with."""
    pairs = enumerate(zip(text, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(text), len(other)))


def _along(text: str) -> tuple[bool | None, str]:
    for pattern, meant in ((_ALONG, True), (_ALONE, False)):
        found, rest = take(pattern, text)
        if found:
            return meant, rest
    return None, text


def _adult(text: str, adults: tuple[str, ...]) -> tuple[int | None, str]:
    """The adult whom a line names, also "me" and "I"."""
    for index, name in enumerate(adults):
        pattern = rf"(?<!\w)(?:(?:just|only|solo)\s+)?{re.escape(name)}(?:'s\b|(?!\w))"
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            return index, f"{text[: found.start()]} {text[found.end() :]}"
    found, rest = take(r"\b(?:(?:just|only|solo)\s+(?:me|yo)\b|i(?:'m)?\b(?=\s+(?:am|work)))", text)
    return (0 if found else None), rest


def _name_problem(name: str, whose: Whose) -> Misread | None:
    if name:
        return check_name(name)
    return None if whose is Whose.AWAY else Misread(say("commitment.no_name"))


def _next_with(number: int, today: date) -> date:
    """The first date from `today` on that is the month's `number`-th."""
    day = today
    while day.day != number:
        day += timedelta(days=1)
    return day


def describe(entry: dict[str, Any]) -> Phrase:
    """A commitment in one line, with its people left out."""
    frequency = CommitmentFrequency(entry["frequency"])
    when: PhraseArg
    if frequency is CommitmentFrequency.WEEKLY:
        when = tuple(say(f"weekday.{Weekday.parse(label).value}") for label in entry["daysOfWeek"])
    elif frequency is CommitmentFrequency.DAILY:
        when = say("commitment.daily")
    elif frequency is CommitmentFrequency.MONTHLY:
        when = say("commitment.monthly", day=date.fromisoformat(entry["date"]).day)
    else:
        when = date.fromisoformat(entry["date"])
    return say(
        "commitment.line",
        name=entry["name"],
        when=when,
        start=time_of(parse_clock(entry["startTime"])),
        end=time_of(parse_clock(entry["endTime"])),
    )


def commitments_question(whose: Whose) -> Question:
    """A list of commitments: entries in the document's keys, an adult by name (`ME` for the
    parent who answers). A draft is {"items": entries with "number" and, while it is not known
    whom one takes, "open"}."""

    def ask(asking: Asking, draft: Any) -> Card:
        items = _items(asking, draft)
        asked = next((item for item in items if item.get("open")), None)
        lines = tuple(_line(asking, item) for item in items)
        if asked is not None:
            return Card(
                _who_question(whose, asking, asked),
                lines=lines,
                rows=_who_rows(whose, asking, asked["number"]),
                hint=_hint(whose),
            )
        if not items:
            rows: tuple[tuple[Option, ...], ...] = ((Option("none", say(f"{whose}.none")),),)
        else:
            remove = [
                Option(f"remove-{item['number']}", say("commitment.remove", name=_brief(item)))
                for item in items
            ]
            rows = (
                (Option("continue", say("commitment.continue")),),
                *(tuple(remove[n : n + 2]) for n in range(0, len(remove), 2)),
            )
        return Card(_title(whose, asking), (say(f"{whose}.why"), *lines), rows, hint=_hint(whose))

    def hear(asking: Asking, draft: Any, heard: Choice | Words) -> Outcome:
        items = _items(asking, draft)
        if isinstance(heard, Words):
            return _add(whose, asking, items, heard.text)
        verb, *rest = heard.option.split("-")
        if verb in ("none", "continue"):
            return Answer([_settled(item) for item in items])
        number = int(rest[0])
        if verb == "remove":
            return Half({"items": [item for item in items if item["number"] != number]})
        return Half(
            {
                "items": [
                    _decided(asking, item, verb, rest) if item["number"] == number else item
                    for item in items
                ]
            }
        )

    def sound(asking: Asking, value: Any) -> bool:
        return len(value) <= MOST_COMMITMENTS and all(_is_entry(asking, e) for e in value)

    return Question(
        whose.value,
        1 if whose is Whose.AWAY else 3,
        ask,
        hear,
        sound,
        tell=lambda asking, value: _tell(whose, asking, value),
        each_child=whose is Whose.CHILD,
    )


def _title(whose: Whose, asking: Asking) -> Phrase:
    if asking.child is not None:
        return say("commitments.ask", name=asking.child.name)
    return say(f"{whose}.ask")


def _hint(whose: Whose) -> Phrase:
    return say(f"{whose}.hint")


def _who_question(whose: Whose, asking: Asking, item: dict[str, Any]) -> Phrase:
    if whose is Whose.CHILD:
        child = asking.child.name if asking.child else ""
        return say("commitments.along", name=item["name"], child=child)
    return say("familyCommitments.who", name=item["name"])


def _who_rows(whose: Whose, asking: Asking, number: int) -> tuple[tuple[Option, ...], ...]:
    if whose is Whose.CHILD:
        return (
            (
                Option(f"yes-{number}", say("commitments.along_yes")),
                Option(f"no-{number}", say("commitments.along_no")),
            ),
        )
    return (
        (Option(f"all-{number}", say("familyCommitments.all")),),
        *(
            (Option(f"one-{number}-{index}", say("familyCommitments.one", name=name[:13])),)
            for index, name in enumerate(adult_names(asking.answers))
        ),
    )


def _items(asking: Asking, draft: Any) -> list[dict[str, Any]]:
    if draft:
        return list(draft["items"])
    return [{**entry, "number": n} for n, entry in enumerate(asking.given or (), start=1)]


def _settled(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key not in ("number", "open")}


def _decided(asking: Asking, item: dict[str, Any], verb: str, rest: list[str]) -> dict[str, Any]:
    settled = {key: value for key, value in item.items() if key != "open"}
    match verb:
        case "yes" | "no":
            return {**settled, "needsAdult": verb == "yes"}
        case "all":
            return {**settled, "scope": "family"}
        case _:
            return {**settled, "scope": "parent", "adult": asking.answers["adults"][int(rest[1])]}


def _add(whose: Whose, asking: Asking, items: list[dict[str, Any]], text: str) -> Half | Misread:
    adults = adult_names(asking.answers)
    added: list[dict[str, Any]] = []
    problem: Misread | None = None
    for written in re.split(r"\s*[;\n]\s*", text):
        line = read_line(written, today=asking.today, adults=adults, whose=whose)
        if isinstance(line, Misread):
            problem = problem or line
        elif len(items) + len(added) >= MOST_COMMITMENTS:
            problem = problem or Misread(say("commitment.too_many", count=MOST_COMMITMENTS))
        else:
            number = 1 + max((item["number"] for item in (*items, *added)), default=0)
            added.append({**_with_people(whose, asking, line), "number": number})
    if not added:
        return problem or Misread(say("commitment.no_name"))
    if problem is not None:
        return Half({"items": [*items, *added]}, problem.phrase)
    # The card now asks who goes along; "type another" would talk over that question.
    asks_on = any("open" in item for item in added)
    notice = None if asks_on else say("commitment.added", count=len(added))
    return Half({"items": [*items, *added]}, notice)


def _with_people(whose: Whose, asking: Asking, line: Line) -> dict[str, Any]:
    listed: list[str] = asking.answers["adults"]
    match whose:
        case Whose.AWAY:
            name = line.entry["name"] or asking.word(say("commitment.work"))
            adult = listed[line.adult or 0]
            return {**line.entry, "name": name, "scope": "parent", "adult": adult}
        case Whose.FAMILY:
            if line.adult is not None and not line.everybody:
                return {**line.entry, "scope": "parent", "adult": listed[line.adult]}
            if line.everybody:
                return {**line.entry, "scope": "family"}
            return {**line.entry, "scope": "family", "open": True}
        case Whose.CHILD:
            if line.along is None:
                return {**line.entry, "needsAdult": False, "open": True}
            return {**line.entry, "needsAdult": line.along}


def _line(asking: Asking, item: dict[str, Any]) -> Phrase:
    described = describe(item)
    if item.get("adult") is not None and len(asking.answers["adults"]) > 1:
        name = item["adult"] or asking.answers["name"]
        return say("commitment.line_adult", line=described, name=name)
    if item.get("needsAdult"):
        return say("commitment.line_along", line=described)
    return described


def _brief(item: dict[str, Any]) -> str:
    name: str = item["name"]
    return name if len(name) <= 10 else f"{name[:9]}…"


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "daysOfWeek": lambda days: bool(days) and all(Weekday.parse(day) in Weekday for day in days),
    "date": lambda day: bool(date.fromisoformat(day)),
    "needsAdult": lambda flag: isinstance(flag, bool),
    "scope": lambda scope: scope in ("family", "parent"),
}


def _is_entry(asking: Asking, entry: Any) -> bool:
    frequency = CommitmentFrequency(entry["frequency"])
    needed = {
        CommitmentFrequency.WEEKLY: "daysOfWeek",
        CommitmentFrequency.MONTHLY: "date",
        CommitmentFrequency.ONE_TIME: "date",
    }.get(frequency)
    return (
        check_name(entry["name"]) is None
        and parse_clock(entry["startTime"]) != parse_clock(entry["endTime"])
        and (needed is None or needed in entry)
        and all(check(entry[key]) for key, check in _CHECKS.items() if key in entry)
        and ("adult" not in entry or _is_adult(asking, entry["adult"]))
    )


def _is_adult(asking: Asking, adult: str) -> bool:
    known = {name_key(name) for name in asking.answers["adults"]}
    return (ME if adult == ME else name_key(adult)) in known


def _tell(whose: Whose, asking: Asking, value: Any) -> Phrase:
    if not value:
        return _with_name(f"{whose}.kept_none", asking)
    names = tuple(dict.fromkeys(entry["name"] for entry in value))
    return _with_name(f"{whose}.kept", asking, names=names)


def _with_name(key: str, asking: Asking, **args: PhraseArg) -> Phrase:
    return say(key, **args, **({"child": asking.child.name} if asking.child else {}))
