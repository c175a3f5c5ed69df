"""What is said of commitments and of things that happen once: cancelled, at another time, new; and
of what was learned outside of the plan.

Something new needs a name, a beginning and an end: what is said of it without these is asked back.
Its name is what is left when all else is understood, so nothing else may be left over.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from core.commitments import occurrence
from core.family import Commitment, Scope
from core.grammar.names import tidy_name
from core.said.days import ASIDE
from core.said.lessons import whom
from core.said.lexicon import Sense
from core.said.moves import denies, is_source, shift_by, towards
from core.said.pieces import (
    Heard,
    Hours,
    Length,
    Mention,
    Moment,
    People,
    Period,
    Piece,
    Unknown,
    Word,
    unaccounted,
)
from core.said.readings import (
    CancelOccurrence,
    DayFacts,
    MoveOccurrence,
    NewCommitment,
    Outing,
    Reading,
    Topic,
    Unclear,
    Understood,
    Why,
    ask_back,
)
from core.week import DAY, week_start

AHEAD = 62
"""Days in which the next occurrence of a commitment is looked for."""

LASTING = (30, 45, 60, 90)
"""Minutes offered where it was not said until when something lasts."""

LATEST_MEANT = 21 * 60
"""An hour that is over in the morning may be one of the evening, up to this minute."""


def read_known(heard: Heard, day: DayFacts) -> Reading | None:
    """What a text says of a commitment that the family has; None if it is about something else."""
    mentions = heard.all(Mention)
    if len(mentions) != 1 or not mentions[0].commitments:
        return None
    cancels = heard.has(Sense.CANCEL, Sense.NO, Sense.OFF)
    timed = heard.holds(Moment, Hours, Length)
    moves = heard.has(Sense.MOVE, Sense.CHANGE, Sense.DELAY, Sense.INSTEAD_OF, Sense.INSTEAD)
    topic = Topic.CANCEL if cancels else Topic.SHIFT
    if not (cancels or timed or moves):
        return None
    if mentions[0].subjects or len(mentions[0].commitments) > 1:
        return ask_back(Why.WHICH, topic)
    commitment, child = heard.known.commitments[mentions[0].commitments[0]]
    named = {c for people in heard.all(People) for c in people.children}
    if any(people.adults for people in heard.all(People)) or not named <= {
        child,
        *(whom(heard, day) if child is None else ()),
    }:
        return ask_back(Why.WHO, topic)
    if cancels:
        return _cancel(heard, mentions[0], commitment, own=child is not None)
    return _shift(heard, mentions[0], commitment, own=child is not None)


def _occurrences(heard: Heard, commitment: Commitment, first: date, last: date) -> Iterator[date]:
    """The dates from `first` to `last` on which it happens and is not over."""
    for offset in range((last - first).days + 1):
        on = first + timedelta(days=offset)
        times = occurrence(commitment, on)
        if times is not None and (on, times[0]) > (heard.today, heard.minute):
            yield on


def _next(heard: Heard, commitment: Commitment) -> date | None:
    last = heard.today + timedelta(days=AHEAD)
    return next(_occurrences(heard, commitment, heard.today, last), None)


def _cancel(heard: Heard, mention: Mention, commitment: Commitment, *, own: bool) -> Reading:
    topic = Topic.CANCEL
    senses = (*ASIDE, Sense.CANCEL, Sense.NO, Sense.OFF, Sense.HAVE)
    if left := unaccounted(heard, topic, (Mention, People, Period), senses):
        return left
    if not denies(heard, mention):
        return ask_back(Why.UNSURE, topic)
    periods = heard.all(Period)
    if len(periods) > 1:
        return ask_back(Why.WHEN, topic)
    if not periods:
        on = _next(heard, commitment)
        return CancelOccurrence(commitment.id, own, (on,)) if on else ask_back(Why.NO_SUCH, topic)
    period = periods[0]
    spans = [(period.first, period.last), *([period.other] if period.other else [])]
    readings = [
        CancelOccurrence(commitment.id, own, dates)
        for first, last in spans
        if (dates := tuple(_occurrences(heard, commitment, first, last)))
    ]
    if not readings:
        return ask_back(Why.PAST if period.last < heard.today else Why.NO_SUCH, topic)
    return readings[0] if len(spans) == 1 else ask_back(Why.WHICH, topic, tuple(readings))


def _shift(heard: Heard, mention: Mention, commitment: Commitment, *, own: bool) -> Reading:
    topic = Topic.SHIFT
    moving = (Sense.MOVE, Sense.CHANGE, Sense.DELAY, Sense.INSTEAD, Sense.INSTEAD_OF)
    senses = (*ASIDE, *moving, Sense.LATER, Sense.SOONER, Sense.BACK, Sense.AT, Sense.LATE)
    kinds = (Mention, People, Period, Moment, Hours, Length)
    if left := unaccounted(heard, topic, kinds, senses):
        return left
    periods = heard.all(Period)
    if any(period.other for period in periods):
        return ask_back(Why.WHEN, topic)
    source = [period for period in periods if is_source(heard, period, mention)]
    target = [towards(period) for period in periods if period not in source]
    if len(source) > 1 or len(target) > 1:
        return ask_back(Why.WHEN, topic)
    on = _which(heard, commitment, source, target)
    if on is None:
        return ask_back(Why.NO_SUCH, topic)
    to = target[0].first if target and target[0].first == target[0].last else on
    if to != on and (not heard.has(*moving) or week_start(to) != week_start(on)):
        # A date on which it does not happen, named without a word of moving, may be another one.
        return ask_back(Why.WHICH, topic)
    times = _times(heard, commitment, on, to)
    if isinstance(times, Unclear):
        return times
    if (to, times[0]) <= (heard.today, heard.minute):
        return ask_back(Why.PAST, topic)
    if (to, *times) == (on, *(occurrence(commitment, on) or ())):
        return ask_back(Why.WHEN, topic)
    return MoveOccurrence(commitment.id, own, on, to, *times)


def _which(
    heard: Heard, commitment: Commitment, source: list[Period], target: list[Period]
) -> date | None:
    """The occurrence that is meant: of a date that is named as its own, of one on which it happens,
    else the next."""
    for period in (*source, *target):
        dates = tuple(_occurrences(heard, commitment, period.first, period.last))
        if len(dates) == 1:
            return dates[0]
        if dates or period in source:
            return None
    return _next(heard, commitment)


def _times(heard: Heard, commitment: Commitment, on: date, to: date) -> tuple[int, int] | Unclear:
    start, end = occurrence(commitment, on) or (commitment.start, commitment.end)
    lasts = (end - start) % DAY
    moments, hours, lengths = heard.all(Moment), heard.all(Hours), heard.all(Length)
    if len(moments) + len(hours) + len(lengths) > 1:
        return ask_back(Why.WHEN, Topic.SHIFT)
    if hours:
        return hours[0].start, hours[0].stop
    if moments:
        begin = moments[0].minute
        other = moments[0].other
        if other and (to, begin) <= (heard.today, heard.minute) and begin < other <= LATEST_MEANT:
            begin = other
    elif lengths:
        by = shift_by(heard, lengths[0])
        if by is None:
            return ask_back(Why.WHEN, Topic.SHIFT)
        begin = start + by
    elif to == on:
        return ask_back(Why.WHEN, Topic.SHIFT)
    else:
        begin = start
    if not 0 <= begin < DAY or begin + lasts > DAY:
        return ask_back(Why.WHEN, Topic.SHIFT)
    return begin, begin + lasts


# --- New


def read_new(heard: Heard, day: DayFacts) -> Reading | None:
    """Something that will happen once; None if it is about something else."""
    name = _name(heard)
    if name is None:
        return None
    topic = Topic.NEW
    timed = heard.holds(Hours, Moment)
    if not timed and not heard.holds(Period):
        return None
    kinds = (Unknown, People, Period, Hours, Moment, Length)
    if left := unaccounted(heard, topic, kinds, _AGENDA):
        return left
    if heard.has(Sense.KIN):
        return ask_back(Why.WHO, topic)
    if not timed:
        return ask_back(Why.WHEN, topic)
    who = _who(heard, day)
    if who is None:
        return ask_back(Why.WHO, topic)
    scope, children, adult = who
    spans = _spans(heard)
    if spans is None:
        return ask_back(Why.WHEN, topic)
    periods = heard.all(Period)
    if len(periods) > 1 or any(period.first != period.last for period in periods):
        return ask_back(Why.WHEN, topic)
    dates = [heard.today]
    if periods:
        dates = [periods[0].first, *([periods[0].other[0]] if periods[0].other else [])]
    options: tuple[Understood, ...] = tuple(
        NewCommitment(name, on, start, end, scope, children, adult)
        for on in dates
        for start, end in spans
        if (on, start) > (heard.today, heard.minute)
    )
    if not options:
        return ask_back(Why.PAST, topic)
    if len(spans) > 1:
        return ask_back(Why.ENDS, topic, options)
    if len(dates) > 1:
        return ask_back(Why.WHICH, topic, options)
    return options[0]


def _spans(heard: Heard) -> list[tuple[int, int]] | None:
    """From when to when; several where the end was not told, None where it cannot be read."""
    hours, moments, lengths = heard.all(Hours), heard.all(Moment), heard.all(Length)
    if len(hours) == 1 and not moments and not lengths:
        return [(hours[0].start, hours[0].stop)] if hours[0].start != hours[0].stop else None
    if len(moments) == 1 and not hours and len(lengths) <= 1:
        start = moments[0].minute
        lasting = [lengths[0].minutes] if lengths else LASTING
        return [(start, start + minutes) for minutes in lasting if start + minutes <= DAY] or None
    return None


def _who(heard: Heard, day: DayFacts) -> tuple[Scope, tuple[int, ...], int | None] | None:
    """Whom it takes, and who goes along; None where that is not clear."""
    people = heard.all(People)
    children = {child for piece in people for child in piece.children}
    adults = [adult for piece in people for adult in piece.adults]
    along = [a for piece in people for a in piece.adults if _goes_along(heard, piece)]
    if heard.has(Sense.WITH_ME):
        if day.adult_id is None:
            return None
        along, adults = [*along, day.adult_id], [*adults, day.adult_id]
    if len(adults) > 1:
        return None
    if children:
        if adults and not along:
            return None
        return Scope.CHILD, whom(heard, day), adults[0] if adults else None
    if along:
        everybody = whom(heard, day)
        return (Scope.CHILD, everybody, adults[0]) if len(everybody) == 1 else None
    if adults:
        return Scope.PARENT, (), adults[0]
    if day.child_id is not None:
        return Scope.CHILD, (day.child_id,), None
    if heard.has(Sense.I_HAVE):
        return (Scope.PARENT, (), day.adult_id) if day.adult_id is not None else None
    return Scope.FAMILY, whom(heard, day), None


def _goes_along(heard: Heard, people: People) -> bool:
    """ "With Tom", "Tom takes Emma to …"."""
    before, after = heard.before(people), heard.after(people)
    takes = isinstance(after, Word) and after.sense is Sense.TAKE
    return takes or (isinstance(before, Word) and before.sense is Sense.WITH)


_AGENDA = (
    *(*ASIDE, Sense.HAVE, Sense.I_HAVE, Sense.AT, Sense.IN, Sense.TAKE, Sense.ME, Sense.GO),
    *(Sense.WITH_ME, Sense.KIN, Sense.WORK),
)
_INSIDE = (
    Sense.FILL,
    Sense.ARTICLE,
    Sense.OF,
    Sense.AT,
    Sense.AND,
    Sense.IN,
    Sense.WITH,
    Sense.KIN,
)
_NAMING = (Sense.MADE, Sense.WORK)
_TOLD = (
    *(*ASIDE, *_NAMING, Sense.OUT, Sense.DID, Sense.PAST, Sense.AT, Sense.IN, Sense.AS, Sense.ME),
)


def _name(heard: Heard, inside: tuple[Mention, ...] = ()) -> str | None:
    """The words that are nobody else's, if they are one stretch with none but small words within.
    Mentions that are `inside` belong to it."""
    parts = [p for p in heard.pieces if isinstance(p, Unknown) or p in inside or _names(p)]
    if not parts:
        return None
    first, last = heard.pieces.index(parts[0]), heard.pieces.index(parts[-1])
    stretch = heard.pieces[first : last + 1]
    if not all(
        piece in parts or (isinstance(piece, Word) and piece.sense in _INSIDE) for piece in stretch
    ):
        return None
    name = tidy_name(heard.text[stretch[0].begin : stretch[-1].end])
    return name if any(char.isalpha() for char in name) else None


def _names(piece: Piece) -> bool:
    """Whether a word of ours is as good a part of a name as any other."""
    return isinstance(piece, Word) and piece.sense in _NAMING


# --- Learned elsewhere


def read_outing(heard: Heard, day: DayFacts) -> Reading | None:
    """What was learned outside of the plan; None if it is about something else."""
    topic = Topic.OUTING
    inside = tuple(m for m in heard.all(Mention) if _belongs(heard, m))
    name = _name(heard, inside)
    told = heard.has(Sense.OUT, Sense.MADE, Sense.DID, Sense.PAST)
    subjects = [mention for mention in heard.all(Mention) if mention not in inside]
    lengths = heard.all(Length)
    if heard.holds(Hours, Moment) or not (lengths or heard.has(Sense.OUT)):
        return None
    if not (told or subjects or _placed(heard)):
        return None
    if name is None and not (lengths and subjects and told):
        return None
    kinds = (Unknown, Mention, People, Period, Length)
    if left := unaccounted(heard, topic, kinds, _TOLD):
        return left
    if len(lengths) != 1:
        return ask_back(Why.HOW_LONG, topic)
    if len(subjects) > 1 or any(len(mention.subjects) != 1 for mention in subjects):
        return ask_back(Why.WHICH, topic)
    periods = heard.all(Period)
    if any(piece.adults for piece in heard.all(People)):
        return ask_back(Why.WHO, topic)
    if len(periods) > 1 or any(period.first != period.last for period in periods):
        return ask_back(Why.WHEN, topic)
    on = periods[0].first if periods else heard.today
    if on > heard.today:
        return ask_back(Why.FUTURE, topic)
    subject = heard.known.subjects[subjects[0].subjects[0]] if subjects else None
    return Outing(name or subject or "", on, lengths[0].minutes, whom(heard, day), subject)


def _placed(heard: Heard) -> bool:
    """ "2 hours at the farm": a length, then where."""
    return any(
        isinstance(heard.after(length), Word)
        and isinstance(after := heard.after(length), Word)
        and after.sense in (Sense.AT, Sense.IN, Sense.OF)
        for length in heard.all(Length)
    )


def _belongs(heard: Heard, mention: Mention) -> bool:
    """Whether a lesson's name is but a part of another ("science museum"): there is nothing between
    it and a word that says nothing to us, and no length before it."""
    beside: list[Piece | None] = [heard.before(mention), heard.after(mention)]
    before, after = beside
    if isinstance(after, Unknown) and not heard.between(mention, after).strip():
        return True
    return (
        isinstance(before, Unknown)
        and not heard.between(before, mention).strip()
        and not isinstance(after, Length)
    )
