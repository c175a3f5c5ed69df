"""Facts that a family's weeks are planned around, changed: days off, commitments, and single
occurrences of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import MappingProxyType

from core.changes import (
    LONGEST_ABSENCE,
    NEW,
    AddCommitment,
    CancelOccurrence,
    FactChange,
    FollowCalendar,
    GiveDaysBack,
    Impossible,
    MoveOccurrence,
    OutsideTime,
    PlainFact,
    SetHours,
    TakeDaysOff,
    Together,
    Why,
    days_from,
)
from core.commitments import occurrence
from core.family import (
    Child,
    Commitment,
    CommitmentFrequency,
    DayOff,
    Family,
    Hours,
    Override,
    Scope,
)
from core.week import DAY, minute_of


def objection(family: Family, now: datetime, change: FactChange) -> Impossible | None:
    """Why this fact of the family cannot become so at `now` (its wall time); None if it can."""
    match change:
        case Together():
            found = (objection(family, now, each) for each in change.changes)
            return next((each for each in found if each is not None), None)
        case TakeDaysOff():
            return _objection_to_days_off(family, now, change)
        case GiveDaysBack():
            return _objection_to_giving_back(family, now, change)
        case SetHours():
            return _objection_to_hours(family, now, change)
        case AddCommitment():
            return _objection_to_commitment(family, now, change)
        case CancelOccurrence() | MoveOccurrence():
            return _objection_to_occurrence(family, now, change)
        case FollowCalendar():
            return _objection_to_calendar(family, change)


def _objection_to_giving_back(
    family: Family, now: datetime, change: GiveDaysBack
) -> Impossible | None:
    if change.first < now.date():
        return Impossible(Why.PAST)
    there = any(_given_back(change, off) for off in family.days_off)
    return None if there else Impossible(Why.NO_SUCH_OCCURRENCE)


def _given_back(change: GiveDaysBack, off: DayOff) -> bool:
    return off.child_id == change.child_id and change.first <= off.date <= change.last


def _objection_to_hours(family: Family, now: datetime, change: SetHours) -> Impossible | None:
    if not _knows_child(family, change.child_id):
        return Impossible(Why.NO_SUCH_PERSON)
    if not 0 <= change.start < change.end <= DAY:
        return Impossible(Why.NO_TIME)
    if change.on < now.date():
        return Impossible(Why.PAST)
    hours = Hours(change.start, change.end)
    same = family.child(change.child_id).hours_on(change.on) == hours
    return Impossible(Why.ALREADY_SO) if same else None


def together(
    family: Family, now: datetime, changes: Iterable[PlainFact]
) -> FactChange | Impossible:
    """These facts as one change, without those that are so already."""
    found = [(each, objection(family, now, each)) for each in changes]
    against = [why for _, why in found if why is not None]
    new = tuple(each for each, why in found if why is None)
    if len(new) == 1:
        return new[0]
    return Together(new) if new else next(iter(against), Impossible(Why.ALREADY_SO))


def parts(change: Together) -> Iterator[tuple[PlainFact, int]]:
    """The facts of one change, each with the id of the commitment that it may bring."""
    new = NEW
    for each in change.changes:
        yield each, new
        new -= isinstance(each, AddCommitment)


def _objection_to_days_off(family: Family, now: datetime, change: TakeDaysOff) -> Impossible | None:
    if not _knows_child(family, change.child_id):
        return Impossible(Why.NO_SUCH_PERSON)
    if change.last < change.first:
        return Impossible(Why.NO_TIME)
    if change.first < now.date():
        return Impossible(Why.PAST)
    if (change.last - change.first).days >= LONGEST_ABSENCE:
        return Impossible(Why.TOO_LONG)
    off = {each.date for each in family.days_off if each.child_id in (None, change.child_id)}
    wanted = days_from(change.first, change.last)
    return Impossible(Why.ALREADY_SO) if off.issuperset(wanted) else None


def _objection_to_commitment(
    family: Family, now: datetime, change: AddCommitment
) -> Impossible | None:
    of_child = change.scope is Scope.CHILD
    if of_child == (change.child_id is None) or not _knows_child(family, change.child_id):
        return Impossible(Why.NO_SUCH_PERSON)
    if not _knows_adult(family, change.adult_id):
        return Impossible(Why.NO_SUCH_PERSON)
    if change.start == change.end:
        return Impossible(Why.NO_TIME)
    if _is_over(now, change.on, change.start, change.end):
        return Impossible(Why.PAST)
    there = family.child(change.child_id).commitments if change.child_id else family.commitments
    wanted = one_off(change)
    same = any(replace(each, id=NEW) == wanted for each in there)
    return Impossible(Why.ALREADY_SO) if same else None


def _objection_to_occurrence(
    family: Family, now: datetime, change: CancelOccurrence | MoveOccurrence
) -> Impossible | None:
    commitment = find_commitment(family, change.commitment_id, own=change.own)
    when = occurrence(commitment, change.on) if commitment is not None else None
    if when is None:
        return Impossible(Why.NO_SUCH_OCCURRENCE)
    if _is_over(now, change.on, *when):
        return Impossible(Why.PAST)
    if isinstance(change, CancelOccurrence):
        return None
    if change.start == change.end:
        return Impossible(Why.NO_TIME)
    if _is_over(now, change.to, change.start, change.end):
        return Impossible(Why.PAST)
    same = (change.to, change.start, change.end) == (change.on, *when)
    return Impossible(Why.ALREADY_SO) if same else None


def _objection_to_calendar(family: Family, change: FollowCalendar) -> Impossible | None:
    if not _knows_child(family, change.child_id) or not _knows_adult(family, change.adult_id):
        return Impossible(Why.NO_SUCH_PERSON)
    there = outside_times(family, change.connection_id)
    if not there.keys() >= set(change.removed):
        return Impossible(Why.NO_SUCH_OCCURRENCE)
    if not there.keys().isdisjoint(change.added) or not (change.added or change.removed):
        return Impossible(Why.ALREADY_SO)
    return None


def outside_times(family: Family, connection_id: int) -> Mapping[OutsideTime, Commitment]:
    """The times that we know of a calendar outside, each with the commitment that it is."""
    every = (family.commitments, *(child.commitments for child in family.children))
    return {
        OutsideTime(each.on, each.start, each.end): each
        for commitments in every
        for each in commitments
        if each.connection_id == connection_id and each.on is not None
    }


def find_commitment(family: Family, commitment_id: int, *, own: bool) -> Commitment | None:
    """A child's own commitment, or one of the family and its parents."""
    there = (
        [each for child in family.children for each in child.commitments]
        if own
        else family.commitments
    )
    return next((each for each in there if each.id == commitment_id), None)


