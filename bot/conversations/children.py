"""Section 2: the children, by name and age."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.conversations.answers import (
    AND,
    FILL,
    NUMBER,
    Misread,
    check_name,
    fold,
    rewrite,
    take,
    tidy_person,
    value,
)
from bot.conversations.cards import Card, Option
from bot.conversations.flow import (
    Answer,
    Asking,
    ChildAnswer,
    Choice,
    Half,
    Outcome,
    Question,
    Words,
)
from core.phrase import Phrase, say
from core.text import name_key

MOST_CHILDREN = 20
YOUNGEST, OLDEST = 2, 18
NEW_CHILD = "temp_child_"
_NEW_CHILD = rf"{NEW_CHILD}(\d{{1,5}})"
_CHILD = rf"{_NEW_CHILD}|child_\d{{1,10}}"
"""Ids of children: of those whom this conversation has added, and of those who have a row."""

_AGE_WORD = rf"(?:(?<=\w[ ,(])|(?<=, ))\b{NUMBER}(?!\s*\d)"
_AGE = (
    r"(?P<age>\d{1,4})(?:[.,]\d)?(?:(?P<months>\s*-?\s*(?:months?|mos?|mths?|mes(?:es)?)\b|m\b)|"
    r"\s*-?\s*(?:years?|yrs?|y/?o|anos?|a)\b\.?"
    r"(?:\s*(?:,|and|y)?\s*\d{1,2}\s*(?:months?|mos?|mes(?:es)?)\b)?|"
    r"\s*(?:歳|才|岁|歲|살|лет|года?|سنوات|سنة))?\s*"
    r"(?:\s*-?\s*(?:old|de edad)\b)?\s*\)?"
)
_JOINT = rf"^(?:\s|{AND}|[:.()/-]|\b(?:plus|also|tambien)\b)+|(?:\s|[,;:(&+/、，،؛-])+$"
_WHOSE = (
    r"^(?:i have|we have|tengo|tenemos|there (?:is|are)|my|our|mis?|nuestr[oa]s?|an?|una?|"
    r"(?:baby|bebe)(?=\s+\w)|(?:sons|daughters|hij[oa]s|boys|girls|nin[oa]s|kids|children)"
    r"(?=\s+\w)|son|daughter|hij[oa]|boy|girl|nin[oa]|s?he(?:'s| is)?|ella|el)(?:\s+|$)"
)
_TWINS = (
    r"(?:\b(?:the|my|our|l[oa]s|mis|nuestr[oa]s)\s+)?"
    r"\b(?:twins|triplets|gemel[oa]s|melliz[oa]s|trilliz[oa]s)\b"
)
_BOTH = r"\b(?:both|amb[oa]s|l[oa]s dos)\b"
# "Are" and "Son" at the beginning may be a name or a child.
_PLURAL = r"(?<=[\w,] )(?:are\b|tienen\b|son\b(?= de\b))"
_AND = rf"\s*(?:{AND}|/)\s*"
_LINK = r"(?:\s|[,;:(-])*(?:\b(?:is|who is|aged?|turns|tiene|de|con|es|cumple)\b)?(?:\s|[,;:(=-])*$"


def children(answers: Mapping[str, Any]) -> tuple[ChildAnswer, ...]:
    """The children of the sound answers, in the order in which they were named."""
    return tuple(
        ChildAnswer(child["childId"], child["name"], child["age"])
        for child in answers.get("children", ())
    )


def read_children(text: str) -> tuple[tuple[str, int | None], ...]:
    """Names with ages in any plausible form: "Emma 9, Noah 6", "Emma (9) y Noah, 6", "Noah is
    6", "9 year old Emma". A name without an age has None; an age without a name has ""."""
    text = " ".join(text.split())
    # "Los dos" is no age.
    pair, _ = take(_BOTH, text)
    if pair:
        text = f"{text[: pair.start()]}both{text[pair.end() :]}"
    text = _in_figures(text)
    ages = list(re.finditer(_AGE, fold(text)))
    if not ages:
        return tuple((name, None) for name in _names(text))
    first = bool(_name(text[: ages[0].start()]))
    found_children: list[tuple[str, int | None]] = []
    paired = 0
    for index, age in enumerate(ages):
        if first and index >= paired:
            begin = ages[index - 1].end() if index else 0
            names = _names(text[begin : age.start()])
            run = _run(text, ages[index:])
            if len(run) == len(names) > 1:
                # "Ana and Leo are 7 and 9"
                found_children += zip(names, map(_years, run), strict=True)
                paired = index + len(run)
        if index < paired:
            continue
        if first:
            begin = ages[index - 1].end() if index else 0
            between = text[begin : age.start()]
        else:
            end = ages[index + 1].start() if index + 1 < len(ages) else len(text)
            between = text[age.end() : end]
        if first and index == len(ages) - 1 and not _names(text[age.end() :]):
            # "Ana and Leo 7, twins"
            between += text[age.end() :]
        years = _years(age)
        sharing = _sharing(between)
        if sharing is not None:
            alone, together = sharing
            found_children += [(n, None) for n in alone]
            found_children += [(n, years) for n in together or ("",)]
            continue
        *others, name = re.split(r"\s*[,;]\s*(?=\S)", between.strip(" ,;")) or [""]
        found_children += [(n, None) for other in others if (n := _name(other))]
        found_children.append((_name(name), years))
    tail = _name(_plain(text[ages[-1].end() :])) if first else ""
    if tail and any(char.isalpha() for char in tail):
        found_children.append((tail, None))
    return tuple(found_children)


