"""What the conversation says and hears, before any channel draws or reads it."""

from dataclasses import dataclass, field
from typing import TypeAlias

from core.phrase import Phrase


@dataclass(frozen=True, slots=True)
class Option:
    """A button. `id` is unique in its card, at most 24 characters of [a-z0-9_-]."""

    id: str
    label: Phrase
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A button that opens an address."""

    label: Phrase
    url: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Where one is: "Section 4 of 7 · Noah". `done` runs from 0 to 1 over the whole flow."""

    section: int
    sections: int
    done: float
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Sketch:
    """Something to compare with others of its card: a label, a small example day, and in words
    what it shows.

    Each character of `cells` is half an hour: a letter from a to h for a kind of lesson (the same
    letter again: it goes on), "-" for a break or lunch, "." for free time. Empty: nothing to draw.
    """

    label: Phrase
    cells: str
    caption: Phrase


@dataclass(frozen=True, slots=True)
class Card:
    """One message: the living card of a step, or a piece of news.

    `title` is the one thing that matters. `notice` says what was not understood or what was just
    kept. `hint` is an example of an answer that can be typed (None: nothing is to be typed).
    `sketches` are drawn below the lines. `qr` is the text of a QR code shown with the card.
    `thinking` asks for a typing sign.
    `secret` marks a card with addresses or codes that open something: it is stored encrypted,
    and a browser must not keep it.
    `misread`: its notice is about words that were not understood; a channel that can offers them
    again. `farewell`: all that was said before it is erased.
    `wants_place`: a shared location answers it too.
    """

    title: Phrase
    lines: tuple[Phrase, ...] = ()
    rows: tuple[tuple[Option, ...], ...] = ()
    links: tuple[Link, ...] = ()
    notice: Phrase | None = None
    hint: Phrase | None = None
    progress: Progress | None = None
    sketches: tuple[Sketch, ...] = ()
    qr: str | None = None
    thinking: bool = False
    secret: bool = False
    misread: bool = False
    farewell: bool = False
    wants_place: bool = False

    def option(self, option_id: str) -> Option | None:
        return next((o for row in self.rows for o in row if o.id == option_id), None)


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody came (back): /start, or the web page was opened."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A text, cleaned of what PostgreSQL refuses, at most 4,096 characters."""

    text: str


@dataclass(frozen=True, slots=True)
class Tapped:
    """A button of the card that was shown at `step`."""

    step: int
    option: str


@dataclass(frozen=True, slots=True)
class Located:
    """A place that was shared, in degrees. It is never stored, and never shown by `repr`, so that
    no log can hold it."""

    latitude: float = field(repr=False)
    longitude: float = field(repr=False)


Event: TypeAlias = Opened | Typed | Tapped | Located

STALE_TAP = Tapped(step=-1, option="")
"""A tap that no card of ours can have caused, or none that is still shown."""
