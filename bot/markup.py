"""A view as Telegram draws it: HTML in messages of at most 4,096 UTF-16 units, and a keyboard.

Pure. Everything shown goes through `escape`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape as escape_html
from ipaddress import ip_address
from itertools import chain, groupby
from typing import Literal
from urllib.parse import urlsplit

from bot.texts import translator
from bot.translate import encode_callback
from bot.views import Button, LinkButton, Meter, Strip, View
from core.phrase import say

LONGEST_MESSAGE = 4096
MOST_COLUMNS = 3
METER_CELLS = 7
FREE, AIR = ".", "-"

Style = Literal["plain", "b", "i", "code"]
Reach = Literal["public", "private", "loopback"]


@dataclass(frozen=True, slots=True)
class Key:
    """A button of the keyboard: `data` comes back with a tap, or `url` is opened."""

    label: str
    data: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """`messages` are HTML, in order, at least one; the keyboard belongs under the last."""

    messages: tuple[str, ...]
    keyboard: tuple[tuple[Key, ...], ...]


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    style: Style = "plain"


def escape(text: str) -> str:
    """`text` as Telegram's HTML shows it literally."""
    return escape_html(text, quote=False)


def utf16_length(text: str) -> int:
    """Telegram's measure of a text: UTF-16 code units."""
    return len(text) + sum(1 for char in text if ord(char) > 0xFFFF)


def reach(url: str) -> Reach:
    """From where `url` can be opened: anywhere over http(s), this machine only, or neither is sure
    (a home network, another scheme)."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return "private"
    try:
        address = ip_address(host)
    except ValueError:
        if host == "localhost" or host.endswith(".localhost"):
            return "loopback"
        known = parts.scheme in ("http", "https") and "." in host and not host.endswith(".local")
        return "public" if known else "private"
    if address.is_loopback or address.is_unspecified:
        return "loopback"
    return "public" if address.is_global and parts.scheme in ("http", "https") else "private"


def meter(progress: Meter) -> str:
    """The progress line: "Section 4 of 7 · Noah ▓▓▓▓░░░"."""
    full = round(min(max(progress.done, 0.0), 1.0) * METER_CELLS)
    return f"{progress.text} {'▓' * full}{'░' * (METER_CELLS - full)}"


def day_bar(cells: str) -> str:
    """An example day as a line of text: "■■ ■ · ■■ □□", lessons full, free time light, a dot for
    a break. Lessons stand apart, since a monochrome line has no colours to tell them by."""

    def drawn(cell: str, half_hours: int) -> str:
        if cell == AIR:
            return "·"
        return ("□" if cell == FREE else "■") * half_hours

    # Unbreakable blanks: half a day on a second line would say nothing.
    return "\N{NO-BREAK SPACE}".join(drawn(cell, len(list(run))) for cell, run in groupby(cells))


def draw(view: View, *, message_id: int, step: int, language: str) -> Drawing:
    """The view as Telegram shows it; its buttons carry `message_id` and `step`.

    Addresses that Telegram refuses in a button, and those of calendars, are written out: one tap
    copies them. `language` (of `LANGUAGES`) is for what a view cannot know: that a loopback
    address opens on this computer only, and how a place is shared.
    """
    return Drawing(
        messages=tuple(_messages(_lines(view, language))),
        keyboard=_keyboard(view, message_id, step),
    )


def _lines(view: View, language: str) -> list[_Line]:
    if view.shrunk:
        return [_Line(view.title)]
    blocks: list[list[_Line]] = []
    if view.progress is not None:
        blocks.append([_Line(meter(view.progress))])
    if view.notice is not None:
        blocks.append([_Line(view.notice)])
    blocks.append([_Line(view.title, "b")])
    blocks.append([_Line(line) for line in view.lines])
    sketched = [_sketched(sketch) for sketch in view.sketches]
    # Drawn days stand apart, words alone one below the other.
    drawn = any(sketch.cells for sketch in view.sketches)
    blocks.extend(sketched if drawn else [list(chain.from_iterable(sketched))])
    blocks.extend(_written_out(link) for link in view.links if not _opens(link))
    if any(reach(link.url) == "loopback" for link in view.links):
        blocks.append([_Line(translator(language)(say("chat.loopback_link")))])
    if view.hint is not None:
        blocks.append([_Line(view.hint, "i")])
    if view.wants_place:
        blocks.append([_Line(translator(language)(say("chat.share_place")), "i")])
    lines: list[_Line] = []
    for block in filter(None, blocks):
        lines += [_Line(""), *block] if lines else block
    return lines


def _sketched(sketch: Strip) -> list[_Line]:
    said = _Line(f"{sketch.label}: {sketch.caption}")
    return [said, _Line(day_bar(sketch.cells))] if sketch.cells else [said]


def _opens(link: LinkButton) -> bool:
    """Whether a link is for opening; the address of a calendar is for pasting into an app."""
    return reach(link.url) == "public" and not urlsplit(link.url).path.endswith(".ics")


def _written_out(link: LinkButton) -> list[_Line]:
    # Telegram makes no link of webcal:// and of localhost; as code, one tap copies it.
    return [_Line(link.label), _Line(link.url, "code")]


def _messages(lines: Sequence[_Line]) -> Iterator[str]:
    parts: list[str] = []
    length = 0
    for line in chain.from_iterable(_pieces(line) for line in lines):
        needed = utf16_length(line.text) + 1
        if parts and length + needed > LONGEST_MESSAGE:
            yield "\n".join(parts).strip("\n")
            parts, length = [], 0
        if parts or line.text:
            parts.append(_marked(line))
            length += needed
    yield "\n".join(parts).strip("\n")


def _pieces(line: _Line) -> Iterator[_Line]:
    """The line cut where it alone would fill more than a message."""
    piece: list[str] = []
    length = 0
    for char in line.text:
        width = utf16_length(char)
        if length + width >= LONGEST_MESSAGE:
            yield _Line("".join(piece), line.style)
            piece, length = [], 0
        piece.append(char)
        length += width
    yield _Line("".join(piece), line.style)


def _marked(line: _Line) -> str:
    text = escape(line.text)
    return text if line.style == "plain" or not text else f"<{line.style}>{text}</{line.style}>"


def _keyboard(view: View, message_id: int, step: int) -> tuple[tuple[Key, ...], ...]:
    def key(button: Button) -> Key:
        label = f"✓ {button.label}" if button.chosen else button.label
        return Key(label, data=encode_callback(message_id, step, button.id))

    rows = [
        tuple(key(button) for button in row[start : start + MOST_COLUMNS])
        for row in view.rows
        for start in range(0, len(row), MOST_COLUMNS)
    ]
    if not view.shrunk:
        rows += [(Key(link.label, url=link.url),) for link in view.links if _opens(link)]
    return tuple(rows)
