"""What is said of lessons that were held, or were not: "done math", "todo menos arte", "later".

A reply is understood only if every word of it is: one that is left over may turn it around ("done
with this", "done with diapers"). A time is the latest such time that has passed; one still to come
is asked back.
"""

from core.plan import Item
from core.said.lessons import (
    clauses,
    current,
    in_order,
    lessons_of,
    likeliest,
    named,
    uids,
    whom,
)
from core.said.lexicon import Sense
from core.said.pieces import (
    Heard,
    Hours,
    Length,
    Mention,
    Moment,
    Number,
    People,
    Period,
    Rating,
    Unknown,
    Word,
    unaccounted,
)
from core.said.readings import (
    AllDone,
    DayFacts,
    Done,
    NotYet,
    Reading,
    Skip,
    Topic,
    Unclear,
    Why,
    ask_back,
)

SLACK = 5
"""Minutes by which clocks differ: an end so little ahead has passed."""

EARLIEST = 5 * 60
"""No lesson is told of that was held before this minute."""

_PLAIN = (Sense.AND, Sense.WITH, Sense.OK, Sense.ME, Sense.WE, Sense.THEY, Sense.YES, Sense.OF)
_SKIPPING = (Sense.SKIP, Sense.NOT_DOING, Sense.POLITE, Sense.FUTURE, Sense.DO, Sense.ITSELF)
_PENDING = (
    *(Sense.NOT_YET, Sense.NO, Sense.WAIT, Sense.LATER, Sense.IN, Sense.AGO, Sense.DO),
    *(Sense.STARTED, Sense.ITSELF, Sense.FINISH),
)
_REPORT = (Sense.DONE, Sense.DID, Sense.PAST, Sense.TOOK, Sense.AGO, Sense.ALL)


def read_reply(heard: Heard, day: DayFacts) -> Reading | None:
    """What a text says of lessons; None if it is no reply."""
    if heard.has(Sense.SKIP, Sense.NOT_DOING):
        return _skipped(heard, day)
    if _is_not_today(heard):
        return _skip_current(heard, day)
    if heard.has(Sense.NOT_YET, Sense.NOT, Sense.WAIT) or _puts_off(heard):
        return _not_yet(heard, day)
    if (
        heard.has(Sense.ALL)
        or (heard.has(Sense.BUT) and heard.has(Sense.DONE, Sense.DID))
        or _for_the_day(heard)
    ):
        found = _all_done(heard, day)
        if found is not None:
            return found
    if heard.has(Sense.DONE, Sense.DID, Sense.TOOK, Sense.OK, Sense.YES) or _is_bare(heard):
        return _done(heard, day)
    return None


def _today_only(heard: Heard) -> bool:
    return all((p.first, p.last) == (heard.today, heard.today) for p in heard.all(Period))


# --- Not held


def _is_not_today(heard: Heard) -> bool:
    """ "Not today", "hoy no"."""
    return (
        heard.has(Sense.NOT, Sense.NO)
        and bool(heard.all(Period))
        and _today_only(heard)
        and heard.only((Period, People), (Sense.NOT, Sense.NO))
    )


def _skip_current(heard: Heard, day: DayFacts) -> Reading:
    groups = current(heard, day, whom(heard, day))
    readings = tuple(Skip(uids(group, day)) for group in groups)
    return readings[0] if len(readings) == 1 else ask_back(Why.WHICH, Topic.SKIP, readings)


def _skipped(heard: Heard, day: DayFacts) -> Reading:
    senses = (*_PLAIN, *_SKIPPING)
    if left := unaccounted(heard, Topic.SKIP, (Mention, People, Period), senses):
        return left
    periods = heard.all(Period)
    if len(periods) > 1 or any(p.first != p.last or p.first < heard.today for p in periods):
        return ask_back(Why.WHEN, Topic.SKIP)
    on = periods[0].first if periods else heard.today
    if not heard.all(Mention):
        return _skip_current(heard, day) if on == heard.today else ask_back(Why.WHICH, Topic.SKIP)
    lessons = tuple(item for item in lessons_of(heard, day, on=on) if not item.completed)
    meant = _meant(heard, day, lessons)
    if isinstance(meant, Unclear):
        options = tuple(
            Skip(found.lessons) for found in meant.candidates if isinstance(found, Done)
        )
        return ask_back(meant.why, Topic.SKIP, options)
    return Skip(uids(meant, day))


def _puts_off(heard: Heard) -> bool:
    """ "No", "later", "math later", "in 10 minutes": and nothing else."""
    first = heard.pieces[0]
    if isinstance(first, Word) and first.sense is Sense.NO:
        return heard.only((People,), (Sense.NO, Sense.LATER))
    if heard.has(Sense.LATER):
        return heard.only((Mention, People), (Sense.LATER,))
    return heard.has(Sense.IN) and bool(heard.all(Length)) and heard.only((Length,), (Sense.IN,))


