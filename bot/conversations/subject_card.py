"""Section 4: the card of what a child learns.

The card is a list to tick. From there a subject opens to its six details, and each detail to its
choices; typed lines work in every view. All of it is one half-made answer, so that nothing is
lost on the way.
"""

from dataclasses import replace
from typing import Any

from bot.conversations.answers import Misread, short
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
from bot.conversations.subject_details import DETAILS, Detail
from bot.conversations.subject_entries import describe_subject, is_entry
from bot.conversations.subject_list import (
    ANOTHER,
    CHOOSE,
    LIST,
    MOST_SUBJECTS,
    SUBJECT,
    SubjectList,
    subject_list,
    typed,
)
from core.defaults import SubjectKind, subject_kind
from core.phrase import Phrase, say
from core.text import name_key


def subjects_question() -> Question:
    """ "subjects": what a child learns, as entries. A draft is a `SubjectList`."""

    def ask(asking: Asking, draft: Any) -> Card:
        current = subject_list(asking, _child(asking), draft)
        if current.open is None:
            views = {LIST: _list, CHOOSE: _choose, ANOTHER: _another}
            return views[current.view](asking, current)
        if current.view == SUBJECT:
            return _subject(asking, current, current.open)
        return _choices(asking, current, current.open, DETAILS[current.view])

    def hear(asking: Asking, draft: Any, heard: Choice | Words) -> Outcome:
        child = _child(asking)
        current = subject_list(asking, child, draft)
        if isinstance(heard, Words):
            return typed(child, current, heard.text)
        return _tapped(child, current, heard.option)

    return Question("subjects", 4, ask, hear, _sound, _tell, each_child=True, numbered=True)


def _child(asking: Asking) -> ChildAnswer:
    if asking.child is None:
        raise LookupError("this question is asked for each child")
    return asking.child


def subject_label(asking: Asking, name: str) -> Phrase:
    """A subject's name as it fits on a button."""
    kind = subject_kind(name)
    offered = kind is not SubjectKind.OTHER and any(
        name_key(translate(say(f"subject.{kind}"))) == name_key(name)
        for translate in asking.translators.values()
    )
    return say(f"subject.{kind}.short") if offered else say("verbatim", text=short(name))


# --- the views


def _list(asking: Asking, draft: SubjectList) -> Card:
    toggles = [
        Option(f"s-{at}", subject_label(asking, item["name"]), chosen=item["ticked"])
        for at, item in enumerate(draft.items)
    ]
    return Card(
        say("subjects.ask", name=_child(asking).name),
        lines=tuple(describe_subject(draft.items[at]) for at in draft.ticked()),
        rows=(
            (Option("accept", say("subjects.accept")),),
            *_in_rows(toggles, 2),
            (
                Option(CHOOSE, say("subjects.choose")),
                Option(ANOTHER, say("subjects.another")),
            ),
        ),
        hint=say("subjects.hint"),
    )


def _choose(asking: Asking, draft: SubjectList) -> Card:
    options = [
        Option(f"open-{at}", subject_label(asking, draft.items[at]["name"]))
        for at in draft.ticked()
    ]
    return Card(
        say("subjects.choose_ask", name=_child(asking).name),
        rows=(*_in_rows(options, 2), (_BACK,)),
        hint=say("subjects.choose_hint"),
    )


def _another(asking: Asking, _: SubjectList) -> Card:
    return Card(
        say("subjects.another_ask", name=_child(asking).name),
        lines=(say("subjects.another_why"),),
        rows=((_BACK,),),
        hint=say("subjects.another_hint"),
    )


def _subject(asking: Asking, draft: SubjectList, at: int) -> Card:
    item = draft.items[at]
    details = [Option(f"detail-{at}-{key}", say(f"subjects.{key}.name")) for key in DETAILS]
    going_on = [Option("continue", say("subjects.done"))]
    following = next((other for other in draft.ticked() if other > at), None)
    if following is not None:
        going_on.append(Option(f"open-{following}", say("subjects.next")))
    return Card(
        say("subjects.one", name=item["name"], child=_child(asking).name),
        lines=tuple(
            say(f"subjects.{key}.line", value=detail.value(item)) for key, detail in DETAILS.items()
        ),
        rows=(
            tuple(going_on),
            *_in_rows(details, 3),
            (Option(f"leave-{at}", say("subjects.leave")), _BACK),
        ),
        hint=say("subjects.one_hint"),
    )


def _choices(asking: Asking, draft: SubjectList, at: int, detail: Detail) -> Card:
    item, child = draft.items[at], _child(asking)
    options = [
        # A plain "no" means the option "none".
        Option(
            f"none-{at}" if pick.id == "none" else f"{detail.key}-{at}-{pick.id}",
            pick.label,
            chosen=pick.fits(item),
        )
        for pick in detail.picks(item, child.age)
    ]
    return Card(
        say(f"subjects.{detail.key}.ask", name=item["name"], child=child.name),
        lines=(say(f"subjects.{detail.key}.why"),),
        rows=(*_in_rows(options, detail.columns), (_BACK,)),
        hint=say(f"subjects.{detail.key}.hint"),
    )


_BACK = Option("back", say("flow.back"))
"""Leads to the view before, within this question."""


def _in_rows(options: list[Option], columns: int) -> list[tuple[Option, ...]]:
    return [tuple(options[n : n + columns]) for n in range(0, len(options), columns)]


# --- taps


def _tapped(child: ChildAnswer, draft: SubjectList, option: str) -> Outcome:
    verb, *rest = option.split("-")
    match verb, rest:
        case "accept", _:
            return _accepted(draft)
        case "s", [at]:
            ticked = draft.items[int(at)]["ticked"]
            return draft.with_item(int(at), {"ticked": not ticked}).half()
        case (("choose" | "another"), _):
            return replace(draft, view=verb).half()
        case "open", [at]:
            return draft.opened(int(at)).half()
        case "detail", [_, key]:
            return replace(draft, view=key).half()
        case "leave", [at]:
            name = draft.items[int(at)]["name"]
            return draft.without(int(at)).half(say("subjects.removed", names=(name,)))
        case "none", [at]:
            return _picked(child, draft, int(at), DETAILS[draft.view], "none")
        case _, [at, chosen]:
            return _picked(child, draft, int(at), DETAILS[verb], chosen)
        case _ if draft.view in DETAILS:
            return replace(draft, view=SUBJECT).half()
        case _:
            return draft.closed().half()


def _picked(child: ChildAnswer, draft: SubjectList, at: int, detail: Detail, chosen: str) -> Half:
    picks = detail.picks(draft.items[at], child.age)
    return draft.with_item(at, next(p.changes for p in picks if p.id == chosen)).half()


def _accepted(draft: SubjectList) -> Outcome:
    chosen = [draft.items[at] for at in draft.ticked()]
    if not chosen:
        return Misread(say("subjects.none"))
    if len(chosen) > MOST_SUBJECTS:
        return Misread(say("subjects.too_many", count=MOST_SUBJECTS))
    return Answer(
        [{key: value for key, value in item.items() if key != "ticked"} for item in chosen]
    )


def _sound(_: Asking, value: Any) -> bool:
    names = [name_key(entry["name"]) for entry in value]
    return (
        0 < len(value) <= MOST_SUBJECTS
        and len(set(names)) == len(names)
        and all(is_entry(entry) for entry in value)
    )


def _tell(asking: Asking, value: Any) -> Phrase:
    return say(
        "subjects.kept", name=_child(asking).name, names=tuple(entry["name"] for entry in value)
    )
