"""Section 4: the half-made list of a child's subjects, and what a typed message makes of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.conversations.answers import Misread, check_name, closest, fold, short
from bot.conversations.flow import Asking, ChildAnswer, Half
from bot.conversations.subject_details import DETAILS
from bot.conversations.subject_entries import changed, describe_subject, new_entry
from bot.conversations.subjects import Edit, read_subject, subject_lines
from core.defaults import (
    SubjectKind,
    is_part,
    subject_defaults,
    subject_kind,
    suggested_subjects,
)
from core.phrase import Phrase, say
from core.text import name_key

MOST_SUBJECTS = 30
MOST_LISTED = 60
"""Subjects on the card, those that are not ticked among them."""

LIST, CHOOSE, ANOTHER, SUBJECT = "list", "choose", "another", "subject"
"""Views that are no detail's: the list; which subject is to be changed; which other one is to be
added; an open subject."""


@dataclass(frozen=True, slots=True)
class SubjectList:
    """The draft of the question: {"items", "view"?, "open"?} as JSON.

    `items` are entries with "ticked"; they are only ever added to, so that buttons keep their
    meaning. `view` is one of the above or the key of a detail; `open` is the place of the open
    subject in `items` (None: none is open).
    """

    items: tuple[Mapping[str, Any], ...]
    view: str = LIST
    open: int | None = None

    def half(self, notice: Phrase | None = None) -> Half:
        """The list as a half-made answer."""
        draft: dict[str, Any] = {"items": [dict(item) for item in self.items], "view": self.view}
        return Half(draft if self.open is None else {**draft, "open": self.open}, notice)

    def ticked(self) -> list[int]:
        return [at for at, item in enumerate(self.items) if item["ticked"]]

    def closed(self) -> "SubjectList":
        return replace(self, view=LIST, open=None)

    def opened(self, at: int) -> "SubjectList":
        return replace(self, view=SUBJECT, open=at)

    def with_item(self, at: int, changes: Mapping[str, Any]) -> "SubjectList":
        """The list with one entry changed; a subject that is open shows all its details again."""
        items = (*self.items[:at], changed(self.items[at], changes), *self.items[at + 1 :])
        return replace(self, items=items, view=SUBJECT if at == self.open else self.view)

    def without(self, at: int) -> "SubjectList":
        """The list with one subject left out: it can be ticked again."""
        after = self.with_item(at, {"ticked": False})
        return after.closed() if at == self.open else after


def subject_list(asking: Asking, child: ChildAnswer, draft: Any) -> SubjectList:
    """The list of a draft; without one what was answered, or else what suits the child's age."""
    if draft:
        return SubjectList(tuple(draft["items"]), draft.get("view", LIST), draft.get("open"))
    listed: list[dict[str, Any]] = [{**entry, "ticked": True} for entry in asking.given or ()]
    known = {name_key(entry["name"]) for entry in listed}
    kinds = {subject_kind(entry["name"]) for entry in listed if not is_part(entry["name"])}
    for usual in suggested_subjects(child.age):
        name = asking.word(say(f"subject.{usual.kind}"))
        if name_key(name) not in known and usual.kind not in kinds:
            ticked = usual.ticked and asking.given is None
            listed.append({**new_entry(name, usual), "ticked": ticked})
    return SubjectList(tuple(listed))


_OPENING = (
    r"^\s*(?:open|edit|change|show|details?(?: of| for)?|abrir?|editar?|cambiar?|ver|"
    r"detalles?(?: de)?)\s+(?P<name>\S.*)$"
)
_OTHER = r"(?:(?:an)?other(?: (?:one|subject))?|otr[oa](?: materia)?)"
_CLOCK = r"\d{1,2}(?:\s?[:.h]\s?\d{2})?\s?(?:h|[ap]\.?m\.?)?"
_EVERYTHING = (
    r"(?:all|everything|every subject|all (?:of them|(?:the )?subjects)|tod[oa]s?|"
    r"tod[oa]s (?:las materias|ell[oa]s))"
)


def typed(child: ChildAnswer, draft: SubjectList, text: str) -> Half | Misread:
    """What a message makes of the list: it changes, adds, renames and leaves out subjects, or
    opens one. A line without a name is about the open subject. What was good is kept beside
    what was not understood."""
    if "?" in text:
        return Misread(say("subjects.misread"))
    if re.fullmatch(_OTHER, fold(text)):
        return replace(draft.closed(), view=ANOTHER).half()
    opening = _opening(draft, text)
    if opening is not None:
        return draft.with_item(opening, {"ticked": True}).opened(opening).half()
    after, told, problems = draft, list[Phrase](), list[Misread]()
    for line in subject_lines(_in_view(draft, text)):
        edit = read_subject(line)
        outcome = edit if isinstance(edit, Misread) else _edited(child, after, edit)
        if isinstance(outcome, Misread):
            problems.append(outcome)
        else:
            after, news = outcome
            told.append(news)
    if not told:
        problem = problems[0] if problems else Misread(say("name.letters"))
        # A number that is out of range must not be taken for the number of a button.
        number = draft.open is not None and text.isdecimal()
        return draft.half(problem.phrase) if number else problem
    if after.view in (CHOOSE, ANOTHER):
        after = after.closed()
    if problems:
        return after.half(problems[0].phrase)
    return after.half(told[0] if len(told) == 1 else say("subjects.changed", count=len(told)))