def _not_yet(heard: Heard, day: DayFacts) -> Reading:
    senses = (*_PLAIN, *_PENDING)
    if heard.has(Sense.OK) or not _today_only(heard):
        return ask_back(Why.TWO_THINGS, Topic.NOT_YET)
    if left := unaccounted(heard, Topic.NOT_YET, (Mention, People, Period, Length, Number), senses):
        return left
    if not heard.has(Sense.WAIT, Sense.IN) and heard.holds(Length, Number):
        return ask_back(Why.WORDS, Topic.NOT_YET)
    if heard.has(Sense.YES) and heard.all(Mention):
        return ask_back(Why.TWO_THINGS, Topic.NOT_YET)
    view = lessons_of(heard, day, whom(heard, day), heard.today)
    lessons: list[Item] = []
    for mention in heard.all(Mention):
        fitting = [item for item in named(mention, view) if not item.completed]
        if not fitting:
            return ask_back(Why.NO_SUCH, Topic.NOT_YET)
        lessons += fitting
    return NotYet(uids(lessons, day))


# --- Held


def _for_the_day(heard: Heard) -> bool:
    """ "Done for today", "terminamos la escuela": the whole day, if no lesson is named."""
    if heard.all(Mention) or not heard.has(Sense.DONE, Sense.DID):
        return False
    before = [heard.text[: p.begin].lower().split()[-1:] for p in heard.all(Period)]
    return heard.has(Sense.SCHOOL) or any(word in (["for"], ["por"], ["para"]) for word in before)


def _all_done(heard: Heard, day: DayFacts) -> Reading | None:
    """All lessons were held, or all but some. None where lessons are named without a "but": "all
    the math"."""
    buts = heard.words(Sense.BUT)
    after = buts[0].end if buts else len(heard.text)
    excepted = [mention for mention in heard.all(Mention) if mention.begin >= after]
    if len(excepted) < len(heard.all(Mention)):
        return None if not buts else ask_back(Why.TWO_THINGS, Topic.ALL_DONE)
    senses = (*_PLAIN, *_REPORT, Sense.BUT, Sense.SCHOOL, Sense.WORK)
    if left := unaccounted(heard, Topic.ALL_DONE, (Mention, People, Period), senses):
        return left
    if not heard.has(Sense.DONE, Sense.DID, Sense.OK, Sense.BUT) and heard.words(Sense.FILL):
        return ask_back(Why.WORDS, Topic.ALL_DONE)
    if len(buts) > 1 or not _today_only(heard):
        return ask_back(Why.TWO_THINGS, Topic.ALL_DONE)
    people = [piece for piece in heard.all(People) if piece.children]
    if any(piece.adults for piece in heard.all(People)):
        return ask_back(Why.WHO, Topic.ALL_DONE)
    included = {c for piece in people if piece.begin < after for c in piece.children}
    left_out = {c for piece in people if piece.begin > after for c in piece.children}
    children = in_order(heard, included) or whom(heard, day)
    if left_out and not excepted:
        children = in_order(heard, {*_children(heard, day, included)} - left_out)
        return AllDone(children) if children else ask_back(Why.WHO, Topic.ALL_DONE)
    if buts and not excepted:
        return ask_back(Why.WHICH, Topic.ALL_DONE)
    if left_out:
        children = _children(heard, day, included)
    but: list[Item] = []
    view = lessons_of(heard, day, left_out or children, heard.today)
    for mention in excepted:
        fitting = named(mention, view)
        if not fitting:
            return ask_back(Why.NO_SUCH, Topic.ALL_DONE)
        but += fitting
    return AllDone(children, uids(but, day))


def _children(heard: Heard, day: DayFacts, included: set[int]) -> tuple[int, ...]:
    """The children of an "all": those named, else the one who speaks, else all."""
    if included:
        return in_order(heard, included)
    if day.child_id is not None:
        return in_order(heard, (day.child_id,))
    return tuple(child.id for child in heard.known.family.children)


def _is_bare(heard: Heard) -> bool:
    """Lessons, and nothing that could turn them around: "math", "Emma: math, reading"."""
    return heard.holds(Mention) and all(
        piece.sense in (Sense.ARTICLE, Sense.AND, Sense.OF)
        if isinstance(piece, Word)
        else isinstance(piece, Mention | People | Rating | Hours)
        for piece in heard.pieces
    )


