"""Cards of the day and of the week: the morning message, what was logged, the planned week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time

from bot.conversations.answers import LABEL, short
from bot.conversations.calendars import OPEN
from bot.conversations.cards import Card, Link, Option
from bot.conversations.change_menu import OPEN as CHANGE
from bot.conversations.requests import Answer, option_of
from core.phrase import Phrase, say
from core.week import Weekday, time_of

BREATH = 10
"""Minutes between two lessons in which nobody begins anything else."""

FACES = "😞😕😐😊😃"
"""How a lesson was liked, from 1 to 5."""


@dataclass(frozen=True, slots=True)
class DayLesson:
    """A lesson of the day. `item` is the number of its row; `start` and `minutes` in minutes."""

    item: int
    name: str
    start: int
    minutes: int
    done: bool = False


@dataclass(frozen=True, slots=True)
class ChildDay:
    """A child's lessons of one day, in the order of time; `child` is the number of its row."""

    child: int
    name: str
    lessons: tuple[DayLesson, ...]


@dataclass(frozen=True, slots=True)
class DaySpan:
    """How much of a day a child learns: `lessons` of them, from `start` to `end`."""

    date: date
    name: str
    lessons: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """`sessions` of a child's subject for which the week has no room, and why."""

    name: str
    subject: str
    sessions: int
    reason: Phrase


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a week can be seen: the feed for a calendar app (https and webcal), the page."""

    feed: str
    webcal: str
    page: str


def today_card(
    day: date,
    lists: Sequence[ChildDay],
    *,
    needed: Sequence[tuple[int, int]] = (),
    notice: Phrase | None = None,
    undo: int | None = None,
    only_look: bool = False,
) -> Card:
    """The morning message, edited in place as the day goes on.

    A lesson's button is `d<item>`, "all done" of a child `all<child>`, and `u<item>` takes back
    the completion of `undo`. `needed` are the lessons that take the reader, as minutes from and to.
    `notice` is what was just logged. There are no buttons for who may `only_look`.
    """
    lines: list[Phrase] = []
    if needed:
        spans = tuple(
            say("request.span", start=time_of(start), end=time_of(end))
            for start, end in _stretches(needed)
        )
        lines.append(say("day.needed", spans=spans))
    rows: list[tuple[Option, ...]] = []
    for child in lists:
        lines.append(say("day.child", name=child.name))
        if not child.lessons:
            lines.append(say("day.free"))
        for lesson in child.lessons:
            key = "day.lesson_done" if lesson.done else "day.lesson"
            lines.append(
                say(key, start=time_of(lesson.start), name=lesson.name, minutes=lesson.minutes)
            )
        options = [
            Option(
                f"d{lesson.item}",
                say("verbatim", text=short(_button(child.name, lesson.name, len(lists)))),
                chosen=lesson.done,
            )
            for lesson in child.lessons
        ]
        rows += [tuple(options[n : n + 2]) for n in range(0, len(options), 2)]
        if sum(not lesson.done for lesson in child.lessons) > 1:
            rows.append((Option(f"all{child.child}", _all_done(child.name, len(lists))),))
    if undo is not None:
        rows.append((Option(f"u{undo}", say("day.undo")),))
    title = say("day.title", date=day)
    lessons = [lesson for child in lists for lesson in child.lessons]
    if lessons and all(lesson.done for lesson in lessons):
        title = say("day.all_done", date=day)
    hint = say("day.hint") if lessons and not only_look else None
    shown = () if only_look else tuple(rows)
    return Card(title, tuple(lines), shown, notice=notice, hint=hint)


def _stretches(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans as somebody plans with them: what follows within a breath is one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start - found[-1][1] <= BREATH:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def _button(child: str, lesson: str, children: int) -> str:
    label = lesson if children == 1 else f"{short(child)[:9]}: {lesson}"
    # "Reading/Language Arts" is known by its first half.
    return label if len(label) <= LABEL else label.split("/")[0]


def _all_done(child: str, children: int) -> Phrase:
    if children == 1:
        return say("day.everything_done")
    return say("day.child_done", name=child if len(child) <= 8 else f"{child[:7]}…")


def done_notice(child: str, lesson: str, at: time) -> Phrase:
    """What was just logged, and when."""
    return say("day.logged", name=child, lesson=lesson, at=at)


def all_done_notice(child: str, lessons: Sequence[str]) -> Phrase:
    """All that was just logged at once."""
    return say("day.logged_all", name=child, lessons=tuple(lessons))


def already_done_notice(child: str, lesson: str) -> Phrase:
    """Said when a lesson is done a second time: nothing was logged twice."""
    return say("day.already", name=child, lesson=lesson)


def undone_notice(child: str, lesson: str) -> Phrase:
    """Said when a completion was taken back."""
    return say("day.undone", name=child, lesson=lesson)


def unclear_notice() -> Phrase:
    """Asks back after a reply that we did not understand."""
    return say("day.unclear")


def logged_card(notice: Phrase, request_id: int, *, faces: bool) -> Card:
    """What was just logged, with one tap that takes all of it back, and with `faces` that say how
    a lesson was liked."""
    liked = [
        option_of(request_id, Answer(f"e{number}"), say("verbatim", text=face))
        for number, face in enumerate(FACES, start=1)
    ]
    rows = (tuple(liked[:3]), tuple(liked[3:])) if faces else ()
    undo = option_of(request_id, Answer.UNLOG, say("day.undo"))
    return Card(notice, rows=(*rows, (undo,)), hint=say("day.faces") if faces else None)


def not_yet_notice() -> Phrase:
    """The answer to "not yet"."""
    return say("day.not_yet")


def thinking_card(lessons: int, around: Sequence[str]) -> Card:
    """Shown while a week is being planned: how many lessons, around which commitments."""
    if around:
        title = say("week.thinking_around", count=lessons, names=tuple(dict.fromkeys(around)))
    else:
        title = say("week.thinking", count=lessons)
    return Card(title, thinking=True)


def week_card(
    monday: date,
    names: Sequence[str],
    days: Sequence[DaySpan],
    left_out: Sequence[LeftOut],
    addresses: Addresses,
) -> Card:
    """The planned week after the questionnaire: a line per day, what found no room, where to see
    it, and the feed as a QR code. `names` are the children's."""
    lines = [say("week.of", date=monday), *span_lines(days), *left_out_lines(left_out)]
    lines.append(say("week.calendar"))
    return Card(
        title=say("week.ready", names=tuple(names), count=len(names)),
        lines=tuple(lines),
        rows=((Option(OPEN, say("week.calendars")), Option(CHANGE, say("week.change"))),),
        links=(
            Link(say("week.link_page"), addresses.page),
            Link(say("week.link_webcal"), addresses.webcal),
            Link(say("week.link_feed"), addresses.feed),
        ),
        qr=addresses.webcal,
        secret=True,
    )


def span_lines(days: Sequence[DaySpan]) -> list[Phrase]:
    """A line for each day with lessons."""
    lines = []
    for day in sorted({span.date for span in days}):
        spans = tuple(
            say(
                "week.child_day",
                name=span.name,
                count=span.lessons,
                start=time_of(span.start),
                end=time_of(span.end),
            )
            for span in days
            if span.date == day and span.lessons
        )
        if spans:
            lines.append(_day_line(day, spans))
    return lines


def left_out_lines(left_out: Sequence[LeftOut]) -> list[Phrase]:
    """What found no room, and why."""
    if not left_out:
        return []
    return [
        say("week.left_out"),
        *(
            say(
                "week.left_out_line",
                name=gap.name,
                subject=gap.subject,
                count=gap.sessions,
                reason=gap.reason,
            )
            for gap in left_out
        ),
    ]


def _day_line(day: date, spans: tuple[Phrase, ...]) -> Phrase:
    """Children are parted by dots, not joined as a sentence: the line is read at a glance."""
    line = spans[0]
    for span in spans[1:]:
        line = say("week.beside", left=line, right=span)
    return say("week.day", weekday=say(f"weekday.{Weekday.of(day).value}"), day=day.day, line=line)
