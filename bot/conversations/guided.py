"""A commitment that is made or changed part by part: what is missing is asked, one thing at a time.

An *item* is an entry of a commitment list in the document's keys, with its "number" on the card;
while "open" it may still lack some, and "open" names the part that is being asked:

    name, often, days, date, month (the day of one), times, end, who, change (which part to change)

One that stands for several dates holds the others in "also" until it is whole and can be several.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, TypeAlias

from bot.conversations.answers import (
    Misread,
    next_with,
    short,
    take,
    take_end,
    take_hour,
    take_minutes,
    tell_days,
)
from bot.conversations.cards import Card, Option
from bot.conversations.commitment_lines import Parts, Reader, Whose, read_lines
from bot.conversations.flow import Asking
from bot.conversations.parent import adult_names
from core.family import CommitmentFrequency
from core.phrase import Phrase, say
from core.text import name_key
from core.week import DAY, Weekday, clock, parse_clock, time_of

Item: TypeAlias = dict[str, Any]

USUAL: Mapping[Whose, tuple[str, ...]] = MappingProxyType(
    {
        Whose.AWAY: ("work", "meeting", "volunteering"),
        Whose.FAMILY: ("coop", "church", "outing"),
        Whose.CHILD: ("sports", "lesson", "club"),
    }
)
"""Names offered as buttons; keys of texts under "usual."."""

_SPANS: Mapping[Whose, tuple[tuple[int, int], ...]] = MappingProxyType(
    {
        Whose.AWAY: ((540, 1020), (540, 720), (780, 1020), (600, 660)),
        Whose.FAMILY: ((540, 720), (600, 660), (600, 720), (780, 900)),
        Whose.CHILD: ((900, 960), (960, 1020), (1020, 1080), (600, 660)),
    }
)
_LENGTHS = (30, 45, 60, 120)
_OFTEN = MappingProxyType(
    {
        "weekly": CommitmentFrequency.WEEKLY,
        "daily": CommitmentFrequency.DAILY,
        "monthly": CommitmentFrequency.MONTHLY,
        "once": CommitmentFrequency.ONE_TIME,
    }
)
_DAYS_OFFERED = 6
_LAST_DAY = 31
"""Of every month: one that is shorter has it on its last day."""


def usual_names(whose: Whose) -> tuple[Option, ...]:
    """The row of names that a list offers."""
    return tuple(
        Option(f"usual-{n}", say(f"usual.{key}")) for n, key in enumerate(USUAL[whose], start=1)
    )


def usual_name(asking: Asking, whose: Whose, number: str) -> str:
    """The name behind a button of `usual_names`, in the family's language."""
    return asking.word(say(f"usual.{USUAL[whose][int(number) - 1]}"))


def missing(whose: Whose, item: Item) -> str | None:
    """The first part that an item lacks; None if it is whole."""
    if not item.get("name"):
        return "name"
    frequency = item.get("frequency")
    if frequency is None:
        return "often"
    if frequency == CommitmentFrequency.WEEKLY and not item.get("daysOfWeek"):
        return "days"
    if frequency == CommitmentFrequency.ONE_TIME and "date" not in item:
        return "date"
    if frequency == CommitmentFrequency.MONTHLY and "date" not in item:
        return "month"
    if "endTime" not in item:
        return "end" if "startTime" in item else "times"
    who = {Whose.AWAY: "adult", Whose.FAMILY: "scope", Whose.CHILD: "needsAdult"}[whose]
    return None if who in item else "who"


def settled(whose: Whose, item: Item) -> list[Item]:
    """The item, open at what it lacks; closed once it is whole, one for each of its dates."""
    part = missing(whose, item)
    closed = {key: value for key, value in item.items() if key != "open"}
    if part is not None:
        return [{**closed, "open": part}]
    also = closed.pop("also", [])
    return [closed, *({**closed, "date": day} for day in also)]


def with_parts(whose: Whose, asking: Asking, item: Item, parts: Parts) -> list[Item]:
    """The item with what a line says of it put in: one for each date and each adult it names."""
    changed = dict(item)
    if parts.name:
        changed["name"] = parts.name
    if parts.frequency is not None:
        changed = _as_often(changed, parts.frequency)
        if parts.days:
            changed["daysOfWeek"] = [day.label for day in parts.days]
    if parts.start is not None:
        changed["startTime"] = clock(parts.start)
        changed.pop("endTime", None)
    if parts.end is not None:
        changed["endTime"] = clock(parts.end)
    adults: list[str] = asking.answers["adults"]
    named = [adults[index] for index in parts.adults]
    match whose:
        case Whose.CHILD if parts.along is not None:
            changed["needsAdult"] = parts.along
        case Whose.FAMILY if parts.everybody:
            changed = _for_all(changed)
            named = []
        case Whose.AWAY:
            changed.setdefault("name", asking.word(say("usual.work")))
            changed["scope"] = "parent"
            if len(adults) == 1:
                changed["adult"] = adults[0]
    if parts.dates:
        changed["date"], *also = (day.isoformat() for day in parts.dates)
        changed |= {"also": also} if also else {}
    people = [_for_one(changed, name) for name in named] or [changed]
    return [whole for one in people for whole in settled(whose, one)]