def _in_view(draft: SubjectList, text: str) -> str:
    """The message as it is meant while a detail's choices are shown: "4" is an interest there, or
    a number of times."""
    detail = DETAILS.get(draft.view)
    number = text.isdecimal() or (draft.view == "time" and re.fullmatch(_CLOCK, fold(text)))
    return detail.lone.format(text) if detail and number else text


def _opening(draft: SubjectList, text: str) -> int | None:
    """Which subject a message opens: "change Art", or "Art" where we ask which."""
    verb = re.match(_OPENING, fold(text))
    if verb is None and draft.view != CHOOSE:
        return None
    edit = read_subject(text[slice(*verb.span("name"))] if verb else text)
    if isinstance(edit, Misread) or edit != Edit(edit.name, {}):
        return None
    found = find_subjects(draft, edit.name)
    return found[0] if len(found) == 1 else None


def _edited(
    child: ChildAnswer, draft: SubjectList, edit: Edit
) -> tuple[SubjectList, Phrase] | Misread:
    if any(char.isalpha() for char in edit.name):
        problem = check_name(edit.name)
        if problem is not None:
            return problem
        found = find_subjects(draft, edit.name)
    elif draft.open is not None and edit != Edit(edit.name, {}):
        found = [draft.open]
    else:
        return Misread(say("name.letters"))
    if edit.renamed is not None:
        return _renamed(draft, edit, found)
    if found:
        for at in found:
            ticked = {**edit.changes, "ticked": True}
            draft = draft.without(at) if edit.removed else draft.with_item(at, ticked)
        names = tuple(draft.items[at]["name"] for at in found)
        if edit.removed:
            return draft, say("subjects.removed", names=names)
        if len(found) > 1:
            return draft, say("subjects.changed", count=len(found))
        return draft, say("subjects.updated", line=describe_subject(draft.items[found[0]]))
    if edit.removed:
        return Misread(say("subjects.unknown", name=short(edit.name)))
    if draft.open is not None and not edit.changes:
        return Misread(say("subjects.one_misread", name=short(edit.name)))
    return _added(child, draft, edit)


def _added(
    child: ChildAnswer, draft: SubjectList, edit: Edit
) -> tuple[SubjectList, Phrase] | Misread:
    if len(draft.ticked()) >= MOST_SUBJECTS or len(draft.items) >= MOST_LISTED:
        return Misread(say("subjects.too_many", count=MOST_SUBJECTS))
    usual = subject_defaults(subject_kind(edit.name), child.age)
    item = {**changed(new_entry(edit.name, usual), edit.changes), "ticked": True}
    after = replace(draft, items=(*draft.items, item))
    return after, say("subjects.added", line=describe_subject(item))


def _renamed(
    draft: SubjectList, edit: Edit, found: list[int]
) -> tuple[SubjectList, Phrase] | Misread:
    name = edit.renamed or ""
    if len(found) != 1:
        return Misread(say("subjects.unknown_old", name=short(edit.name)))
    problem = check_name(name)
    if problem is not None:
        return problem
    others = {name_key(item["name"]) for at, item in enumerate(draft.items) if at != found[0]}
    if name_key(name) in others:
        return Misread(say("subjects.double", name=short(name)))
    after = draft.with_item(found[0], {**edit.changes, "name": name, "ticked": True})
    return after, say("subjects.updated", line=describe_subject(after.items[found[0]]))


def find_subjects(draft: SubjectList, name: str) -> list[int]:
    """Which subjects a typed name means: one, several ("Math and Art"), or all that are ticked
    ("everything"). None if any is unknown."""
    one = _position(draft, name)
    if one is not None:
        return [one]
    if re.fullmatch(_EVERYTHING, fold(name)):
        return draft.ticked()
    parts = re.split(r"\s+(?:and|y|&)\s+", name, flags=re.IGNORECASE)
    found = [at for part in parts if (at := _position(draft, part)) is not None]
    return list(dict.fromkeys(found)) if len(found) == len(parts) else []


def _position(draft: SubjectList, name: str) -> int | None:
    """Which subject one typed name means: the same name, the same usual subject, or a slip of the
    pen."""
    wanted, kind = name_key(name), subject_kind(name)
    names = [name_key(item["name"]) for item in draft.items]
    if wanted in names:
        return names.index(wanted)
    if kind is not SubjectKind.OTHER:
        # "Geography" may be wanted beside "Social Studies", and "Drawing" beside "Art".
        wholes = [
            at
            for at, item in enumerate(draft.items)
            if subject_kind(item["name"]) is kind and not is_part(item["name"])
        ]
        return wholes[0] if len(wholes) == 1 and not is_part(name) else None
    # Only long names are matched loosely: "Latin" must not become "Art".
    folded = [fold(known) for known in names]
    nearly = closest(fold(wanted), folded) if len(wanted) >= 6 else None
    return folded.index(nearly) if nearly else None