def _run(text: str, ages: Sequence[re.Match[str]]) -> list[re.Match[str]]:
    """The first of the ages, and those that follow it without a name in between."""
    run = [ages[0]]
    for age in ages[1:]:
        if _name(text[run[-1].end() : age.start()]):
            break
        run.append(age)
    return run


def _years(age: re.Match[str]) -> int:
    return int(age["age"]) // (12 if age["months"] else 1)


def _in_figures(text: str) -> str:
    """The text with ages in words as digits ("Emma nine"); everything else as it was typed."""

    def digits(found: re.Match[str]) -> str | None:
        # "One" and "una" are more often articles than ages, and too young for us.
        number = value(found[0])
        return str(number) if number > 1 else None

    figures = rewrite(_AGE_WORD, fold(text), digits)
    pairs = zip(text, figures, strict=True)
    return "".join(new if new.isdigit() or new == FILL else char for char, new in pairs)


def _plain(text: str) -> str:
    """The text without the words that say that children share their age."""
    for pattern in (_TWINS, _BOTH, _PLURAL):
        found, rest = take(pattern, text)
        while found:
            text = rest
            found, rest = take(pattern, text)
    return text


def _names(text: str) -> list[str]:
    return [name for part in re.split(_AND, _plain(text)) if (name := _name(part))]


def _sharing(text: str) -> tuple[list[str], list[str]] | None:
    """The names before those that share one age, and those; None if no word says that they do."""
    twins, both = take(_TWINS, text)[0], take(_BOTH, text)[0]
    if not (twins or both or take(_PLURAL, text)[0]):
        return None
    if twins and (together := _names(text[twins.end() :])):
        return _names(text[: twins.start()]), together
    names = _names(text)
    if both:
        # "Emma, Ana and Leo, both 7" leaves Emma's age open.
        return names[:-2], names[-2:]
    return [], names


def _name(text: str) -> str:
    while True:
        folded = fold(text)
        for pattern in (_JOINT, _WHOSE, _LINK):
            found = re.search(pattern, folded)
            if found and found.end() > found.start():
                text = text[: found.start()] + text[found.end() :]
                break
        else:
            return tidy_person(text)


