"""Lists of commitments: an adult's work, the family's, each child's."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from bot.conversations.answers import LABEL, Misread, check_name
from bot.conversations.cards import Card, Option
from bot.conversations.children import children
from bot.conversations.commitment_lines import Parts, Reader, Whose, read_lines
from bot.conversations.flow import Answer, Asking, Choice, Half, Outcome, Question, Words
from bot.conversations.guided import (
    Item,
    chosen_part,
    describe_item,
    guide_card,
    missing,
    typed_part,
    usual_name,
    usual_names,
    with_parts,
)
from bot.conversations.parent import ME, adult_names
from core.family import CommitmentFrequency
from core.phrase import Phrase, PhraseArg, say
from core.text import name_key
from core.week import Weekday, parse_clock

MOST_COMMITMENTS = 30
_CHANGE = 8
"""Characters of a button that are not the name's: "Change …", "Cambiar …"."""


def commitments_question(whose: Whose) -> Question:
    """A list of commitments: entries in the document's keys, an adult by name (`ME` for the
    parent who answers). A draft is {"items": [...]}, see `guided`."""

    def ask(asking: Asking, draft: Any) -> Card:
        items = _items(asking, draft)
        lines = tuple(_line(asking, item) for item in items)
        open_item = _open(items)
        if open_item is not None:
            return guide_card(whose, asking, open_item, lines)
        go_on = (
            Option("continue", say("commitment.continue"))
            if items
            else Option("none", say(f"{whose}.none"))
        )
        change = [Option(f"open-{item['number']}", _label(items, item)) for item in items]
        rows = (
            (go_on,),
            usual_names(whose),
            *(tuple(change[n : n + 2]) for n in range(0, len(change), 2)),
        )
        return Card(
            _title(whose, asking),
            (say(f"{whose}.why"), *lines),
            rows,
            hint=say(f"{whose}.hint"),
        )

    def hear(asking: Asking, draft: Any, heard: Choice | Words) -> Outcome:
        items = _items(asking, draft)
        if isinstance(heard, Words):
            return _typed(whose, asking, items, heard.text)
        verb, *rest = heard.option.split("-")
        open_item = _open(items)
        if verb in ("none", "continue"):
            return Answer([_entry(item) for item in items])
        if verb == "remove":
            return _half(item for item in items if item["number"] != int(rest[0]))
        if verb == "open":
            number = int(rest[0])
            return _half({**i, "open": "change"} if i["number"] == number else i for i in items)
        if open_item is None:
            return _begun(whose, asking, items, usual_name(asking, whose, rest[0]))
        changed = chosen_part(whose, asking, open_item, verb, rest)
        return changed if isinstance(changed, Misread) else _put(whose, items, open_item, changed)

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


def _items(asking: Asking, draft: Any) -> list[Item]:
    if draft:
        return list(draft["items"])
    entries = asking.given
    if entries is None and isinstance(asking.stored, list):
        # One entry that means nothing any more must not take the others along.
        entries = [entry for entry in asking.stored if _still_means_something(asking, entry)]
    return [{**entry, "number": n} for n, entry in enumerate(entries or (), start=1)]


def _still_means_something(asking: Asking, entry: Any) -> bool:
    try:
        return _is_entry(asking, entry)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return False


def _open(items: list[Item]) -> Item | None:
    """The item that is being made or changed: the first of them."""
    return next((item for item in items if "open" in item), None)


def _entry(item: Item) -> Item:
    return {key: value for key, value in item.items() if key not in ("number", "open")}


def _half(items: Iterable[Item], notice: Phrase | None = None) -> Half:
    return Half({"items": list(items)}, notice)


def _put(whose: Whose, items: list[Item], old: Item, new: list[Item]) -> Half | Misread:
    """The list with an item as it is now; further ones that came of it stand at the end."""
    first, *others = new
    if len(items) + len(others) > MOST_COMMITMENTS:
        return Misread(say("commitment.too_many", count=MOST_COMMITMENTS))
    changed = [{**first, "number": i["number"]} if i is old else i for i in items]
    for other in others:
        changed.append({**other, "number": _next_number(changed)})
    whole = missing(whose, old) is None and "open" not in first
    was_changed = whole and _entry(first) != _entry(old)
    return _half(changed, say("commitment.changed") if was_changed else None)


def _next_number(items: list[Item]) -> int:
    return 1 + max((item["number"] for item in items), default=0)


def _reader(whose: Whose, asking: Asking) -> Reader:
    adults = adult_names(asking.answers)
    if asking.child is None:
        return Reader(whose, asking.today, adults)
    others = (child.name for child in children(asking.answers) if child.id != asking.child.id)
    return Reader(whose, asking.today, adults, asking.child.name, tuple(others))


def _begun(whose: Whose, asking: Asking, items: list[Item], name: str) -> Half | Misread:
    """A new item of which but the name is known."""
    if len(items) >= MOST_COMMITMENTS:
        return Misread(say("commitment.too_many", count=MOST_COMMITMENTS))
    made = with_parts(whose, asking, {"name": name}, Parts())
    return _half([*items, *({**item, "number": _next_number(items)} for item in made)])


def _typed(whose: Whose, asking: Asking, items: list[Item], text: str) -> Half | Misread:
    reader = _reader(whose, asking)
    open_item = _open(items)
    if open_item is not None:
        changed = typed_part(whose, asking, reader, open_item, text)
        if changed is not None:
            return (
                changed if isinstance(changed, Misread) else _put(whose, items, open_item, changed)
            )
    every = list(items)
    problem: Misread | None = None
    for parts in read_lines(text, reader):
        wrong = parts.problem
        if parts == Parts():
            wrong = Misread(say("commitment.no_name"))
        made = [] if wrong else with_parts(whose, asking, {}, parts)
        if len(every) + len(made) > MOST_COMMITMENTS:
            wrong, made = Misread(say("commitment.too_many", count=MOST_COMMITMENTS)), []
        problem = problem or wrong
        for item in made:
            every.append({**item, "number": _next_number(every)})
    added = len(every) - len(items)
    if not added:
        return problem or Misread(say("commitment.no_name"))
    if problem is not None:
        return _half(every, problem.phrase)
    # Where the card now asks for a part, "type another" would talk over its question.
    asks_on = _open(every) is not None
    return _half(every, None if asks_on else say("commitment.added", count=added))


def _line(asking: Asking, item: Item) -> Phrase:
    described = describe_item(item)
    if item.get("adult") is not None and len(asking.answers["adults"]) > 1:
        name = item["adult"] or asking.answers["name"]
        return say("commitment.line_adult", line=described, name=name)
    if item.get("needsAdult"):
        return say("commitment.line_along", line=described)
    return described


def _label(items: list[Item], item: Item) -> Phrase:
    """What a button that opens an item says; of several with one name, each has its number."""
    name: str = item["name"]
    same = [other["number"] for other in items if name_key(other["name"]) == name_key(name)]
    mark = f" {same.index(item['number']) + 1}" if len(same) > 1 else ""
    room = LABEL - _CHANGE - len(mark)
    fitting = name if len(name) <= room else f"{name[: room - 1].rstrip()}…"
    return say("commitment.change", name=f"{fitting}{mark}")


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
