"""`GET /week/{token}`: a week as a page to look at and to print."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib.resources import files
from itertools import groupby
from typing import Protocol
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_interval, format_time
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from core.addresses import webcal_url
from core.family import SCHOOL_DAYS
from core.phrase import Phrase, Translate, say
from core.plan import ItemType
from core.week import DAY, GRID, Weekday, minute_of, time_of, wall, week_dates, week_start
from sync.feed import SECRET_HEADERS, Texts, is_token, preferred_language

HUES = 8
"""Colours that subjects share: the Okabe–Ito set, its black as a grey that comes last."""

_YEARS = range(2000, 2101)
_QUIET_DAY = (9 * 60, 15 * 60)
_WAKING = (7 * 60, 21 * 60)
_LANES = 3
_EXAMPLE = "2026-11-30"

_templates = Environment(
    loader=PackageLoader("sync"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class WeekEntry:
    """One entry of one child's day; `start` and `end` in minutes of the family's wall time.

    `end <= start` means that it lasts past midnight. `adult` is the name of the adult needed.
    """

    type: ItemType
    child: str
    day: date
    start: int
    end: int
    name: str
    adult: str | None = None
    completed: bool = False


@dataclass(frozen=True, slots=True)
class Away:
    """An adult's own commitment on a date, in minutes as in `WeekEntry`."""

    adult: str
    day: date
    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class WeekPage:
    """A week to show.

    `monday` is the week's first date, `children` the names in the family's order, `now` an aware
    instant, `language` a code such as "en", `feed_url` the https address of the same reader's
    calendar feed. `subjects` names all that the family learns in an order that lasts: a subject
    takes its colour from its place, and so keeps it from week to week and for every reader.
    """

    title: str
    language: str
    timezone: str
    monday: date
    now: datetime
    children: tuple[str, ...]
    entries: tuple[WeekEntry, ...] = ()
    away: tuple[Away, ...] = ()
    subjects: tuple[str, ...] = ()
    feed_url: str | None = None


class WeekPort(Protocol):
    """Where weeks come from."""

    async def load_week_page(self, token: str, week: date | None) -> WeekPage | None:
        """The week that begins on the Monday `week` (None: the one to look at now).

        None for a token that is unknown or revoked; a week without a plan is a page without
        entries.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Box:
    """An entry as drawn: rows of five minutes and columns of children, from 1, end excluded."""

    id: str
    kind: str
    rows: tuple[int, int]
    columns: tuple[int, int]
    lane: int
    hue: int
    name: str
    span: str
    children: str
    length: str
    adult: str | None
    mark: str
    completed: bool


@dataclass(frozen=True, slots=True)
class _Day:
    id: str
    short: str
    number: int
    long: str
    today: bool
    notes: tuple[str, ...]
    boxes: tuple[_Box, ...]


@dataclass(frozen=True, slots=True)
class _Task:
    at: str
    name: str
    length: str
    mark: str
    lesson: bool
    completed: bool


def week_router(port: WeekPort, texts: Texts) -> APIRouter:
    """The route of the week page, and plain words (404, 400) for what cannot be shown.

    `?week=` takes any date of the wanted week.
    """
    router = APIRouter()

    @router.get("/week/{token}", response_class=HTMLResponse, summary="A week to look at")
    async def page(token: str, request: Request, week: str | None = None) -> HTMLResponse:
        words = texts(preferred_language(request))
        monday = _monday(week) if week else None
        if week and monday is None:
            return message_page(
                400,
                words,
                title=say("calendar.page.bad_week_title"),
                body=say("calendar.page.bad_week", example=_EXAMPLE),
            )
        found = await port.load_week_page(token, monday) if is_token(token) else None
        if found is None:
            return message_page(
                404,
                words,
                title=say("calendar.page.unknown_title"),
                body=say("calendar.page.unknown"),
            )
        return week_response(found, texts(found.language))

    return router


def week_response(page: WeekPage, translate: Translate) -> HTMLResponse:
    """The page, with headers under which it runs nothing but its own style and script."""
    zone = ZoneInfo(page.timezone)
    now = wall(page.now, zone)
    first, last = _hours(page)
    shown = _shown_dates(page)
    hues = _hue_of(page)
    marks = _marks(page)
    days = tuple(
        _day(page, day, (first, last), hues, marks, now.date(), translate) for day in shown
    )
    at = minute_of(now.time())
    bands = max(len(page.children), 1)
    size = (f"--slots:{(last - first) // GRID}", f"--days:{len(days)}", f"--bands:{bands}")
    rules = [f".week{{{';'.join(size)}}}"]
    rules += [f"#{day.id}{{grid-column:{column}}}" for column, day in enumerate(days, 2)]
    rules += [f"#{box.id}{{{_place(box)}}}" for day in days for box in day.boxes]
    rules.append(f".now{{--at:{(at - first) / GRID:.2f}}}")
    return _respond(
        "week.html",
        200,
        "".join(rules),
        page=page,
        days=days,
        t=translate,
        say=say,
        dates=_spaced(format_interval(shown[0], shown[-1], "yMMMd", locale=page.language)),
        hours=_hour_labels(first, last, page.language),
        minutes=(first, last),
        now_shown=first <= at < last,
        helpers=sorted(marks.items()),
        previous=page.monday - timedelta(days=7),
        next=page.monday + timedelta(days=7),
        subscribe=webcal_url(page.feed_url) if page.feed_url else None,
        checklists=[
            (child, _checklist(page, child, shown, marks, translate)) for child in page.children
        ],
    )


def message_page(status: int, translate: Translate, *, title: Phrase, body: Phrase) -> HTMLResponse:
    return _respond(
        "message.html",
        status,
        "",
        language=translate(say("calendar.page.language")),
        title=translate(title),
        body=translate(body),
    )


def _respond(template: str, status: int, rules: str, **context: object) -> HTMLResponse:
    style = _source("week.css") + rules
    script = _source("week.js")
    html = _templates.get_template(template).render(
        # Our own files and numbers only: nothing that a family typed.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        **context,
    )
    headers = {
        **SECRET_HEADERS,
        "Cache-Control": "no-store",
        "Content-Security-Policy": "; ".join(
            (
                "default-src 'none'",
                f"style-src {_fingerprint(style)}",
                f"script-src {_fingerprint(script)}",
                "img-src data:",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
            )
        ),
    }
    return HTMLResponse(html, status, headers)


@cache
def _source(name: str) -> str:
    """A file of ours to be set into the page, as it stands."""
    return (files("sync") / "templates" / name).read_text(encoding="utf-8")


def _fingerprint(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _monday(text: str) -> date | None:
    """The Monday of the week that holds an ISO date; None where the text is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return week_start(day) if day.year in _YEARS else None