def _as_often(item: Item, frequency: CommitmentFrequency) -> Item:
    """The item at another frequency; days and dates that this one has no use for are gone."""
    kept = "daysOfWeek" if frequency is CommitmentFrequency.WEEKLY else ""
    others = {k: v for k, v in item.items() if k not in {"daysOfWeek", "date", "also"} - {kept}}
    return {**others, "frequency": frequency.value}


def _for_all(item: Item) -> Item:
    return {**{key: value for key, value in item.items() if key != "adult"}, "scope": "family"}


def _for_one(item: Item, adult: str) -> Item:
    return {**item, "scope": "parent", "adult": adult}


def describe_item(item: Mapping[str, Any]) -> Phrase:
    """An item in one line, as far as it is known, with its people left out."""
    line = say("verbatim", text=item["name"]) if item.get("name") else say("guide.nameless")
    when = _when(item)
    if when is not None:
        line = say("guide.line_when", line=line, when=when)
    if "startTime" not in item:
        return line
    start = time_of(parse_clock(item["startTime"]))
    if "endTime" not in item:
        return say("guide.line_from", line=line, start=start)
    return say(
        "guide.line_times", line=line, start=start, end=time_of(parse_clock(item["endTime"]))
    )


def _when(item: Mapping[str, Any]) -> Phrase | tuple[date, ...] | None:
    if item.get("daysOfWeek"):
        return tell_days(item["daysOfWeek"])
    if "date" in item:
        days = tuple(map(date.fromisoformat, (item["date"], *item.get("also", ()))))
        if item["frequency"] == CommitmentFrequency.MONTHLY:
            return say("commitment.monthly", day=days[0].day)
        return days
    often = [key for key, frequency in _OFTEN.items() if frequency == item.get("frequency")]
    return say(f"guide.is_{often[0]}") if often else None


def guide_card(whose: Whose, asking: Asking, item: Item, lines: tuple[Phrase, ...]) -> Card:
    """The card that asks for an item's open part, below the `lines` of the whole list."""
    part, number = item["open"], item["number"]
    whole = missing(whose, item) is None
    last: list[Option] = []
    if part == "days":
        last.append(Option("accept", say("guide.days_done")))
    elif whole:
        last.append(Option("accept", say("guide.leave")))
    if part == "change" or not whole:
        last.append(Option(f"remove-{number}", say("guide.drop")))
    return Card(
        _question(whose, asking, item),
        lines=lines,
        rows=(*_rows(whose, asking, item), tuple(last)),
        hint=_hint(whose, part),
    )


def _question(whose: Whose, asking: Asking, item: Item) -> Phrase:
    part = item["open"]
    if part == "name":
        return say("guide.ask_name")
    if part != "who":
        return say(f"guide.ask_{part}", name=item["name"])
    if whose is Whose.CHILD:
        child = asking.child.name if asking.child else ""
        return say("commitments.along", name=item["name"], child=child)
    return say(f"{whose}.who", name=item["name"])


def _hint(whose: Whose, part: str) -> Phrase | None:
    return say(f"{whose}.hint") if part in ("who", "change") else say(f"guide.hint_{part}")


def _rows(whose: Whose, asking: Asking, item: Item) -> tuple[tuple[Option, ...], ...]:
    number = item["number"]
    match item["open"]:
        case "name":
            return (usual_names(whose),)
        case "often":
            return _in_rows((Option(f"often-{k}", say(f"guide.{k}")) for k in _OFTEN), 2)
        case "days":
            chosen = item.get("daysOfWeek") or []
            days = [
                Option(f"d-{day.value}", say(f"weekday.{day.value}"), day.label in chosen)
                for day in Weekday
            ]
            return (tuple(days[:3]), tuple(days[3:5]), tuple(days[5:]))
        case "date":
            return _in_rows((_day_option(asking.today, n) for n in range(_DAYS_OFFERED)), 3)
        case "month":
            first, middle = (Option(f"m-{n}", say("guide.month_day", day=n)) for n in (1, 15))
            return ((first, middle, Option(f"m-{_LAST_DAY}", say("guide.last_day"))),)
        case "times" | "end":
            return _in_rows((_span_option(*span) for span in _spans(whose, item)), 2)
        case "who":
            return _who_rows(whose, asking, number)
    parts = ["often", "times"]
    if whose is not Whose.AWAY or len(asking.answers["adults"]) > 1:
        parts.append("who")
    return (tuple(Option(f"change-{part}", say(f"guide.change_{part}")) for part in parts),)


def _in_rows(options: Iterable[Option], length: int) -> tuple[tuple[Option, ...], ...]:
    every = tuple(options)
    return tuple(every[n : n + length] for n in range(0, len(every), length))


def _day_option(today: date, offset: int) -> Option:
    day = today + timedelta(days=offset)
    weekday = say(f"weekday.{day.weekday()}")
    return Option(f"on-{day:%Y%m%d}", say("guide.on_day", weekday=weekday, day=day.day))