def children_question() -> Question:
    """ "children": [{"childId", "name", "age"}]. A draft is {"children": […], "naming": names
    whose age is still to come}."""

    def ask(asking: Asking, draft: Any) -> Card:
        listed, naming = _draft(asking, draft)
        if naming:
            return Card(
                say("children.age", name=naming[0]),
                lines=_lines(listed),
                rows=((Option("forget", say("children.forget")),),),
                hint=say("children.age_hint"),
            )
        if not listed:
            return Card(
                say("children.ask"), lines=(say("children.why"),), hint=say("children.hint")
            )
        remove = [Option(f"remove-{child['childId']}", _removal(child["name"])) for child in listed]
        return Card(
            say("children.more"),
            lines=_lines(listed),
            rows=(
                (Option("continue", say("children.continue")),),
                *(tuple(remove[n : n + 2]) for n in range(0, len(remove), 2)),
            ),
            hint=say("children.hint"),
        )

    def hear(asking: Asking, draft: Any, heard: Choice | Words) -> Outcome:
        listed, naming = _draft(asking, draft)
        if isinstance(heard, Words):
            return _add(asking, listed, naming, heard.text)
        if heard.option == "continue":
            return Answer(listed)
        if heard.option == "forget":
            return Half({"children": listed, "naming": naming[1:]})
        gone = heard.option.split("-")[1]
        kept = [child for child in listed if child["childId"] != gone]
        return Half({"children": kept, "naming": naming})

    return Question("children", 2, ask, hear, _sound, _tell)


def _draft(asking: Asking, draft: Any) -> tuple[list[dict[str, Any]], list[str]]:
    if draft:
        return list(draft["children"]), list(draft["naming"])
    return list(asking.given or ()), []


def _lines(listed: list[dict[str, Any]]) -> tuple[Phrase, ...]:
    return tuple(say("children.line", name=c["name"], age=c["age"]) for c in listed)


def _removal(name: str) -> Phrase:
    return say("children.remove", name=name if len(name) <= 10 else f"{name[:9]}…")


def _add(asking: Asking, listed: list[dict[str, Any]], naming: list[str], text: str) -> Outcome:
    """Adds what is good and says what is not: a list with one slip is not typed twice."""
    notices: list[Phrase] = []
    waiting = list(naming)
    changed = False
    for position, (written, age) in enumerate(found := read_children(text)):
        # Bare ages are those of the names that wait, in their order.
        name = written or (naming[position] if position < len(naming) else "")
        problem = _problem(listed, name, age)
        if problem is not None:
            notices.append(problem)
            continue
        changed = True
        waiting = [other for other in waiting if name_key(other) != name_key(name)]
        if age is None:
            waiting.append(name)
        else:
            number = _next_number(asking, listed)
            listed.append({"childId": f"temp_child_{number}", "name": name, "age": age})
    if not found:
        notices.append(say("name.letters"))
    if not changed:
        return Misread(notices[0])
    return Half({"children": listed, "naming": waiting}, notices[0] if notices else None)


def _problem(listed: list[dict[str, Any]], name: str, age: int | None) -> Phrase | None:
    misread = check_name(name)
    if misread is not None:
        return say("children.nameless") if age is not None and not name else misread.phrase
    if age is not None and age < YOUNGEST:
        return say("children.too_young", name=name)
    if age is not None and not YOUNGEST <= age <= OLDEST:
        return say("children.age_range", name=name, age=age)
    if name_key(name) in {name_key(child["name"]) for child in listed}:
        return say("children.double", name=name)
    if len(listed) >= MOST_CHILDREN:
        return say("children.too_many", count=MOST_CHILDREN)
    return None


def _next_number(asking: Asking, listed: list[dict[str, Any]]) -> int:
    """A number that no child of this conversation has had, so that answers about a removed
    child never become another's; saved children have ids of their own."""
    taken = [child["childId"] for child in listed]
    taken += [key.rsplit(".", 1)[-1] for key in asking.taken_ids]
    numbers = [int(found[1]) for key in taken if (found := re.fullmatch(_NEW_CHILD, key))]
    return 1 + max(numbers, default=0)


def _sound(_: Asking, value: Any) -> bool:
    names = [name_key(child["name"]) for child in value]
    return (
        0 < len(value) <= MOST_CHILDREN
        and len(set(names)) == len(names)
        and len({child["childId"] for child in value}) == len(value)
        and all(re.fullmatch(_CHILD, child["childId"]) for child in value)
        and all(check_name(child["name"]) is None for child in value)
        and all(
            isinstance(child["age"], int) and YOUNGEST <= child["age"] <= OLDEST for child in value
        )
    )


def _tell(_: Asking, value: Any) -> Phrase:
    return say(
        "children.kept",
        names=tuple(say("children.line", name=c["name"], age=c["age"]) for c in value),
    )