def _done(heard: Heard, day: DayFacts) -> Reading | None:
    if heard.has(Sense.DID) and heard.holds(Length) and heard.holds(Unknown):
        return None
    kinds = (Mention, People, Period, Hours, Moment, Length, Rating)
    reflexive = (Sense.ITSELF,) if heard.all(Mention) else ()
    if left := unaccounted(heard, Topic.DONE, kinds, (*_PLAIN, *_REPORT, *reflexive)):
        return left
    if any(piece.adults for piece in heard.all(People)):
        return ask_back(Why.WHO, Topic.DONE)
    if not _today_only(heard):
        return ask_back(Why.PAST, Topic.DONE)
    told = _told(heard)
    if isinstance(told, Unclear):
        return told
    if not heard.all(Mention):
        groups = current(heard, day, whom(heard, day))
        options = tuple(Done(uids(group, day), *told) for group in groups)
        if len(options) == 1 and not (heard.has(Sense.ME) and day.child_id is None):
            return options[0]
        # A parent's "I'm done" may be a sigh.
        return ask_back(Why.WHICH, Topic.DONE, options)
    meant = _meant(heard, day, lessons_of(heard, day, on=heard.today))
    if isinstance(meant, Unclear):
        options = tuple(
            Done(found.lessons, *told) for found in meant.candidates if isinstance(found, Done)
        )
        return ask_back(meant.why, Topic.DONE, options)
    if any(part is not None for part in told[:3]) and len({item.name for item in meant}) > 1:
        return ask_back(Why.WHICH, Topic.DONE)
    return Done(uids(meant, day), *told)


def _meant(heard: Heard, day: DayFacts, lessons: tuple[Item, ...]) -> tuple[Item, ...] | Unclear:
    """The lessons that a text names, each certain; else `Unclear`, with `Done` of each that it may
    be."""
    said = clauses(heard)
    if said is None:
        return ask_back(Why.WHO, Topic.DONE)
    meant: list[Item] = []
    for people, mentions in said:
        for mention in mentions:
            if people is None:
                choices = (
                    [lessons]
                    if day.child_id is None
                    else [tuple(item for item in lessons if item.child_id == day.child_id)]
                )
            else:
                choices = [
                    tuple(item for item in lessons if item.child_id == child)
                    for child in people.children
                ]
                if len(people.children) > 1:
                    choices = [own for own in choices if named(mention, own)] or choices
                    if len(choices) < len(people.children) and len(mentions) == 1:
                        return ask_back(Why.NO_SUCH, Topic.DONE)
            for choice in choices:
                groups = likeliest(named(mention, choice), heard)
                if len(groups) != 1:
                    why = Why.WHICH if groups else Why.NO_SUCH
                    options = tuple(Done(uids(group, day)) for group in groups)
                    return ask_back(why, Topic.DONE, options)
                meant += groups[0]
    return tuple(meant)


def _told(heard: Heard) -> tuple[int | None, int | None, int | None, int | None] | Unclear:
    """When lessons started and ended, the minutes that they took, and how much they were liked."""
    ratings = heard.all(Rating)
    liked = [rating.value for rating in ratings if not rating.face] or [r.value for r in ratings]
    engagement = liked[0] if len({*liked}) == 1 else None
    hours, moments, lengths = heard.all(Hours), heard.all(Moment), heard.all(Length)
    if len({*liked}) > 1 or len(hours) + len(moments) + len(lengths) > 1:
        return ask_back(Why.WORDS, Topic.DONE)
    if hours:
        start, stop = hours[0].start, hours[0].stop
        if stop <= start:
            return ask_back(Why.WORDS, Topic.DONE)
        if stop > heard.minute + SLACK:
            return ask_back(Why.FUTURE, Topic.DONE)
        return start, stop, None, engagement
    if moments:
        at = _passed(moments[0], heard)
        if at is None:
            return ask_back(Why.FUTURE, Topic.DONE)
        since = moments[0].lead.startswith(("from", "since", "desde"))
        if since or (heard.has(Sense.DID) and not heard.has(Sense.DONE)):
            return at, None, None, engagement
        return None, at, None, engagement
    if lengths:
        minutes = lengths[0].minutes
        if heard.has(Sense.AGO):
            return None, max(heard.minute - minutes, 0), None, engagement
        if not heard.has(Sense.TOOK, Sense.DID, Sense.DONE):
            return ask_back(Why.WORDS, Topic.DONE)
        return None, None, minutes, engagement
    if heard.has(Sense.AGO, Sense.TOOK):
        return ask_back(Why.HOW_LONG, Topic.DONE)
    return None, None, None, engagement


def _passed(moment: Moment, heard: Heard) -> int | None:
    """The latest minute that the time may mean and that is over."""
    options = (moment.minute, moment.other)
    over = [m for m in options if m is not None and EARLIEST <= m <= heard.minute + SLACK]
    return max(over, default=None)