def _spans(whose: Whose, item: Item) -> list[tuple[int, int]]:
    if item["open"] == "times":
        return list(_SPANS[whose])
    start = parse_clock(item["startTime"])
    return [(start, start + length) for length in _LENGTHS if start + length <= DAY]


def _span_option(start: int, end: int) -> Option:
    label = say("times.hours_option", start=time_of(start), end=time_of(end))
    return Option(f"at-{start}-{end}", label)


def _who_rows(whose: Whose, asking: Asking, number: int) -> tuple[tuple[Option, ...], ...]:
    if whose is Whose.CHILD:
        return (
            (
                Option(f"yes-{number}", say("commitments.along_yes")),
                Option(f"no-{number}", say("commitments.along_no")),
            ),
        )

    def label(name: str) -> Phrase:
        if whose is Whose.FAMILY:
            return say("familyCommitments.one", name=name[:13])
        return say("verbatim", text=short(name))

    adults = tuple(
        (Option(f"one-{number}-{index}", label(name)),)
        for index, name in enumerate(adult_names(asking.answers))
    )
    if whose is Whose.AWAY:
        return adults
    return ((Option(f"all-{number}", say("familyCommitments.all")),), *adults)


def chosen_part(
    whose: Whose, asking: Asking, item: Item, verb: str, rest: list[str]
) -> list[Item] | Misread:
    """What becomes of the open item after a tap on one of its card's options."""
    match verb:
        case "usual":
            changed = {**item, "name": usual_name(asking, whose, rest[0])}
        case "often":
            frequency = _OFTEN[rest[0]]
            changed = _as_often(item, frequency)
            if frequency is CommitmentFrequency.WEEKLY:
                return [{**changed, "open": "days"}]
        case "d":
            days = {Weekday(int(rest[0])).label} ^ set(item.get("daysOfWeek") or ())
            return [{**item, "daysOfWeek": [day.label for day in Weekday if day.label in days]}]
        case "accept" if item["open"] == "days" and not item.get("daysOfWeek"):
            return Misread(say("guide.no_days"))
        case "on":
            changed = {**item, "date": date.fromisoformat(rest[0]).isoformat()}
        case "m":
            changed = {**item, "date": next_with(int(rest[0]), asking.today).isoformat()}
        case "at":
            start, end = (clock(int(minute)) for minute in rest)
            changed = {**item, "startTime": start, "endTime": end}
        case "yes" | "no":
            changed = {**item, "needsAdult": verb == "yes"}
        case "all":
            changed = _for_all(item)
        case "one":
            changed = _for_one(item, asking.answers["adults"][int(rest[1])])
        case "change":
            return [{**item, "open": rest[0]}]
        case _:
            changed = item
    return settled(whose, changed)


def typed_part(
    whose: Whose, asking: Asking, reader: Reader, item: Item, text: str
) -> list[Item] | Misread | None:
    """The open item with what was typed put in, wherever it belongs; several, where the text names
    several dates or adults. None: the text is a commitment of its own."""
    unclear = Misread(say(f"guide.unclear_{item['open']}"))
    alone = _typed_alone(whose, asking, item, text)
    if alone is not None:
        return alone
    lines = read_lines(text, reader)
    if len(lines) != 1:
        return None
    (parts,) = lines
    says_more = parts.frequency is not None or parts.start is not None
    known = item.get("name")
    if parts.name and known and name_key(parts.name) != name_key(known):
        return None if says_more and parts.problem is None else unclear
    if parts.problem is not None:
        return parts.problem
    if parts == Parts(name=parts.name) and (known or not parts.name):
        return unclear
    return with_parts(whose, asking, item, parts)


def _typed_alone(
    whose: Whose, asking: Asking, item: Item, text: str
) -> list[Item] | Misread | None:
    """The answer to the open part in a form that only its question gives a meaning."""
    match item["open"]:
        case "month":
            found, rest = take(r"\b(?P<day>\d{1,2})(?:st|nd|rd|th)?\b", text)
            if found is None or any(char.isdigit() for char in rest):
                return None
            day = int(found["day"])
            if not 1 <= day <= _LAST_DAY:
                return Misread(say("date.impossible"))
            return settled(whose, {**item, "date": next_with(day, asking.today).isoformat()})
        case "times":
            start, _ = take_hour(text)
            if start is None or isinstance(start, Misread):
                return start
            return settled(whose, {**item, "startTime": clock(start)})
        case "end":
            return _typed_end(whose, item, text)
    return None


def _typed_end(whose: Whose, item: Item, text: str) -> list[Item] | Misread | None:
    start = parse_clock(item["startTime"])
    minutes, _ = take_minutes(text)
    if minutes is not None:
        end: int | Misread | None = min(start + minutes, DAY)
    else:
        end, _ = take_hour(text)
        if end is None:
            end, _ = take_end(text)
    if end is None or isinstance(end, Misread):
        return end
    if end <= start and end + 12 * 60 > start and end < 12 * 60:
        # "From 10 to 1" ends after noon.
        end += 12 * 60
    if end == start:
        return Misread(say("times.same"))
    return settled(whose, {**item, "endTime": clock(end)})