def _shown_dates(page: WeekPage) -> tuple[date, ...]:
    """Monday to Friday, and the weekend where something happens on it."""
    busy = {entry.day for entry in page.entries}
    return tuple(
        day for day in week_dates(page.monday) if Weekday.of(day) in SCHOOL_DAYS or day in busy
    )


def _end(entry: WeekEntry | Away) -> int:
    """The last minute on the entry's own date."""
    return entry.end if entry.end > entry.start else DAY


def _hours(page: WeekPage) -> tuple[int, int]:
    """The minutes from which to which the page runs, in whole hours.

    Lessons are always inside; commitments stretch it over the waking hours at most, so that a
    night shift does not squeeze the school day.
    """
    spans = [
        (entry.start, _end(entry))
        if entry.type is not ItemType.COMMITMENT
        else (max(entry.start, _WAKING[0]), min(_end(entry), _WAKING[1]))
        for entry in page.entries
    ]
    spans = [span for span in spans if span[0] < span[1]] or [_QUIET_DAY]
    first = min(start for start, _ in spans) // 60 * 60
    last = -(-max(end for _, end in spans) // 60) * 60
    return first, last


def _hour_labels(first: int, last: int, language: str) -> list[str]:
    pattern = "h a" if _is_twelve_hour(language) else "H:mm"
    return [
        format_time(time_of(minute), pattern, locale=language) for minute in range(first, last, 60)
    ]


def _hue_of(page: WeekPage) -> dict[str, int]:
    """A hue for each subject, by its name ignoring case."""
    shown = {entry.name.casefold() for entry in page.entries if entry.type is ItemType.SUBJECT}
    order = dict.fromkeys([*(name.casefold() for name in page.subjects), *sorted(shown)])
    return {name: place % HUES for place, name in enumerate(order)}


def _marks(page: WeekPage) -> dict[str, str]:
    """For each adult who is needed the fewest first letters that tell them apart (at most 3)."""
    adults = sorted({entry.adult for entry in page.entries if entry.adult})
    marks: dict[str, str] = {}
    for adult in adults:
        rest = [other.casefold() for other in adults if other != adult]
        lengths = (
            length
            for length in range(1, 4)
            if not any(other.startswith(adult[:length].casefold()) for other in rest)
        )
        marks[adult] = adult[: next(lengths, 3)]
    return marks


def _day(
    page: WeekPage,
    day: date,
    hours: tuple[int, int],
    hues: dict[str, int],
    marks: dict[str, str],
    today: date,
    translate: Translate,
) -> _Day:
    entries = [entry for entry in page.entries if entry.day == day]
    boxes: list[_Box] = []
    notes = [
        _note(away, (away.adult,), page.language, translate)
        for away in sorted(page.away, key=lambda away: (away.start, away.adult))
        if away.day == day
    ]
    for number, (entry, children, columns) in enumerate(_joined(entries, page.children)):
        if entry.type is ItemType.BREAK:
            continue
        start, end = max(entry.start, hours[0]), min(_end(entry), hours[1])
        if start >= end:
            notes.append(_note(entry, children, page.language, translate))
            continue
        rows = ((start - hours[0]) // GRID + 1, -(-(end - hours[0]) // GRID) + 1)
        boxes.append(
            _Box(
                id=f"b{Weekday.of(day).value}-{number}",
                kind=entry.type.value,
                rows=rows,
                columns=columns,
                lane=_lane(boxes, rows, columns),
                hue=hues.get(entry.name.casefold(), 0),
                name=translate(say("calendar.page.lunch"))
                if entry.type is ItemType.LUNCH
                else entry.name,
                span=_span(entry, page.language),
                children=translate(say("calendar.people", people=children)),
                length=translate(say("calendar.page.minutes", minutes=_end(entry) - entry.start)),
                adult=entry.adult,
                mark=marks[entry.adult] if entry.adult else "",
                completed=entry.completed,
            )
        )
    return _Day(
        id=f"day-{day.isoformat()}",
        short=format_date(day, "EEE", locale=page.language),
        number=day.day,
        long=format_date(day, "EEEE", locale=page.language),
        today=day == today,
        notes=tuple(notes),
        boxes=tuple(boxes),
    )


def _joined(
    entries: list[WeekEntry], children: tuple[str, ...]
) -> Iterator[tuple[WeekEntry, tuple[str, ...], tuple[int, int]]]:
    """Entries that neighbours have in common as one, with its children and its columns."""
    place = {child: column for column, child in enumerate(children, 1)}

    def common(entry: WeekEntry) -> tuple[int, int, str, str, str, bool]:
        what = (entry.type.value, entry.name.casefold(), entry.adult or "", entry.completed)
        return (entry.start, entry.end, *what)

    for _, group in groupby(sorted(entries, key=common), key=common):
        run: list[WeekEntry] = []
        for entry in sorted(group, key=lambda entry: place[entry.child]):
            if run and place[entry.child] > place[run[-1].child] + 1:
                yield _run(run, place)
                run = []
            run.append(entry)
        yield _run(run, place)


def _run(
    run: list[WeekEntry], place: dict[str, int]
) -> tuple[WeekEntry, tuple[str, ...], tuple[int, int]]:
    columns = (place[run[0].child], place[run[-1].child] + 1)
    return run[0], tuple(entry.child for entry in run), columns


def _lane(boxes: list[_Box], rows: tuple[int, int], columns: tuple[int, int]) -> int:
    """How far a box steps aside for those that it would hide (commitments may overlap)."""
    hidden = [
        box
        for box in boxes
        if box.rows[0] < rows[1]
        and rows[0] < box.rows[1]
        and box.columns[0] < columns[1]
        and columns[0] < box.columns[1]
    ]
    return min(len(hidden), _LANES)


def _place(box: _Box) -> str:
    return (
        f"grid-row:{box.rows[0]}/{box.rows[1]};grid-column:{box.columns[0]}/{box.columns[1]};"
        f"--slots-of:{box.rows[1] - box.rows[0]}"
    )


def _span(entry: WeekEntry | Away, language: str) -> str:
    start, end = time_of(entry.start), time_of(entry.end)
    skeleton = "hm" if _is_twelve_hour(language) else "Hm"
    return _spaced(format_interval(start, end, skeleton, locale=language))


def _spaced(text: str) -> str:
    """With plain spaces: the narrow ones look like none in many fonts."""
    return text.replace("\u202f", " ").replace("\u2009", " ")


def _is_twelve_hour(language: str) -> bool:
    return "a" in Locale.parse(language).time_formats["short"].pattern


def _note(
    entry: WeekEntry | Away, people: tuple[str, ...], language: str, translate: Translate
) -> str:
    what = translate(say("calendar.whose", people=people, name=entry.name))
    return f"{what}, {_span(entry, language)}"


def _checklist(
    page: WeekPage,
    child: str,
    shown: tuple[date, ...],
    marks: dict[str, str],
    translate: Translate,
) -> list[tuple[str, list[_Task]]]:
    """For each day its heading and the child's lessons and commitments in order of time."""
    listed = (ItemType.SUBJECT, ItemType.COMMITMENT)
    own = sorted(
        (entry for entry in page.entries if entry.child == child and entry.type in listed),
        key=lambda entry: (entry.day, entry.start, entry.end),
    )
    return [
        (
            format_date(day, "EEEE d", locale=page.language),
            [
                _Task(
                    at=_spaced(format_time(time_of(entry.start), "short", locale=page.language)),
                    name=entry.name,
                    length=translate(
                        say("calendar.page.minutes", minutes=_end(entry) - entry.start)
                    ),
                    mark=marks[entry.adult] if entry.adult else "",
                    lesson=entry.type is ItemType.SUBJECT,
                    completed=entry.completed,
                )
                for entry in own
                if entry.day == day
            ],
        )
        for day in shown
    ]