def _is_over(now: datetime, day: date, start: int, end: int) -> bool:
    last = day if end > start else day + timedelta(days=1)
    return (last, end) <= (now.date(), minute_of(now.time()))


def _knows_child(family: Family, child_id: int | None) -> bool:
    return child_id is None or any(child.id == child_id for child in family.children)


def _knows_adult(family: Family, adult_id: int | None) -> bool:
    return adult_id is None or any(
        adult.id == adult_id for adult in (*family.adults, *family.others)
    )


def one_off(change: AddCommitment, new: int = NEW) -> Commitment:
    """The commitment that is new, with the id `new`."""
    return Commitment(
        new,
        change.name,
        CommitmentFrequency.ONE_TIME,
        change.start,
        change.end,
        change.scope,
        on=change.on,
        adult_id=change.adult_id,
        needs_adult=change.needs_adult,
    )


def from_outside(change: FollowCalendar) -> tuple[Commitment, ...]:
    """The commitments that are new, with ids from `NEW` downwards in the order of `added`."""
    return tuple(
        Commitment(
            NEW - number,
            change.name,
            CommitmentFrequency.ONE_TIME,
            each.start,
            each.end,
            change.scope,
            on=each.on,
            adult_id=change.adult_id,
            connection_id=change.connection_id,
        )
        for number, each in enumerate(change.added)
    )


def moved_away(commitment: Commitment, change: MoveOccurrence) -> Commitment | None:
    """What an occurrence becomes that moves to another date: a commitment of its own. None where
    it stays on its date, at other times."""
    if change.to == change.on:
        return None
    return replace(
        commitment,
        id=NEW,
        frequency=CommitmentFrequency.ONE_TIME,
        days_of_week=(),
        on=change.to,
        start=change.start,
        end=change.end,
        overrides=(),
        # The family's own word, which the calendar does not take back.
        connection_id=None,
    )


def override_of(change: CancelOccurrence | MoveOccurrence) -> Override:
    """What becomes of the occurrence on its date."""
    if isinstance(change, MoveOccurrence) and change.to == change.on:
        return Override(change.on, change.start, change.end)
    return Override(change.on)


def with_fact(family: Family, change: FactChange, new: int = NEW) -> Family:
    """The family once `change` is so; new commitments have ids from `new` downwards."""
    match change:
        case Together():
            for each, first in parts(change):
                family = with_fact(family, each, first)
            return family
        case GiveDaysBack():
            kept = tuple(off for off in family.days_off if not _given_back(change, off))
            return replace(family, days_off=kept)
        case SetHours():
            return replace(
                family,
                children=tuple(
                    _with_hours(child, change) if child.id == change.child_id else child
                    for child in family.children
                ),
            )
        case TakeDaysOff():
            off = (DayOff(day, change.child_id) for day in days_from(change.first, change.last))
            return replace(family, days_off=(*family.days_off, *off))
        case AddCommitment():
            return _with_commitments(
                family,
                lambda there, child: (
                    (*there, one_off(change, new))
                    if change.child_id == (child.id if child else None)
                    else there
                ),
            )
        case CancelOccurrence() | MoveOccurrence():
            return _with_commitments(
                family,
                lambda there, child: (
                    _overridden(there, change) if change.own == (child is not None) else there
                ),
            )
        case FollowCalendar():
            known = outside_times(family, change.connection_id)
            gone = frozenset(known[each] for each in change.removed)
            return _with_commitments(
                family,
                lambda there, child: (
                    *(each for each in there if each not in gone),
                    *(
                        from_outside(change)
                        if change.child_id == (child.id if child else None)
                        else ()
                    ),
                ),
            )


def _with_hours(child: Child, change: SetHours) -> Child:
    hours = {**child.hours_by_date, change.on: Hours(change.start, change.end)}
    return replace(child, hours_by_date=MappingProxyType(hours))


def _with_commitments(
    family: Family,
    amended: Callable[[tuple[Commitment, ...], Child | None], tuple[Commitment, ...]],
) -> Family:
    """The family with each list of commitments `amended`: its own (None), and each child's."""
    return replace(
        family,
        commitments=amended(family.commitments, None),
        children=tuple(
            replace(child, commitments=amended(child.commitments, child))
            for child in family.children
        ),
    )


def _overridden(
    there: tuple[Commitment, ...], change: CancelOccurrence | MoveOccurrence
) -> tuple[Commitment, ...]:
    found: list[Commitment] = []
    for each in there:
        if each.id != change.commitment_id:
            found.append(each)
            continue
        kept = tuple(other for other in each.overrides if other.on != change.on)
        found.append(replace(each, overrides=(*kept, override_of(change))))
        new = moved_away(each, change) if isinstance(change, MoveOccurrence) else None
        if new is not None:
            found.append(new)
    return tuple(found)
